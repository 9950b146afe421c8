//! Which web pages may call the API: those of `allowed_origins` (Fetch standard, 3.2). Credentials are never a browser's own:
//! tokens are sent by the page.

use std::time::Duration;

use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_DISPOSITION, CONTENT_TYPE, RANGE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::rates::{RATE_LIMIT, RATE_LIMIT_POLICY};

/// How long a browser need not ask again.
const REMEMBERED: Duration = Duration::from_secs(600);

/// Headers that pages may send.
const SENT: [HeaderName; 8] = [
    ACCEPT,
    AUTHORIZATION,
    CONTENT_TYPE,
    RANGE,
    HeaderName::from_static("x-custodian-role"),
    HeaderName::from_static("graphql-require-preflight"),
    HeaderName::from_static("apollo-require-preflight"),
    HeaderName::from_static("x-requested-with"),
];

/// Headers that pages may read.
const READ: [HeaderName; 5] = [
    CONTENT_DISPOSITION,
    RETRY_AFTER,
    HeaderName::from_static("x-request-id"),
    RATE_LIMIT,
    RATE_LIMIT_POLICY,
];

/// For pages of these origins.
pub(super) fn layer(origins: &[String]) -> CorsLayer {
    // They were looked at when the configuration was read.
    let origins = origins.iter().filter_map(|origin| HeaderValue::try_from(origin).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(SENT)
        .expose_headers(READ)
        .max_age(REMEMBERED)
}
