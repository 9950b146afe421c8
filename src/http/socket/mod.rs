//! `GET /graphql/ws`: GraphQL over WebSocket, in the sub-protocol `graphql-transport-ws` and no other
//! (github.com/enisdenjo/graphql-ws, PROTOCOL.md).
//!
//! ```text
//! open (origin, room, sub-protocol) ─ connection_init: the token, → Seat ─ each message ─ App::begin or App::execute
//!   ─ a bounded queue ─ the client
//! ```
//!
//! Invariants: nothing is said on a socket before its token was found valid; no more waits for a client than the
//! configuration allows, and a client that does not take it loses its socket; whatever ends the right to a request ends the
//! socket. Pages of other sites open none (RFC 6455, 10.2). Nothing here decides what a viewer may see.

mod close;
mod operations;
mod outgoing;
mod protocol;
mod session;

use std::sync::Arc;

use axum::Extension;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use tracing::{Instrument, Span};

use self::close::Close;
pub(super) use self::session::CLOSED;
use super::answer::Refusal;
use super::edge::RequestId;
use super::gate::Gate;
use super::graphql::origin;
use super::shares::{Share, Shares};
use crate::app::App;
use crate::error::code;

/// The sub-protocol.
const PROTOCOL: &str = "graphql-transport-ws";

/// Bytes of a socket's buffers; the library's own are meant for few sockets with much to say.
const BUFFER: usize = 8 * 1024;

/// After how many seconds there may be room again.
const COME_BACK: u64 = 10;

/// What sockets share.
struct Doors {
    /// The sockets of each user.
    gate: Arc<Gate>,
    /// Those that did not say whose they are.
    unknown: Arc<Shares>,
    /// What is worked on, also of requests.
    room: Arc<Shares>,
}

/// The address of sockets. What they ask for has the room that requests have.
pub(super) fn route(app: &App, room: &Arc<Shares>) -> MethodRouter<Arc<App>> {
    let settings = app.config.websocket;
    let unknown = Shares::new(settings.sockets_unknown, settings.sockets_unknown_per_address);
    let doors = Doors { gate: Arc::default(), unknown, room: Arc::clone(room) };
    get(open).layer(Extension(Arc::new(doors)))
}

/// Opens a socket.
async fn open(
    State(app): State<Arc<App>>,
    Extension(doors): Extension<Arc<Doors>>,
    id: RequestId,
    request: Request,
) -> Response {
    let (mut head, _) = request.into_parts();
    if !is_welcome(&app, &head.headers) {
        let message = "pages of this origin may not open sockets";
        return Refusal::new(StatusCode::FORBIDDEN, code::FORBIDDEN, message).respond(&id);
    }
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut head, &()).await {
        Ok(upgrade) => upgrade,
        Err(_) => return Refusal::malformed("this address is for WebSockets (RFC 6455)").respond(&id),
    };
    let origin = origin(&app, &id, &head);
    let unknown = if app.live.has_room() { doors.unknown.take(origin.ip) } else { None };
    let Some(unknown) = unknown else {
        let message = "there is no room for a socket: try again";
        return Refusal::new(StatusCode::SERVICE_UNAVAILABLE, code::UNAVAILABLE, message)
            .after(COME_BACK)
            .respond(&id);
    };
    // A socket goes on being a connection of its address.
    let connection = head.extensions.get::<Arc<Share>>().cloned();
    let limit = app.config.websocket.message_bytes;
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(limit).max_frame_size(limit);
    let upgrade = upgrade.read_buffer_size(BUFFER).write_buffer_size(BUFFER);
    let span = Span::current();
    upgrade.on_upgrade(move |socket| {
        let served = async move {
            match socket.protocol() {
                Some(_) => session::serve(socket, app, origin, doors, unknown).await,
                None => session::close(socket, Close::PROTOCOL).await,
            }
            drop(connection);
        };
        served.instrument(span)
    })
}

/// Whether whoever asks is no browser, or shows a page of ours or of an origin that may call the API. No cookie says who
/// somebody is here; this keeps other sites' pages from trying with what they found.
fn is_welcome(app: &App, headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let origin = match (origins.next(), origins.next()) {
        (None, _) => return true,
        (Some(origin), None) => origin.to_str().unwrap_or_default(),
        (Some(_), Some(_)) => return false,
    };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_here = origin.split_once("://").is_some_and(|(_, authority)| host == Some(authority));
    is_here
        || origin == app.config.public_url.to_string()
        || app.config.allowed_origins.iter().any(|allowed| allowed == origin)
}
