//! Configuration: defaults < `custodian.toml` < `CUSTODIAN_*` < flags.
//!
//! `defaults.toml` names every key. Invariants: a [`Config`] is valid as a whole, so nothing that reads it checks it
//! again; an error names the key and where its value came from, on one line; a secret is printed by no error and no
//! `Debug`.

mod alerts;
mod clamd_url;
mod data_dir;
mod database_url;
mod error;
mod issuer;
mod production;
mod public_url;
mod rates;
mod redis_url;
mod secret_files;
mod smtp_url;
mod sources;
mod store_url;
mod traces;
mod value;
mod webhook_secret;
mod websocket;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use lettre::Address;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub use self::alerts::{ActorRule, AlertRule, Alerts, HoursRule, NewAddressRule, RuleContainment};
pub use self::clamd_url::ClamdUrl;
pub use self::data_dir::prepare as prepare_data_dir;
pub use self::database_url::DatabaseUrl;
pub use self::error::{ConfigError, SECRETS};
pub use self::issuer::{IssuerConfig, SignatureAlgorithm};
pub use self::production::Unfit;
pub use self::public_url::PublicUrl;
pub use self::rates::Rates;
pub use self::redis_url::RedisUrl;
pub use self::secret_files::{Held, SecretFiles};
pub use self::smtp_url::SmtpUrl;
pub use self::sources::{Flag, Sources};
pub use self::store_url::StoreUrl;
pub use self::traces::Tracing;
pub use self::webhook_secret::WebhookSecret;
pub use self::websocket::WebSocket;

/// The password of the demo accounts when none is configured.
pub const DEMO_PASSWORD: &str = "Custodian-Demo-1";

/// The folder of keys within the data folder.
const KEYS: &str = "keys";

/// The folder of letters within the data folder.
const MAIL: &str = "mail";

/// The folder of signed heads within the data folder.
const AUDIT_HEADS: &str = "audit-heads";

/// The folder of the contents of documents within the data folder.
const DOCUMENTS: &str = "documents";

/// The file of the master key within the data folder.
const MASTER_KEY: &str = "master.key";

