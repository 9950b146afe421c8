//! Passwords: Argon2id, 19 MiB, two passes, one lane (OWASP's first choice), a few at a time off the async threads.

use std::sync::{Arc, LazyLock};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// Longer ones are refused before hashing.
pub const MAX_LENGTH: usize = 512;

/// Each hash takes 19 MiB and tens of milliseconds of one core: more at once only wait in a worse place.
static AT_ONCE: LazyLock<Arc<Semaphore>> =
    LazyLock::new(|| Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from))));

/// A hash of no password anybody has, in the same parameters: verifying against it takes as long as against a real one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Y3VzdG9kaWFuLm5vYm9keQ$bm9ib2R5IGhhcyB0aGlzIHBhc3N3b3JkIGhhc2ghISE";

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|_| Error::bug("argon2 parameters"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let permit = AT_ONCE.clone().acquire_owned().await.map_err(Error::internal)?;
    // The permit goes with the work: a client that leaves does not make room for another while it is still done.
    let held = move || {
        let _permit = permit;
        work()
    };
    tokio::task::spawn_blocking(held).await.map_err(Error::internal)?
}

/// The PHC string of a password, under a random salt.
///
/// # Errors
/// [`Error::BadInput`] when it is too long.
pub async fn hash(password: &SecretString) -> Result<String> {
    if password.expose_secret().len() > MAX_LENGTH {
        return Err(Error::bad_input(format!("a password has at most {MAX_LENGTH} bytes")));
    }
    let password = password.clone();
    off_thread(move || {
        let hash = hasher()?
            .hash_password(password.expose_secret().as_bytes())
            .map_err(|_| Error::bug("argon2 refused to hash"))?;
        Ok(hash.to_string())
    })
    .await
}

/// Whether the password is the hashed one. Without a hash the same work is done, and the answer is no: how long it
/// takes does not tell whether an account exists.
///
/// # Errors
/// When no thread can be had.
pub async fn verify(password: SecretString, hash: Option<String>) -> Result<bool> {
    off_thread(move || {
        let known = hash.is_some();
        let text = hash.unwrap_or_else(|| NOBODY.to_owned());
        let Ok(parsed) = PasswordHash::new(&text) else {
            return Err(Error::bug("a stored password hash is malformed"));
        };
        let too_long = password.expose_secret().len() > MAX_LENGTH;
        let matches =
            !too_long && hasher()?.verify_password(password.expose_secret().as_bytes(), &parsed).is_ok();
        Ok(known && matches)
    })
    .await
}
