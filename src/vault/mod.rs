//! Personal data at rest: the keys, what is sealed with them, and how sealed values are found.
//!
//! # Which key is where
//!
//! | key | made | stored | wraps or seals | in clear |
//! |---|---|---|---|---|
//! | master key ([`MasterKey`]) | by the operator; in development at the first start | apart from all data: a file of mode 600, the environment, a key service | the tenants' keys | in the process, as long as it runs |
//! | tenant key | when the tenant first needs one, and by [`Vault::rotate`] | key store, wrapped by a master key | the tenant's data keys | while a request runs that needs it |
//! | data key | when the owner first needs one ([`Owner`]) | key store, wrapped by a tenant key | values of one customer and [`Retention`], one account, one reseller | while a request runs that needs it ([`OpenKeys`]); so many of them for a minute longer, as long as no key is destroyed ([`Vault::keeping`]) |
//! | index key | as the data key of [`Owner::Tenant`] | as data keys | nothing: [`Indexes`] tag by it | as data keys |
//!
//! Data, key store and master key are three things that are backed up apart: data tell nothing without the key store, and
//! both nothing without the master key. The key store is a SQLite file of its own, or the schema
//! `custodian_keys` of a PostgreSQL database, that of the data or another.
//!
//! # Rules and their sources
//!
//! - AES-256-GCM with random nonces of 96 bits (NIST SP 800-38D, 8.2.2). A key is used for less than 2³² of them (8.3):
//!   the values of one customer, the data keys of one tenant.
//! - A value opens only in its [`Place`], a wrapped key only in its row: both are additional data. What the same place
//!   held before opens there again: whoever can put it back has the database.
//! - A key has one use (NIST SP 800-57 part 1, 5.2): it wraps, seals or tags. It is removed when nothing needs it (8.3.4).
//! - A value tells its length, and which values belong to one owner.
//!
//! # Rotation
//!
//! [`Vault::rotate`] gives a tenant a new key. [`Vault::rewrap`] puts under the newest key, and the master key in use,
//! what is not yet; the state of that is in the rows and nowhere else: each says what wrapped it, and changes together
//! with it. Cut off anywhere, it is finished by being run again; whatever runs meanwhile finds both keys. Values stay as
//! they are.
//!
//! # Erasure
//!
//! [`Vault::destroy`] takes an owner's key away for good: its values do not open, in the data and in every backup of
//! them. No new key is made for that owner. [`Vault::erased`] says whose, so that the tags of its values go too. What is left is what holds the wrapped key besides the key store: its own
//! backups, the write-ahead log and unvacuumed rows of PostgreSQL; they are kept for short. A request that has opened the
//! key has it until it ends.

mod error;
mod index;
mod kept;
mod master;
mod open;
mod owner;
mod rotation;
mod sealed;
mod status;
mod store;

use std::sync::Arc;

use custodian_entity::id::{CustomerId, TenantId, TypedId};
use sea_orm::prelude::Uuid;
use sea_orm::{ActiveEnum, DbErr};
use zeroize::Zeroizing;

pub use self::error::{ERRORS, Result, VaultError};
pub use self::index::{Index, Indexes, email, folded, government_id, phone, words};
use self::kept::Kept;
pub use self::master::{MasterKey, MasterKeys};
pub use self::open::{KEYS_OPENED, OpenKeys, VALUES_OPENED};
pub use self::owner::{Owner, Retention};
pub use self::rotation::Progress;
pub use self::sealed::Place;
use self::sealed::context;
pub use self::status::{Left, TenantStatus, Version};
pub use self::store::STATEMENTS;
use self::store::{Store, data_key, tenant_key};
use crate::clock::Clock;
use crate::config::{Connections, DatabaseUrl};
use crate::crypto::{Sealer, random};

/// A key in clear; overwritten when dropped.
pub type Secret = Zeroizing<[u8; 32]>;

/// The key store, with the master keys that open it. Clones are the same.
#[derive(Clone)]
pub struct Vault {
    store: Store,
    masters: Arc<MasterKeys>,
    kept: Arc<Kept>,
    clock: Clock,
}

impl Vault {
    /// Connects to the key store as the service does.
    ///
    /// # Errors
    /// When it is away or refuses.
    pub async fn connect(
        url: &DatabaseUrl,
        limits: Connections,
        masters: Arc<MasterKeys>,
        clock: Clock,
    ) -> Result<Self> {
        let kept = Arc::new(Kept::new(0));
        Ok(Self { store: Store::connect(url, limits).await?, masters, kept, clock })
    }

    /// The same, keeping so many data keys in clear between requests.
    #[must_use]
    pub fn keeping(self, keys: usize) -> Self {
        Self { kept: Arc::new(Kept::new(keys)), ..self }
    }

    /// How many connections there are to the key store, and how many of them nobody uses.
    pub fn connections(&self) -> (u32, u32) {
        self.store.connections()
    }

    /// Connects with other credentials from now on, to the same key store. They are tried before.
    ///
    /// # Errors
    /// When they are refused, or do not let keys be read: it goes on as it was.
    pub async fn renew(&self, url: &DatabaseUrl, limits: Connections) -> Result<(), DbErr> {
        self.store.renew(url, limits).await
    }

    /// Makes the key store, or brings it up to date, as the owner of its tables; says whether there is a key in it.
    ///
    /// # Errors
    /// When it is away or refuses.
    pub async fn migrate(url: &DatabaseUrl, limits: Connections) -> Result<bool> {
        Ok(Store::migrate(url, limits).await?)
    }

    /// The migrations that the key store still lacks.
    ///
    /// # Errors
    /// When it is away.
    pub async fn pending(&self) -> Result<Vec<String>> {
        Ok(self.store.pending().await?)
    }

