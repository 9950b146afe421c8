//! `POST /graphql` and `GET /graphql` (GraphQL over HTTP).

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::header::{CONTENT_LENGTH, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use custodian_entity::id::ApiClientId;
use tokio::time::{Instant, timeout_at};

use super::answer::{self, Refusal};
use super::edge::RequestId;
use super::gate::Gate;
use super::incoming::Incoming;
use super::media::{self, MediaType};
use super::{client_address, credentials, reads, upload};
use crate::app::App;
use crate::authn::{Credentials, Origin, Viewer};
use crate::authz::nesting;
use crate::error::Error;

/// How much of a client's own description is kept, in characters.
const USER_AGENT_KEPT: usize = 256;

/// Runs one GraphQL operation.
pub(super) async fn graphql(
    State(app): State<Arc<App>>,
    Extension(gate): Extension<Arc<Gate>>,
    id: RequestId,
    request: Request,
) -> Response {
    let media_type = match MediaType::negotiated(request.headers()) {
        Ok(media_type) => media_type,
        Err(refusal) => return refusal.respond(&id),
    };
    let boundary = if request.method() == Method::POST { media::boundary(request.headers()) } else { None };
    let answered = match boundary {
        Some(boundary) => upload::run(&app, &gate, &id, request, boundary).await,
        None => run(&app, &id, request).await,
    };
    match answered {
        Ok(response) => answer::graphql(response, media_type, &id),
        Err(refusal) => refusal.in_type(media_type).respond(&id),
    }
}

async fn run(app: &App, id: &RequestId, request: Request) -> Result<async_graphql::Response, Refusal> {
    let deadline = Instant::now() + app.config.request_timeout();
    let late = |_| Refusal::from(Error::Timeout);
    let (head, body) = request.into_parts();
    let origin = origin(app, id, &head);
    let (viewer, asked) = match head.method {
        Method::POST => {
            media::check_body_type(&head.headers)?;
            let limit = app.config.limits.body_bytes;
            if announced_length(&head.headers).is_some_and(|length| length > limit as u64) {
                return Err(Refusal::too_large(limit));
            }
            let viewer = timeout_at(deadline, authenticate(app, &head, &origin)).await.map_err(late)??;
            let body = Request::from_parts(head.clone(), body);
            let body = timeout_at(deadline, Bytes::from_request(body, &())).await;
            let body =
                body.map_err(|_| Refusal::slow_body())?.map_err(|rejection| match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => Refusal::too_large(limit),
                    _ => Refusal::malformed("the body cannot be read"),
                })?;
            let asked = Incoming::from_json(&body)?.known(app, client_of(&viewer))?;
            (viewer, asked)
        }
        Method::GET => {
            let viewer = timeout_at(deadline, authenticate(app, &head, &origin)).await.map_err(late)??;
            let asked = Incoming::from_parameters(&head.uri)?.known(app, client_of(&viewer))?;
            nesting::check(&asked.query, &app.config.limits, viewer.identity().is_none())?;
            if !reads::only(&asked) {
                let message = "GET serves queries that leave no record: send this operation by POST";
                return Err(Refusal::method_not_allowed(message).allowing("POST"));
            }
            (viewer, asked)
        }
        _ => {
            return Err(Refusal::method_not_allowed("send GraphQL by POST or GET").allowing("GET, POST"));
        }
    };
    timeout_at(deadline, app.execute(viewer, origin, asked.into_request())).await.map_err(late)
}

/// The length that a body is said to have.
pub(super) fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whose request it is.
///
/// # Errors
/// For credentials that are not valid, or cannot be looked at.
pub(super) async fn authenticate(app: &App, head: &Parts, origin: &Origin) -> Result<Viewer, Refusal> {
    let credentials = Credentials { ip: origin.ip, ..credentials::read(&head.headers)? };
    let viewer = app.authenticate(credentials, origin).await;
    viewer.map_err(|error| match error {
        Error::Unauthenticated => Refusal::bad_credentials(),
        other => Refusal::from(other),
    })
}

/// The API client that asks, if one does.
pub(super) fn client_of(viewer: &Viewer) -> Option<ApiClientId> {
    viewer.identity().and_then(|who| who.client)
}

/// Where a request comes from.
pub(super) fn origin(app: &App, id: &RequestId, head: &Parts) -> Origin {
    let user_agent = head.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    Origin {
        request_id: id.to_string(),
        ip: client_address::of(head, &app.config.trusted_proxies),
        user_agent: user_agent.map(|text| text.chars().take(USER_AGENT_KEPT).collect()),
    }
}
