//! Requests of one address: counted before anything of them is read but their heads, so that refusing a flood costs little.
//! Whoever asks whether the server is alive is answered.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::answer::Refusal;
use super::client_address;
use super::edge::RequestId;
use crate::app::App;
use crate::error::Error;
use crate::rates::{Bucket, Who};

/// Lets a request in if its address may still send one.
pub(super) async fn by_address(
    State(app): State<Arc<App>>,
    id: RequestId,
    request: Request,
    next: Next,
) -> Response {
    if matches!(request.uri().path(), "/healthz" | "/readyz") {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let address = client_address::of(&head, &app.config.trusted_proxies);
    let verdict = app.rates.take(Bucket::Address, Who::at(address), 1).await;
    let mut response = match verdict.retry_after {
        None => next.run(Request::from_parts(head, body)).await,
        Some(seconds) => Refusal::from(Error::RateLimited(seconds)).respond(&id),
    };
    verdict.tell(response.headers_mut());
    response
}
