//! What one operation carries: who asks, with which rights, and its transaction.
//!
//! A read opens a transaction at its first statement and sees one state of the database throughout. A mutation has a
//! transaction of its own, which [`crate::audit`] commits together with the audit event; so has a query that leaves
//! one. On PostgreSQL each carries
//! the viewer's identity in transaction-local settings, for row-level security.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError, RwLock};

use async_graphql::Context;
use custodian_entity::choice::Scope;
use custodian_entity::id::{SessionId, TenantId};
use custodian_entity::{customer, tenant};
use sea_orm::{AccessMode, ActiveEnum, DatabaseConnection, DatabaseTransaction};
use tokio::sync::Mutex;

use super::catalog::FieldId;
use super::disclosing::Disclosing;
use super::rows::{Rows, own_category, reached};
use super::scope::Scoped;
use super::table::Rights;
use crate::authn::{Identity, Origin, Viewer};
use crate::clock::Clock;
use crate::database::{self, Settings};
use crate::error::{Error, Result};
use crate::news::{Changed, News};
use crate::vault::{Index, OpenKeys};

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
    /// The keys that it has opened.
    pub keys: Arc<OpenKeys>,
    /// The fields of personal data that it shows.
    shown: Arc<RwLock<BTreeSet<FieldId>>>,
    /// What it discloses.
    pub disclosing: Arc<Disclosing>,
    /// The tags of values that rows are looked for by.
    tags: std::sync::Mutex<HashMap<(Index, String), Vec<String>>>,
    db: DatabaseConnection,
    settings: Settings,
    transaction: Mutex<Option<Arc<DatabaseTransaction>>>,
    aside: Mutex<()>,
    changed_policy: AtomicBool,
    news: Arc<News>,
    /// The sessions that the running transaction ends.
    ending: std::sync::Mutex<Vec<SessionId>>,
    /// What it changes, for who listens.
    changing: std::sync::Mutex<Vec<Changed>>,
}

impl Operation {
    /// An operation that has not touched the database yet.
    pub fn new(
        viewer: Viewer,
        origin: Origin,
        rights: Arc<Rights>,
        clock: Clock,
        keys: Arc<OpenKeys>,
        db: DatabaseConnection,
        news: Arc<News>,
    ) -> Self {
        let (shown, disclosing) = (Arc::default(), Arc::default());
        let settings = settings(&viewer, &rights);
        let (transaction, aside) = (Mutex::new(None), Mutex::new(()));
        let (changed_policy, ending) = (AtomicBool::new(false), std::sync::Mutex::default());
        Self {
            viewer,
            origin,
            rights,
            clock,
            keys,
            shown,
            disclosing,
            tags: std::sync::Mutex::default(),
            db,
            settings,
            transaction,
            aside,
            changed_policy,
            news,
            ending,
            changing: std::sync::Mutex::default(),
        }
    }

    /// The same operation with transactions of its own, in which row-level security is told something else than the
    /// viewer's identity.
    pub(crate) fn told(&self, settings: Settings) -> Arc<Self> {
        let (viewer, rights) = (self.viewer.clone(), self.rights.clone());
        let (origin, clock, db) = (self.origin.clone(), self.clock.clone(), self.db.clone());
        let told = Self::new(viewer, origin, rights, clock, self.keys.clone(), db, self.news.clone());
        let (shown, disclosing) = (self.shown.clone(), self.disclosing.clone());
        Arc::new(Self { settings, shown, disclosing, ..told })
    }

    /// As this operation, of one that showed the same to somebody else: what that disclosed, this one does.
    pub(crate) fn showing_as(self, other: Arc<Disclosing>) -> Self {
        Self { disclosing: other, ..self }
    }

    /// Runs something as the same viewer in a transaction of its own: for a query that records what it was asked, which
    /// must be permanent before it is answered, while other fields of the operation go on reading. One at a time, so
    /// that no document takes many connections.
    pub async fn aside<T>(&self, run: impl AsyncFnOnce(&Arc<Self>) -> T) -> T {
        let _turn = self.aside.lock().await;
        run(&self.told(settings(&self.viewer, &self.rights))).await
    }

    /// Notes that values of these fields are to be shown, so that the rows read from now on hold them open.
    pub fn show(&self, fields: impl IntoIterator<Item = FieldId>) {
        self.shown.write().unwrap_or_else(PoisonError::into_inner).extend(fields);
    }

    /// Whether it shows values of this field.
    pub(super) fn shows(&self, field: &str) -> bool {
        let field = self.rights.catalog().field(field);
        field.is_some_and(|field| self.shown.read().unwrap_or_else(PoisonError::into_inner).contains(&field))
    }

