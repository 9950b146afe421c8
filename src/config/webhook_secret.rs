//! The key that calls of the webhook are signed with.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::Deserializer;
use zeroize::Zeroizing;

use super::value;

/// How long one is, in bytes (Standard Webhooks, "Signature scheme").
const LENGTH: std::ops::RangeInclusive<usize> = 24..=64;

/// A key, given in base64, with `whsec_` before it or without.
#[derive(Clone)]
pub struct WebhookSecret(Arc<Zeroizing<Vec<u8>>>);

impl WebhookSecret {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key that a text is, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let key = Zeroizing::new(STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok()?);
        LENGTH.contains(&key.len()).then(|| Self(Arc::new(key)))
    }

    /// A key, or none where the text is empty.
    pub(super) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let expected = "24 to 64 random bytes in base64, as openssl rand -base64 32 makes them";
        value::text(deserializer, expected, |text| {
            if text.is_empty() { Some(None) } else { Self::parse(text).map(Some) }
        })
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret([REDACTED])")
    }
}
