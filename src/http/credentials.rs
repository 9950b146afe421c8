//! Who asks, as the headers say it.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName};

use super::answer::Refusal;
use crate::authn::Credentials;

/// The role to act in, for who holds several.
const ROLE: HeaderName = HeaderName::from_static("x-custodian-role");

/// The longest token that is looked at, and the longest name of a role, in bytes.
const LONGEST_TOKEN: usize = 8192;
const LONGEST_ROLE: usize = 100;

/// The bearer token (RFC 6750, 2.1) and the role. No `Authorization` header means anonymous.
///
/// # Errors
/// 401 for more than one `Authorization` header or anything but a well-formed bearer token; 400 for a role that cannot
/// be a name.
pub(super) fn read(headers: &HeaderMap) -> Result<Credentials<'_>, Refusal> {
    Ok(Credentials { bearer: bearer(headers)?, role: role(headers)?, ip: None })
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value,
        (Some(_), Some(_)) => return Err(Refusal::bad_credentials()),
    };
    match value.to_str().ok().and_then(token_of) {
        Some(token) => Ok(Some(token)),
        None => Err(Refusal::bad_credentials()),
    }
}

/// The token in the value of an `Authorization` header; none where it is anything but a well-formed bearer token.
pub(super) fn token_of(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && is_token(token)).then_some(token)
}

/// `b64token` of RFC 6750.
fn is_token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty()
        && text.len() <= LONGEST_TOKEN
        && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

fn role(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(ROLE).iter();
    let role = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(role), None) => role.to_str().ok(),
        (Some(_), Some(_)) => None,
    };
    match role.and_then(role_of) {
        Some(role) => Ok(Some(role)),
        None => Err(Refusal::malformed("X-Custodian-Role must name one role")),
    }
}

/// The role that the value of an `X-Custodian-Role` header names, if it could be one.
pub(super) fn role_of(value: &str) -> Option<&str> {
    let role = value.trim();
    (!role.is_empty() && role.len() <= LONGEST_ROLE).then_some(role)
}
