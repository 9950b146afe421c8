//! The application: what every request shares, how it starts, and the one place where the schema is executed.

mod acting;
mod alerts;
mod documents;
mod keys;
mod live;
mod rates;
mod scanning;
mod shipping;
mod upkeep;

use std::path::PathBuf;
use std::sync::Arc;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Name, Request, Response, ServerError};
use sea_orm::{DatabaseConnection, DbErr};
use tokio::sync::Mutex;

pub use self::keys::{connect_vault, open_vault};
use self::live::Live;
pub use self::live::{Begun, End, Place, SOCKETS, Seat, Subscribed, Told};
pub use self::rates::Limited;
use crate::accounts::Accounts;
use crate::alerts::Watcher;
use crate::audit::{self, Heads, Journal, Log, Quotas};
use crate::authn::external::{IssuerError, Issuers};
use crate::authn::token::Tokens;
use crate::authn::{self, Origin, Viewer};
use crate::authz::answer::finish;
use crate::authz::catalog::{CatalogError, FieldId};
use crate::authz::denial::Denials;
use crate::authz::guard::{Guarded, guard};
use crate::authz::introspection;
use crate::authz::plan::Refusal;
use crate::authz::policy::{Policy, PolicyError, Question};
use crate::authz::{Operation, Rights};
use crate::clock::Clock;
use crate::config::{Config, DatabaseUrl, Profile};
use crate::crypto::{KeyError, Keys};
use crate::database;
use crate::database::wall::Wall;
use crate::documents::Intake;
use crate::error::{Error, Result};
use crate::graphql::Batches;
use crate::graphql::page::MaxPageSize;
use crate::mail::{Outbox, OutboxError};
use crate::news::News;
use crate::rates::Limiter;
use crate::reload::PolicyInForce;
use crate::reveal::Reader;
use crate::scanner::Scanner;
use crate::schema::{self, CustodianSchema};
use crate::seed::{self, SeedError};
use crate::session::DocumentCost;
use crate::sink::{SetupError, Shipper};
use crate::store::{Store, StoreError};
use crate::trail::Verifier;
use crate::trusted::{TrustedDocuments, TrustedError};
use crate::vault::{MasterKeys, Vault, VaultError};

/// The stack of a thread that serves: in an unoptimised build the deepest document that is allowed takes more than the
/// 2 MiB that threads have otherwise.
pub const STACK_BYTES: usize = 8 * 1024 * 1024;

/// What every request shares.
pub struct App {
    /// The configuration it was started with.
    pub config: Config,
    /// Where the time comes from.
    pub clock: Clock,
    /// The policy in force.
    pub policy: PolicyInForce,
    /// What signs and verifies access tokens.
    pub tokens: Arc<Tokens>,
    /// What instances tell each other.
    pub news: Arc<News>,
    outbox: Arc<Outbox>,
    watcher: Watcher,
    heads: Heads,
    shipper: Option<Mutex<Shipper<Log>>>,
    /// Where it goes on record what was read, and what was denied.
    pub journal: Journal,
    /// The documents of API clients that run no others.
    pub trusted: TrustedDocuments,
    /// What stands guard over accounts.
    pub accounts: Arc<Accounts>,
    /// The keys of stored data.
    pub vault: Vault,
    /// The contents of documents.
    pub store: Store,
    /// What takes files in.
    pub intake: Arc<Intake>,
    /// Who listens to what.
    pub live: Arc<Live>,
    /// How often who may ask for what.
    pub rates: Arc<Limiter>,
    db: DatabaseConnection,
    issuers: Issuers,
    schema: CustodianSchema,
}

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

/// Connects to the configured database as the owner of its tables and brings them and the key store up to date.
///
/// # Errors
/// [`StartError::DataFolder`], [`StartError::Database`], [`StartError::KeyStore`], [`StartError::KeysLost`].
pub async fn migrate(config: &Config) -> Result<DatabaseConnection, StartError> {
    std::fs::create_dir_all(&config.data_dir)
        .map_err(|source| StartError::DataFolder { path: config.data_dir.clone(), source })?;
    let db = database::migrate(config).await.map_err(failed(config.owner_url()))?;
    let holds_keys = keys::migrate(config).await?;
    refuse_lost(config, holds_keys, &db).await?;
    Ok(db)
}

/// Refuses a key store without keys beside data: going on would seal by new keys what those that were lost may yet open.
async fn refuse_lost(config: &Config, holds_keys: bool, db: &DatabaseConnection) -> Result<(), StartError> {
    if !holds_keys && database::holds_accounts(db).await.map_err(failed(&config.database_url))? {
        return Err(StartError::KeysLost { url: config.key_store_url.to_string() });
    }
    Ok(())
}

