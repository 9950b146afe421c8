//! Passwords: Argon2id, 19 MiB, two passes, one lane (OWASP's first choice), a few at a time off the async threads.
//!
//! Hashes of an import are verified as they came, by Argon2 in any parameters or by bcrypt, and replaced at the next
//! sign-in that succeeds. Where there is no account the work is that of our own hashes: an account that still has an
//! imported one can be told from it by the time, until then.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// Longer ones are refused before hashing.
pub const MAX_LENGTH: usize = 512;

/// bcrypt reads no further (its input ends in a NUL besides): a longer password is refused, since cut off it would be
/// that of everybody whose begins alike.
const BCRYPT_MAX_LENGTH: usize = 72;

/// How the hashes of bcrypt begin. (`$2x$` marks those of a faulty implementation.)
const BCRYPT: [&str; 3] = ["$2a$", "$2b$", "$2y$"];

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Each hash takes 19 MiB and tens of milliseconds of one core: more at once only wait in a worse place.
static AT_ONCE: LazyLock<Arc<Semaphore>> =
    LazyLock::new(|| Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from))));

/// A hash of no password anybody has, in the same parameters: verifying against it takes as long as against a real one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Y3VzdG9kaWFuLm5vYm9keQ$bm9ib2R5IGhhcyB0aGlzIHBhc3N3b3JkIGhhc2ghISE";

/// What a password is to a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not the hashed one.
    Wrong,
    /// The hashed one.
    Right,
    /// The hashed one; the hash is weaker than those made today and is to be replaced.
    Outdated,
}

/// The memory of our own hashes, between them: allocated anew each time it is left in pieces, and grows to many times what
/// is ever in use.
static MEMORY: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

/// What Argon2 makes of a password, in as many bytes as there were in what it is compared with.
fn digest(hasher: &Argon2<'_>, password: &[u8], salt: &Salt, length: usize) -> Result<Output> {
    let failed = || Error::bug("argon2 refused to hash");
    let kept = || MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    let blocks = hasher.params().block_count();
    let is_ours = blocks == MEMORY_KIB as usize;
    let mut memory = if is_ours { kept().pop().unwrap_or_default() } else { Vec::new() };
    memory.resize(blocks, Block::default());
    let mut out = [0; Output::MAX_LENGTH];
    let out = out.get_mut(..length).ok_or_else(failed)?;
    let done = hasher.hash_password_into_with_memory(password, salt, out, memory.as_mut_slice());
    // Nothing of a password stays there.
    memory.fill(Block::default());
    if is_ours {
        kept().push(memory);
    }
    done.map_err(|_| failed())?;
    Output::new(out).map_err(|_| failed())
}

/// Does what takes long where it holds up nobody else, a few at a time.
pub(super) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
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
        let failed = || Error::bug("argon2 parameters");
        let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|_| failed())?;
        let (salt, text) = (Salt::generate(), ParamsString::try_from(&params).map_err(|_| failed())?);
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let password = password.expose_secret().as_bytes();
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: text,
            salt: Some(salt),
            hash: Some(digest(&hasher, password, &salt, Params::DEFAULT_OUTPUT_LEN)?),
        };
        Ok(hash.to_string())
    })
    .await
}

/// Whether the password is the hashed one. Without a hash the same work is done, and the answer is no: how long it
/// takes does not tell whether an account exists.
///
/// # Errors
/// When no thread can be had, or the stored hash is malformed.
pub async fn verify(password: &SecretString, hash: Option<String>) -> Result<Verdict> {
    let password = password.clone();
    off_thread(move || match hash {
        Some(hash) => compare(password.expose_secret(), &hash),
        None => compare(password.expose_secret(), NOBODY).map(|_| Verdict::Wrong),
    })
    .await
}

/// What an imported hash may ask for at most: memory (KiB), passes, lanes. More would hold up the service at a sign-in.
const DEAREST: (u32, u32, u32) = (256 * 1024, 16, 16);
/// The same of bcrypt: about a second.
const DEAREST_BCRYPT: u32 = 14;

/// Whether the text is a hash that [`verify`] can read, of bcrypt or Argon2id, and none that takes too much.
pub fn is_hash(text: &str) -> bool {
    if BCRYPT.iter().any(|prefix| text.starts_with(prefix)) {
        let parsed = text.parse::<bcrypt::HashParts>();
        return parsed.is_ok_and(|parsed| (4..=DEAREST_BCRYPT).contains(&parsed.get_cost()));
    }
    let Ok(parsed) = PasswordHash::new(text) else { return false };
    let (memory, passes, lanes) = DEAREST;
    let is_cheap =
        |params: Params| params.m_cost() <= memory && params.t_cost() <= passes && params.p_cost() <= lanes;
    parsed.algorithm == Algorithm::Argon2id.ident()
        && parsed.version.is_none_or(|version| Version::try_from(version).is_ok())
        && parsed.salt.zip(parsed.hash).is_some()
        && Params::try_from(&parsed).is_ok_and(is_cheap)
}

fn compare(password: &str, hash: &str) -> Result<Verdict> {
    let malformed = || Error::bug("a stored password hash is malformed");
    if BCRYPT.iter().any(|prefix| hash.starts_with(prefix)) {
        let is_right = bcrypt::verify(password, hash).map_err(|_| malformed())?;
        let is_whole = password.len() <= BCRYPT_MAX_LENGTH && !password.contains('\0');
        return Ok(if is_right && is_whole { Verdict::Outdated } else { Verdict::Wrong });
    }
    let parsed = PasswordHash::new(hash).map_err(|_| malformed())?;
    let params = Params::try_from(&parsed).map_err(|_| malformed())?;
    let algorithm = Algorithm::try_from(parsed.algorithm.as_str()).map_err(|_| malformed())?;
    let version = parsed.version.map_or(Ok(Version::V0x13), Version::try_from).map_err(|_| malformed())?;
    let (salt, expected) = parsed.salt.zip(parsed.hash).ok_or_else(malformed)?;
    let hasher = Argon2::new(algorithm, version, params.clone());
    // Compared in constant time.
    let is_right = digest(&hasher, password.as_bytes(), &salt, expected.len())? == expected;
    let is_ours = parsed.algorithm == Algorithm::Argon2id.ident()
        && params.m_cost() >= MEMORY_KIB
        && params.t_cost() >= PASSES;
    Ok(match (is_right && password.len() <= MAX_LENGTH, is_ours) {
        (false, _) => Verdict::Wrong,
        (true, true) => Verdict::Right,
        (true, false) => Verdict::Outdated,
    })
}
