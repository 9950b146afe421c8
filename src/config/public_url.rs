//! Under which addresses clients reach the service, people the pages that letters link to, and the service a store or
//! whoever collects logs.

use std::fmt;

use reqwest::Url;
use serde::de::{Deserialize, Deserializer};

use super::value;

/// An `http:` or `https:` address, without the slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The address, if pages can be below it.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let is_page = matches!(url.scheme(), "http" | "https") && url.has_host();
        let is_bare = url.query().is_none() && url.fragment().is_none();
        let is_anonymous = url.username().is_empty() && url.password().is_none();
        (is_page && is_bare && is_anonymous).then(|| Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The address of a path.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Its host, and its port where one is named.
    pub fn authority(&self) -> &str {
        let (_, rest) = self.0.split_once("://").unwrap_or_default();
        rest.split_once('/').map_or(rest, |(authority, _)| authority)
    }

    /// Whether it is reached in TLS.
    pub fn is_encrypted(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// An address, or none where the text is empty.
    pub(super) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        value::text(deserializer, "an address such as https://s3.isp.example", |text| {
            if text.is_empty() { Some(None) } else { Self::parse(text).map(Some) }
        })
    }

    /// Whether it would be reached from elsewhere in plain HTTP.
    pub(super) fn is_plain(&self) -> bool {
        !self.is_encrypted() && !Url::parse(&self.0).is_ok_and(|url| is_loopback(&url))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PublicUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        value::text(deserializer, "an address such as https://my.isp.example", Self::parse)
    }
}

/// An address of nothing but scheme, host and perhaps a port: tokens and metadata are compared with it letter by letter.
pub(super) fn origin<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PublicUrl, D::Error> {
    value::text(deserializer, "an address such as https://api.isp.example", |text| {
        value::is_origin(text).then(|| PublicUrl(text.to_owned()))
    })
}

/// Whether the address is one of this machine, in plain HTTP: for development only.
pub(super) fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}
