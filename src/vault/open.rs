//! The keys that one request has opened, and what it does with them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use custodian_entity::id::TenantId;
use sea_orm::prelude::Uuid;
use zeroize::Zeroizing;

use super::error::{Result, VaultError};
use super::{
    Index, Indexes, Owner, Place, Secret, Vault, data_key, sealed, tenant_key, unwrap_data_key, wrap_data_key,
};
use crate::crypto::{Sealer, random};

/// Data keys that were unwrapped.
pub const KEYS_OPENED: &str = "custodian_vault_keys_opened_total";
/// Sealed values that were opened.
pub const VALUES_OPENED: &str = "custodian_vault_values_opened_total";

/// The keys that a request has opened. They go with it: one is made for each, and dropped at its end.
///
/// Whatever the number of values, keys are read by a fixed number of statements, and none where all are open.
pub struct OpenKeys {
    vault: Vault,
    /// Data keys by id, or why one cannot be used.
    data: Mutex<HashMap<Uuid, Result<Arc<Sealer>>>>,
    /// The keys of tenants that wrap them.
    tenants: Mutex<HashMap<Uuid, Result<Arc<Sealer>>>>,
    indexes: Mutex<HashMap<TenantId, Arc<Indexes>>>,
}

impl OpenKeys {
    pub(super) fn new(vault: Vault) -> Self {
        Self { vault, data: Mutex::default(), tenants: Mutex::default(), indexes: Mutex::default() }
    }

    /// How many data keys are open.
    pub fn count(&self) -> usize {
        held(&self.data).values().filter(|key| key.is_ok()).count()
    }