/// What the server is run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Trying out and developing: demo data, GraphiQL, logs to read.
    Development,
    /// Real data: no demo accounts, no GraphiQL, no introspection, logs as JSON.
    Production,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The configuration of a server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the server is run for.
    pub profile: Profile,
    /// The folder of the database file, keys and documents.
    #[serde(deserialize_with = "value::folder")]
    pub data_dir: PathBuf,
    /// Where requests are served.
    #[serde(deserialize_with = "value::address")]
    pub listen: SocketAddr,
    /// The certificate that the API is served with, in PEM, the server's own first: TLS 1.3. None: in clear.
    #[serde(deserialize_with = "value::optional_file")]
    pub tls_cert: Option<PathBuf>,
    /// Its key, in PEM.
    #[serde(deserialize_with = "value::optional_file")]
    pub tls_key: Option<PathBuf>,
    /// Connections and requests.
    pub http: Http,
    /// Where `/metrics` is served, if anywhere.
    #[serde(deserialize_with = "value::optional_address")]
    pub metrics_listen: Option<SocketAddr>,
    /// The database, as the service connects to it.
    pub database_url: DatabaseUrl,
    /// The same database, as the owner of its tables connects to it, where that is somebody else.
    #[serde(deserialize_with = "DatabaseUrl::optional")]
    pub migration_database_url: Option<DatabaseUrl>,
    /// Connections to the database.
    pub connections: Connections,
    /// Where the keys of stored data are, as the service connects to it.
    pub key_store_url: DatabaseUrl,
    /// The file of the master key, which wraps the keys in there, where it is in a file.
    #[serde(deserialize_with = "value::optional_file")]
    pub master_key_file: Option<PathBuf>,
    /// The text of such a file, where it came by the environment.
    #[serde(deserialize_with = "value::optional_secret")]
    pub master_key: Option<SecretString>,
    /// How many keys of stored data are kept in clear between requests.
    #[serde(deserialize_with = "value::whole::<_, _, 0, 100_000>")]
    pub keys_kept: usize,
    /// The keys that sign access tokens and seal values.
    #[serde(deserialize_with = "value::folder")]
    pub signing_keys_dir: PathBuf,
    /// Where the contents of documents are.
    pub store_url: StoreUrl,
    /// The S3 service, where it is not that of Amazon.
    #[serde(deserialize_with = "PublicUrl::optional")]
    pub store_endpoint: Option<PublicUrl>,
    /// The region of the bucket.
    #[serde(deserialize_with = "store_url::region")]
    pub store_region: String,
    /// The credentials for the bucket, where they are not those of the machine's role: the name of the key.
    #[serde(deserialize_with = "value::optional_secret")]
    pub store_access_key: Option<SecretString>,
    /// The key.
    #[serde(deserialize_with = "value::optional_secret")]
    pub store_secret_key: Option<SecretString>,
    /// Where instances tell each other what changed, and count together, if anywhere.
    #[serde(deserialize_with = "RedisUrl::optional")]
    pub redis_url: Option<RedisUrl>,
    /// The server that letters are given to; where there is none, they become files.
    #[serde(deserialize_with = "SmtpUrl::optional")]
    pub smtp_url: Option<SmtpUrl>,
    /// The folder of those files.
    #[serde(deserialize_with = "value::folder")]
    pub mail_dir: PathBuf,
    /// The folder that the signed ends of the audit log's chains are written to.
    #[serde(deserialize_with = "value::folder")]
    pub audit_heads_dir: PathBuf,
    /// Where the audit log is shipped to, if anywhere: OpenSearch or Elasticsearch.
    #[serde(deserialize_with = "PublicUrl::optional")]
    pub opensearch_url: Option<PublicUrl>,
    /// The index, or an alias of one.
    #[serde(deserialize_with = "value::index")]
    pub opensearch_index: String,
    /// The key that it is shipped with.
    #[serde(deserialize_with = "value::optional_secret")]
    pub opensearch_api_key: Option<SecretString>,
    /// Or the user, where that is not empty.
    #[serde(deserialize_with = "value::user")]
    pub opensearch_user: String,
    /// And his password.
    #[serde(deserialize_with = "value::optional_secret")]
    pub opensearch_password: Option<SecretString>,
    /// Certificates in PEM: where they are given no others are trusted.
    #[serde(deserialize_with = "value::optional_file")]
    pub opensearch_ca_file: Option<PathBuf>,
    /// How long a request to it may take in all, in seconds.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 600>")]
    pub opensearch_timeout_seconds: u32,
    /// The program that alerts are told to, if any.
    #[serde(deserialize_with = "PublicUrl::optional")]
    pub alert_webhook_url: Option<PublicUrl>,
    /// What that is signed with.
    #[serde(deserialize_with = "WebhookSecret::optional")]
    pub alert_webhook_secret: Option<WebhookSecret>,
    /// The scanner of documents; where there is none, they are taken unscanned, in development only.
    #[serde(deserialize_with = "ClamdUrl::optional")]
    pub clamd_url: Option<ClamdUrl>,
    /// How long an upload waits for it in all, in seconds.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 600>")]
    pub clamd_timeout_seconds: u32,
    /// Whom letters are from.
    #[serde(deserialize_with = "value::mail_address")]
    pub mail_from: Address,
    /// The address under which clients reach the service: the issuer of its tokens (RFC 8414, 2).
    #[serde(deserialize_with = "public_url::origin")]
    pub public_url: PublicUrl,
    /// The pages that links in letters lead to.
    pub portal_url: PublicUrl,
    /// The largest page of a connection.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1000>")]
    pub max_page_size: u32,
    /// Origins (RFC 6454) whose pages may call the API.
    #[serde(deserialize_with = "value::origins")]
    pub allowed_origins: Vec<String>,
    /// How long an access token is valid, in seconds: at most an hour (DOMAIN, "access token life").
    #[serde(deserialize_with = "value::whole::<_, _, 1, 3600>")]
    pub access_token_ttl_seconds: u32,
    /// How long one stays signed in.
    pub session: Session,
    /// How long a request may take, in seconds.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 600>")]
    pub request_timeout_seconds: u32,
    /// What is logged, in the syntax of `tracing_subscriber::EnvFilter`.
    #[serde(deserialize_with = "value::log_filter")]
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Whether `/graphiql` is served.
    pub graphiql: bool,
    /// Whether roles that may introspect can do so.
    pub introspection: bool,
    /// The password of the demo accounts.
    #[serde(deserialize_with = "value::secret")]
    pub demo_password: SecretString,
    /// A folder whose policy is used instead of the built-in one.
    #[serde(deserialize_with = "value::optional_folder")]
    pub policy_dir: Option<PathBuf>,
    /// A folder with the trusted documents of API clients, if there is one.
    #[serde(deserialize_with = "value::optional_folder")]
    pub trusted_documents_dir: Option<PathBuf>,
    /// What one GraphQL request may ask for.
    pub limits: Limits,
    /// Files in requests.
    pub uploads: Uploads,
    /// Contents of documents in answers.
    pub downloads: Downloads,
    /// Unmasking single values.
    pub reveal: Quota,
    /// Looking customers up.
    pub lookup: Quota,
    /// Adding customers.
    pub customer_create: Pace,
    /// Inviting people to accounts.
    pub user_invite: Quota,
    /// Proxies whose word on the client's address is taken.
    #[serde(deserialize_with = "value::networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// Which passwords may be chosen.
    pub passwords: Passwords,
    /// Guessing at passwords and codes.
    pub sign_in: SignIn,
    /// How much room documents have.
    pub documents: Documents,
    /// Programs that call in the name of accounts.
    pub api_clients: ApiClients,
    /// OpenID issuers whose tokens are taken.
    pub issuers: Vec<IssuerConfig>,
    /// Links in letters.
    pub links: Links,
    /// The audit log.
    pub audit: Audit,
    /// The rules over it.
    pub alerts: Alerts,
    /// Live data.
    pub websocket: WebSocket,
    /// How often something may be asked for.
    pub rates: Rates,
    /// Traces.
    pub tracing: Tracing,
    /// The secrets of these that are in files, if any is.
    #[serde(skip)]
    pub secret_files: Option<Arc<SecretFiles>>,
}

