//! More requests at a time than the server is made for are refused at once: waiting in line, they would all come too
//! late. Nobody has more than a share of the room, so that who sends many bodies slowly does not have it all. Whoever asks
//! whether the server is alive is answered.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::answer::Refusal;
use super::client_address;
use super::edge::RequestId;
use super::shares::Shares;
use crate::app::App;
use crate::error::Error;

/// Lets a request in while there is room.
pub(super) async fn shed(
    State((app, room)): State<(Arc<App>, Arc<Shares>)>,
    id: RequestId,
    request: Request,
    next: Next,
) -> Response {
    if matches!(request.uri().path(), "/healthz" | "/readyz") {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let client = client_address::of(&head, &app.config.trusted_proxies);
    let Some(_share) = room.take(client) else {
        return Refusal::from(Error::Overloaded).respond(&id);
    };
    next.run(Request::from_parts(head, body)).await
}
