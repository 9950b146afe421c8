//! A sealed value as it is stored, and the place it belongs to.

use custodian_entity::id::{TenantId, TypedId};
use sea_orm::prelude::Uuid;
use uuid::fmt::Simple;

use super::error::{Result, VaultError};

/// The first part: how the rest is to be read, and by which algorithm it was made.
const FORM: &str = "v1";

/// What all additional data begin with.
const PRODUCT: &[u8] = b"custodian v1";

/// Where a value is stored. It opens in no other place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Whose data it is.
    pub tenant: TenantId,
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// The row's id.
    pub row: Uuid,
}

impl Place<'_> {
    /// The additional data that the value is authenticated with.
    pub(super) fn context(&self) -> Vec<u8> {
        context(&[
            b"value",
            self.tenant.uuid().as_bytes(),
            self.table.as_bytes(),
            self.column.as_bytes(),
            self.row.as_bytes(),
        ])
    }
}

/// Parts as additional data. Each has its length before it, so that no parts read as others; the first says what they
/// are about, so that no key reads as a value.
pub(super) fn context(parts: &[&[u8]]) -> Vec<u8> {
    let lengths = parts.iter().map(|part| size_of::<u64>() + part.len());
    let mut bytes = Vec::with_capacity(PRODUCT.len() + lengths.sum::<usize>());
    bytes.extend(PRODUCT);
    for part in parts {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(*part);
    }
    bytes
}

/// `v1.<data key id>.<nonce, value and tag in base64url>`.
pub(super) fn text(key: Uuid, sealed: &str) -> String {
    format!("{FORM}.{}.{sealed}", key.simple())
}

/// The data key of a sealed value, and what it sealed.
pub(super) fn parts(text: &str) -> Result<(Uuid, &str)> {
    let parts = text.strip_prefix(FORM).and_then(|rest| rest.strip_prefix('.')?.split_once('.'));
    let (key, sealed) = parts.ok_or(VaultError::Malformed)?;
    // An id has other spellings, in capitals say; what does not read back as written was changed.
    let is_written_so = |id: &Uuid| *id.simple().encode_lower(&mut [0; Simple::LENGTH]) == *key;
    let id = Uuid::try_parse(key).ok().filter(is_written_so);
    Ok((id.ok_or(VaultError::Malformed)?, sealed))
}
