//! The signing keys: the newest signs, all verify.
//!
//! A file is named after when its key was made and after the key: `<time>-<kid>.p8`. Order of names is order of age,
//! and a name that does not belong to its content is refused, so that no copy or slip changes which key signs. Rotation:
//! `custodian keys generate` adds a key; when the last token of the older one has ended, its file can go. A token whose
//! key is gone is refused.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use zeroize::Zeroizing;

use super::keys::{KeyError, write_private};

const ENDING: &str = "p8";
/// In UTC, to the millisecond, of one length: text order is time order.
const TIME: &str = "%Y%m%dT%H%M%S%.3fZ";
const FORM: &str =
    "a signing key as custodian keys generate makes it, TIME-KID.p8, an Ed25519 key in PKCS #8";

/// An Ed25519 key (RFC 8032).
pub struct Key {
    id: String,
    made_at: DateTime<Utc>,
    pkcs8: Zeroizing<Vec<u8>>,
    public: Vec<u8>,
}

impl Key {
    fn new(pkcs8: Zeroizing<Vec<u8>>, made_at: DateTime<Utc>) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).ok()?;
        let public = pair.public_key().as_ref().to_vec();
        let digest = digest::digest(&digest::SHA256, &public);
        let id = digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Some(Self { id, made_at, pkcs8, public })
    }

    fn file_name(&self) -> String {
        format!("{}-{}.{ENDING}", self.made_at.format(TIME), self.id)
    }

    /// The `kid` of its tokens: the first 16 hexadecimal digits of the public key's SHA-256.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The private key in PKCS #8.
    pub(crate) fn private(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The public key, 32 bytes.
    pub fn public(&self) -> &[u8] {
        &self.public
    }
}

/// The signing keys of a folder: at least one.
pub struct KeyRing {
    newest: Key,
    /// Newest first.
    older: Vec<Key>,
}

impl KeyRing {
    /// Reads them.
    ///
    /// # Errors
    /// [`KeyError`], naming the file: there is none, or one is not named after its content.
    pub fn open(folder: &Path) -> Result<Self, KeyError> {
        let mut paths = files(folder)?;
        let missing = || KeyError::not_generated(folder.join(format!("*.{ENDING}")));
        let newest = read(&paths.pop().ok_or_else(missing)?)?;
        Ok(Self { newest, older: paths.iter().rev().map(|path| read(path)).collect::<Result<_, _>>()? })
    }

    /// Adds a key, newer than all there are, and returns the ring with it.
    ///
    /// # Errors
    /// [`KeyError`], naming the file.
    pub fn generate(folder: &Path, now: DateTime<Utc>) -> Result<Self, KeyError> {
        fs::create_dir_all(folder).map_err(KeyError::io(folder))?;
        let newest = match Self::open(folder) {
            Ok(ring) => Some(ring.newest.made_at + TimeDelta::milliseconds(1)),
            Err(KeyError::Missing { .. }) => None,
            Err(error) => return Err(error),
        };
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Provider)?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Provider)?;
        let pkcs8 = Zeroizing::new(der.as_ref().to_vec());
        let key = Key::new(pkcs8, newest.map_or(now, |newest| newest.max(now))).ok_or(KeyError::Provider)?;
        let path = folder.join(key.file_name());
        write_private(&path, key.private()).map_err(KeyError::io(&path))?;
        Self::open(folder)
    }

    /// The key that signs.
    pub fn signing(&self) -> &Key {
        &self.newest
    }

    /// The keys that verify, newest first.
    pub fn verifying(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.newest).chain(&self.older)
    }

    /// The key of this `kid`.
    pub fn find(&self, id: &str) -> Option<&Key> {
        self.verifying().find(|key| key.id == id)
    }

    /// Whether the folder holds other keys by now.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub fn is_stale(&self, folder: &Path) -> Result<bool, KeyError> {
        let known = self.verifying().map(|key| folder.join(key.file_name()));
        Ok(!known.eq(files(folder)?.into_iter().rev()))
    }
}

/// The files of signing keys, oldest first.
fn files(folder: &Path) -> Result<Vec<PathBuf>, KeyError> {
    let failed = KeyError::io(folder);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(&failed)?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
    let mut paths = paths.map_err(failed)?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == ENDING));
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<Key, KeyError> {
    let pkcs8 = Zeroizing::new(fs::read(path).map_err(KeyError::io(path))?);
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let made_at = name.split('-').next().and_then(|time| NaiveDateTime::parse_from_str(time, TIME).ok());
    let key = made_at.and_then(|made_at| Key::new(pkcs8, made_at.and_utc()));
    let key = key.filter(|key| key.file_name() == name);
    key.ok_or_else(|| KeyError::Malformed { path: path.to_owned(), expected: FORM })
}
