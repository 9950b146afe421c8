//! The application: what every request shares, and how it starts.

mod acting;
mod alerts;
mod documents;
mod executing;
mod gauges;
mod keys;
mod live;
mod rates;
mod scanning;
mod secrets;
mod shipping;
mod start_error;
mod upkeep;

use std::sync::Arc;

use async_graphql::Request;
use sea_orm::{DatabaseConnection, DbErr};
use tokio::sync::Mutex;

use self::executing::{decided, equipped, sign, signed};
pub use self::gauges::{CONNECTIONS, POLICY};
pub use self::keys::{connect_vault, open_vault};
use self::live::Live;
pub use self::live::{Begun, End, Place, SOCKETS, Seat, Subscribed, Told};
pub use self::rates::Limited;
use self::secrets::Secrets;
pub use self::secrets::{REFUSED as SECRET_REFUSED, RELOADS as SECRET_RELOADS, reloaded};
pub use self::start_error::StartError;
use crate::accounts::Accounts;
use crate::alerts::Watcher;
use crate::audit::{Heads, Journal, Log, Quotas};
use crate::authn::external::Issuers;
use crate::authn::token::Tokens;
use crate::authn::{self, Origin, Viewer};
use crate::clock::Clock;
use crate::config::{Config, DatabaseUrl, Profile};
use crate::crypto::Keys;
use crate::database::wall::Wall;
use crate::database::{self, Renewal};
use crate::documents::Intake;
use crate::error::{Error, Result};
use crate::graphql::page::MaxPageSize;
use crate::mail::Outbox;
use crate::news::News;
use crate::rates::Limiter;
use crate::reload::PolicyInForce;
use crate::reveal::Reader;
use crate::scanner::Scanner;
use crate::schema::{self, CustodianSchema};
use crate::seed;
use crate::sink::Shipper;
use crate::store::Store;
use crate::trail::Verifier;
use crate::trusted::TrustedDocuments;
use crate::vault::{MasterKeys, Vault};

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
    renewal: Renewal,
    secrets: Secrets,
    /// The version of the policy that `/metrics` told last.
    told_policy: std::sync::Mutex<String>,
    issuers: Issuers,
    schema: CustodianSchema,
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
    renewal: &Renewal,
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
    let db = database::connect_renewable(url, config.connections, renewal).await.map_err(failed(url))?;
    let pending = database::pending(&db).await.map_err(failed(url))?;
    if !pending.is_empty() {
        return Err(StartError::Outdated { store: "database", pending });
    }
    let holds_keys = !vault.is_empty().await.map_err(keys::failed(&config.key_store_url))?;
    refuse_lost(config, holds_keys, &db).await?;
    holds_wall(config, &db).await?;
    Ok((db, vault))
}

/// Refuses, in production, a database role that row-level security does not hold.
async fn holds_wall(config: &Config, db: &DatabaseConnection) -> Result<(), StartError> {
    if let Some(Wall { role, .. }) = Wall::look(db).await.map_err(failed(&config.database_url))?
        && let Some(fault) = role.passes_by()
    {
        if config.profile == Profile::Production {
            return Err(StartError::Role { role: role.name, fault });
        }
        tracing::warn!(role = role.name, fault, "row-level security does not hold this database role");
    }
    Ok(())
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
        let renewal = Renewal::default();
        let (db, vault) = open(&config, masters, &clock, &renewal).await?;
        Self::assemble(config, clock, policy, keys, vault, (db, renewal)).await
    }

    /// As [`Self::start`], on a database that is open and up to date already: one that somebody watches.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn on(config: Config, clock: Clock, db: DatabaseConnection) -> Result<Arc<Self>, StartError> {
        let policy = load_policy(&config).await?;
        let keys = load_keys(&config, &clock)?;
        let vault = open_vault(&config, &clock).await?;
        Self::assemble(config, clock, policy, keys, vault, (db, Renewal::default())).await
    }

    async fn assemble(
        config: Config,
        clock: Clock,
        policy: PolicyInForce,
        keys: Keys,
        vault: Vault,
        (db, renewal): (DatabaseConnection, Renewal),
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
        let secrets = Secrets::new(&config);
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
            renewal,
            secrets,
            told_policy: std::sync::Mutex::default(),
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

    /// Puts changes of the policy in force, if there are any; what is wrong with them is logged.
    pub async fn refresh_policy(&self) {
        if let Err(error) = self.policy.refresh(&self.db).await {
            error.log();
        }
    }
}
