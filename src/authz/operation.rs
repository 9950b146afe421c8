//! What one operation carries: who asks, with which rights, and its transaction.
//!
//! A read opens a transaction at its first statement and sees one state of the database throughout. A mutation has a
//! transaction of its own, which [`crate::audit`] commits together with the audit event. On PostgreSQL each carries
//! the viewer's identity in transaction-local settings, for row-level security.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::Context;
use custodian_entity::id::TypedId;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, IsolationLevel,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use tokio::sync::Mutex;

use super::table::Rights;
use crate::authn::{Identity, Origin, Viewer};
use crate::clock::Clock;
use crate::error::{Error, Result};

/// One operation, from the guard to the last resolver.
pub struct Operation {
    /// Who asks.
    pub viewer: Viewer,
    /// From where.
    pub origin: Origin,
    /// With which rights.
    pub rights: Arc<Rights>,
    /// When.
    pub clock: Clock,
    db: DatabaseConnection,
    transaction: Mutex<Option<Arc<DatabaseTransaction>>>,
    changed_policy: AtomicBool,
}

impl Operation {
    /// An operation that has not touched the database yet.
    pub fn new(
        viewer: Viewer,
        origin: Origin,
        rights: Arc<Rights>,
        clock: Clock,
        db: DatabaseConnection,
    ) -> Self {
        Self {
            viewer,
            origin,
            rights,
            clock,
            db,
            transaction: Mutex::new(None),
            changed_policy: AtomicBool::new(false),
        }
    }

    /// Who asks, if signed in.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`]; the guard lets nobody come so far, so this is the second net.
    pub fn identity(&self) -> Result<&Identity> {
        self.viewer.identity().ok_or(Error::Unauthenticated)
    }

    /// Notes that this operation changes what roles may do: the answer waits until this instance knows.
    pub(super) fn note_policy_change(&self) {
        self.changed_policy.store(true, Ordering::Relaxed);
    }

    /// Whether it did.
    pub fn changed_policy(&self) -> bool {
        self.changed_policy.load(Ordering::Relaxed)
    }

    /// The running transaction, or a new one for reading.
    pub(crate) async fn transaction(&self) -> Result<Arc<DatabaseTransaction>> {
        let mut slot = self.transaction.lock().await;
        if let Some(running) = slot.as_ref() {
            return Ok(running.clone());
        }
        let started = Arc::new(self.begin(AccessMode::ReadOnly).await?);
        *slot = Some(started.clone());
        Ok(started)
    }

    /// Ends what was read so far and starts a transaction that writes: later reads of this operation see its changes.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn begin_write(&self) -> Result<()> {
        self.end().await?;
        let started = self.begin(AccessMode::ReadWrite).await?;
        *self.transaction.lock().await = Some(Arc::new(started));
        Ok(())
    }

    /// Makes the changes of this transaction permanent.
    ///
    /// # Errors
    /// When the database refuses; nothing is changed then.
    pub async fn commit(&self) -> Result<()> {
        let running = self.transaction.lock().await.take();
        let Some(running) = running.and_then(Arc::into_inner) else {
            return Err(Error::bug("the transaction is still in use, or there is none"));
        };
        Ok(running.commit().await?)
    }

    /// Ends the running transaction without keeping anything it changed.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn end(&self) -> Result<()> {
        let running = self.transaction.lock().await.take();
        // A loader that was dropped half-way may still hold it; dropping the last handle rolls back as well.
        if let Some(running) = running.and_then(Arc::into_inner) {
            running.rollback().await?;
        }
        Ok(())
    }

    async fn begin(&self, access: AccessMode) -> Result<DatabaseTransaction> {
        let is_write = matches!(access, AccessMode::ReadWrite);
        let started = self
            .db
            .begin_with_options(TransactionOptions {
                // A read sees one state throughout; a write sees what others committed.
                isolation_level: (!is_write && self.db.get_database_backend() == DbBackend::Postgres)
                    .then_some(IsolationLevel::RepeatableRead),
                access_mode: (self.db.get_database_backend() == DbBackend::Postgres).then_some(access),
                // A reader that turns writer half-way can be refused by SQLite; who will write says so at once.
                sqlite_transaction_mode: is_write.then_some(SqliteTransactionMode::Immediate),
            })
            .await?;
        if self.db.get_database_backend() == DbBackend::Postgres {
            self.set_identity(&started).await?;
        }
        Ok(started)
    }

    /// The settings that row-level security reads. `is_local` ties them to the transaction, so that a pooled
    /// connection never carries them over.
    #[expect(clippy::disallowed_methods, reason = "settings of the transaction are no rows")]
    async fn set_identity(&self, transaction: &DatabaseTransaction) -> Result<()> {
        let identity = self.viewer.identity();
        let text = |id: Option<sea_orm::prelude::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        let values = [
            identity.map(|who| who.tenant.uuid()),
            identity.and_then(|who| who.reseller).map(TypedId::uuid),
            identity.and_then(|who| who.customer).map(TypedId::uuid),
            identity.map(|who| who.user.uuid()),
        ]
        .map(text);
        let [tenant, reseller, customer, user] = values;
        let statement = Statement::from_sql_and_values(
            DbBackend::Postgres,
            "SELECT set_config('custodian.tenant_id', $1, true), set_config('custodian.reseller_id', $2, true), \
             set_config('custodian.customer_id', $3, true), set_config('custodian.user_id', $4, true), \
             set_config('custodian.role', $5, true)",
            [tenant.into(), reseller.into(), customer.into(), user.into(), self.viewer.role().into()],
        );
        transaction.query_one_raw(statement).await?;
        Ok(())
    }
}

/// Finds the operation from inside a resolver.
pub trait InOperation {
    /// The operation being executed.
    ///
    /// # Errors
    /// [`Error::Internal`] when the schema is executed without the guard.
    fn operation(&self) -> Result<&Arc<Operation>>;
}

impl InOperation for Context<'_> {
    fn operation(&self) -> Result<&Arc<Operation>> {
        self.data_opt::<Arc<Operation>>().ok_or_else(|| Error::bug("no operation: the guard was passed by"))
    }
}
