//! `/healthz`: the process answers. `/readyz`: requests can be served.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use tokio::time::timeout;

use crate::app::App;
use crate::error::Error;

/// How long the parts a request needs may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) async fn alive() -> &'static str {
    "ok\n"
}

pub(super) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    match timeout(PATIENCE, app.ready()).await.unwrap_or(Err(Error::Timeout)) {
        Ok(()) if app.policy.is_refused() => {
            (StatusCode::OK, "ready\na newer policy was refused: the log says why\n")
        }
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            error.log();
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
    }
}
