//! Secrets in files that are exchanged while the service runs.
//!
//! The files are looked at as often as those of the policy. What they hold is in use once the part that it is for took it;
//! until then the one before goes on. Parts do not wait for each other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::{App, holds_wall};
use crate::config::{Config, ConfigError, Connections, DatabaseUrl, Held, RedisUrl, SecretFiles};
use crate::database::{self, refuses_credentials};
use crate::news;
use crate::reload;

/// Counts what became of secrets that were found changed.
pub const RELOADS: &str = "custodian_secret_reloads_total";
/// Whether a file holds a secret that is not in use.
pub const REFUSED: &str = "custodian_secret_refused";

/// How long a part may take to say what it thinks of new credentials.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it is not asked again about the same.
const AGAIN: Duration = Duration::from_secs(30);

/// What secrets are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Database,
    KeyStore,
    Documents,
    Redis,
    Mail,
    Shipping,
    Webhook,
    /// What is needed at the start only, and addresses, which lead elsewhere when they change.
    Start,
}

impl Part {
    const ALL: [Self; 8] = [
        Self::Database,
        Self::KeyStore,
        Self::Documents,
        Self::Redis,
        Self::Mail,
        Self::Shipping,
        Self::Webhook,
        Self::Start,
    ];

    /// The keys that it is configured by.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Database => &["database_url"],
            Self::KeyStore => &["key_store_url"],
            Self::Documents => &["store_access_key", "store_secret_key"],
            Self::Redis => &["redis_url"],
            Self::Mail => &["smtp_url"],
            Self::Shipping => &["opensearch_api_key", "opensearch_password"],
            Self::Webhook => &["alert_webhook_url", "alert_webhook_secret"],
            // `master_key` is not among them: its file is `master_key_file`.
            Self::Start => {
                &["migration_database_url", "store_url", "store_endpoint", "opensearch_url", "demo_password"]
            }
        }
    }

    /// How long it is not asked again about what it refused. A database may be told of a password after the service was.
    fn rest(self) -> Duration {
        match self {
            Self::Database | Self::KeyStore => Duration::ZERO,
            _ => AGAIN,
        }
    }
}

/// The secrets that are put in force while the service runs, by their keys.
pub fn reloaded() -> Vec<&'static str> {
    let parts = Part::ALL.into_iter().filter(|part| *part != Part::Start);
    parts.flat_map(Part::keys).copied().collect()
}

/// What the files are known to hold.
pub(super) struct Secrets(Vec<Mutex<Watch>>);

/// What is known of the files of one part.
struct Watch {
    part: Part,
    files: Arc<SecretFiles>,
    /// The keys that are in files.
    keys: Vec<&'static str>,
    in_use: Held,
    refused: Option<Refused>,
}

/// What is not in use, and why.
struct Refused {
    /// None, where it could not be read.
    held: Option<Held>,
    problem: String,
    at: Instant,
}

impl Secrets {
    pub(super) fn new(config: &Config) -> Self {
        let Some(files) = &config.secret_files else { return Self(Vec::new()) };
        let watch = |part: Part| {
            let mut keys = files.named(part.keys());
            let is_the_same = config.key_store_url.expose() == config.database_url.expose();
            if part == Part::KeyStore && keys.is_empty() && is_the_same {
                // It follows from the other.
                keys = files.named(Part::Database.keys());
            }
            let in_use = files.at_start(&keys);
            (!keys.is_empty())
                .then(|| Mutex::new(Watch { part, files: files.clone(), keys, in_use, refused: None }))
        };
        Self(Part::ALL.into_iter().filter_map(watch).collect())
    }
}

impl App {
    /// Looks once whether files of secrets hold something else, and puts it in use.
    pub async fn refresh_secrets(&self) {
        join_all(self.secrets.0.iter().map(async |watch| watch.lock().await.look(self).await)).await;
    }

    /// The same, for as long as the service runs.
    pub(super) async fn keep_secrets(&self) {
        join_all(self.secrets.0.iter().map(async |watch| {
            loop {
                tokio::time::sleep(reload::INTERVAL).await;
                watch.lock().await.look(self).await;
            }
        }))
        .await;
    }
}

impl Watch {
    async fn look(&mut self, app: &App) {
        let (held, problem) = match self.files.read(&self.keys) {
            Ok(held) if held == self.in_use => return self.settle(),
            Ok(held) if self.rests(&held) => return,
            Ok(held) => match self.take(app, &held).await {
                Ok(()) => {
                    self.in_use = held;
                    for secret in &self.keys {
                        tracing::info!(secret, part = ?self.part, "a secret was taken anew");
                    }
                    self.count("applied");
                    return self.settle();
                }
                Err(problem) => (Some(held), problem),
            },
            Err(error) => (None, said(error)),
        };
        self.refuse(held, problem);
    }

    /// Puts what the files hold in use, or says why not.
    async fn take(&self, app: &App, held: &Held) -> Result<(), String> {
        let fresh = self.files.config(held).map_err(said)?;
        let config = with_secrets(&app.config, fresh);
        let taken = self.part.take(app, &config);
        timeout(PATIENCE, taken).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }

