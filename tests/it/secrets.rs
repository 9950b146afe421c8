//! Secrets in files that are exchanged while the service runs.

mod listed;
mod parts;
mod refused;
mod rotation;

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use custodian::app::App;
use custodian::config::{Config, SecretFiles, Sources};
use metrics_exporter_prometheus::PrometheusHandle;
use sea_orm::ConnectionTrait;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;
use uuid::Uuid;

use crate::app::TestApp;
use crate::postgres::CHECKED;
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    listed::register(suite);
    rotation::register(suite);
    refused::register(suite);
    parts::register(suite);
}

/// A folder of secrets, as an orchestrator hands them out.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder can be made"))
    }

    fn path(&self, key: &str) -> PathBuf {
        self.0.path().join(key)
    }

    /// Exchanges a secret, as a whole: whoever reads it meanwhile reads the one or the other.
    fn write(&self, key: &str, content: &str) {
        let unfinished = self.path("unfinished");
        fs::write(&unfinished, format!("{content}\n")).expect("the folder can be written");
        fs::rename(unfinished, self.path(key)).expect("the folder can be written");
    }

    /// The configuration that these files make, beside these variables.
    fn load(&self, keys: &[&str], more: &[(&str, &str)]) -> Config {
        let of_file = |key: &&str| {
            let name = format!("CUSTODIAN_{}_FILE", key.to_uppercase());
            (OsString::from(name), self.path(key).into_os_string())
        };
        let more = more.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let variables = keys.iter().map(of_file).chain(more).collect();
        Config::load(Sources { variables, ..Sources::default() }).expect("the files hold what they should")
    }

    /// The same, for a configuration of a test's own to follow.
    fn watched(&self, keys: &[&str]) -> Option<Arc<SecretFiles>> {
        self.load(keys, &[]).secret_files
    }
}

/// A role that serves, and is asked for its password.
struct Role {
    name: String,
    password: String,
}

impl Role {
    async fn create(app: &TestApp) -> Self {
        let role = Self { name: format!("custodian_test_{}", Uuid::now_v7().simple()), password: password() };
        let Self { name, password } = &role;
        let group = format!(
            "DO $$ BEGIN CREATE ROLE {CHECKED}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        );
        let create =
            format!("CREATE ROLE {name} LOGIN PASSWORD '{password}' IN ROLE custodian_app, {CHECKED}");
        for statement in [group, create] {
            app.db().execute_unprepared(&statement).await.expect("the server's own user makes roles");
        }
        let wrong = role.options(app).password("planted-wrong").connect().await;
        assert!(
            wrong.is_err(),
            "the server lets anybody in: in its pg_hba.conf ask members of {CHECKED} for their password"
        );
        role
    }

    fn options(&self, app: &TestApp) -> PgConnectOptions {
        let options: PgConnectOptions = app.database().url.parse().expect("an address of PostgreSQL");
        options.username(&self.name).password(&self.password)
    }

    /// Its address, with this password.
    fn url(&self, app: &TestApp) -> String {
        self.options(app).to_url_lossy().into()
    }

    /// Gives it another password.
    async fn rotate(&mut self, app: &TestApp) {
        self.password = password();
        let Self { name, password } = self;
        let alter = format!("ALTER ROLE {name} PASSWORD '{password}'");
        app.db().execute_unprepared(&alter).await.expect("the server's own user changes roles");
    }

    /// How many connections it has.
    async fn connections(&self, app: &TestApp) -> i64 {
        let name = &self.name;
        let count = format!("SELECT count(*) FROM pg_stat_activity WHERE usename = '{name}'");
        let row =
            app.db().query_one_raw(sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, count));
        row.await.expect("the database answers").expect("a row").try_get_by_index(0).expect("a number")
    }
}

/// A password that is told from everything else.
fn password() -> String {
    format!("planted-{}", Uuid::now_v7().simple())
}

/// An instance whose database, and with it its key store, is where the file says.
async fn instance(app: &TestApp, files: &Files, change: impl FnOnce(&mut Config)) -> (Arc<App>, Router) {
    let loaded = files.load(&["database_url"], &[]);
    app.instance(|config| {
        config.database_url = loaded.database_url;
        config.key_store_url = loaded.key_store_url;
        config.secret_files = loaded.secret_files;
        change(config);
    })
    .await
}

/// What was counted under this name and these labels.
fn counted(metrics: &PrometheusHandle, name: &str, labels: &[&str]) -> f64 {
    let text = metrics.render();
    let lines = text.lines().filter(|line| line.starts_with(&format!("{name}{{")));
    let lines = lines.filter(|line| labels.iter().all(|label| line.contains(label)));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}
