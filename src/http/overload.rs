//! More requests at a time than the server is made for are refused at once: waiting in line, they would all come too
//! late. Whoever asks whether the server is alive is answered.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::Semaphore;

use super::answer::Refusal;
use super::edge::RequestId;
use crate::error::code;

/// After how many seconds it is worth trying again.
const LATER: u64 = 1;

/// Lets a request in while there is room.
pub(super) async fn shed(
    State(room): State<Arc<Semaphore>>,
    id: RequestId,
    request: Request,
    next: Next,
) -> Response {
    if matches!(request.uri().path(), "/healthz" | "/readyz") {
        return next.run(request).await;
    }
    let Ok(_place) = room.try_acquire() else {
        let message = "the server has more to do than it can: try again later";
        let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, message);
        return refusal.after(LATER).respond(&id);
    };
    next.run(request).await
}
