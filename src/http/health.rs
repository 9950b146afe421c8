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

pub(super) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, String) {
    match timeout(PATIENCE, app.ready()).await.unwrap_or(Err(Error::Timeout)) {
        Ok(()) => {
            let remarks = [
                (app.policy.is_refused(), "a newer policy was refused: the log says why\n"),
                (app.news.is_up() == Some(false), "redis is away: the database alone decides\n"),
            ];
            let remarks = remarks.into_iter().filter_map(|(applies, remark)| applies.then_some(remark));
            (StatusCode::OK, std::iter::once("ready\n").chain(remarks).collect())
        }
        Err(error) => {
            error.log();
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned())
        }
    }
}
