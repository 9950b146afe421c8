//! Bytes that nobody can guess.

use zeroize::Zeroizing;

use super::KeyError;

/// Random bytes, from the provider's generator; overwritten when dropped.
///
/// # Errors
/// [`KeyError::Provider`].
pub fn random<const LENGTH: usize>() -> Result<Zeroizing<[u8; LENGTH]>, KeyError> {
    let mut bytes = Zeroizing::new([0; LENGTH]);
    aws_lc_rs::rand::fill(bytes.as_mut_slice()).map_err(|_| KeyError::Provider)?;
    Ok(bytes)
}
