//! The address of a mail server. It may hold a password, so it is shown only as where it leads to.

use std::fmt;
use std::net::IpAddr;

use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use reqwest::Url;
use serde::de::Deserializer;

use super::value;

/// An `smtps:` or `smtp:` address; without TLS only of this machine. `Display` and `Debug` leave user, password and
/// parameters out.
#[derive(Clone)]
pub struct SmtpUrl {
    builder: AsyncSmtpTransportBuilder,
    shown: String,
}

impl SmtpUrl {
    /// The address, if letters may be given there.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let host = url.host_str()?;
        let is_implicit = url.scheme() == "smtps";
        // `opportunistic` would do without where somebody in between says so. Of two, the library would take the first.
        let mut said = url.query_pairs().filter(|(name, _)| name == "tls").map(|(_, value)| value);
        let is_required = match (said.next(), said.next()) {
            (Some(value), None) => value == "required",
            (None, _) => false,
            (Some(_), Some(_)) => return None,
        };
        let is_encrypted = is_implicit || is_required;
        let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let has_password = url.username().is_empty() || url.password().is_some();
        if !has_password || !(is_encrypted || is_here) {
            return None;
        }
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(text).ok()?;
        let way = match (is_implicit, is_encrypted) {
            (true, _) => "smtp in TLS",
            (false, true) => "smtp with STARTTLS",
            (false, false) => "smtp without TLS",
        };
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(Self { builder, shown: format!("{way}: {host}{port}") })
    }

    /// Whether both lead to one server, by the same way.
    pub fn is_same(&self, other: &Self) -> bool {
        self.shown == other.shown
    }

    /// What letters are given to. It needs a runtime.
    pub fn transport(&self) -> AsyncSmtpTransport<Tokio1Executor> {
        self.builder.clone().build()
    }

    /// An address, or none where the text is empty.
    pub(super) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        value::text(
            deserializer,
            FORM,
            |url| if url.is_empty() { Some(None) } else { Self::parse(url).map(Some) },
        )
    }
}

const FORM: &str =
    "smtps://USER:PASSWORD@HOST, or smtp://HOST:587?tls=required; without TLS only to this machine";

impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpUrl({self})")
    }
}
