//! Keys, and what is made with them. aws-lc-rs is the only provider of cryptography.

mod keys;
mod opaque;
mod ring;
mod seal;

use zeroize::Zeroizing;

pub use self::keys::{KeyError, Keys};
pub use self::opaque::{opaque_token, token_hash};
pub use self::ring::{Key, KeyRing};
pub use self::seal::Sealer;

/// Random bytes that nobody can foretell.
fn random<const LENGTH: usize>() -> Result<Zeroizing<[u8; LENGTH]>, KeyError> {
    let mut bytes = Zeroizing::new([0; LENGTH]);
    aws_lc_rs::rand::fill(bytes.as_mut_slice()).map_err(|_| KeyError::Provider)?;
    Ok(bytes)
}
