//! Files of pages: tagged by their content, so that what a browser has is not sent again, and compressed where it takes that.
//!
//! Answers of the API are never compressed: their length would tell of secrets beside what an attacker had put in (BREACH).

use std::sync::Arc;

use aws_lc_rs::digest;
use axum::Router;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tower_http::compression::CompressionLayer;

use crate::app::App;

/// How much of the hash is enough to tell one content from another.
const TAG_BYTES: usize = 16;

/// What may change under its address: asked for anew each time.
const REVALIDATED: HeaderValue = HeaderValue::from_static("no-cache");

/// What has the hash of its content in its address: never asked for again.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// A file as it is served.
#[derive(Clone)]
pub(super) struct Asset {
    content_type: &'static str,
    content: &'static [u8],
    /// The same in brotli, if it was compressed beforehand.
    brotli: Option<&'static [u8]>,
    policy: Option<HeaderValue>,
    caching: HeaderValue,
    /// Weak, because it is compressed or not under the same one (RFC 9110, 8.8.1).
    tag: HeaderValue,
}

impl Asset {
    /// A file of this type.
    pub(super) fn new(content_type: &'static str, content: &'static [u8]) -> Self {
        let hash = digest::digest(&digest::SHA256, content);
        let hash = hash.as_ref().get(..TAG_BYTES).unwrap_or_default();
        let tag = HeaderValue::try_from(format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(hash)));
        // Without one, it is sent each time.
        let tag = tag.unwrap_or(HeaderValue::from_static("W/\"\""));
        Self { content_type, content, brotli: None, policy: None, caching: REVALIDATED, tag }
    }

    /// A page that may load what this policy says.
    pub(super) fn under(self, policy: HeaderValue) -> Self {
        Self { policy: Some(policy), ..self }
    }

    /// A file whose address changes with its content.
    pub(super) fn forever(self) -> Self {
        Self { caching: FOREVER, ..self }
    }

    /// A file that was compressed beforehand, or not.
    pub(super) fn with_brotli(self, brotli: Option<&'static [u8]>) -> Self {
        Self { brotli, ..self }
    }

    fn respond(&self, asked: &HeaderMap) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, self.caching.clone());
        headers.insert(ETAG, self.tag.clone());
        if let Some(policy) = &self.policy {
            headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
        }
        if self.is_known(asked) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        match self.brotli.filter(|_| takes_brotli(asked)) {
            Some(brotli) => {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
                headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
                (headers, brotli).into_response()
            }
            None => (headers, self.content).into_response(),
        }
    }

    /// Whether the client has this content (RFC 9110, 13.1.2: tags are compared whether weak or not).
    fn is_known(&self, asked: &HeaderMap) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let own = self.tag.to_str().map(opaque).unwrap_or_default();
        listed(asked.get_all(IF_NONE_MATCH)).any(|tag| tag == "*" || opaque(tag) == own)
    }
}

/// Whether brotli is among what the client takes; not where it says how much it would rather (`br;q=0`): what is
/// compressed on the way reads that.
fn takes_brotli(asked: &HeaderMap) -> bool {
    listed(asked.get_all(ACCEPT_ENCODING)).any(|coding| coding.eq_ignore_ascii_case("br"))
}

fn listed<'h>(values: axum::http::header::GetAll<'h, HeaderValue>) -> impl Iterator<Item = &'h str> {
    let values = values.into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

/// Serves these files, each at its address.
pub(super) fn routes<P: AsRef<str>>(assets: impl IntoIterator<Item = (P, Asset)>) -> Router<Arc<App>> {
    let serve = |router: Router<Arc<App>>, (path, asset): (P, Asset)| {
        router.route(path.as_ref(), get(async move |asked: HeaderMap| asset.respond(&asked)))
    };
    assets.into_iter().fold(Router::new(), serve).layer(CompressionLayer::new())
}
