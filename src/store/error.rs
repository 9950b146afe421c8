//! What a store that cannot be used gives. Texts name objects; no address, no credential, nothing that was stored.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::ObjectName;
use crate::crypto::KeyError;
use crate::error::Error;

/// A content cannot be stored or read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The store or the spool is away, refuses or is full.
    #[error("the document store fails: {0}")]
    Unavailable(String),
    /// There is no such object.
    #[error("the object {0} is not in the document store")]
    Missing(ObjectName),
    /// The object was changed, is of another length, or was sealed with another key.
    #[error("the object {0} does not open")]
    Damaged(ObjectName),
    /// What has no bytes is not stored.
    #[error("there is no content")]
    Empty,
    /// It was given up in the middle.
    #[error("the content is unfinished")]
    Unfinished,
    /// The provider of cryptography fails.
    #[error("the provider of cryptography fails")]
    Provider,
}

impl StoreError {
    /// Says where, to whoever configured it.
    pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::Unavailable(format!("{}: {error}", path.display()))
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<KeyError> for StoreError {
    /// Random bytes are the only thing that can fail.
    fn from(_: KeyError) -> Self {
        Self::Provider
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(Arc::new(error)),
            other => Self::internal(other),
        }
    }
}

/// Shorthand for the store's results.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