/// The audit log.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Audit {
    /// When it is on record that data were disclosed.
    pub disclosures: Disclosures,
}

/// When it is on record that data were disclosed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Disclosures {
    /// Before they leave: where it cannot be, they do not.
    Strict,
    /// Within a second.
    Buffered,
}

/// How much room documents have.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Documents {
    /// Those of one customer, in MiB.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_048_576>")]
    pub customer_mebibytes: u64,
    /// Those of all customers of a provider, in MiB.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_073_741_824>")]
    pub tenant_mebibytes: u64,
}

/// Programs that call in the name of accounts.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct ApiClients {
    /// How many days after its creation one expires at the latest.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 3650>")]
    pub max_lifetime_days: u32,
}

/// How long links in letters can be used.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Links {
    /// To choose a new password, in minutes.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1440>")]
    pub reset_minutes: u32,
    /// To accept an invitation, in days.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 90>")]
    pub invitation_days: u32,
}

/// Which passwords may be chosen.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Passwords {
    /// By which rules.
    pub policy: PasswordPolicy,
}

/// The rules for passwords (DOMAIN, "password rules"). Both refuse those that are common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PasswordPolicy {
    /// At least 8 characters, with capital and small letters and digits.
    Classic,
    /// At least 15 characters, or 8 beside a second factor, whatever they are (NIST SP 800-63B-4).
    Nist,
}

/// Guessing at passwords and codes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct SignIn {
    /// Failures within a day after which an account has to wait.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 100>")]
    pub account_failures: i32,
    /// Failures within an hour after which an address has to wait.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub address_failures: i32,
    /// How long a second factor stands behind a session, in minutes, for what asks for it.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1440>")]
    pub step_up_minutes: u32,
}

