//! The key store: its tables, and every statement on them.

#![expect(
    clippy::disallowed_methods,
    reason = "keys are nobody's rows: whoever reached a value by row scope has the id of its key"
)]

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use custodian_entity::id::TenantId;
use custodian_migration::KeyMigrator;
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{
    AccessMode, ColumnTrait, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use sea_orm_migration::MigratorTrait;

use super::owner::{Owner, OwnerKind, Retention};
use crate::config::{Connections, DatabaseUrl};
use crate::crypto::write_private;
use crate::database::{Patient, Renewal, Settings, begin, connections, lacking, options};

/// The schema of the key store on PostgreSQL, in the database of the data or in one of its own.
const SCHEMA: &str = "custodian_keys";

/// Statements that the key store was sent.
pub const STATEMENTS: &str = "custodian_vault_statements_total";

/// The most ids in one statement; both databases take no more than some ten thousand.
const IDS: usize = 1_000;

/// A tenant's key.
pub(super) mod tenant_key {
    use custodian_entity::id::TenantId;
    use sea_orm::entity::prelude::*;

    /// A tenant's key. The newest version wraps; all unwrap.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "tenant_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant_id: TenantId,
        pub version: i32,
        /// What wrapped it.
        pub master_key_id: String,
        pub wrapped: String,
        pub created_at: DateTimeUtc,
    }

    /// None: keys are read by id.
    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A data key.
pub(super) mod data_key {
    use custodian_entity::id::TenantId;
    use sea_orm::entity::prelude::*;

    use crate::vault::owner::{OwnerKind, Retention};

    /// A data key. Once destroyed, it holds no key and gets none.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "data_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant_id: TenantId,
        pub owner_kind: OwnerKind,
        pub owner_id: Uuid,
        pub retention: Retention,
        /// What wrapped it.
        pub tenant_key_id: Option<Uuid>,
        pub wrapped: Option<String>,
        pub created_at: DateTimeUtc,
        pub destroyed_at: Option<DateTimeUtc>,
    }

    /// None: keys are read by id.
    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How many data keys were destroyed.
mod destroyed_keys {
    use sea_orm::entity::prelude::*;

    /// The one row.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "destroyed_keys")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub count: i64,
    }

    /// None.
    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What is in the key store.
pub(super) struct Overview {
    /// The keys of tenants: each tenant's together, the newest first.
    pub(super) keys: Vec<tenant_key::Model>,
    /// How many data keys each of them wraps.
    pub(super) wrapped: HashMap<Uuid, u64>,
    /// How many data keys of each tenant were destroyed.
    pub(super) destroyed: HashMap<TenantId, u64>,
}

/// Where the keys are, and since when its credentials are what they are.
#[derive(Clone)]
pub(super) struct Store(DatabaseConnection, Renewal);

impl Store {
    /// Connects as the service does. Makes no file: one that was lost must not be another, without its keys.
    pub(super) async fn connect(url: &DatabaseUrl, limits: Connections) -> Result<Self, DbErr> {
        let renewal = Renewal::default();
        let mut options = options(url, limits, &renewal);
        options.set_schema_search_path(SCHEMA);
        // A destroyed key must be gone when its transaction is over: what is deleted is overwritten, and there is no
        // write-ahead log to keep it.
        options.map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(false)
                .foreign_keys(true)
                .journal_mode(sqlx::sqlite::SqliteJournalMode::Delete)
                .pragma("secure_delete", "ON")
                .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
                .busy_timeout(Duration::from_secs(5))
        });
        let mut db = Database::connect(options).await?;
        db.set_metric_callback(|_| metrics::counter!(STATEMENTS).increment(1));
        Ok(Self(db, renewal))
    }

    /// How many connections there are, and how many of them nobody uses.
    pub(super) fn connections(&self) -> (u32, u32) {
        connections(&self.0)
    }

    /// Goes on with these credentials, once they were tried.
    pub(super) async fn renew(&self, url: &DatabaseUrl, limits: Connections) -> Result<(), DbErr> {
        let tried = Self::connect(url, Connections { max: 1, min: 0, ..limits }).await?;
        tried.one_of_each_master_key().await?;
        self.1.take(&self.0, &tried.0).await;
        tried.0.close().await
    }

    /// Makes the tables, or brings them up to date, as their owner; says whether there is a key in them.
    pub(super) async fn migrate(url: &DatabaseUrl, limits: Connections) -> Result<bool, DbErr> {
        if let Some(file) = url.file() {
            make_file(&file).map_err(|error| DbErr::Custom(format!("{}: {error}", file.display())))?;
        }
        let store = Self::connect(url, limits).await?;
        if store.0.get_database_backend() == DbBackend::Postgres {
            store.0.execute_unprepared(&format!("CREATE SCHEMA IF NOT EXISTS {SCHEMA}")).await?;
        }
        KeyMigrator::up(&store.0, None).await?;
        let holds_keys = !store.one_of_each_master_key().await?.is_empty();
        store.0.close().await?;
        Ok(holds_keys)
    }

    /// The migrations that are missing.
    pub(super) async fn pending(&self) -> Result<Vec<String>, DbErr> {
        lacking::<KeyMigrator>(&self.0).await
    }

    fn db(&self) -> Patient<'_> {
        Patient(&self.0)
    }

    async fn writing(&self) -> Result<DatabaseTransaction, DbErr> {
        begin(&self.0, AccessMode::ReadWrite, &Settings::default()).await
    }

    /// Tenants that have keys.
    pub(super) async fn tenants(&self) -> Result<Vec<TenantId>, DbErr> {
        let tenants =
            tenant_key::Entity::find().select_only().column(tenant_key::Column::TenantId).distinct();
        tenants.order_by_asc(tenant_key::Column::TenantId).into_tuple().all(&self.db()).await
    }

    /// For each master key that is needed, a tenant's key that it wrapped.
    pub(super) async fn one_of_each_master_key(&self) -> Result<Vec<tenant_key::Model>, DbErr> {
        let keys = tenant_key::Entity::find().order_by_asc(tenant_key::Column::MasterKeyId);
        let mut keys = keys.all(&self.db()).await?;
        keys.dedup_by(|one, other| one.master_key_id == other.master_key_id);
        Ok(keys)
    }

    /// All keys in numbers, in one state.
    pub(super) async fn overview(&self) -> Result<Overview, DbErr> {
        let transaction = begin(&self.0, AccessMode::ReadOnly, &Settings::default()).await?;
        let keys = tenant_key::Entity::find().order_by_asc(tenant_key::Column::TenantId);
        let keys = keys.order_by_desc(tenant_key::Column::Version).all(&transaction).await?;
        let wrapped = data_key::Entity::find()
            .select_only()
            .column(data_key::Column::TenantKeyId)
            .column_as(data_key::Column::Id.count(), "keys")
            .filter(data_key::Column::TenantKeyId.is_not_null())
            .group_by(data_key::Column::TenantKeyId);
        let wrapped: Vec<(Uuid, i64)> = wrapped.into_tuple().all(&transaction).await?;
        let destroyed = data_key::Entity::find()
            .select_only()
            .column(data_key::Column::TenantId)
            .column_as(data_key::Column::Id.count(), "keys")
            .filter(data_key::Column::DestroyedAt.is_not_null())
            .group_by(data_key::Column::TenantId);
        let destroyed: Vec<(TenantId, i64)> = destroyed.into_tuple().all(&transaction).await?;
        transaction.commit().await?;
        Ok(Overview {
            keys,
            wrapped: wrapped.into_iter().map(|(id, keys)| (id, keys.unsigned_abs())).collect(),
            destroyed: destroyed.into_iter().map(|(tenant, keys)| (tenant, keys.unsigned_abs())).collect(),
        })
    }

    /// The keys of a tenant, the newest first.
    pub(super) async fn tenant_keys(&self, tenant: TenantId) -> Result<Vec<tenant_key::Model>, DbErr> {
        let keys = tenant_key::Entity::find().filter(tenant_key::Column::TenantId.eq(tenant));
        keys.order_by_desc(tenant_key::Column::Version).all(&self.db()).await
    }

    /// Adds a version of a tenant's key, unless somebody else was first.
    pub(super) async fn add_tenant_key(&self, key: tenant_key::Model) -> Result<(), DbErr> {
        let version = [tenant_key::Column::TenantId, tenant_key::Column::Version];
        let nothing = OnConflict::columns(version).do_nothing().to_owned();
        let keys = tenant_key::Entity::insert_many([tenant_key::ActiveModel::from(key)]).on_conflict(nothing);
        keys.exec_without_returning(&self.db()).await.map(drop)
    }

    /// Puts what another master key wrapped in the place of what was there, unless that is there no more.
    pub(super) async fn rewrap_tenant_key(
        &self,
        was: &tenant_key::Model,
        master_key_id: &str,
        wrapped: String,
    ) -> Result<(), DbErr> {
        let update = tenant_key::Entity::update_many()
            .col_expr(tenant_key::Column::MasterKeyId, master_key_id.into())
            .col_expr(tenant_key::Column::Wrapped, wrapped.into())
            .filter(tenant_key::Column::Id.eq(was.id))
            .filter(tenant_key::Column::MasterKeyId.eq(was.master_key_id.as_str()));
        update.exec(&self.db()).await.map(drop)
    }

    /// Removes a tenant's key, unless it still wraps something.
    pub(super) async fn remove_tenant_key(&self, id: Uuid) -> Result<(), DbErr> {
        let transaction = self.writing().await?;
        // Whoever adds a data key under it holds its row until that is done.
        tenant_key::Entity::find_by_id(id).lock_exclusive().one(&transaction).await?;
        let wraps = data_key::Entity::find().filter(data_key::Column::TenantKeyId.eq(id));
        if wraps.count(&transaction).await? == 0 {
            tenant_key::Entity::delete_by_id(id).exec(&transaction).await?;
        }
        transaction.commit().await
    }

    /// Data keys by id, with the tenant keys that wrap them: one state of both, whatever is rewrapped meanwhile.
    pub(super) async fn read(
        &self,
        ids: &[Uuid],
    ) -> Result<(Vec<data_key::Model>, Vec<tenant_key::Model>), DbErr> {
        let transaction = begin(&self.0, AccessMode::ReadOnly, &Settings::default()).await?;
        let mut keys = Vec::with_capacity(ids.len());
        for ids in ids.chunks(IDS) {
            let found = data_key::Entity::find().filter(data_key::Column::Id.is_in(ids.iter().copied()));
            keys.extend(found.all(&transaction).await?);
        }
        let wrapping: HashSet<Uuid> = keys.iter().filter_map(|key| key.tenant_key_id).collect();
        let wrapping = tenant_key::Entity::find().filter(tenant_key::Column::Id.is_in(wrapping));
        let wrapping = wrapping.all(&transaction).await?;
        transaction.commit().await?;
        Ok((keys, wrapping))
    }

    /// The data keys of owners, whatever their kind and retention.
    pub(super) async fn owned(
        &self,
        tenant: TenantId,
        owners: &[Owner],
    ) -> Result<Vec<data_key::Model>, DbErr> {
        let mut keys = Vec::with_capacity(owners.len());
        for owners in owners.chunks(IDS) {
            let ids = owners.iter().map(|owner| owner.parts(tenant).1);
            let found = data_key::Entity::find()
                .filter(data_key::Column::TenantId.eq(tenant))
                .filter(data_key::Column::OwnerKind.is_in(OwnerKind::ALL))
                .filter(data_key::Column::OwnerId.is_in(ids));
            keys.extend(found.all(&self.db()).await?);
        }
        Ok(keys)
    }

    /// Adds data keys under a tenant key, but for owners who have theirs. Does nothing where that tenant key is gone.
    pub(super) async fn add_data_keys(&self, under: Uuid, keys: Vec<data_key::Model>) -> Result<(), DbErr> {
        let transaction = self.writing().await?;
        // It is not removed before these are there.
        if tenant_key::Entity::find_by_id(under).lock_shared().one(&transaction).await?.is_none() {
            return transaction.rollback().await;
        }
        add(&transaction, keys).await?;
        transaction.commit().await
    }

    /// How many data keys are wrapped by these.
    pub(super) async fn count_wrapped_by(&self, tenant_keys: &[Uuid]) -> Result<u64, DbErr> {
        let keys = data_key::Entity::find();
        keys.filter(data_key::Column::TenantKeyId.is_in(tenant_keys.iter().copied())).count(&self.db()).await
    }

    /// Some data keys that are wrapped by these.
    pub(super) async fn wrapped_by(
        &self,
        tenant_keys: &[Uuid],
        most: u64,
    ) -> Result<Vec<data_key::Model>, DbErr> {
        let keys = data_key::Entity::find();
        let keys = keys.filter(data_key::Column::TenantKeyId.is_in(tenant_keys.iter().copied()));
        keys.order_by_asc(data_key::Column::Id).limit(most).all(&self.db()).await
    }

    /// Puts what another tenant key wrapped in the place of what was there, for each key of which that is still there.
    pub(super) async fn rewrap_data_keys(
        &self,
        under: Uuid,
        keys: Vec<(data_key::Model, String)>,
    ) -> Result<(), DbErr> {
        let transaction = self.writing().await?;
        for (was, wrapped) in keys {
            let update = data_key::Entity::update_many()
                .col_expr(data_key::Column::TenantKeyId, under.into())
                .col_expr(data_key::Column::Wrapped, wrapped.into())
                .filter(data_key::Column::Id.eq(was.id))
                .filter(data_key::Column::TenantKeyId.eq(was.tenant_key_id));
            update.exec(&transaction).await?;
        }
        transaction.commit().await
    }

    /// Customers whose key of this retention was destroyed, behind this one.
    pub(super) async fn erased(&self, retention: Retention, after: Uuid) -> Result<Vec<Uuid>, DbErr> {
        let keys = data_key::Entity::find()
            .select_only()
            .column(data_key::Column::OwnerId)
            .filter(data_key::Column::OwnerKind.eq(OwnerKind::Customer))
            .filter(data_key::Column::Retention.eq(retention))
            .filter(data_key::Column::DestroyedAt.is_not_null())
            .filter(data_key::Column::OwnerId.gt(after));
        let keys = keys.order_by_asc(data_key::Column::OwnerId).limit(IDS as u64);
        keys.into_tuple().all(&self.db()).await
    }

    /// Destroys an owner's key. Where there was none, there is a destroyed one afterwards, so that none is made.
    pub(super) async fn destroy(&self, gone: data_key::Model, at: DateTime<Utc>) -> Result<(), DbErr> {
        let transaction = self.writing().await?;
        add(&transaction, vec![gone.clone()]).await?;
        let update = data_key::Entity::update_many()
            .col_expr(data_key::Column::TenantKeyId, Option::<Uuid>::None.into())
            .col_expr(data_key::Column::Wrapped, Option::<String>::None.into())
            .col_expr(data_key::Column::DestroyedAt, at.into())
            .filter(data_key::Column::TenantId.eq(gone.tenant_id))
            .filter(data_key::Column::OwnerKind.eq(gone.owner_kind))
            .filter(data_key::Column::OwnerId.eq(gone.owner_id))
            .filter(data_key::Column::Retention.eq(gone.retention))
            .filter(data_key::Column::DestroyedAt.is_null());
        update.exec(&transaction).await?;
        // In the same transaction: whoever keeps the key asks for this first.
        let count = destroyed_keys::Column::Count;
        let counted = destroyed_keys::Entity::update_many().col_expr(count, count.into_expr().add(1));
        counted.exec(&transaction).await?;
        transaction.commit().await
    }

    /// How often a data key was destroyed.
    pub(super) async fn destroyed(&self) -> Result<i64, DbErr> {
        let counter = destroyed_keys::Entity::find().one(&self.db()).await?;
        counter.map(|row| row.count).ok_or_else(|| DbErr::RecordNotFound("destroyed_keys".to_owned()))
    }
}

/// Makes an empty file for its owner's eyes, unless there is one.
fn make_file(path: &Path) -> io::Result<()> {
    match write_private(path, &[]) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Adds data keys, but for owners who have theirs.
async fn add(transaction: &DatabaseTransaction, keys: Vec<data_key::Model>) -> Result<(), DbErr> {
    use data_key::Column::{OwnerId, OwnerKind, Retention, TenantId};
    for keys in keys.chunks(IDS) {
        let nothing = OnConflict::columns([TenantId, OwnerKind, OwnerId, Retention]).do_nothing().to_owned();
        let keys = keys.iter().cloned().map(data_key::ActiveModel::from);
        data_key::Entity::insert_many(keys).on_conflict(nothing).exec_without_returning(transaction).await?;
    }
    Ok(())
}