/// Connects to the configured database and key store as the service. Before that the tables are brought up to date, and
/// in the development profile filled, unless that is left to somebody else.
async fn open(
    config: &Config,
    masters: MasterKeys,
    clock: &Clock,
) -> Result<(DatabaseConnection, Vault), StartError> {
    let owner = if config.serve_migrates() { Some(migrate(config).await?) } else { None };
    let vault = connect_vault(config, masters, clock).await?;
    if let Some(owner) = owner {
        if config.profile == Profile::Development {
            let hash = authn::password::hash(&config.demo_password).await.map_err(StartError::Demo)?;
            seed::demo(&owner, &vault, &open_store(config).await?, &hash).await?;
        }
        owner.close().await.map_err(failed(config.owner_url()))?;
    }
    let url = &config.database_url;
    let db = database::connect(url, config.connections).await.map_err(failed(url))?;
    let pending = database::pending(&db).await.map_err(failed(url))?;
    if !pending.is_empty() {
        return Err(StartError::Outdated { store: "database", pending });
    }
    let holds_keys = !vault.is_empty().await.map_err(keys::failed(&config.key_store_url))?;
    refuse_lost(config, holds_keys, &db).await?;
    if let Some(Wall { role, .. }) = Wall::look(&db).await.map_err(failed(url))?
        && let Some(fault) = role.passes_by()
    {
        if config.profile == Profile::Production {
            return Err(StartError::Role { role: role.name, fault });
        }
        tracing::warn!(role = role.name, fault, "row-level security does not hold this database role");
    }
    Ok((db, vault))
}

fn failed(url: &DatabaseUrl) -> impl Fn(DbErr) -> StartError {
    let url = url.to_string();
    move |source| StartError::Database { url: url.clone(), source }
}

/// The configured policy, compiled for the schema.
///
/// # Errors
/// [`StartError::Policy`] when it cannot be used.
pub async fn load_policy(config: &Config) -> Result<PolicyInForce, StartError> {
    let catalog = Arc::new(schema::catalog(&schema::builder().finish())?);
    Ok(PolicyInForce::load(config, catalog).await?)
}

/// The configured keys. Only a developer's server makes them.
fn load_keys(config: &Config, clock: &Clock) -> Result<Keys, StartError> {
    if config.profile == Profile::Development {
        Keys::complete(&config.signing_keys_dir, clock.now())?;
    }
    Ok(Keys::open(&config.signing_keys_dir)?)
}

/// The configured store of documents. In production it is tried out.
///
/// # Errors
/// [`StartError::Documents`].
pub async fn open_store(config: &Config) -> Result<Store, StartError> {
    let opened = async {
        let store = Store::open(config)?;
        if config.profile == Profile::Production {
            store.check().await?;
        }
        Ok(store)
    };
    opened.await.map_err(|source| StartError::Documents { url: config.store_url.to_string(), source })
}

