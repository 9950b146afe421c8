//! What a key or a sealed value that cannot be used gives. Texts name keys, never values.

use sea_orm::DbErr;
use sea_orm::prelude::Uuid;

use crate::crypto::KeyError;
use crate::error::Error;

/// A key or a sealed value cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum VaultError {
    /// The key that wraps a tenant's key is not among the master keys given.
    #[error("the tenant key {id} is wrapped by the master key {master}, which is not here")]
    MasterMissing {
        /// The tenant key.
        id: Uuid,
        /// The master key.
        master: String,
    },
    /// A tenant key was changed, or belongs to another row.
    #[error("the tenant key {id} does not unwrap")]
    TenantKey {
        /// The tenant key.
        id: Uuid,
    },
    /// The key store has no such tenant key.
    #[error("the tenant key {id} is not in the key store")]
    TenantKeyMissing {
        /// The tenant key.
        id: Uuid,
    },
    /// A data key was changed, or belongs to another row.
    #[error("the data key {id} does not unwrap")]
    DataKey {
        /// The data key.
        id: Uuid,
    },
    /// The key store has no such data key.
    #[error("the data key {id} is not in the key store")]
    DataKeyMissing {
        /// The data key.
        id: Uuid,
    },
    /// What it sealed was erased by destroying it.
    #[error("the data key {id} was destroyed")]
    Destroyed {
        /// The data key.
        id: Uuid,
    },
    /// A sealed value was changed, or belongs elsewhere.
    #[error("what the data key {id} sealed does not open in this place")]
    Value {
        /// The data key.
        id: Uuid,
    },
    /// The text is no sealed value.
    #[error("not a sealed value")]
    Malformed,
    /// The provider of cryptography fails.
    #[error("the provider of cryptography fails")]
    Provider,
    /// The key store is away, or refuses.
    #[error("the key store fails")]
    Store(#[from] DbErr),
}

impl From<KeyError> for VaultError {
    /// Random bytes are the only thing that can fail.
    fn from(_: KeyError) -> Self {
        Self::Provider
    }
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

/// Shorthand for the vault's results.
pub type Result<T, E = VaultError> = std::result::Result<T, E>;
