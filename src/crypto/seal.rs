//! Small values given to a client to bring back: encrypted and authenticated, so that he can neither read nor change
//! them, nor use one in another place. The vault seals stored values and keys in the same way.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// Seals with AES-256-GCM under random nonces (NIST SP 800-38D).
pub struct Sealer {
    key: RandomizedNonceKey,
}

impl Sealer {
    pub(crate) fn new(key: &[u8; 32]) -> Option<Self> {
        Some(Self { key: RandomizedNonceKey::new(&AES_256_GCM, key).ok()? })
    }

    /// Seals a value for one place: it opens only where `place` is the same. None if the provider fails.
    pub fn seal(&self, place: &[u8], value: &[u8]) -> Option<String> {
        let mut sealed = value.to_vec();
        let nonce = self.key.seal_in_place_append_tag(Aad::from(place), &mut sealed).ok()?;
        let mut bytes = nonce.as_ref().to_vec();
        bytes.append(&mut sealed);
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Opens what [`Self::seal`] sealed for this place; none for anything else.
    pub fn open(&self, place: &[u8], text: &str) -> Option<Vec<u8>> {
        let mut bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        Some(self.key.open_in_place(nonce, Aad::from(place), sealed).ok()?.to_vec())
    }
}
