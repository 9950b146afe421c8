//! What is counted about HTTP, and `/metrics`, where it and all other counts can be read.
//!
//! Labels take few values whatever clients send: methods we know, routes of ours, statuses.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::connections::TURNED_AWAY;
use super::edge::set_headers;
use super::socket::CLOSED;
use crate::alerts;
use crate::app::{self, App};
use crate::audit;
use crate::authz::denial::DENIALS;
use crate::authz::tally::{MASKS, OPERATIONS};
use crate::error;
use crate::graphql::{LOADED, LOADS};
use crate::mail;
use crate::rates;
use crate::reload;
use crate::vault;

const REQUESTS: &str = "custodian_http_requests_total";
const DURATION: &str = "custodian_http_request_duration_seconds";

/// Bounds of the histogram, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// How often old samples are folded into the histograms.
pub(super) const UPKEEP: Duration = Duration::from_secs(5);

/// Counts one answer. Without a recorder this does nothing.
pub(super) fn count(method: &'static str, route: &str, status: u16, took: Duration) {
    let path = route.to_owned();
    metrics::counter!(REQUESTS, "method" => method, "path" => path.clone(), "status" => status.to_string())
        .increment(1);
    metrics::histogram!(DURATION, "method" => method, "path" => path).record(took);
}

/// Starts counting, for this process.
///
/// # Errors
/// When something counts already.
pub(super) fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(DURATION.to_owned()), &BUCKETS)?
        .install_recorder()?;
    metrics::describe_counter!(REQUESTS, "HTTP requests answered");
    metrics::describe_counter!(DENIALS, "Fields and operations denied, once an operation each");
    metrics::describe_counter!(OPERATIONS, "Fields of a root that were asked for, by what became of them");
    metrics::describe_counter!(MASKS, "Fields shown masked, once an operation each");
    metrics::describe_counter!(error::LIMITS, "Documents past a limit, by limit");
    metrics::describe_counter!(LOADS, "What loaders asked together");
    metrics::describe_counter!(LOADED, "For how many they did");
    metrics::describe_gauge!(app::CONNECTIONS, "Connections of a pool");
    metrics::describe_gauge!(app::POLICY, "The version of the policy in force is the one with 1");
    metrics::describe_counter!(reload::RELOADS, "Changes of the policy, by what became of them");
    metrics::describe_gauge!(reload::REFUSED, "Whether a newer policy was refused");
    metrics::describe_counter!(app::SECRET_RELOADS, "Secrets found changed, by what became of them");
    metrics::describe_gauge!(app::SECRET_REFUSED, "Whether a file holds a secret that is not in use");
    metrics::describe_counter!(TURNED_AWAY, "Connections that found no place");
    metrics::describe_counter!(alerts::RAISED, "Alerts raised, by rule");
    metrics::describe_gauge!(mail::WAITING, "Letters that wait to be sent");
    metrics::describe_counter!(mail::SENT, "Letters sent");
    metrics::describe_counter!(mail::FAILED, "Letters given up");
    metrics::describe_gauge!(audit::LAG_ENTRIES, "Entries of the audit log that have not been shipped");
    metrics::describe_gauge!(audit::LAG_SECONDS, "How many seconds ago the oldest of them occurred");
    metrics::describe_counter!(audit::SHIPPED, "Entries of the audit log that were shipped");
    metrics::describe_counter!(audit::REJECTED, "Entries of the audit log that are never taken: passed over");
    metrics::describe_gauge!(app::SOCKETS, "WebSockets that are open");
    metrics::describe_counter!(rates::LIMITED, "What was refused because there was too much of it, by limit");
    metrics::describe_counter!(
        rates::FAILURES,
        "How often Redis did not count: each instance counted its own"
    );
    metrics::describe_counter!(CLOSED, "WebSockets closed, by code");
    metrics::describe_counter!(
        vault::ERRORS,
        "Keys and sealed values that could not be used, and failures of the key store"
    );
    metrics::describe_counter!(vault::KEYS_OPENED, "Data keys unwrapped, once a request each");
    metrics::describe_counter!(vault::VALUES_OPENED, "Sealed values opened");
    metrics::describe_counter!(vault::STATEMENTS, "Statements that the key store was sent");
    metrics::describe_histogram!(
        DURATION,
        metrics::Unit::Seconds,
        "Time from a request's head to its answer's head"
    );
    Ok(handle)
}

/// Everything served on the metrics listener.
pub(super) fn router(handle: PrometheusHandle, app: Arc<App>) -> Router {
    let profile = app.config.profile;
    let headers = move |mut response: Response| async move {
        set_headers(response.headers_mut(), profile);
        response
    };
    let page = move || async move {
        app.tell_state();
        ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render())
    };
    Router::new().route("/metrics", get(page)).layer(map_response(headers))
}
