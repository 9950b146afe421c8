//! The ends of the chains, signed and kept in a second place, so that a tail that was cut off shows: whoever can change the
//! database does not have the keys, and cannot take back what was written elsewhere.
//!
//! A line of a file is a JWS in compact form (RFC 7515, 3.1), signed with EdDSA (RFC 8037) by the key that signs access
//! tokens; its `typ` keeps the two apart. A file takes the lines of a day.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use custodian_entity::audit_head;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use sea_orm::prelude::Uuid;
use sea_orm::{AccessMode, DatabaseConnection, EntityTrait};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::crypto::KeyRing;
use crate::database::{Settings, begin, unless_gone};
use crate::error::{Error, Result};

const TYPE: &str = "audit-head+jws";

/// The name of the file that takes the lines of a day.
pub(super) const FILE: &str = "heads-%Y-%m-%d.jws";

/// The end of a chain at some time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Head {
    /// The chain.
    pub chain: Uuid,
    /// The number of its last entry then.
    pub sequence: i64,
    /// That entry's hash.
    pub hash: String,
    /// When, in seconds since the epoch.
    #[serde(rename = "iat")]
    pub at: i64,
}

/// Why a line is no head.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// Its signature may be right.
    #[error(
        "is signed by the key {0}, which is not here: keep the files of keys as long as heads they signed"
    )]
    UnknownKey(String),
    /// Or it is no signed head at all.
    #[error("is no head, or not as it was signed")]
    Invalid,
}

impl Head {
    /// Signed by the newest key.
    fn sign(&self, ring: &KeyRing) -> Result<String> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(ring.signing().id().to_owned());
        let key = EncodingKey::from_ed_der(ring.signing().private());
        jsonwebtoken::encode(&header, self, &key).map_err(Error::internal)
    }

    /// Read from a line of a file.
    ///
    /// # Errors
    /// [`HeadError`].
    pub fn read(line: &str, ring: &KeyRing) -> Result<Self, HeadError> {
        let header = jsonwebtoken::decode_header(line).map_err(|_| HeadError::Invalid)?;
        let kid = header.kid.ok_or(HeadError::Invalid)?;
        let key = ring.find(&kid).ok_or(HeadError::UnknownKey(kid))?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.algorithms = vec![Algorithm::EdDSA];
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let read = jsonwebtoken::decode::<Self>(line, &DecodingKey::from_ed_der(key.public()), &validation)
            .map_err(|_| HeadError::Invalid)?;
        if read.header.typ.as_deref() == Some(TYPE) { Ok(read.claims) } else { Err(HeadError::Invalid) }
    }
}

/// The folder that signed heads are written to.
pub struct Heads {
    folder: PathBuf,
    /// What was written last of each chain.
    written: Mutex<HashMap<Uuid, i64>>,
}

impl Heads {
    /// Nothing is written yet; the folder is made with the first line.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, written: Mutex::default() }
    }

    /// Writes the ends of those chains that went on since, and says how many.
    ///
    /// # Errors
    /// When the database is away, or the folder cannot be written.
    #[expect(clippy::disallowed_methods, reason = "the end of a chain is nobody's row")]
    pub async fn write(&self, db: &DatabaseConnection, ring: &KeyRing, now: DateTime<Utc>) -> Result<usize> {
        let mut written = self.written.lock().await;
        let heads = unless_gone(async {
            let transaction = begin(db, AccessMode::ReadOnly, &Settings::of_audit()).await?;
            let heads = audit_head::Entity::find().all(&transaction).await?;
            transaction.commit().await?;
            Ok(heads)
        });
        let heads = heads.await?;
        let moved: Vec<Head> = (heads.into_iter())
            .filter(|head| head.sequence > written.get(&head.chain).copied().unwrap_or_default())
            .map(|head| Head {
                chain: head.chain,
                sequence: head.sequence,
                hash: head.hash,
                at: now.timestamp(),
            })
            .collect();
        if moved.is_empty() {
            return Ok(0);
        }
        let mut lines = String::new();
        for head in &moved {
            lines.push_str(&head.sign(ring)?);
            lines.push('\n');
        }
        let file = self.folder.join(now.format(FILE).to_string());
        let folder = self.folder.clone();
        let appended = tokio::task::spawn_blocking(move || append(&folder, &file, lines.as_bytes()));
        appended.await.map_err(Error::internal)?.map_err(Error::internal)?;
        let count = moved.len();
        written.extend(moved.into_iter().map(|head| (head.chain, head.sequence)));
        Ok(count)
    }
}

/// Adds lines at the end of a file, in one piece, and returns once they are on the disk.
fn append(folder: &Path, file: &Path, lines: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
    file.write_all(lines)?;
    file.sync_all()
}
