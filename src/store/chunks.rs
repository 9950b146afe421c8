//! Contents in sealed chunks: the form of an object, and of a spool file.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::{ContentKey, ObjectName, Result, StoreError};

/// Bytes of a content in one chunk.
pub(super) const CHUNK: u64 = 64 * 1024;

/// Bytes of a chunk with its tag.
pub(super) const SEALED: u64 = CHUNK + TAG;

const TAG: u64 = 16;

/// What additional data begin with: whose form this is, and its version.
const FORM: &[u8] = b"custodian document v1";

/// How long the object of a content is.
pub(super) fn sealed_length(size: u64) -> u64 {
    size + size.div_ceil(CHUNK) * TAG
}

/// Seals and opens the chunks of one object.
pub(super) struct Cipher {
    key: LessSafeKey,
    /// The form and the object, in a fixed number of bytes.
    place: Vec<u8>,
}

impl Cipher {
    pub(super) fn new(key: &ContentKey, name: ObjectName) -> Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, key.bytes()).map_err(|_| StoreError::Provider)?;
        Ok(Self { key: LessSafeKey::new(key), place: [FORM, &name.bytes()].concat() })
    }

    /// Seals a chunk in place. Each is sealed once.
    pub(super) fn seal(&self, index: u64, is_last: bool, chunk: &mut Vec<u8>) -> Result<()> {
        let nonce = nonce(index, is_last).ok_or(StoreError::Provider)?;
        let sealed = self.key.seal_in_place_append_tag(nonce, Aad::from(&self.place), chunk);
        sealed.map_err(|_| StoreError::Provider)
    }

    /// Opens chunks in a row, from this one on, of an object of `count`. None unless all of them open.
    pub(super) fn open(&self, first: u64, count: u64, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
        let mut opened = 0;
        for (start, index) in (0..bytes.len()).step_by(SEALED as usize).zip(first..) {
            let end = bytes.len().min(start + SEALED as usize);
            let nonce = nonce(index, index + 1 == count)?;
            let chunk = self.key.open_in_place(nonce, Aad::from(&self.place), &mut bytes[start..end]).ok()?;
            let length = chunk.len();
            bytes.copy_within(start..start + length, opened);
            opened += length;
        }
        bytes.truncate(opened);
        Some(bytes)
    }
}

/// Seven zeros, the number of the chunk in four bytes, and whether it is the last. There are chunks for 256 TiB.
fn nonce(index: u64, is_last: bool) -> Option<Nonce> {
    let mut nonce = [0; NONCE_LEN];
    nonce[7..11].copy_from_slice(&u32::try_from(index).ok()?.to_be_bytes());
    nonce[11] = is_last.into();
    Some(Nonce::assume_unique_for_key(nonce))
}
