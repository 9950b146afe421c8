//! Reading ranges of objects.

use std::ops::Range;

use axum::body::Bytes;
use futures_util::{Stream, stream};

use super::chunks::{CHUNK, Cipher, SEALED, sealed_length};
use super::{ContentKey, ObjectName, Objects, Result, StoreError};

/// How many chunks are fetched and opened at a time. Nothing is kept open in between, for however long a reader takes.
const AT_ONCE: u64 = 4;

/// What is still to be read of an object.
struct Reading {
    objects: Objects,
    name: ObjectName,
    cipher: Cipher,
    size: u64,
    wanted: Range<u64>,
}

/// A range of a content of this size.
pub(super) fn stream(
    objects: Objects,
    name: ObjectName,
    key: &ContentKey,
    size: u64,
    range: Range<u64>,
) -> impl Stream<Item = Result<Bytes>> + Send + 'static + use<> {
    let wanted = range.start..range.end.min(size);
    let reading = Cipher::new(key, name).map(|cipher| Reading { objects, name, cipher, size, wanted });
    stream::try_unfold(reading, async |reading| {
        let mut reading = reading?;
        Ok(reading.next().await?.map(|bytes| (bytes, Ok(reading))))
    })
}

impl Reading {
    /// The next bytes, if there are more.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        if self.wanted.is_empty() {
            return Ok(None);
        }
        let (count, length) = (self.size.div_ceil(CHUNK), sealed_length(self.size));
        let first = self.wanted.start / CHUNK;
        let end = self.wanted.end.div_ceil(CHUNK).min(first + AT_ONCE);
        let range = first * SEALED..length.min(end * SEALED);
        let expected = range.end - range.start;
        let sealed = self.objects.read(self.name, length, range).await?;
        let opened =
            if sealed.len() as u64 == expected { self.cipher.open(first, count, sealed) } else { None };
        let opened = Bytes::from(opened.ok_or(StoreError::Damaged(self.name))?);
        // In the bytes that were opened.
        let within = |position: u64| opened.len().min((position - first * CHUNK) as usize);
        let bytes = opened.slice(within(self.wanted.start)..within(self.wanted.end));
        self.wanted.start += bytes.len() as u64;
        Ok(Some(bytes))
    }
}
