//! Answers of the OAuth addresses: JSON, and refusals as RFC 6749, 5.2 has them.

use axum::http::header::{CONNECTION, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::status_of;
use crate::clients::grant::Refusal;
use crate::error::Error;

const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=UTF-8");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// An answer with this body.
pub(super) fn done(body: Value) -> Response {
    answer(StatusCode::OK, &body)
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, JSON), (PRAGMA, NO_CACHE)], body.to_string()).into_response()
}

/// A request that is not granted.
#[derive(Debug)]
pub(super) struct OAuthRefusal {
    status: StatusCode,
    error: &'static str,
    description: &'static str,
    retry_after: Option<u64>,
}

impl OAuthRefusal {
    /// The request is malformed.
    pub(super) fn invalid_request(description: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error: "invalid_request", description, retry_after: None }
    }

    /// Of another type than a form.
    pub(super) fn not_a_form() -> Self {
        let description = "send application/x-www-form-urlencoded, in UTF-8 and uncompressed";
        Self { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, ..Self::invalid_request(description) }
    }

    /// Longer than accepted.
    pub(super) fn too_large() -> Self {
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, ..Self::invalid_request("the request is too large") }
    }

    /// The client is not who it says. One text, whatever is wrong.
    pub(super) fn invalid_client() -> Self {
        let description = "the client is not known, its secret is wrong, or it may not call now or from here";
        let status = StatusCode::UNAUTHORIZED;
        Self { status, error: "invalid_client", ..Self::invalid_request(description) }
    }

    /// Tokens are not given for that.
    pub(super) fn unsupported_grant_type() -> Self {
        let description = "grant types: client_credentials, refresh_token";
        Self { error: "unsupported_grant_type", ..Self::invalid_request(description) }
    }

    /// Refresh tokens are users', whose sessions are no API client's.
    pub(super) fn unauthorized_client() -> Self {
        let description =
            "API clients have no refresh tokens: ask anew; tokens of users come without credentials";
        Self { error: "unauthorized_client", ..Self::invalid_request(description) }
    }

    /// Tokens of users have no scopes to narrow.
    pub(super) fn invalid_scope() -> Self {
        Self { error: "invalid_scope", ..Self::invalid_request("tokens of users have no scopes") }
    }

    /// Of a refresh token that was not exchanged (RFC 6749, 5.2): one text, whatever is wrong with it.
    pub(super) fn of_refresh(error: Error) -> Self {
        match error {
            Error::Unauthenticated | Error::Conflict | Error::RoleRefused { .. } => {
                Self { error: "invalid_grant", ..Self::invalid_request("the refresh token is of no use") }
            }
            other => Self::from(other),
        }
    }

    /// The answer.
    pub(super) fn respond(self) -> Response {
        let body = json!({ "error": self.error, "error_description": self.description });
        let mut response = answer(self.status, &body);
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"custodian\""));
        }
        if self.status == StatusCode::PAYLOAD_TOO_LARGE {
            // What was not read of it ends with the connection.
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<Refusal> for OAuthRefusal {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::InvalidClient => Self::invalid_client(),
            Refusal::InvalidScope => Self {
                error: "invalid_scope",
                ..Self::invalid_request("a scope that this client does not have, or none at all")
            },
            Refusal::Failed(error) => Self::from(error),
        }
    }
}

impl From<Error> for OAuthRefusal {
    /// Logs what is ours to mend.
    fn from(error: Error) -> Self {
        error.log();
        let (status, code) = status_of(&error);
        Self { status, error: code, description: "try again later", retry_after: error.retry_after() }
    }
}
