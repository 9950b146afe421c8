//! Files of pages: tagged by their content, so that what a browser has is not sent again, and compressed where it takes that.
//!
//! Answers of the API are never compressed: their length would tell of secrets beside what an attacker had put in (BREACH).

use std::sync::Arc;

use aws_lc_rs::digest;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tower_http::compression::CompressionLayer;

use crate::app::App;

/// How much of the hash is enough to tell one content from another.
const TAG_BYTES: usize = 16;

/// A file as it is served.
#[derive(Clone)]
pub(super) struct Asset {
    content_type: &'static str,
    content: &'static str,
    policy: Option<HeaderValue>,
    /// Weak, because it is compressed or not under the same one (RFC 9110, 8.8.1).
    tag: HeaderValue,
}

impl Asset {
    /// A file of this type.
    pub(super) fn new(content_type: &'static str, content: &'static str) -> Self {
        let hash = digest::digest(&digest::SHA256, content.as_bytes());
        let hash = hash.as_ref().get(..TAG_BYTES).unwrap_or_default();
        let tag = HeaderValue::try_from(format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(hash)));
        // Without one, it is sent each time.
        Self { content_type, content, policy: None, tag: tag.unwrap_or(HeaderValue::from_static("W/\"\"")) }
    }

    /// A page that may load what this policy says.
    pub(super) fn under(self, policy: HeaderValue) -> Self {
        Self { policy: Some(policy), ..self }
    }

    fn respond(&self, asked: &HeaderMap) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(ETAG, self.tag.clone());
        if let Some(policy) = &self.policy {
            headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
        }
        if self.is_known(asked) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        (headers, self.content).into_response()
    }

    /// Whether the client has this content (RFC 9110, 13.1.2: tags are compared whether weak or not).
    fn is_known(&self, asked: &HeaderMap) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let own = self.tag.to_str().map(opaque).unwrap_or_default();
        let tags = asked.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        tags.flat_map(|value| value.split(',')).any(|tag| tag.trim() == "*" || opaque(tag) == own)
    }
}

/// Serves these files, each at its address.
pub(super) fn routes(assets: impl IntoIterator<Item = (&'static str, Asset)>) -> Router<Arc<App>> {
    let serve = |router: Router<Arc<App>>, (path, asset): (&'static str, Asset)| {
        router.route(path, get(async move |asked: HeaderMap| asset.respond(&asked)))
    };
    assets.into_iter().fold(Router::new(), serve).layer(CompressionLayer::new())
}
