//! The name of an object.

use std::fmt;

use super::Result;
use crate::crypto::random;

/// The name of an object: 128 random bits, written as 32 hexadecimal digits. It tells nothing of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(u128);

impl ObjectName {
    /// A new name.
    ///
    /// # Errors
    /// [`super::StoreError::Provider`].
    pub fn new() -> Result<Self> {
        Ok(Self(u128::from_be_bytes(*random()?)))
    }

    /// The name, where the text is one exactly as it is written: no file of another name is read or deleted.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        let is_written_so = text.len() == 32 && text.bytes().all(is_digit);
        if is_written_so { u128::from_str_radix(text, 16).ok().map(Self) } else { None }
    }

    /// The folder it is in: its first two digits.
    pub(super) fn folder(self) -> String {
        folder(self.0.to_be_bytes()[0])
    }

    pub(super) fn bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

/// The folder of names with this first byte.
pub(super) fn folder(beginning: u8) -> String {
    format!("{beginning:02x}")
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
