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
    #[error("the key store fails: {0}")]
    Store(DbErr),
}

/// Failures of the vault, by kind.
pub const ERRORS: &str = "custodian_vault_errors_total";

impl VaultError {
    /// Counts and logs it: where it arises, once. That something was erased is no failure.
    pub(super) fn reported(self) -> Self {
        let kind = match self {
            Self::MasterMissing { .. } => "master_key_missing",
            Self::TenantKey { .. } => "tenant_key",
            Self::TenantKeyMissing { .. } => "tenant_key_missing",
            Self::DataKey { .. } => "data_key",
            Self::DataKeyMissing { .. } => "data_key_missing",
            Self::Destroyed { .. } => return self,
            Self::Value { .. } => "value",
            Self::Malformed => "malformed",
            Self::Provider => "provider",
            Self::Store(_) => "store",
        };
        metrics::counter!(ERRORS, "kind" => kind).increment(1);
        tracing::error!(kind, error = %self, "the vault fails");
        self
    }
}

impl From<DbErr> for VaultError {
    fn from(error: DbErr) -> Self {
        Self::Store(error).reported()
    }
}

impl From<KeyError> for VaultError {
    /// Random bytes are the only thing that can fail.
    fn from(_: KeyError) -> Self {
        Self::Provider.reported()
    }
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Store(error) => error.into(),
            VaultError::Destroyed { .. } => Self::Erased,
            other => Self::internal(other),
        }
    }
}

/// Shorthand for the vault's results.
pub type Result<T, E = VaultError> = std::result::Result<T, E>;
