//! What stands for a value that is to be found again and not read: only who has the key can make it.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Tags by HMAC-SHA-256 (RFC 2104).
pub struct Tagger(hmac::Key);

impl Tagger {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The tag of a value of one kind: equal for equal values, and telling nothing else about them.
    pub fn tag(&self, kind: &str, value: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(kind.as_bytes());
        // No kind holds the separator, so no kind and value are another kind with another value.
        context.update(&[0]);
        context.update(value);
        URL_SAFE_NO_PAD.encode(context.sign())
    }
}
