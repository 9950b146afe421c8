//! Contents that come in: sealed into a file of the spool, chunk by chunk.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use zeroize::Zeroizing;

use super::chunks::{CHUNK, Cipher, SEALED};
use super::{ContentKey, ObjectName, Result, StoreError, blocking};
use crate::crypto::create_private;

/// A content that is coming in. When it is dropped, what came is gone.
pub struct Spool {
    name: ObjectName,
    key: ContentKey,
    /// None once writing was given up.
    writer: Option<Box<Writer>>,
    file: Remnant,
}

/// A content that came in whole, as long as it is needed: when it is dropped, its file is deleted.
pub struct Spooled {
    /// How many bytes it has.
    pub size: u64,
    /// The SHA-256 of the content.
    pub sha256: [u8; 32],
    name: ObjectName,
    key: ContentKey,
    file: Remnant,
}

/// Where the next bytes go.
struct Writer {
    file: File,
    cipher: Cipher,
    sha256: digest::Context,
    /// Bytes that were sealed.
    size: u64,
    /// The chunk that is being filled. A full one waits: it may be the last.
    chunk: Zeroizing<Vec<u8>>,
}

/// A file that goes with its owner.
struct Remnant(PathBuf);

impl Drop for Remnant {
    fn drop(&mut self) {
        // One that stays is swept.
        let _ = fs::remove_file(&self.0);
    }
}

impl Spool {
    pub(super) async fn begin(folder: &Path, key: &ContentKey, name: ObjectName) -> Result<Self> {
        let cipher = Cipher::new(key, name)?;
        let path = folder.join(name.to_string());
        let key = key.clone();
        blocking(move || {
            let file = create_private(&path)?;
            let chunk = Zeroizing::new(Vec::with_capacity(SEALED as usize));
            let sha256 = digest::Context::new(&digest::SHA256);
            let writer = Box::new(Writer { file, cipher, sha256, size: 0, chunk });
            Ok(Self { name, key, writer: Some(writer), file: Remnant(path) })
        })
        .await
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// When the spool is full or away. After that, or after a write that was given up, there is nothing more to be done with
    /// it.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let mut writer = self.writer.take().ok_or(StoreError::Unfinished)?;
            if writer.room() == 0 {
                writer = blocking(move || writer.seal(false)).await?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(writer.room()));
            writer.chunk.extend_from_slice(now);
            self.writer = Some(writer);
            bytes = later;
        }
        Ok(())
    }

    /// Ends it: from here on it survives a crash.
    ///
    /// # Errors
    /// [`StoreError::Empty`]; when the spool is full or away.
    pub async fn finish(mut self) -> Result<Spooled> {
        let writer = self.writer.take().ok_or(StoreError::Unfinished)?;
        if writer.size == 0 && writer.chunk.is_empty() {
            return Err(StoreError::Empty);
        }
        let writer = blocking(move || {
            let writer = writer.seal(true)?;
            writer.file.sync_all()?;
            Ok(writer)
        });
        let Writer { size, sha256, .. } = *writer.await?;
        let mut sum = [0; 32];
        sum.copy_from_slice(sha256.finish().as_ref());
        Ok(Spooled { size, sha256: sum, name: self.name, key: self.key, file: self.file })
    }
}

impl Writer {
    /// How many bytes the chunk still takes.
    fn room(&self) -> usize {
        CHUNK as usize - self.chunk.len()
    }

    /// Seals the chunk and begins the next.
    fn seal(mut self: Box<Self>, is_last: bool) -> Result<Box<Self>> {
        let Self { file, cipher, sha256, size, chunk } = &mut *self;
        let index = *size / CHUNK;
        sha256.update(chunk);
        *size += chunk.len() as u64;
        cipher.seal(index, is_last, chunk)?;
        file.write_all(chunk)?;
        chunk.clear();
        Ok(self)
    }
}

impl Spooled {
    /// What reads the content, whole, in clear: for what cannot be looked at piece by piece. It blocks, and fails when the
    /// spool is away, or the file was changed or is gone with this.
    ///
    /// # Errors
    /// When its key is none.
    pub fn reading(&self) -> Result<impl FnOnce() -> Result<Zeroizing<Vec<u8>>> + Send + 'static + use<>> {
        let (name, count, path) = (self.name, self.size.div_ceil(CHUNK), self.file.0.clone());
        let cipher = Cipher::new(&self.key, name)?;
        Ok(move || {
            let opened = cipher.open(0, count, fs::read(&path)?);
            opened.map(Zeroizing::new).ok_or(StoreError::Damaged(name))
        })
    }

    /// The SHA-256 of the content, in hexadecimal digits.
    pub fn sha256_text(&self) -> String {
        self.sha256.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn name(&self) -> ObjectName {
        self.name
    }

    pub(super) fn path(&self) -> &Path {
        &self.file.0
    }
}
