//! The key of a content.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::Result;
use crate::crypto::random;

/// The key of one content: random, for one object, overwritten when dropped.
#[derive(Clone)]
pub struct ContentKey(Zeroizing<[u8; 32]>);

impl ContentKey {
    /// A new key.
    ///
    /// # Errors
    /// [`super::StoreError::Provider`].
    pub fn new() -> Result<Self> {
        Ok(Self(random()?))
    }

    /// The key that [`Self::to_base64`] wrote.
    pub fn from_base64(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// The key as text, in base64url: to be sealed and kept.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