    /// Whether every master key is here that the key store needs.
    ///
    /// # Errors
    /// [`VaultError::MasterMissing`] for one that is not; when the key store is away.
    pub async fn check_masters(&self) -> Result<()> {
        for key in self.store.one_of_each_master_key().await? {
            self.master_of(&key)?;
        }
        Ok(())
    }

    /// Whether there is no key yet.
    ///
    /// # Errors
    /// When the key store is away.
    pub async fn is_empty(&self) -> Result<bool> {
        Ok(self.store.one_of_each_master_key().await?.is_empty())
    }

    /// The keys that a request opens: none yet.
    pub fn open_keys(&self) -> OpenKeys {
        OpenKeys::new(self.clone())
    }

    /// Destroys an owner's key: nothing it sealed opens any more, and nothing is sealed for this owner again. Doing it
    /// twice is doing it once.
    ///
    /// # Errors
    /// When the key store is away.
    pub async fn destroy(&self, tenant: TenantId, owner: Owner) -> Result<()> {
        let now = self.clock.now();
        let mut gone = self.data_key(tenant, owner);
        gone.destroyed_at = Some(now);
        Ok(self.store.destroy(gone, now).await?)
    }

    /// Customers of whom what is kept so long was erased: some of those behind this one, in the order of their ids.
    ///
    /// # Errors
    /// When the key store is away.
    pub async fn erased(&self, kept: Retention, after: Option<CustomerId>) -> Result<Vec<CustomerId>> {
        let after = after.map_or(Uuid::nil(), TypedId::uuid);
        let erased = self.store.erased(kept, after).await?;
        Ok(erased.into_iter().map(CustomerId::from_uuid).collect())
    }

    /// A data key without a key.
    fn data_key(&self, tenant: TenantId, owner: Owner) -> data_key::Model {
        let (owner_kind, owner_id, retention) = owner.parts(tenant);
        data_key::Model {
            id: self.clock.new_uuid(),
            tenant_id: tenant,
            owner_kind,
            owner_id,
            retention,
            tenant_key_id: None,
            wrapped: None,
            created_at: self.clock.now(),
            destroyed_at: None,
        }
    }

    /// The newest key of a tenant, made if there is none.
    async fn newest(&self, tenant: TenantId) -> Result<tenant_key::Model> {
        loop {
            match self.store.tenant_keys(tenant).await?.into_iter().next() {
                Some(newest) => return Ok(newest),
                None => self.add_version(tenant, 1).await?,
            }
        }
    }

    /// Makes a version of a tenant's key, unless somebody else was first.
    async fn add_version(&self, tenant: TenantId, version: i32) -> Result<()> {
        let mut key = tenant_key::Model {
            id: self.clock.new_uuid(),
            tenant_id: tenant,
            version,
            master_key_id: self.masters.current().id().to_owned(),
            wrapped: String::new(),
            created_at: self.clock.now(),
        };
        key.wrapped = self.masters.current().wrap(&of_tenant_key(&key), &random::<32>()?).await?;
        Ok(self.store.add_tenant_key(key).await?)
    }

    /// A tenant's key in clear.
    async fn unwrap_tenant_key(&self, key: &tenant_key::Model) -> Result<Secret> {
        let secret = self.master_of(key)?.unwrap(&of_tenant_key(key), &key.wrapped).await?;
        secret.ok_or_else(|| VaultError::TenantKey { id: key.id }.reported())
    }

    /// The master key that wrapped a tenant's key.
    fn master_of(&self, key: &tenant_key::Model) -> Result<&dyn MasterKey> {
        let missing = || VaultError::MasterMissing { id: key.id, master: key.master_key_id.clone() };
        self.masters.find(&key.master_key_id).ok_or_else(|| missing().reported())
    }

    /// What wraps and unwraps with a tenant's key.
    async fn tenant_sealer(&self, key: &tenant_key::Model) -> Result<Sealer> {
        Sealer::new(&*self.unwrap_tenant_key(key).await?).ok_or(VaultError::Provider)
    }
}

/// A data key in clear.
fn unwrap_data_key(wrapping: &Sealer, key: &data_key::Model) -> Result<Secret> {
    let wrapped = key.wrapped.as_deref().ok_or(VaultError::Destroyed { id: key.id })?;
    unwrapped(wrapping, &of_data_key(key), wrapped)
        .ok_or_else(|| VaultError::DataKey { id: key.id }.reported())
}

/// A data key, wrapped.
fn wrap_data_key(wrapping: &Sealer, key: &data_key::Model, secret: &Secret) -> Result<String> {
    wrapping.seal(&of_data_key(key), secret.as_slice()).ok_or(VaultError::Provider)
}

/// A wrapped key in clear; none where it does not unwrap.
fn unwrapped(wrapping: &Sealer, context: &[u8], wrapped: &str) -> Option<Secret> {
    let bytes = Zeroizing::new(wrapping.open(context, wrapped)?);
    Some(Zeroizing::new(bytes.as_slice().try_into().ok()?))
}

/// The row of a tenant's key as additional data. What wraps it is not in it: another key would not open it.
fn of_tenant_key(key: &tenant_key::Model) -> Vec<u8> {
    let (id, tenant) = (key.id, key.tenant_id.uuid());
    context(&[b"tenant key", id.as_bytes(), tenant.as_bytes(), &key.version.to_be_bytes()])
}

/// The row of a data key as additional data.
fn of_data_key(key: &data_key::Model) -> Vec<u8> {
    context(&[
        b"data key",
        key.id.as_bytes(),
        key.tenant_id.uuid().as_bytes(),
        key.owner_kind.to_value().as_bytes(),
        key.owner_id.as_bytes(),
        key.retention.to_value().as_bytes(),
    ])
}
