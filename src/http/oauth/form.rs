//! The parameters of a request: a form (RFC 6749, Appendix B), and credentials in its header or body.

use std::collections::BTreeMap;

use axum::Form as Body;
use axum::extract::{FromRequest, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::answer::OAuthRefusal;
use crate::clients::grant::Credentials;
use crate::http::media;

/// How an API client shows who it is (RFC 8414, 2).
pub(super) const OF_CLIENTS: [&str; 2] = ["client_secret_basic", "client_secret_post"];
/// The same, where tokens of users are taken as well: what brings them is no client of ours, and shows nothing but them.
pub(super) const OF_ANYBODY: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// The parameters of a request, each given once.
pub(super) struct Form {
    parameters: BTreeMap<String, String>,
    headers: HeaderMap,
}

impl Form {
    /// Reads a body.
    ///
    /// # Errors
    /// What is not a form, or gives a parameter twice (RFC 6749, 3.2).
    pub(super) async fn read(request: Request) -> Result<Self, OAuthRefusal> {
        let headers = request.headers().clone();
        if !media::is_form(&headers) {
            return Err(OAuthRefusal::not_a_form());
        }
        let Body(pairs) =
            Body::<Vec<(String, String)>>::from_request(request, &()).await.map_err(|rejection| {
                match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => OAuthRefusal::too_large(),
                    _ => OAuthRefusal::invalid_request("the form cannot be read"),
                }
            })?;
        let mut parameters = BTreeMap::new();
        for (name, value) in pairs {
            if parameters.insert(name, value).is_some() {
                return Err(OAuthRefusal::invalid_request("a parameter is given twice"));
            }
        }
        Ok(Self { parameters, headers })
    }

    /// A parameter; one without a value counts as left out (RFC 6749, 3.2).
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.parameters.remove(name).filter(|value| !value.is_empty())
    }

    /// A parameter as it was given, perhaps without a value: to ask for nothing is not to leave it open.
    pub(super) fn given(&mut self, name: &str) -> Option<String> {
        self.parameters.remove(name)
    }

    /// A parameter that must be given.
    ///
    /// # Errors
    /// Without it.
    pub(super) fn required(&mut self, name: &'static str) -> Result<String, OAuthRefusal> {
        self.take(name).ok_or_else(|| OAuthRefusal::invalid_request("a required parameter is missing"))
    }

    /// Whether it says who asks, rightly or wrongly.
    pub(super) fn names_client(&self) -> bool {
        let given = ["client_id", "client_secret"].iter().any(|name| self.parameters.contains_key(*name));
        given || self.headers.contains_key(AUTHORIZATION)
    }

    /// Who asks: by one of the two methods, not both (RFC 6749, 2.3).
    ///
    /// # Errors
    /// Credentials that are missing, malformed, or given in two ways.
    pub(super) fn credentials(&mut self) -> Result<Credentials, OAuthRefusal> {
        let (id, secret) = (self.take("client_id"), self.take("client_secret"));
        let mut headers = self.headers.get_all(AUTHORIZATION).iter();
        let (id, secret) = match (headers.next(), headers.next()) {
            (None, _) => id.zip(secret).ok_or_else(OAuthRefusal::invalid_client)?,
            (Some(header), None) => {
                let basic = header.to_str().ok().and_then(basic);
                let (known, given) = basic.ok_or_else(OAuthRefusal::invalid_client)?;
                if secret.is_some() || id.is_some_and(|id| id != known) {
                    return Err(OAuthRefusal::invalid_request("credentials are given in two ways"));
                }
                (known, given)
            }
            (Some(_), Some(_)) => {
                return Err(OAuthRefusal::invalid_request("credentials are given twice"));
            }
        };
        Ok(Credentials { id, secret: secret.into() })
    }
}

/// Id and secret of `Basic …` (RFC 7617, 2). Ours hold letters, digits, `_` and `-` only, which no encoding changes.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, text) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = STANDARD.decode(text.trim()).ok()?;
    let (id, secret) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}
