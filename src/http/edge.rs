//! What every request and every answer goes through: an id of ours, a span, the headers, a panic's end, the count.

use std::convert::Infallible;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use tracing::Instrument;
use uuid::Uuid;

use super::answer::Refusal;
use super::metrics;
use crate::app::App;
use crate::config::Profile;
use crate::error::Error;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Sent with every answer. Handlers may add but not change them.
const ALWAYS: [(HeaderName, HeaderValue); 6] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
];

/// Sent unless the handler set another value.
const USUALLY: [(HeaderName, HeaderValue); 2] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Two years, with the subdomains, in production: served under TLS there, by us or by a proxy in front.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

/// Our id of a request: in the answer's headers, in every error, in the log and in audit events. A client's own id is
/// not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RequestId(Uuid);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self(Uuid::nil())))
    }
}

/// The outermost layer.
pub(super) async fn edge(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId(app.clock.new_uuid());
    let method = method_name(request.method());
    // The route, not the path: a path holds what the client wrote.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    request.extensions_mut().insert(id);
    if let Some(value) = request.headers_mut().get_mut(AUTHORIZATION) {
        value.set_sensitive(true);
    }

    let span = tracing::info_span!("request", %id, method, path = route);
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone()).await;
    let _entered = span.enter();
    let mut response =
        answer.unwrap_or_else(|_| Refusal::from(Error::bug("a handler panicked")).respond(&id));
    set_headers(response.headers_mut(), app.config.profile);
    if let Ok(id) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }

    let (status, took) = (response.status().as_u16(), started.elapsed());
    metrics::count(method, route, status, took);
    if matches!(route, "/healthz" | "/readyz") {
        tracing::debug!(status, latency_ms = took.as_secs_f64() * 1e3, "answered");
    } else {
        tracing::info!(status, latency_ms = took.as_secs_f64() * 1e3, "answered");
    }
    response
}

/// The security headers (DESIGN 3, edge).
pub(super) fn set_headers(headers: &mut HeaderMap, profile: Profile) {
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    for (name, value) in USUALLY {
        headers.entry(name).or_insert(value);
    }
    if profile == Profile::Production {
        headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
    }
}

/// The method as a label: one of few, whatever a client sends.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
