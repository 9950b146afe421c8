//! The address of the scanner. There is nothing secret in it: clamd knows no passwords.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::de::Deserializer;

use super::value;

/// A `tcp:` or `unix:` address of clamd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClamdUrl {
    /// Host and port.
    Tcp(String),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl ClamdUrl {
    /// The address, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("unix://") {
            return (path.starts_with('/') && !path.contains('\0')).then(|| Self::Unix(path.into()));
        }
        let address = text.strip_prefix("tcp://")?;
        let (name, port) = address.rsplit_once(':')?;
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let is_named = !name.is_empty()
            && name.chars().all(is_of_name)
            && port.parse::<u16>().is_ok_and(|port| port > 0);
        (is_named || address.parse::<SocketAddr>().is_ok()).then(|| Self::Tcp(address.to_owned()))
    }

    /// Whether it leads to nobody but this machine: clamd knows no TLS.
    pub(super) fn is_here(&self) -> bool {
        match self {
            Self::Unix(_) => true,
            Self::Tcp(address) => {
                address.starts_with("localhost:")
                    || address.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback())
            }
        }
    }

    /// An address, or none where the text is empty.
    pub(super) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        value::text(deserializer, "tcp://HOST:PORT, or unix:///run/clamav/clamd.ctl", |url| {
            if url.is_empty() { Some(None) } else { Self::parse(url).map(Some) }
        })
    }
}

impl fmt::Display for ClamdUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp://{address}"),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}