/// How long one stays signed in, in days.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Session {
    /// At most.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 365>")]
    pub max_days: u32,
    /// Without using it: the life of a refresh token.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 365>")]
    pub idle_days: u32,
}

/// How often a user may do something.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Quota {
    /// Within an hour.
    #[serde(deserialize_with = "value::whole::<_, _, 0, 1000>")]
    pub per_hour: usize,
}

/// How often a user may do something at once.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Pace {
    /// Within a minute.
    #[serde(deserialize_with = "value::whole::<_, _, 0, 1000>")]
    pub per_minute: usize,
}

/// What one GraphQL request may ask for. Counts are after expansion of fragments.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Limits {
    /// Bytes of the request body.
    #[serde(deserialize_with = "value::whole::<_, _, 1024, 67_108_864>")]
    pub body_bytes: usize,
    /// Bytes of the document.
    #[serde(deserialize_with = "value::whole::<_, _, 1024, 1_048_576>")]
    pub document_bytes: usize,
    /// Bytes of the document of who has not signed in: what he may do is said in few words, and reading more would be paid
    /// for by the server.
    #[serde(deserialize_with = "value::whole::<_, _, 1024, 1_048_576>")]
    pub anonymous_document_bytes: usize,
    /// Names, numbers, strings and punctuators of the document.
    #[serde(deserialize_with = "value::whole::<_, _, 100, 1_000_000>")]
    pub tokens: u64,
    /// Nesting of fields. The parser itself stops at 64.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 64>")]
    pub depth: u64,
    /// Fields with an alias.
    #[serde(deserialize_with = "value::whole::<_, _, 0, 1_000_000>")]
    pub aliases: u64,
    /// Selected fields.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub fields: u64,
    /// Selected fields, each times the size of the lists it stands in.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000_000>")]
    pub cost: u64,
    /// Fields directly under the root.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub root_fields: u64,
    /// Directives on fields and fragments.
    #[serde(deserialize_with = "value::whole::<_, _, 0, 1_000_000>")]
    pub directives: u64,
    /// Conditions in filters.
    #[serde(deserialize_with = "value::whole::<_, _, 0, 1_000_000>")]
    pub filters: u64,
    /// Those on other rows (`is`, `some`): each searches the rows of a type.
    #[serde(deserialize_with = "value::whole::<_, _, 0, 1_000_000>")]
    pub filters_on_other_rows: u64,
}

/// Connections and requests.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Http {
    /// Connections at a time.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub connections: usize,
    /// Those of one address, of IPv6 of a /64; trusted proxies may have all.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub connections_per_address: usize,
    /// How long the head of a request may take to come, and how long a connection is kept on which none does.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 600>")]
    pub header_timeout_seconds: u32,
    /// Bytes of the head of a request.
    #[serde(deserialize_with = "value::whole::<_, _, 8192, 1_048_576>")]
    pub header_bytes: usize,
    /// Requests that are worked on at a time.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 100_000>")]
    pub requests_at_once: usize,
    /// Those of one address, of IPv6 of a /64.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 100_000>")]
    pub requests_per_address: usize,
}

impl Http {
    /// How long the head of a request may take to come.
    pub fn header_timeout(&self) -> Duration {
        Duration::from_secs(self.header_timeout_seconds.into())
    }
}

/// Contents of documents in answers.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Downloads {
    /// Contents that one user is sent at a time.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1000>")]
    pub per_user: usize,
    /// Contents that are sent at a time.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 10_000>")]
    pub at_once: usize,
    /// How long a client may take nothing of any answer.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 600>")]
    pub idle_seconds: u32,
}

impl Downloads {
    /// How long a client may take nothing of any answer.
    pub fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_seconds.into())
    }
}

/// Files in requests.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Uploads {
    /// Files of one request.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 100>")]
    pub files: u8,
    /// Bytes of one file.
    #[serde(deserialize_with = "value::whole::<_, _, 1024, 1_073_741_824>")]
    pub file_bytes: usize,
    /// How long a request with files may take to come in.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 3600>")]
    pub timeout_seconds: u32,
    /// How long nothing of it may come.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 600>")]
    pub idle_seconds: u32,
    /// Such requests of one user at a time.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1000>")]
    pub per_user: usize,
    /// Such requests at a time.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 10_000>")]
    pub at_once: usize,
}

