//! Other keys around the same data keys.

use std::ops::ControlFlow;

use custodian_entity::id::TenantId;
use sea_orm::prelude::Uuid;

use super::error::Result;
use super::{Vault, unwrap_data_key, wrap_data_key};

/// How far a rewrapping is, in keys of this tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Whose keys.
    pub tenant: TenantId,
    /// How many are wrapped anew.
    pub done: u64,
    /// Of how many.
    pub total: u64,
}

impl Vault {
    /// The tenants that have keys.
    ///
    /// # Errors
    /// When the key store is away.
    pub async fn tenants(&self) -> Result<Vec<TenantId>> {
        Ok(self.store.tenants().await?)
    }

    /// Gives a tenant a new key, which wraps what is made from now on; [`Self::rewrap`] then does so with the rest.
    ///
    /// # Errors
    /// When the key store is away.
    pub async fn rotate(&self, tenant: TenantId) -> Result<()> {
        let newest = self.newest(tenant).await?;
        self.add_version(tenant, newest.version + 1).await
    }

    /// Wraps a tenant's keys by the master key in use, its data keys by its newest key, `batch` of them at a time, and
    /// removes the keys that wrap nothing any more. `step` hears of each commit, and may stop there. Nothing is done that
    /// was done before: run again, it goes on.
    ///
    /// # Errors
    /// When a key does not unwrap, which then stays as it is, or the key store is away.
    pub async fn rewrap(
        &self,
        tenant: TenantId,
        batch: u64,
        mut step: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let keys = self.store.tenant_keys(tenant).await?;
        let Some((newest, older)) = keys.split_first() else { return Ok(ControlFlow::Continue(())) };
        let ids: Vec<Uuid> = older.iter().map(|key| key.id).collect();
        let master = self.masters.current();
        let stale: Vec<_> = keys.iter().filter(|key| key.master_key_id != master.id()).collect();
        let total = stale.len() as u64 + self.store.count_wrapped_by(&ids).await?;
        let mut done = 0;
        let mut did = |count: u64| {
            done += count;
            step(Progress { tenant, done, total: total.max(done) })
        };

        for key in stale {
            let secret = self.unwrap_tenant_key(key).await?;
            let wrapped = master.wrap(&super::of_tenant_key(key), &secret).await?;
            self.store.rewrap_tenant_key(key, master.id(), wrapped).await?;
            if did(1).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }

        let wrapping = self.tenant_sealer(newest).await?;
        for key in older {
            let former = self.tenant_sealer(key).await?;
            loop {
                let keys = self.store.wrapped_by(&[key.id], batch.max(1)).await?;
                if keys.is_empty() {
                    break;
                }
                let anew = keys.into_iter().map(|key| -> Result<_> {
                    let wrapped = wrap_data_key(&wrapping, &key, &unwrap_data_key(&former, &key)?)?;
                    Ok((key, wrapped))
                });
                let anew = anew.collect::<Result<Vec<_>>>()?;
                let count = anew.len() as u64;
                self.store.rewrap_data_keys(newest.id, anew).await?;
                if did(count).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            self.store.remove_tenant_key(key.id).await?;
        }
        Ok(ControlFlow::Continue(()))
    }
}
