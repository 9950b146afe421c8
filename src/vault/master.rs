//! The master key, which wraps the keys of tenants and nothing else.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::Secret;
use super::error::{Result, VaultError};
use crate::config::Config;
use crate::crypto::{KeyError, Sealer, random, write_private};

const FORM: &str =
    "master keys: 32 random bytes in base64 each, the one in use first, a line or a comma between them";

/// Another name for the same text: that of an environment that has no files.
const VARIABLE: &str = "CUSTODIAN_MASTER_KEY";

const REMEDY: &str = "supply it; without it nothing that was sealed opens";

/// Wraps and unwraps the keys of tenants. A key management service can stand behind it: nothing asks for the key itself.
pub trait MasterKey: Send + Sync {
    /// Tells this key from others; stored beside what it wrapped.
    fn id(&self) -> &str;

    /// Wraps a key for one row of the key store, which the context names.
    fn wrap<'a>(&'a self, context: &'a [u8], key: &'a Secret) -> BoxFuture<'a, Result<String>>;

    /// Unwraps what [`Self::wrap`] made of this context; none for anything else.
    fn unwrap<'a>(&'a self, context: &'a [u8], wrapped: &'a str) -> BoxFuture<'a, Result<Option<Secret>>>;
}

/// The master key in use, and former ones whose wrapping is not yet replaced.
pub struct MasterKeys {
    current: Box<dyn MasterKey>,
    former: Vec<Box<dyn MasterKey>>,
}

impl MasterKeys {
    /// These keys.
    pub fn new(current: Box<dyn MasterKey>, former: Vec<Box<dyn MasterKey>>) -> Self {
        Self { current, former }
    }

    /// The keys that are configured. Makes none.
    ///
    /// # Errors
    /// [`KeyError`], naming the file or variable.
    pub fn configured(config: &Config) -> Result<Self, KeyError> {
        match (&config.master_key, &config.master_key_file) {
            (Some(text), _) => Self::of_text(VARIABLE, text),
            (None, Some(path)) => Self::of_file(path),
            (None, None) => Err(KeyError::NoMasterKey),
        }
    }

    /// The keys of a file. Makes none.
    ///
    /// # Errors
    /// [`KeyError`], naming the file: it is missing, others can read it, or it holds something else or what anybody
    /// could guess.
    pub fn of_file(path: &Path) -> Result<Self, KeyError> {
        let failed = |error: io::Error| match error.kind() {
            ErrorKind::NotFound => KeyError::Missing { path: path.to_owned(), remedy: REMEDY },
            _ => KeyError::io(path)(error),
        };
        if is_exposed(&fs::metadata(path).map_err(failed)?) {
            return Err(KeyError::Exposed { path: path.to_owned() });
        }
        Self::of_text(path, &SecretString::from(fs::read_to_string(path).map_err(failed)?))
    }

    /// The keys of a text in the form of such a file: of a variable of the environment, say, which `name` tells in errors.
    ///
    /// # Errors
    /// [`KeyError::Malformed`].
    pub fn of_text(name: impl AsRef<Path>, text: &SecretString) -> Result<Self, KeyError> {
        let malformed = || KeyError::Malformed { path: name.as_ref().to_owned(), expected: FORM };
        let is_between = |c: char| c == ',' || c.is_whitespace();
        let texts = text.expose_secret().split(is_between).filter(|text| !text.is_empty());
        let keys = texts.map(|text| LocalKey::read(text).ok_or_else(malformed));
        let mut keys = keys.map(|key| key.map(|key| Box::new(key) as Box<dyn MasterKey>));
        let current = keys.next().ok_or_else(malformed)??;
        Ok(Self::new(current, keys.collect::<Result<_, _>>()?))
    }

    /// Makes a file with one key, readable by its owner only, unless there is one: for a developer's first start.
    ///
    /// # Errors
    /// [`KeyError`], naming the file.
    pub fn complete_file(path: &Path) -> Result<(), KeyError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(KeyError::io(folder))?;
        }
        let text = Zeroizing::new(STANDARD.encode(random::<32>()?));
        match write_private(path, text.as_bytes()) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            written => written.map_err(KeyError::io(path)),
        }
    }

    /// The key that wraps.
    pub(super) fn current(&self) -> &dyn MasterKey {
        self.current.as_ref()
    }

    /// The key of this id.
    pub(super) fn find(&self, id: &str) -> Option<&dyn MasterKey> {
        self.all().find(|key| key.id() == id)
    }

    /// The ids of all, the one in use first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.all().map(MasterKey::id)
    }

    fn all(&self) -> impl Iterator<Item = &dyn MasterKey> {
        std::iter::once(&self.current).chain(&self.former).map(AsRef::as_ref)
    }
}

/// Whether others than the owner can read a file. What is root's may be handed to a group, as secrets are mounted.
#[cfg(unix)]
fn is_exposed(file: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let refused = if file.uid() == 0 { 0o027 } else { 0o077 };
    file.mode() & refused != 0
}

/// Whether others than the owner can read a file: where modes do not tell.
#[cfg(not(unix))]
fn is_exposed(_: &fs::Metadata) -> bool {
    false
}

/// A master key in this process: AES-256-GCM.
struct LocalKey {
    id: String,
    sealer: Sealer,
}

impl LocalKey {
    /// Reads 32 bytes in base64, unless anybody could guess them.
    fn read(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
        let key: &[u8; 32] = bytes.as_slice().try_into().ok()?;
        if key.iter().all(|byte| *byte == key[0]) {
            return None;
        }
        // Says nothing about the key to whoever does not have it, and differs wherever keys do.
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), b"custodian master key");
        let id = tag.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Some(Self { id, sealer: Sealer::new(key)? })
    }
}

impl MasterKey for LocalKey {
    fn id(&self) -> &str {
        &self.id
    }

    fn wrap<'a>(&'a self, context: &'a [u8], key: &'a Secret) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move { self.sealer.seal(context, key.as_slice()).ok_or(VaultError::Provider) })
    }

    fn unwrap<'a>(&'a self, context: &'a [u8], wrapped: &'a str) -> BoxFuture<'a, Result<Option<Secret>>> {
        Box::pin(async move { Ok(super::unwrapped(&self.sealer, context, wrapped)) })
    }
}
