//! The whole service in this process, as a test sees it: its own database, demo data, and a clock that stands still.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use chrono::{DateTime, Utc};
use custodian::app::App;
use custodian::clock::Clock;
use custodian::config::Config;
use sea_orm::DatabaseConnection;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::client::Client;
use crate::database::{Database, Source, connect};
use crate::logs;

/// The password of every demo account.
const PASSWORD: &str = "Custodian-Demo-1";

/// When tests take place: 2026-03-01T12:00:00Z, in seconds since the epoch.
const NOW: i64 = 1_772_366_400;

/// A clock that stands at the time of the tests.
pub fn fixed_clock() -> Clock {
    Clock::fixed(DateTime::<Utc>::from_timestamp(NOW, 0).expect("the time is in range"))
}

/// A running service. Clones are the same service.
#[derive(Clone)]
pub struct TestApp {
    /// Its HTTP surface.
    pub router: Router,
    /// The service itself.
    pub service: Arc<App>,
    /// Its clock; `advance` moves it.
    pub clock: Clock,
    db: DatabaseConnection,
    database: Arc<Database>,
    source: Arc<Source>,
    tokens: Arc<Mutex<HashMap<String, String>>>,
    started: logs::Mark,
}

impl TestApp {
    /// Starts the service on a fresh database of this source.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(source: Arc<Source>) -> Self {
        let started = logs::mark();
        let database = source.fresh().await;
        let clock = fixed_clock();
        let app = match App::start(database.config(), clock.clone()).await {
            Ok(app) => app,
            Err(error) => panic!("the service does not start: {error}"),
        };
        Self {
            router: custodian::http::router(app.clone()),
            service: app,
            clock,
            db: connect(&database.owner_url).await.expect("the address made the database"),
            database: Arc::new(database),
            source,
            tokens: Arc::default(),
            started,
        }
    }

    /// A second service with a database of its own, of the same kind.
    pub async fn another(&self) -> Self {
        Self::start(Arc::clone(&self.source)).await
    }

    /// Another instance of the service, on the same database.
    pub async fn instance(&self, change: impl FnOnce(&mut Config)) -> (Arc<App>, Router) {
        let mut config = self.database.config();
        change(&mut config);
        let app = App::start(config, self.clock.clone()).await.expect("a second instance starts");
        (app.clone(), custodian::http::router(app))
    }

    /// The database, past every rule of the service: for fixtures, and to see what was stored.
    pub fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    /// The database's address and the data folder, for a second process.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// A caller without credentials.
    pub fn anonymous(&self) -> Client {
        Client::new(self.router.clone(), None)
    }

    /// A demo account, signed in: `support@acme.example`.
    pub async fn login(&self, username: &str) -> Client {
        Client::new(self.router.clone(), Some(self.token(username).await))
    }

    /// The access token of a demo account. The service is asked once for each.
    pub async fn token(&self, username: &str) -> String {
        let mut tokens = self.tokens.lock().await;
        if let Some(token) = tokens.get(username) {
            return token.clone();
        }
        // Literals, not variables: their GraphQL types are not the harness's business.
        let document = format!(
            "mutation {{ login(username: {}, password: {}) {{ accessToken }} }}",
            json!(username),
            json!(PASSWORD),
        );
        let answer = self.anonymous().query(&document, Value::Null).await;
        let Some(token) = answer.ok()["login"]["accessToken"].as_str() else {
            panic!("{username} cannot sign in: {}", answer.text);
        };
        tokens.insert(username.to_owned(), token.to_owned());
        token.to_owned()
    }

    /// Everything this process has logged since this service started, one event a line. Other tests' events are
    /// among them: search for values that only this test uses.
    pub fn logs(&self) -> String {
        logs::since(self.started)
    }
}
