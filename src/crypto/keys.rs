//! The keys in the data folder: generated on first start, readable by the owner only.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::hkdf;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use zeroize::Zeroizing;

use super::Sealer;

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
    /// The file holds something else.
    #[error("{}: not an Ed25519 key in PKCS #8", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
    },
    /// The provider cannot make a key.
    #[error("cannot make a key")]
    Provider,
}

/// The signing key of the access tokens, and what is derived from it.
pub struct Keys {
    pkcs8: Zeroizing<Vec<u8>>,
    public: Vec<u8>,
    key_id: String,
}

impl Keys {
    /// Reads the signing key from `<folder>/signing.p8`, or makes it.
    ///
    /// # Errors
    /// [`KeyError`], naming the file.
    pub fn open(folder: &Path) -> Result<Self, KeyError> {
        let path = folder.join("signing.p8");
        let failed = |source| KeyError::Io { path: path.clone(), source };
        let pkcs8 = match fs::read(&path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(folder).map_err(failed)?;
                let made = generate()?;
                write_private(&path, &made).map_err(failed)?;
                made
            }
            Err(error) => return Err(failed(error)),
        };
        Self::from_pkcs8(pkcs8).ok_or(KeyError::Malformed { path })
    }

    fn from_pkcs8(pkcs8: Zeroizing<Vec<u8>>) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).ok()?;
        let public = pair.public_key().as_ref().to_vec();
        let digest = digest::digest(&digest::SHA256, &public);
        let key_id = digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Some(Self { pkcs8, public, key_id })
    }

    /// The private key in PKCS #8.
    pub(crate) fn signing(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The public key, 32 bytes (RFC 8032).
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// The `kid` of tokens signed with this key: the first 16 hexadecimal digits of the public key's SHA-256.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// A sealer with a key of its own for each purpose, derived by HKDF (RFC 5869): instances that share the signing
    /// key open each other's.
    ///
    /// # Errors
    /// [`KeyError::Provider`].
    pub fn sealer(&self, purpose: &'static str) -> Result<Sealer, KeyError> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"custodian");
        let secret = salt.extract(&self.pkcs8);
        let mut key = Zeroizing::new([0_u8; 32]);
        secret
            .expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(key.as_mut_slice()))
            .map_err(|_| KeyError::Provider)?;
        Sealer::new(&key).ok_or(KeyError::Provider)
    }
}

fn generate() -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Provider)?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Provider)?;
    Ok(Zeroizing::new(der.as_ref().to_vec()))
}

/// Writes a file that only its owner can read, and never over another: of two that start at once, one makes the key.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