    /// Seals values, each for its place and with the key of its owner, which is made if there is none.
    ///
    /// # Errors
    /// When a key was destroyed or does not unwrap, or the key store is away. Nothing is sealed then.
    pub async fn seal(&self, values: &[(Place<'_>, Owner, &[u8])]) -> Result<Vec<String>> {
        let mut owners: BTreeMap<TenantId, HashSet<Owner>> = BTreeMap::new();
        for (place, owner, _) in values {
            owners.entry(place.tenant).or_default().insert(*owner);
        }
        let mut ids = HashMap::new();
        for (tenant, owners) in owners {
            let keys = self.keys_of(tenant, owners.into_iter().collect()).await?;
            ids.extend(keys.into_iter().map(|(owner, key)| ((tenant, owner), key.id)));
        }
        self.load(ids.values().copied()).await?;
        let seal = |(place, owner, value): &(Place<'_>, Owner, &[u8])| -> Result<String> {
            let id = *ids.get(&(place.tenant, *owner)).ok_or(VaultError::Provider)?;
            let sealed = self.key(id)?.seal(&place.context(), value).ok_or(VaultError::Provider)?;
            Ok(sealed::text(id, &sealed))
        };
        values.iter().map(seal).collect()
    }

    /// Opens sealed values, each in its place: a result for each, because some may be erased.
    ///
    /// # Errors
    /// When the key store is away.
    pub async fn open(&self, values: &[(Place<'_>, &str)]) -> Result<Vec<Result<Zeroizing<Vec<u8>>>>> {
        let parts: Vec<_> = values.iter().map(|(_, text)| sealed::parts(text)).collect();
        self.load(parts.iter().flatten().map(|(id, _)| *id)).await?;
        let keys = held(&self.data);
        let open = |place: &Place<'_>, parts: Result<(Uuid, &str)>| {
            let (id, sealed) = parts.map_err(VaultError::reported)?;
            let key = keys.get(&id).ok_or(VaultError::DataKeyMissing { id })?;
            let value = key.as_ref().map_err(Clone::clone)?.open(&place.context(), sealed);
            value.map(Zeroizing::new).ok_or_else(|| VaultError::Value { id }.reported())
        };
        let opened: Vec<_> = values.iter().zip(parts).map(|((place, _), parts)| open(place, parts)).collect();
        metrics::counter!(VALUES_OPENED).increment(opened.iter().flatten().count() as u64);
        Ok(opened)
    }

    /// The indexes of a tenant, their key made if there is none.
    ///
    /// # Errors
    /// When their key does not unwrap, or the key store is away.
    pub async fn indexes(&self, tenant: TenantId) -> Result<Arc<Indexes>> {
        if let Some(indexes) = held(&self.indexes).get(&tenant) {
            return Ok(indexes.clone());
        }
        let keys = self.keys_of(tenant, vec![Owner::Tenant]).await?;
        let id = keys.get(&Owner::Tenant).ok_or(VaultError::Provider)?.id;
        let (keys, wrapping) = self.vault.store.read(&[id]).await?;
        let key = keys.first().ok_or_else(|| VaultError::DataKeyMissing { id }.reported())?;
        let indexes = Arc::new(Indexes::new(&self.unwrap(key, &wrapping).await?));
        metrics::counter!(KEYS_OPENED).increment(1);
        held(&self.indexes).insert(tenant, indexes.clone());
        Ok(indexes)
    }

    /// The tag by which a value of a tenant is found.
    ///
    /// # Errors
    /// As [`Self::indexes`].
    pub async fn tag(&self, tenant: TenantId, index: Index, value: &str) -> Result<String> {
        self.indexes(index.tenant(tenant)).await?.tag_in(index, value)
    }

    /// The tag by which the account of a name is found.
    ///
    /// # Errors
    /// As [`Self::indexes`].
    pub async fn user_name(&self, name: &str) -> Result<String> {
        // Of whichever provider: user names have one index.
        self.tag(TenantId::NONE, Index::Username, name).await
    }

    /// The keys of owners, wrapped. Of several who make one at once, one does; the others find it.
    async fn keys_of(&self, tenant: TenantId, owners: Vec<Owner>) -> Result<HashMap<Owner, data_key::Model>> {
        loop {
            let found = self.vault.store.owned(tenant, &owners).await?;
            let by_owner: HashMap<_, _> =
                found.into_iter().map(|key| ((key.owner_kind, key.owner_id, key.retention), key)).collect();
            let of = |owner: &Owner| Some((*owner, by_owner.get(&owner.parts(tenant))?.clone()));
            let found: HashMap<Owner, data_key::Model> = owners.iter().filter_map(of).collect();
            let missing: Vec<Owner> =
                owners.iter().copied().filter(|owner| !found.contains_key(owner)).collect();
            if missing.is_empty() {
                return Ok(found);
            }
            let newest = self.vault.newest(tenant).await?;
            let wrapping = self.tenant(&newest).await?;
            let make = |owner| -> Result<data_key::Model> {
                let mut key = self.vault.data_key(tenant, owner);
                key.wrapped = Some(wrap_data_key(&wrapping, &key, &random::<32>()?)?);
                key.tenant_key_id = Some(newest.id);
                Ok(key)
            };
            let made = missing.into_iter().map(make).collect::<Result<_>>()?;
            self.vault.store.add_data_keys(newest.id, made).await?;
        }
    }

    /// Opens the keys that are not open yet.
    async fn load(&self, ids: impl Iterator<Item = Uuid>) -> Result<()> {
        let missing: HashSet<Uuid> = {
            let held = held(&self.data);
            ids.filter(|id| !held.contains_key(id)).collect()
        };
        if missing.is_empty() {
            return Ok(());
        }
        let kept = &self.vault.kept;
        let now = self.vault.clock.now();
        // Asked first: a key that is destroyed from here on is destroyed while this request has it.
        let destroyed = if kept.is_any() { self.vault.store.destroyed().await? } else { 0 };
        let found = kept.find(destroyed, missing.iter().copied(), now);
        let missing: Vec<Uuid> = {
            let mut held = held(&self.data);
            held.extend(found.into_iter().map(|(id, key)| (id, Ok(key))));
            missing.into_iter().filter(|id| !held.contains_key(id)).collect()
        };
        if missing.is_empty() {
            return Ok(());
        }
        let (keys, wrapping) = self.vault.store.read(&missing).await?;
        let mut opened = HashMap::with_capacity(missing.len());
        for key in &keys {
            let secret = self.unwrap(key, &wrapping).await;
            let sealer = secret.and_then(|secret| Sealer::new(&secret).ok_or(VaultError::Provider));
            opened.insert(key.id, sealer.map(Arc::new));
        }
        metrics::counter!(KEYS_OPENED).increment(opened.values().flatten().count() as u64);
        if kept.is_any() {
            let fine = opened.iter().filter_map(|(id, key)| Some((*id, key.as_ref().ok()?.clone())));
            kept.keep(destroyed, fine, now);
        }
        let mut held = held(&self.data);
        for id in missing {
            let missing = || Err(VaultError::DataKeyMissing { id }.reported());
            held.insert(id, opened.remove(&id).unwrap_or_else(missing));
        }
        Ok(())
    }

    /// A data key that was loaded.
    fn key(&self, id: Uuid) -> Result<Arc<Sealer>> {
        held(&self.data).get(&id).cloned().unwrap_or(Err(VaultError::DataKeyMissing { id }))
    }

    /// A data key in clear.
    async fn unwrap(&self, key: &data_key::Model, wrapping: &[tenant_key::Model]) -> Result<Secret> {
        let id = key.tenant_key_id.ok_or(VaultError::Destroyed { id: key.id })?;
        let row = wrapping.iter().find(|tenant_key| tenant_key.id == id);
        let missing = || VaultError::TenantKeyMissing { id }.reported();
        let wrapping = self.tenant(row.ok_or_else(missing)?).await?;
        unwrap_data_key(&wrapping, key)
    }

    /// A tenant's key, opened once.
    async fn tenant(&self, key: &tenant_key::Model) -> Result<Arc<Sealer>> {
        if let Some(sealer) = held(&self.tenants).get(&key.id) {
            return sealer.clone();
        }
        let sealer = self.vault.tenant_sealer(key).await.map(Arc::new);
        held(&self.tenants).insert(key.id, sealer.clone());
        sealer
    }
}

fn held<T>(keys: &Mutex<T>) -> MutexGuard<'_, T> {
    keys.lock().unwrap_or_else(PoisonError::into_inner)
}
