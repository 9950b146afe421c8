//! The keys in their folder, readable by the owner only.
//!
//! | file | holds |
//! |---|---|
//! | `20261122T083000.000Z-1f2e….p8` | a signing key ([`KeyRing`]) |
//! | `sealing.key` | 32 random bytes, from which the keys of sealed values are derived |
//!
//! Instances share the folder's content, and so verify each other's tokens and open each other's values. Signing keys
//! come and go; what is sealed does not depend on them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::hkdf;
use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use super::ring::KeyRing;
use super::{Sealer, Tagger, random};

const SEALING: &str = "sealing.key";
const SEALING_BYTES: usize = 32;

/// The keys cannot be read or made. One line, naming the file.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file or its folder cannot be used.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no key.
    #[error("{}: no such key: {remedy}", path.display())]
    Missing {
        /// Which file.
        path: PathBuf,
        /// What to do.
        remedy: &'static str,
    },
    /// Others than its owner can read the file.
    #[error("{}: others can read this key: chmod 600 it, or 640 where it is root's", path.display())]
    Exposed {
        /// Which file.
        path: PathBuf,
    },
    /// There is no file that a key could be in.
    #[error("no master key: name its file, master_key_file, or give the variable CUSTODIAN_MASTER_KEY")]
    NoMasterKey,
    /// The file holds something else, or something that anybody could guess.
    #[error("{}: not {expected}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
    },
    /// The provider cannot make a key.
    #[error("cannot make a key")]
    Provider,
}

impl KeyError {
    /// One of the keys that the command makes is not there.
    pub(super) fn not_generated(path: PathBuf) -> Self {
        Self::Missing { path, remedy: "run custodian keys generate, or supply it" }
    }

    pub(crate) fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

/// The keys of a folder.
pub struct Keys {
    /// Those that sign and verify access tokens.
    pub ring: KeyRing,
    sealing: Zeroizing<Vec<u8>>,
}

impl Keys {
    /// Reads the keys. Makes none.
    ///
    /// # Errors
    /// [`KeyError`], naming the file: one that is missing, malformed or could be guessed.
    pub fn open(folder: &Path) -> Result<Self, KeyError> {
        let path = folder.join(SEALING);
        let sealing = match fs::read(&path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(KeyError::not_generated(path));
            }
            Err(error) => return Err(KeyError::io(&path)(error)),
        };
        let is_one_byte = sealing.iter().all(|byte| Some(byte) == sealing.first());
        if sealing.len() != SEALING_BYTES || is_one_byte {
            return Err(KeyError::Malformed { path, expected: "32 random bytes" });
        }
        Ok(Self { ring: KeyRing::open(folder)?, sealing })
    }

    /// Makes the keys that are missing: on the first start of a developer's server.
    ///
    /// # Errors
    /// [`KeyError`], naming the file.
    pub fn complete(folder: &Path, now: DateTime<Utc>) -> Result<(), KeyError> {
        Self::complete_sealing(folder)?;
        match KeyRing::open(folder) {
            Err(KeyError::Missing { .. }) => KeyRing::generate(folder, now).map(drop),
            found => found.map(drop),
        }
    }

    /// Makes the key that values are sealed under, unless there is one.
    ///
    /// # Errors
    /// [`KeyError`], naming the file.
    pub fn complete_sealing(folder: &Path) -> Result<(), KeyError> {
        fs::create_dir_all(folder).map_err(KeyError::io(folder))?;
        let path = folder.join(SEALING);
        match write_private(&path, random::<SEALING_BYTES>()?.as_slice()) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            written => written.map_err(KeyError::io(&path)),
        }
    }

    /// A sealer with a key of its own for each purpose.
    ///
    /// # Errors
    /// [`KeyError::Provider`].
    pub fn sealer(&self, purpose: &'static str) -> Result<Sealer, KeyError> {
        Sealer::new(&*self.derived(purpose)?).ok_or(KeyError::Provider)
    }

    /// A tagger with a key of its own for each purpose.
    ///
    /// # Errors
    /// [`KeyError::Provider`].
    pub fn tagger(&self, purpose: &'static str) -> Result<Tagger, KeyError> {
        Ok(Tagger::new(&*self.derived(purpose)?))
    }

    /// A key for a purpose, by HKDF (RFC 5869).
    fn derived(&self, purpose: &'static str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"custodian");
        let secret = salt.extract(&self.sealing);
        let mut key = Zeroizing::new([0_u8; 32]);
        secret
            .expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(key.as_mut_slice()))
            .map_err(|_| KeyError::Provider)?;
        Ok(key)
    }
}

/// Writes a file that only its owner can read, and never over another: of two that start at once, one makes the key.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create_private(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a file that only its owner can read, where there is none.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