impl App {
    /// Connects to a database that is up to date or brings it there, loads keys and policy.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: Config, clock: Clock) -> Result<Arc<Self>, StartError> {
        // Whatever can be wrong without a database is found out before there is one.
        let policy = load_policy(&config).await?;
        let keys = load_keys(&config, &clock)?;
        let masters = keys::masters(&config)?;
        scanning::look(&config).await?;
        let (db, vault) = open(&config, masters, &clock).await?;
        Self::assemble(config, clock, policy, keys, vault, db).await
    }

    /// As [`Self::start`], on a database that is open and up to date already: one that somebody watches.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn on(config: Config, clock: Clock, db: DatabaseConnection) -> Result<Arc<Self>, StartError> {
        let policy = load_policy(&config).await?;
        let keys = load_keys(&config, &clock)?;
        let vault = open_vault(&config, &clock).await?;
        Self::assemble(config, clock, policy, keys, vault, db).await
    }

    async fn assemble(
        config: Config,
        clock: Clock,
        policy: PolicyInForce,
        keys: Keys,
        vault: Vault,
        db: DatabaseConnection,
    ) -> Result<Arc<Self>, StartError> {
        let vault = vault.keeping(config.keys_kept);
        let store = open_store(&config).await?;
        let ttl_seconds = config.access_token_ttl_seconds.into();
        let cursors = Arc::new(keys.sealer("cursors")?);
        let accounts = Arc::new(Accounts::new(&config, &keys)?);
        let outbox = Arc::new(Outbox::new(&config, &keys)?);
        let redis = config.redis_url.clone();
        let rates = Arc::new(Limiter::new(config.rates, redis, &keys, clock.clone())?);
        let watcher = Watcher::new(config.alerts, outbox.clone());
        let journal = Journal::new(db.clone(), config.audit.disclosures);
        let heads = Heads::new(config.audit_heads_dir.clone());
        let shipper = shipping::shipper(&config, Log::new(db.clone()))?;
        let (folder, issuer) = (config.signing_keys_dir.clone(), config.public_url.to_string());
        let tokens = Arc::new(Tokens::new(keys.ring, folder, ttl_seconds, issuer));
        let news = Arc::new(News::new(config.redis_url.clone(), ttl_seconds, clock.clone()));
        let scanner = Scanner::from_config(&config);
        let intake = Arc::new(Intake::new(store.clone(), scanner, config.documents));
        let schema = schema::builder()
            .data(tokens.clone())
            .data(cursors)
            .data(config.session)
            .data(MaxPageSize(config.max_page_size.into()))
            .data(config.api_clients)
            .data(Quotas {
                reveal: config.reveal,
                lookup: config.lookup,
                create: config.customer_create,
                invite: config.user_invite,
            })
            .data(accounts.clone())
            .data(rates.clone())
            .data(outbox.clone())
            .data(Reader::new())
            .data(intake.clone())
            .data(config.public_url.clone())
            .data(Verifier::new(config.audit_heads_dir.clone()))
            .finish();
        let issuers = Issuers::new(&config.issuers)?;
        let trusted = TrustedDocuments::load(config.trusted_documents_dir.clone())?;
        let live = Live::new(config.websocket, config.connections);
        let app = Self {
            config,
            clock,
            policy,
            tokens,
            news,
            outbox,
            watcher,
            heads,
            shipper,
            journal,
            trusted,
            accounts,
            vault,
            store,
            intake,
            live,
            rates,
            issuers,
            db,
            schema,
        };
        app.live.follow(app.news.listen());
        app.policy.refresh(&app.db).await.map_err(StartError::Roles)?;
        app.probe().await?;
        app.forget_erased().await.map_err(StartError::Erased)?;
        Ok(Arc::new(app))
    }

    /// Executes a denied field before anything is served: an extension that swapped the document under the guard, or a
    /// library that changed its ways, must not go unnoticed.
    async fn probe(&self) -> Result<(), StartError> {
        let request = Request::new("{ customers(first: 1) { nodes { id } } }");
        let origin = Origin { request_id: "start-up probe".to_owned(), ..Origin::default() };
        let response = self.execute(Viewer::anonymous(), origin, request).await;
        let is_refused = response.data == async_graphql::Value::Null && !response.errors.is_empty();
        if is_refused { Ok(()) } else { Err(StartError::Guard) }
    }

    /// Whether requests can be served.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database does not answer.
    pub async fn ready(&self) -> Result<()> {
        self.db.ping().await.map_err(|error| Error::Unavailable(Arc::new(error)))
    }

    /// The database, for the commands and for tests; requests reach it through [`crate::authz::Scoped`] only.
    pub fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    /// Counts a request, and executes it under the guard, with one snapshot of the policy.
    pub async fn execute(&self, viewer: Viewer, origin: Origin, request: Request) -> Response {
        match self.admit(&viewer, &origin).await {
            Ok(verdict) => {
                let mut response = self.execute_admitted(viewer, origin, request).await;
                verdict.tell(&mut response.http_headers);
                response
            }
            Err(limited) => signed(limited.into_response(), &origin),
        }
    }

    /// As [`Self::execute`], of a request that was counted already.
    pub async fn execute_admitted(&self, viewer: Viewer, origin: Origin, request: Request) -> Response {
        match self.acting(&viewer, &origin).await {
            Ok((policy, rights)) => match self.trusted.allow(&viewer, &request.query) {
                Ok(()) => self.execute_with(&policy, rights, viewer, origin, request).await,
                Err(error) => {
                    let operation = self.operation(viewer, origin.clone(), rights);
                    self.record_denial(&operation, "", ["document"], &policy).await;
                    signed(Refusal::from(error).into_response(), &origin)
                }
            },
            Err(error) => signed(Refusal::from(error).into_response(), &origin),
        }
    }

    /// As [`Self::execute`], with rights other than the viewer's role has: the yardstick of tests and measurements.
    pub async fn execute_with(
        &self,
        policy: &Arc<Policy>,
        rights: Arc<Rights>,
        viewer: Viewer,
        origin: Origin,
        request: Request,
    ) -> Response {
        let guarded = guard(
            policy,
            &rights,
            &self.config.limits,
            &request.query,
            request.operation_name.as_deref(),
            &request.variables,
        );
        let guarded = match guarded.and_then(Guarded::answered_once) {
            Ok(guarded) => guarded,
            Err(refusal) => {
                let denials = Denials::of(policy, &rights, refusal.denied.iter().copied());
                denials.report(&viewer, &origin, "operation refused");
                let asked = audit::action(refusal.operations.iter().map(String::as_str));
                let operation = self.operation(viewer, origin.clone(), rights.clone());
                self.record_denial(&operation, &asked, denials.fields(), policy).await;
                let mut response = refusal.into_response();
                denials.explain(&mut response);
                return signed(response, &origin);
            }
        };
        let charged = match self.charge(&viewer, &origin, &guarded).await {
            Ok(charged) => rates::told(charged, guarded.cost, self.config.limits.cost),
            Err(limited) => return signed(limited.into_response(), &origin),
        };
        let read = |field: &FieldId| (*field, Question::shown(policy.catalog().field_name(*field)));
        let denials = Denials::of(policy, &rights, guarded.plan.denied().iter().map(read));
        denials.report(&viewer, &origin, "fields denied");
        let operation = self.operation(viewer, origin.clone(), rights.clone());
        operation.show(guarded.plan.shown());
        operation.disclosing.plan(&guarded.plan, policy);
        let asked = audit::action(guarded.plan.operations(policy.catalog()));
        self.record_denial(&operation, &asked, denials.fields(), policy).await;
        let request = decided(request, guarded.document, guarded.defaults).data(DocumentCost(guarded.cost));
        let about_schema = match guarded.introspection {
            Some(document) => {
                Some(introspection::answer(policy, &rights, document, request.variables.clone()).await)
            }
            None => None,
        };
        let mut response = self.run(equipped(request, &operation, policy)).await;
        if let Err(error) = operation.end().await {
            error.log();
        }
        if operation.changed_policy() {
            self.news.policy_changed();
            self.refresh_policy().await;
        }
        if response.data != async_graphql::Value::Null
            && let Err(error) = self.record_disclosures(&operation, &asked).await
        {
            // What is not on record does not leave.
            return signed(Refusal::from(error).into_response(), &origin);
        }
        if let Some(about_schema) = about_schema {
            introspection::join(&mut response, about_schema);
        }
        let mut response = finish(policy.catalog(), &guarded.plan, response);
        denials.explain(&mut response);
        response.extensions.insert("cost".to_owned(), charged);
        signed(response, &origin)
    }

    async fn record_disclosures(&self, operation: &Operation, asked: &str) -> Result<()> {
        self.journal.record(audit::disclosures(operation, asked)?).await
    }

    /// A denial stays what it is, whether or not it goes on record.
    async fn record_denial<'a>(
        &self,
        operation: &Operation,
        asked: &str,
        denied: impl IntoIterator<Item = &'a str>,
        policy: &Policy,
    ) {
        let entry = audit::denial(operation, asked, denied, policy.version());
        let recorded = match entry {
            Ok(entry) => self.journal.record(entry.into_iter().collect()).await,
            Err(error) => Err(error),
        };
        if let Err(error) = recorded {
            error.log();
        }
    }

    /// Puts changes of the policy in force, if there are any; what is wrong with them is logged.
    pub async fn refresh_policy(&self) {
        if let Err(error) = self.policy.refresh(&self.db).await {
            error.log();
        }
    }

    /// Executes without any guard: what its cost is measured against. No rights, so personal data come out masked.
    #[expect(clippy::disallowed_methods, reason = "the one place where the schema is executed")]
    async fn run(&self, request: Request) -> Response {
        self.schema.execute(request).await
    }
}

/// The request as the guard decided it.
fn decided(
    mut request: Request,
    document: ExecutableDocument,
    defaults: Vec<(Name, async_graphql::Value)>,
) -> Request {
    request.set_parsed_query(document);
    for (name, value) in defaults {
        request.variables.insert(name, value);
    }
    request
}

/// A request with what resolvers find in it. No question about the schema is left in its document; one that was would
/// find nothing.
fn equipped(request: Request, operation: &Arc<Operation>, policy: &Arc<Policy>) -> Request {
    request
        .disable_introspection()
        .data(operation.clone())
        .data(operation.rights.clone())
        .data(policy.clone())
        .data(Arc::new(Batches::default()))
}

/// Every error names the request.
fn signed(mut response: Response, origin: &Origin) -> Response {
    for error in &mut response.errors {
        sign(error, &origin.request_id);
    }
    response
}

fn sign(error: &mut ServerError, request_id: &str) {
    error.extensions.get_or_insert_default().set("requestId", request_id);
}
