//! A sealed value as it is stored, and the place it belongs to.

use custodian_entity::id::{TenantId, TypedId};
use sea_orm::prelude::Uuid;

use super::error::{Result, VaultError};

/// The first part: how the rest is to be read, and by which algorithm it was made.
const FORM: &str = "v1";

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
    let mut bytes = b"custodian v1".to_vec();
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
    let mut parts = text.splitn(3, '.');
    let (form, key, sealed) = (parts.next(), parts.next(), parts.next());
    // An id has other spellings, in capitals say; what does not read back as written was changed.
    let read = |text: &str| Uuid::parse_str(text).ok().filter(|id| id.simple().to_string() == text);
    match (form, key.and_then(read), sealed) {
        (Some(FORM), Some(key), Some(sealed)) => Ok((key, sealed)),
        _ => Err(VaultError::Malformed),
    }
}