impl Uploads {
    /// How long a request with files may take to come in.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.into())
    }

    /// How long nothing of it may come.
    pub fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_seconds.into())
    }
}

/// Connections to the database; how long it lets a statement run is for PostgreSQL.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Connections {
    /// The most at a time.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1000>")]
    pub max: u32,
    /// Kept open when nothing is asked.
    #[serde(deserialize_with = "value::whole::<_, _, 0, 1000>")]
    pub min: u32,
    /// How long a request waits for one.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 600>")]
    pub acquire_timeout_seconds: u32,
    /// How long one is kept that nobody uses.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 86_400>")]
    pub idle_timeout_seconds: u32,
    /// How long one is kept at all.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 86_400>")]
    pub max_lifetime_seconds: u32,
    /// How long a statement may run. Migrations take the time they need.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 600>")]
    pub statement_timeout_seconds: u32,
    /// How long a statement waits for others.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 600>")]
    pub lock_timeout_seconds: u32,
    /// How long a transaction may rest between two statements.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 600>")]
    pub idle_transaction_timeout_seconds: u32,
}

impl Config {
    /// Reads the configuration from these sources.
    ///
    /// # Errors
    /// A [`ConfigError`] naming key and source: a file that cannot be read or is no TOML, an unknown key or variable,
    /// a value that is not valid.
    pub fn load(sources: Sources) -> Result<Self, ConfigError> {
        sources::extract(sources)
    }

    /// The defaults with this database and data folder; no file and no variable is read.
    pub fn for_tests(database_url: String, data_dir: PathBuf) -> Self {
        let key_store_url =
            DatabaseUrl::unchecked(DatabaseUrl::of_keys(&data_dir.to_string_lossy(), &database_url));
        let (database_url, signing_keys_dir) = (DatabaseUrl::unchecked(database_url), data_dir.join(KEYS));
        let (mail_dir, master_key_file) = (data_dir.join(MAIL), Some(data_dir.join(MASTER_KEY)));
        let audit_heads_dir = data_dir.join(AUDIT_HEADS);
        let store_url = StoreUrl::Folder(data_dir.join(DOCUMENTS));
        let urls = Self { database_url, key_store_url, store_url, ..Self::default() };
        // What tests do to keys is seen at once.
        let keys_kept = 0;
        let audit = Audit { disclosures: Disclosures::Strict };
        Self {
            keys_kept,
            audit,
            rates: Rates::for_tests(),
            signing_keys_dir,
            mail_dir,
            audit_heads_dir,
            master_key_file,
            data_dir,
            ..urls
        }
    }

    /// The database as the owner of its tables connects to it.
    pub fn owner_url(&self) -> &DatabaseUrl {
        self.migration_database_url.as_ref().unwrap_or(&self.database_url)
    }

    /// The key store as the owner of its tables connects to it: the owner of the data, where both are on one server.
    pub fn key_store_owner_url(&self) -> DatabaseUrl {
        let keys = &self.key_store_url;
        let owner = self.migration_database_url.as_ref().filter(|_| keys.is_beside(&self.database_url));
        owner.and_then(|owner| owner.in_database_of(keys)).unwrap_or_else(|| keys.clone())
    }

    /// Whether `serve` brings database and key store up to date by itself: nobody else was named who does, and they are
    /// either files or a developer's.
    pub fn serve_migrates(&self) -> bool {
        let are_files = self.database_url.is_sqlite() && self.key_store_url.is_sqlite();
        self.migration_database_url.is_none() && (are_files || self.profile == Profile::Development)
    }

    /// How long a request may take.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds.into())
    }
}

impl Default for Config {
    #[expect(
        clippy::expect_used,
        reason = "the defaults are part of the program; every start and test reads them"
    )]
    fn default() -> Self {
        Self::load(Sources::default()).expect("the defaults are valid")
    }
}