    /// Makes the tags of values, for [`Self::tags`]: those of each provider whose customers the viewer reaches.
    ///
    /// # Errors
    /// When the key store or the database is away.
    pub async fn tag(self: &Arc<Self>, values: Vec<(Index, String)>) -> Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        let tenants = self.tenants().await?;
        for (index, value) in values {
            let mut tags = Vec::with_capacity(tenants.len());
            for tenant in &tenants {
                tags.push(self.keys.tag(*tenant, index, &value).await?);
            }
            self.made().insert((index, value), tags);
        }
        Ok(())
    }

    /// The providers whose customers the viewer reaches.
    pub(super) async fn tenants(self: &Arc<Self>) -> Result<Vec<TenantId>> {
        match self.reach(customer::Entity::TYPE) {
            Some(Scope::All) => {
                let tenants = Scoped::<tenant::Entity>::of(self).all(|all| all).await?;
                Ok(tenants.into_iter().map(|tenant| tenant.id).collect())
            }
            _ => Ok(vec![self.identity()?.tenant]),
        }
    }

    /// The tags of a value, if they were made: rows that have one of them have the value.
    pub fn tags(&self, index: Index, value: &str) -> Vec<String> {
        self.made().get(&(index, value.to_owned())).cloned().unwrap_or_default()
    }

    fn made(&self) -> MutexGuard<'_, HashMap<(Index, String), Vec<String>>> {
        self.tags.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who asks, if signed in.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`]; the guard lets nobody come so far, so this is the second net.
    pub fn identity(&self) -> Result<&Identity> {
        self.viewer.identity().ok_or(Error::Unauthenticated)
    }

    /// How far the viewer reaches on rows of a type; none means no row.
    pub fn reach(&self, type_name: &str) -> Option<Scope> {
        reached(type_name, self.rights.scope(type_name)?, self.viewer.identity()?)
    }

    /// Notes that this operation changes what roles may do: the answer waits until this instance knows.
    pub(crate) fn note_policy_change(&self) {
        self.changed_policy.store(true, Ordering::Relaxed);
    }

    /// Whether it did.
    pub fn changed_policy(&self) -> bool {
        self.changed_policy.load(Ordering::Relaxed)
    }

    /// Notes that the running transaction ends these sessions: once it has, all instances are told.
    pub(crate) fn note_ending(&self, sessions: impl IntoIterator<Item = SessionId>) {
        self.ending().extend(sessions);
    }

    /// Notes what the running transaction changes: once it has, who listens is told.
    pub(crate) fn note_change(&self, changed: Changed) {
        self.changing().push(changed);
    }

    fn changing(&self) -> MutexGuard<'_, Vec<Changed>> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ending(&self) -> MutexGuard<'_, Vec<SessionId>> {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// When the database refuses; nothing is changed then. [`Error::Uncertain`] when it went away in the middle.
    pub async fn commit(&self) -> Result<()> {
        let running = self.transaction.lock().await.take();
        let Some(running) = running.and_then(Arc::into_inner) else {
            return Err(Error::bug("the transaction is still in use, or there is none"));
        };
        let ended = std::mem::take(&mut *self.ending());
        let changed = std::mem::take(&mut *self.changing());
        running.commit().await.map_err(Error::of_commit)?;
        ended.into_iter().for_each(|session| self.news.session_ended(session));
        changed.into_iter().for_each(|changed| self.news.changed(changed));
        Ok(())
    }

    /// Ends the running transaction without keeping anything it changed.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn end(&self) -> Result<()> {
        let running = self.transaction.lock().await.take();
        self.ending().clear();
        self.changing().clear();
        // A loader that was dropped half-way may still hold it; dropping the last handle rolls back as well.
        if let Some(running) = running.and_then(Arc::into_inner) {
            running.rollback().await?;
        }
        Ok(())
    }

    async fn begin(&self, access: AccessMode) -> Result<DatabaseTransaction> {
        Ok(database::begin(&self.db, access, &self.settings).await?)
    }
}

/// What row-level security is told of a viewer.
fn settings(viewer: &Viewer, rights: &Rights) -> Settings {
    let identity = viewer.identity();
    let category = identity.and_then(|who| own_category(&who.role)).map(|category| category.to_value());
    let scopes = identity.into_iter().flat_map(|who| {
        rights.scopes().filter_map(|(type_name, scope)| Some((type_name, reached(type_name, scope, who)?)))
    });
    Settings {
        user: identity.map(|who| who.user),
        tenant: identity.map(|who| who.tenant),
        reseller: identity.and_then(|who| who.reseller),
        customer: identity.and_then(|who| who.customer),
        role: viewer.role().to_owned(),
        category: category.unwrap_or_default(),
        scopes: database::scopes(scopes),
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
