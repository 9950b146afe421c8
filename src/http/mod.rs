//! The HTTP front: `POST` and `GET /graphql` (GraphQL over HTTP, GraphQL Foundation draft; with files, GraphQL multipart
//! request specification), `/graphql/ws` (GraphQL over WebSocket), `GET /documents/{id}/content`, `/graphiql` and `/access`, `/.well-known/jwks.json`, the addresses of OAuth 2,
//! `/healthz`, `/readyz`, and `/metrics` on a listener of its own.
//!
//! ```text
//! edge (request id, span, panic, headers, count) ─ CORS ─ rate of the address ─ room ─ media types ─ size ─ credentials ─ body ─ App::execute ─ answer
//! ```
//!
//! Invariants: every answer this server makes passes `edge`, so every one has a request id and the security headers,
//! 404 and 500 too; a refusal has the shape of a GraphQL error (of RFC 6749 at the addresses of OAuth) and repeats nothing that was sent; nothing is read of
//! a body before its type, announced size and credentials have been accepted; no body, query text, variable or token
//! is logged. (What is no HTTP at all, or too long a head, is answered by hyper before any of this.)
//!
//! Nothing here decides what a viewer may see.

mod activity;
mod answer;
mod assets;
mod client_address;
mod connections;
mod console;
mod cors;
mod credentials;
mod documents;
mod edge;
mod gate;
mod graphiql;
mod graphql;
mod health;
mod incoming;
mod jwks;
mod media;
mod metrics;
mod oauth;
mod overload;
mod patience;
mod rates;
mod reads;
mod server;
mod shares;
mod socket;
mod tls;
mod upload;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{any, get};
use axum::{Extension, Router};

use self::answer::Refusal;
use self::edge::RequestId;
pub use self::server::{BindError, Listeners, bind, serve};
use self::shares::Shares;
pub use self::tls::{Certificate, TlsError};
use crate::app::App;
use crate::error::code;

/// Everything served on the main listener.
pub fn router(app: Arc<App>) -> Router {
    router_with(app, console::pages())
}

/// The same where the program was built without the console.
pub fn router_without_console(app: Arc<App>) -> Router {
    router_with(app, None)
}

/// Whether the program was built with the console.
pub fn has_console() -> bool {
    console::pages().is_some()
}

fn router_with(app: Arc<App>, console: Option<Router<Arc<App>>>) -> Router {
    let http = app.config.http;
    let room = Shares::new(http.requests_at_once, http.requests_per_address);
    let mut router = Router::new()
        .route("/graphql", any(graphql::graphql).layer(Extension(Arc::<gate::Gate>::default())))
        .route("/graphql/ws", socket::route(&app, &room))
        .route(
            "/documents/{id}/content",
            get(documents::content).layer(Extension(Arc::<gate::Gate>::default())),
        )
        .route("/.well-known/jwks.json", get(jwks::keys))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .merge(oauth::routes());
    if app.config.graphiql {
        router = router.merge(console.unwrap_or_else(graphiql::routes));
    }
    router = router
        .fallback(no_such_page)
        .method_not_allowed_fallback(no_such_method)
        .layer(DefaultBodyLimit::max(app.config.limits.body_bytes))
        .layer(from_fn_with_state((Arc::clone(&app), room), overload::shed))
        .layer(from_fn_with_state(Arc::clone(&app), rates::by_address));
    if !app.config.allowed_origins.is_empty() {
        // Around what refuses: a page has to be able to read when it may ask again.
        router = router.layer(cors::layer(&app.config.allowed_origins));
    }
    router.layer(from_fn_with_state(Arc::clone(&app), edge::edge)).with_state(app)
}

async fn no_such_page(id: RequestId) -> Response {
    Refusal::new(StatusCode::NOT_FOUND, code::NOT_FOUND, "there is nothing at this address").respond(&id)
}

async fn no_such_method(id: RequestId) -> Response {
    Refusal::method_not_allowed("this address does not take this method").respond(&id)
}
