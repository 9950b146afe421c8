//! The contents of documents: sealed, in a folder of this machine or in a bucket of an S3 service.
//!
//! # The way in
//!
//! [`Store::spool`] → [`Spool::write`] as bytes come in → [`Spool::finish`] → [`Store::put`]. A spool file holds what the
//! object will hold: nothing is in clear on any disk. It is deleted when [`Spool`] or [`Spooled`] is dropped. Objects are
//! put whole and never changed; once [`Store::put`] says that one is there, it survives a crash.
//!
//! The row that names an object is written after it. So there is no row without an object, and [`Store::sweep`] takes
//! away what no row names.
//!
//! # Form
//!
//! An object is its content in chunks of 64 KiB, of which only the last may be shorter, each sealed with AES-256-GCM and
//! followed by its tag: the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and
//! its Nonce-Reuse Misuse-Resistance, 2015). The nonce says which chunk it is and whether it is the last; additional data
//! are a version of this form and the name of the object. So chunks do not open in another order, in another object, or
//! where some are missing, and a range of bytes is opened without the rest. Counting nonces repeat under no key (NIST SP
//! 800-38D, 8.2.1), because each object has its own: its [`ContentKey`] is random and seals nothing else.
//!
//! What the store tells is how long contents are, and when they came.
//!
//! # Memory
//!
//! One chunk is held while a content comes in, four are while it is read. A bucket takes an object in one piece: it is
//! held whole then, and at most two are at a time.

mod bucket;
mod chunks;
mod error;
mod folder;
mod key;
mod name;
mod reading;
mod spool;
mod sweep;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{Stream, TryStreamExt};

use self::bucket::Bucket;
pub use self::error::{Result, StoreError};
use self::folder::Folder;
pub use self::key::ContentKey;
pub use self::name::ObjectName;
pub use self::spool::{Spool, Spooled};
pub use self::sweep::Swept;
use crate::config::{Config, StoreUrl};

/// The folder of contents that are coming in, within the data folder.
const SPOOL: &str = "spool";

/// What [`Store::check`] writes.
const PROBE: &[u8] = b"Custodian looks whether documents can be stored.";

/// Where contents are. Clones are the same.
#[derive(Clone)]
pub struct Store {
    spool: Arc<Path>,
    objects: Objects,
}

/// Where the objects are.
#[derive(Clone)]
enum Objects {
    Folder(Folder),
    Bucket(Bucket),
}

/// Objects under names that begin alike.
#[derive(Default)]
struct Listed {
    names: Vec<ObjectName>,
    /// Files of objects that were never finished.
    remnants: Vec<PathBuf>,
}

impl Store {
    /// The configured store. Folders are made where they are missing; a bucket is not asked for anything yet.
    ///
    /// # Errors
    /// When a folder cannot be made.
    pub fn open(config: &Config) -> Result<Self> {
        let spool = config.data_dir.join(SPOOL);
        folder::make(&spool).map_err(StoreError::at(&spool))?;
        let objects = match &config.store_url {
            StoreUrl::Folder(path) => Objects::Folder(Folder::open(path)?),
            StoreUrl::Bucket { name, prefix } => Objects::Bucket(Bucket::open(config, name, prefix)?),
        };
        Ok(Self { spool: spool.into(), objects })
    }

    /// Asks the bucket with other credentials from now on. They are tried before. A folder has none.
    ///
    /// # Errors
    /// When they do not let objects be written, read and deleted.
    pub async fn renew(&self, config: &Config) -> Result<()> {
        let tried = Self::open(config)?;
        if let (Objects::Bucket(own), Objects::Bucket(other)) = (&self.objects, &tried.objects) {
            tried.check().await?;
            own.renew(other);
        }
        Ok(())
    }

    /// A place for a content that comes in, which will be the object of this name.
    ///
    /// # Errors
    /// When the spool cannot be written.
    pub async fn spool(&self, key: &ContentKey, name: &ObjectName) -> Result<Spool> {
        Spool::begin(&self.spool, key, *name).await
    }

    /// Makes an object of what was spooled, all of it or nothing. Never over another.
    ///
    /// # Errors
    /// When the store is away, full, or holds an object of this name.
    pub async fn put(&self, spooled: &Spooled) -> Result<()> {
        match &self.objects {
            Objects::Folder(folder) => folder.put(spooled.name(), spooled.path()).await,
            Objects::Bucket(bucket) => bucket.put(spooled.name(), spooled.path()).await,
        }
    }

    /// A range of a content that is `size` bytes long, a few chunks at a time. What is given out was verified: an error ends
    /// it, after bytes that are right.
    ///
    /// # Errors
    /// Its items': [`StoreError::Missing`], [`StoreError::Damaged`], or the store is away.
    pub fn read(
        &self,
        name: &ObjectName,
        key: &ContentKey,
        size: u64,
        range: Range<u64>,
    ) -> impl Stream<Item = Result<Bytes>> + Send + 'static + use<> {
        reading::stream(self.objects.clone(), *name, key, size, range)
    }

    /// Deletes an object. One that is not there is deleted.
    ///
    /// # Errors
    /// When the store is away or refuses.
    pub async fn delete(&self, name: &ObjectName) -> Result<()> {
        match &self.objects {
            Objects::Folder(folder) => folder.delete(*name).await,
            Objects::Bucket(bucket) => bucket.delete(*name).await,
        }
    }

    /// Tries whether objects can be written, read and deleted.
    ///
    /// # Errors
    /// When they cannot.
    pub async fn check(&self) -> Result<()> {
        let (key, name) = (ContentKey::new()?, ObjectName::new()?);
        let mut spool = self.spool(&key, &name).await?;
        spool.write(PROBE).await?;
        let spooled = spool.finish().await?;
        self.put(&spooled).await?;
        let read = self.read(&name, &key, spooled.size, 0..spooled.size).try_collect::<Vec<_>>().await;
        self.delete(&name).await?;
        if read?.concat() == PROBE { Ok(()) } else { Err(StoreError::Damaged(name)) }
    }
}

impl Objects {
    /// A range of an object that is to be so long.
    async fn read(&self, name: ObjectName, length: u64, range: Range<u64>) -> Result<Vec<u8>> {
        match self {
            Self::Folder(folder) => folder.read(name, length, range).await,
            Self::Bucket(bucket) => bucket.read(name, length, range).await,
        }
    }

    /// What was made before that time, of the names that begin so.
    async fn list(&self, beginning: u8, before: DateTime<Utc>) -> Result<Listed> {
        match self {
            Self::Folder(folder) => folder.list(beginning, before).await,
            Self::Bucket(bucket) => bucket.list(beginning, before).await,
        }
    }
}

/// Does what blocks: work with files.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(StoreError::Unfinished))
}
