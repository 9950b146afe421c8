//! `GET /.well-known/jwks.json`: the public halves of the signing keys (RFC 7517; for Ed25519, RFC 8037), for whoever
//! verifies access tokens. Keys that only verify are among them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::app::App;

/// Who meets an unknown `kid` within this time asks again.
const CACHED: &str = "public, max-age=300";

pub(super) async fn keys(State(app): State<Arc<App>>) -> impl IntoResponse {
    let ring = app.tokens.ring();
    let keys = ring.verifying().map(|key| {
        json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "x": URL_SAFE_NO_PAD.encode(key.public()),
            "kid": key.id(),
            "use": "sig",
            "alg": "EdDSA",
        })
    });
    let set = json!({ "keys": keys.collect::<Vec<_>>() }).to_string();
    ([(CONTENT_TYPE, "application/jwk-set+json"), (CACHE_CONTROL, CACHED)], set)
}
