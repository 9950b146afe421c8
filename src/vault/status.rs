//! What is in the key store, in numbers.

use custodian_entity::id::TenantId;
use sea_orm::prelude::{DateTimeUtc, Uuid};

use super::Vault;
use super::error::Result;

/// The keys of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantStatus {
    /// Whose they are.
    pub tenant: TenantId,
    /// The versions of its key, the newest first.
    pub versions: Vec<Version>,
    /// How many data keys were destroyed.
    pub destroyed: u64,
    /// What rewrapping would still do.
    pub left: Left,
}

/// A version of a tenant's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The key.
    pub id: Uuid,
    /// Its number.
    pub number: i32,
    /// The master key that wrapped it.
    pub master_key: String,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// How many data keys it wraps.
    pub data_keys: u64,
}

/// What rewrapping would still do for a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Tenant keys that another master key than the one in use wrapped.
    pub tenant_keys: u64,
    /// Data keys that another tenant key than the newest wrapped.
    pub data_keys: u64,
    /// Older tenant keys, which go when nothing needs them.
    pub versions: u64,
}

impl Left {
    /// How many keys would be wrapped anew: [`super::Progress::total`].
    pub fn keys(self) -> u64 {
        self.tenant_keys + self.data_keys
    }
}

impl Vault {
    /// The ids of the master keys that are here, the one in use first.
    pub fn master_keys(&self) -> Vec<&str> {
        self.masters.ids().collect()
    }

    /// The keys of each tenant.
    ///
    /// # Errors
    /// When the key store is away.
    pub async fn status(&self) -> Result<Vec<TenantStatus>> {
        let seen = self.store.overview().await?;
        let master = self.masters.current().id();
        let tenants = seen.keys.chunk_by(|one, other| one.tenant_id == other.tenant_id).map(|keys| {
            let versions = keys.iter().map(|key| Version {
                id: key.id,
                number: key.version,
                master_key: key.master_key_id.clone(),
                created_at: key.created_at,
                data_keys: seen.wrapped.get(&key.id).copied().unwrap_or_default(),
            });
            let versions: Vec<Version> = versions.collect();
            let older = versions.get(1..).unwrap_or_default();
            let left = Left {
                tenant_keys: keys.iter().filter(|key| key.master_key_id != master).count() as u64,
                data_keys: older.iter().map(|version| version.data_keys).sum(),
                versions: older.len() as u64,
            };
            let tenant = keys[0].tenant_id;
            let destroyed = seen.destroyed.get(&tenant).copied().unwrap_or_default();
            TenantStatus { tenant, versions, destroyed, left }
        });
        Ok(tenants.collect())
    }

    /// Unwraps the key of every tenant.
    ///
    /// # Errors
    /// For the first that does not unwrap; when the key store is away.
    pub async fn verify(&self) -> Result<()> {
        for key in self.store.overview().await?.keys {
            self.unwrap_tenant_key(&key).await?;
        }
        Ok(())
    }
}
