//! Tokens that mean nothing: random text for a client to keep, of which only a hash is stored.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};

use super::{KeyError, random};

/// A new token of 256 random bits, in base64url: 43 characters.
///
/// # Errors
/// [`KeyError::Provider`].
pub fn opaque_token() -> Result<SecretString, KeyError> {
    Ok(SecretString::from(URL_SAFE_NO_PAD.encode(random::<32>()?)))
}

/// What is stored of a token, and what it is found by: its SHA-256 in base64url. Nobody guesses 256 random bits, so that
/// salt and slowness would protect nothing, and the way the index compares tells nothing.
pub fn token_hash(token: &SecretString) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.expose_secret().as_bytes()))
}
