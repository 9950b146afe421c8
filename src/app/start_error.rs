//! Why the application does not start.

use std::path::PathBuf;

use sea_orm::DbErr;

use crate::authn::external::IssuerError;
use crate::authz::catalog::CatalogError;
use crate::authz::policy::PolicyError;
use crate::crypto::KeyError;
use crate::error::Error;
use crate::mail::OutboxError;
use crate::seed::SeedError;
use crate::sink::SetupError;
use crate::store::StoreError;
use crate::trusted::TrustedError;
use crate::vault::VaultError;

/// The application cannot start. One line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error("data folder {}: {source}", path.display())]
    DataFolder {
        /// Which folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database cannot be opened or migrated.
    #[error("database {url}: {source}")]
    Database {
        /// Which one, without its password.
        url: String,
        /// Why.
        source: DbErr,
    },
    /// Nobody has brought the database up to date.
    #[error("the {store} lacks {}: run custodian migrate", pending.join(", "))]
    Outdated {
        /// The database or the key store.
        store: &'static str,
        /// The migrations that are missing.
        pending: Vec<String>,
    },
    /// There are data, and not one key.
    #[error("key store {url} is empty, and the database is not: put back the key store that belongs to it")]
    KeysLost {
        /// Which one, without its password.
        url: String,
    },
    /// Nothing scans documents, in production.
    #[error("nothing scans documents: give clamd_url")]
    NoScanner,
    /// The audit log cannot be shipped as it is configured.
    #[error("opensearch_url: {0}")]
    Shipping(#[source] SetupError),
    /// The demo data cannot be written.
    #[error("demo data: {0}")]
    Seed(#[from] SeedError),
    /// The key store cannot be opened or migrated, or needs a master key that is not here.
    #[error("key store {url}: {source}")]
    KeyStore {
        /// Which one, without its password.
        url: String,
        /// Why.
        source: VaultError,
    },
    /// Documents cannot be stored.
    #[error("store_url {url}: {source}")]
    Documents {
        /// Where they were to be.
        url: String,
        /// Why not.
        source: StoreError,
    },
    /// Row-level security would not hold the service.
    #[error(
        "the database role {role} {fault}: serve as one that row-level security holds (custodian doctor)"
    )]
    Role {
        /// Its name.
        role: String,
        /// What it is or has.
        fault: &'static str,
    },
    /// The keys cannot be read or made.
    #[error("keys: {0}")]
    Keys(#[from] KeyError),
    /// The trusted documents cannot be read.
    #[error(transparent)]
    Trusted(#[from] TrustedError),
    /// Letters, or calls of the webhook, cannot leave.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// Other issuers' keys cannot be asked for.
    #[error(transparent)]
    Issuers(#[from] IssuerError),
    /// The policy cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The schema cannot be indexed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The guard does not do its work.
    #[error("the guard let a denied field through: refusing to start")]
    Guard,
    /// The tenants' own roles cannot be read.
    #[error("roles: {0}")]
    Roles(Error),
    /// What erased customers would be found by cannot be taken away.
    #[error("erased customers: {0}")]
    Erased(Error),
    /// The demo password cannot be hashed.
    #[error("demo data: {0}")]
    Demo(Error),
}

impl StartError {
    /// Whether the operator has to change something that was configured before trying again.
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::DataFolder { .. }
            | Self::Keys(_)
            | Self::Policy(_)
            | Self::Outdated { .. }
            | Self::KeysLost { .. }
            | Self::NoScanner
            | Self::Shipping(_)
            | Self::Trusted(_)
            | Self::Role { .. } => true,
            Self::KeyStore { source, .. } => !matches!(source, VaultError::Store(_)),
            Self::Database { .. }
            | Self::Documents { .. }
            | Self::Seed(_)
            | Self::Issuers(_)
            | Self::Outbox(_)
            | Self::Catalog(_)
            | Self::Guard
            | Self::Roles(_)
            | Self::Erased(_)
            | Self::Demo(_) => false,
        }
    }
}