    fn rests(&self, held: &Held) -> bool {
        let refused = self.refused.as_ref().filter(|refused| refused.held.as_ref() == Some(held));
        refused.is_some_and(|refused| refused.at.elapsed() < self.part.rest())
    }

    /// Once for each problem.
    fn refuse(&mut self, held: Option<Held>, problem: String) {
        let is_known =
            self.refused.as_ref().is_some_and(|known| known.held == held && known.problem == problem);
        if !is_known {
            let secrets = self.keys.join(", ");
            tracing::error!(secrets, problem, part = ?self.part, "what was in use before stays so");
            self.count("failed");
        }
        self.tell(1.0);
        self.refused = Some(Refused { held, problem, at: Instant::now() });
    }

    /// What the files hold is in use.
    fn settle(&mut self) {
        if self.refused.take().is_some() {
            self.tell(0.0);
        }
    }

    fn count(&self, outcome: &'static str) {
        for secret in &self.keys {
            metrics::counter!(RELOADS, "secret" => *secret, "outcome" => outcome).increment(1);
        }
    }

    fn tell(&self, is_refused: f64) {
        for secret in &self.keys {
            metrics::gauge!(REFUSED, "secret" => *secret).set(is_refused);
        }
    }
}

impl Part {
    /// Tries the secrets where that can be done, and puts them in use.
    async fn take(self, app: &App, config: &Config) -> Result<(), String> {
        match self {
            Self::Database => take_database(app, &config.database_url).await,
            Self::KeyStore => take_key_store(app, &config.key_store_url).await,
            Self::Documents => app.store.renew(config).await.map_err(|error| error.to_string()),
            Self::Redis => take_redis(app, config.redis_url.as_ref()).await,
            Self::Mail => {
                let (before, now) = (app.config.smtp_url.as_ref(), config.smtp_url.as_ref());
                let is_same = before.zip(now).is_some_and(|(before, now)| before.is_same(now));
                if is_same { app.outbox.renew_carrier(config).await } else { Err(elsewhere()) }
            }
            Self::Shipping => match &app.shipper {
                Some(shipper) => shipper.lock().await.renew(config).map_err(|error| error.to_string()),
                None => Ok(()),
            },
            Self::Webhook => {
                let host = |config: &Config| {
                    config
                        .alert_webhook_url
                        .as_ref()
                        .map(|url| (url.is_encrypted(), url.authority().to_owned()))
                };
                if host(&app.config) == host(config) {
                    app.outbox.renew_webhook(config)
                } else {
                    Err(elsewhere())
                }
            }
            Self::Start => Err("it is read at the start only".to_owned()),
        }
    }
}

/// One connection is enough to try.
fn few(app: &App) -> Connections {
    Connections { max: 1, min: 0, ..app.config.connections }
}

async fn take_database(app: &App, url: &DatabaseUrl) -> Result<(), String> {
    if !app.config.database_url.is_same(url) {
        return Err(elsewhere());
    }
    let tried = database::connect(url, few(app)).await.map_err(|error| refusal(&error))?;
    holds_wall(&app.config, &tried).await.map_err(|error| error.to_string())?;
    // A role that reads nothing here is refused as well.
    database::holds_accounts(&tried).await.map_err(|error| refusal(&error))?;
    app.renewal.take(&app.db, &tried).await;
    tried.close().await.map_err(|error| refusal(&error))
}

async fn take_key_store(app: &App, url: &DatabaseUrl) -> Result<(), String> {
    if !app.config.key_store_url.is_same(url) {
        return Err(elsewhere());
    }
    app.vault.renew(url, app.config.connections).await.map_err(|error| refusal(&error))
}

async fn take_redis(app: &App, url: Option<&RedisUrl>) -> Result<(), String> {
    let pair = app.config.redis_url.as_ref().zip(url).filter(|(before, now)| before.is_same(now));
    let (_, url) = pair.ok_or_else(elsewhere)?;
    news::ping(url).await.map_err(|error| match error.kind() {
        redis::ErrorKind::AuthenticationFailed => "it refuses the credentials".to_owned(),
        _ => "it does not answer, or not as it should".to_owned(),
    })?;
    app.news.renew(url.clone());
    app.rates.renew(url.clone());
    Ok(())
}

/// What it is refused with in our words: those of the server may repeat names.
fn refusal(error: &sea_orm::DbErr) -> String {
    match refuses_credentials(error) {
        true => "the server refuses the credentials".to_owned(),
        false => "the server does not answer, or does not let everything be done".to_owned(),
    }
}

fn elsewhere() -> String {
    "it leads elsewhere than at the start: that takes a restart".to_owned()
}

fn said(error: ConfigError) -> String {
    error.to_string()
}

/// The configuration in use with the secrets of another.
fn with_secrets(config: &Config, fresh: Config) -> Config {
    Config {
        database_url: fresh.database_url,
        key_store_url: fresh.key_store_url,
        store_access_key: fresh.store_access_key,
        store_secret_key: fresh.store_secret_key,
        redis_url: fresh.redis_url,
        smtp_url: fresh.smtp_url,
        opensearch_api_key: fresh.opensearch_api_key,
        opensearch_password: fresh.opensearch_password,
        alert_webhook_url: fresh.alert_webhook_url,
        alert_webhook_secret: fresh.alert_webhook_secret,
        ..config.clone()
    }
}
