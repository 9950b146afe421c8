//! Answers: a GraphQL response with the status its media type asks for, or a refusal in the shape of a GraphQL error.

use std::borrow::Cow;
use std::collections::BTreeMap;

use async_graphql::{ServerError, Value};
use axum::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::edge::RequestId;
use super::media::MediaType;
use crate::error::{Error, code};
use crate::rates::{RATE_LIMIT, RATE_LIMIT_POLICY};

/// A request that is answered without being run.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    header: Option<(HeaderName, &'static str)>,
    /// How many seconds to wait before trying again, if waiting helps.
    wait: Option<u64>,
    media_type: MediaType,
}

impl Refusal {
    /// A refusal; the message is read by clients and holds nothing they sent.
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), header: None, wait: None, media_type: MediaType::Json }
    }

    /// The request is malformed.
    pub(super) fn malformed(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code::BAD_USER_INPUT, message)
    }

    /// The method is not one of this address.
    pub(super) fn method_not_allowed(message: &'static str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, code::BAD_USER_INPUT, message)
    }

    /// Credentials were sent and are not valid (RFC 6750, 3.1). Which part is wrong is not told.
    pub(super) fn bad_credentials() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code::UNAUTHENTICATED, "the credentials are not valid")
            .with(WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
    }

    /// The body is larger than accepted, or says it is. What was not read of it ends with the connection.
    pub(super) fn too_large(limit: usize) -> Self {
        Self::from(Error::PayloadTooLarge(limit)).with(CONNECTION, "close")
    }

    /// The body did not arrive in time.
    pub(super) fn slow_body() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, code::TIMEOUT, "the request body did not arrive in time")
            .with(CONNECTION, "close")
    }

    /// With the methods this address takes.
    pub(super) fn allowing(self, methods: &'static str) -> Self {
        self.with(ALLOW, methods)
    }

    /// In this media type.
    pub(super) fn in_type(self, media_type: MediaType) -> Self {
        Self { media_type, ..self }
    }

    /// To be tried again after so many seconds.
    pub(super) fn after(self, seconds: u64) -> Self {
        Self { wait: Some(seconds), ..self }
    }

    fn with(self, name: HeaderName, value: &'static str) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    /// The answer.
    pub(super) fn respond(self, id: &RequestId) -> Response {
        let mut extensions = json!({ "code": self.code, "requestId": id.to_string() });
        if let Some(seconds) = self.wait {
            extensions["retryAfter"] = seconds.into();
        }
        let error = json!({ "message": self.message, "extensions": extensions });
        let body = json!({ "errors": [error] }).to_string();
        let mut response = (self.status, [(CONTENT_TYPE, self.media_type.header())], body).into_response();
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        if let Some(seconds) = self.wait {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<Error> for Refusal {
    /// Logs what is ours to mend.
    fn from(error: Error) -> Self {
        error.log();
        let code = error.code();
        let refusal = Self::new(status_of(code), code, error.public_message());
        let refusal = Self { wait: error.retry_after(), ..refusal };
        match code {
            code::UNAUTHENTICATED => refusal.with(WWW_AUTHENTICATE, "Bearer"),
            _ => refusal,
        }
    }
}

/// The HTTP status of a request nothing of which was run.
///
/// `TIMEOUT` is 503: the server gave up. (408 is for a body that does not arrive, because clients may repeat a request
/// answered by 408 by themselves, which is wrong for a mutation that was under way.)
fn status_of(code: &str) -> StatusCode {
    match code {
        code::UNAUTHENTICATED => StatusCode::UNAUTHORIZED,
        code::FORBIDDEN => StatusCode::FORBIDDEN,
        code::PAYLOAD_TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
        code::RATE_LIMITED => StatusCode::TOO_MANY_REQUESTS,
        code::TIMEOUT | code::UNAVAILABLE => StatusCode::SERVICE_UNAVAILABLE,
        code::INTERNAL => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// The body of an answer. Without `data` when nothing was run (GraphQL, 7.1).
#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<&'a BTreeMap<String, Value>>,
}

/// How many errors tell of a request that is refused. A small document can hold a hundred thousand faults.
pub(super) const MOST_ERRORS: usize = 20;

/// The answer to a GraphQL request that was well formed.
///
/// As `application/json` it has status 200 whatever happened; as `application/graphql-response+json` a request of
/// which nothing was run has the status of its first error's code. Who asks or guesses too often is told so in either; and whose
/// body was not read to its end, that the connection ends with it. Of what is away it is said when to come back.
pub(super) fn graphql(
    mut response: async_graphql::Response,
    media_type: MediaType,
    id: &RequestId,
) -> Response {
    let refused = response.data == Value::Null && !response.errors.is_empty();
    if refused {
        response.errors.truncate(MOST_ERRORS);
    }
    let body = Body {
        data: (!refused).then_some(&response.data),
        errors: &response.errors,
        extensions: (!response.extensions.is_empty()).then_some(&response.extensions),
    };
    let body = match serde_json::to_vec(&body) {
        Ok(body) => body,
        Err(error) => return Refusal::from(Error::internal(error)).in_type(media_type).respond(id),
    };
    let wait = response.http_headers.get(RETRY_AFTER);
    let status = match media_type {
        _ if wait.is_some() => StatusCode::TOO_MANY_REQUESTS,
        MediaType::GraphqlResponse if refused => status_of(first_code(&response.errors)),
        _ => StatusCode::OK,
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, media_type.header());
    headers.insert(VARY, HeaderValue::from_static("accept"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE
        && let Some(seconds) = come_back(&response.errors)
    {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    for name in [RETRY_AFTER, CONNECTION, RATE_LIMIT, RATE_LIMIT_POLICY] {
        for value in response.http_headers.get_all(&name) {
            headers.append(name.clone(), value.clone());
        }
    }
    (status, headers, body).into_response()
}

/// After how many seconds the first error may be over, if it says so.
fn come_back(errors: &[ServerError]) -> Option<u64> {
    match errors.first()?.extensions.as_ref()?.get("retryAfter")? {
        Value::Number(seconds) => seconds.as_u64(),
        _ => None,
    }
}

fn first_code(errors: &[ServerError]) -> &str {
    match errors.first().and_then(|error| error.extensions.as_ref()?.get("code")) {
        Some(Value::String(code)) => code,
        _ => code::INTERNAL,
    }
}
