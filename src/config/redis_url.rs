//! The address of Redis. It may hold a password, so it is shown only as where it leads to.

use std::fmt;
use std::net::IpAddr;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};
use serde::de::Deserializer;

use super::value;

/// A `redis:`, `rediss:` (TLS) or `unix:` address. `Display` and `Debug` leave user, password and parameters out.
#[derive(Clone)]
pub struct RedisUrl(ConnectionInfo);

impl RedisUrl {
    /// The address, if it is one.
    pub fn parse(url: &str) -> Option<Self> {
        url.into_connection_info().ok().map(Self)
    }

    /// What to connect with, its password included.
    pub fn expose(&self) -> ConnectionInfo {
        self.0.clone()
    }

    /// Whether both lead to one database of one server, by the same way.
    pub fn is_same(&self, other: &Self) -> bool {
        let place = |url: &Self| (url.0.addr().clone(), url.0.redis_settings().db());
        place(self) == place(other)
    }

    /// Whether it is on another machine, and would be asked in clear, or of anybody who says he is it.
    pub(super) fn is_plain(&self) -> bool {
        match self.0.addr() {
            ConnectionAddr::Unix(_) => false,
            ConnectionAddr::TcpTls { insecure, .. } => *insecure,
            ConnectionAddr::Tcp(host, _) => {
                host != "localhost" && !host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
            }
            _ => true,
        }
    }

    /// An address, or none where the text is empty.
    pub(super) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        value::text(deserializer, "redis://USER:PASSWORD@HOST, or rediss:// for TLS", |url| {
            if url.is_empty() { Some(None) } else { Self::parse(url).map(Some) }
        })
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.addr() {
            ConnectionAddr::Tcp(host, port) => write!(f, "redis: {host}:{port}"),
            ConnectionAddr::TcpTls { host, port, .. } => write!(f, "redis with TLS: {host}:{port}"),
            ConnectionAddr::Unix(path) => write!(f, "redis: {}", path.display()),
            _ => f.write_str("redis"),
        }
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}
