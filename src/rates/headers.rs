//! What clients are told in headers (draft-ietf-httpapi-ratelimit-headers-10): lists of structured fields (RFC 9651), to which
//! each bucket adds a member.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::Verdict;

/// How a bucket stands: `"viewer";r=599;t=1`.
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// What it is: `"viewer";q=600;w=60`.
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

impl Verdict {
    /// Adds what there is to tell.
    pub fn tell(&self, headers: &mut HeaderMap) {
        let Self { bucket, limit, window, remaining, reset, .. } = self;
        let name = bucket.name();
        for (header, text) in [
            (RATE_LIMIT, format!("\"{name}\";r={remaining};t={reset}")),
            (RATE_LIMIT_POLICY, format!("\"{name}\";q={limit};w={window}")),
        ] {
            // It is made of names of ours and digits.
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.append(header, value);
            }
        }
    }
}
