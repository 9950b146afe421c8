//! A fresh database for each test: one is migrated and seeded, the others are copies of it.
//!
//! Invariant: a copy brings the template's data folder along (signing keys belong to the data), and nothing a test
//! writes is seen by another test.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::{fs, io};

use custodian::app::App;
use custodian::config::{ClamdUrl, Config, DatabaseUrl, Profile};
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, DbErr};
use tempfile::TempDir;
use uuid::Uuid;

use crate::app::fixed_clock;
use crate::postgres::Server;
use crate::suite::{Failure, runtime};

/// What the service keeps its data in.
pub enum Engine {
    /// A file.
    Sqlite,
    /// A database of this server.
    Postgres(Server),
}

/// Gives out databases of one engine.
pub struct Source {
    engine: Engine,
    template: OnceLock<Result<Template, String>>,
    /// Names of databases that finished tests leave.
    discarded: Mutex<Vec<String>>,
}

/// What is copied. Nobody has it open.
struct Template {
    /// The data folder; for SQLite, with the database in it.
    folder: TempDir,
    /// The database's name on the server, and that of the role which services connect as.
    name: String,
}

/// A test's database. Dropping it gives it back.
pub struct Database {
    /// Its address for the service, in the form of `CUSTODIAN_DATABASE_URL`.
    pub url: String,
    /// Its address for whom nothing holds: on PostgreSQL, the server's own user.
    pub owner_url: String,
    /// Its data folder.
    pub folder: TempDir,
    name: String,
    source: Arc<Source>,
}

impl Source {
    /// A source of databases of this engine.
    pub fn new(engine: Engine) -> Arc<Self> {
        Arc::new(Self { engine, template: OnceLock::new(), discarded: Mutex::default() })
    }

    /// The engine's name, with the version of a server that was used.
    pub fn label(&self) -> String {
        match &self.engine {
            Engine::Sqlite => "sqlite".to_owned(),
            Engine::Postgres(server) => format!("postgres {}", server.version().unwrap_or("(not started)")),
        }
    }

    /// Starts the server and makes the template, once. Blocks: not for use within a runtime.
    ///
    /// # Errors
    /// What stopped the server or the service from starting; every call then returns it.
    pub fn prepare(&self) -> Result<(), &str> {
        let made = self.template.get_or_init(|| {
            let made = match &self.engine {
                Engine::Sqlite => sqlite_template(),
                Engine::Postgres(server) => postgres_template(server),
            };
            made.map_err(|error| format!("the template database cannot be made: {error}"))
        });
        made.as_ref().map(|_| ()).map_err(String::as_str)
    }

    /// A copy of the template.
    ///
    /// # Panics
    /// When it cannot be copied, or [`Source::prepare`] has not succeeded.
    pub async fn fresh(self: &Arc<Self>) -> Database {
        let template =
            self.template.get().and_then(|made| made.as_ref().ok()).expect("prepare has succeeded");
        let folder = data_folder().expect("a temporary folder can be made");
        copy_folder(template.folder.path(), folder.path()).expect("the template's data folder can be copied");
        let name = new_name();
        let (url, owner_url) = match &self.engine {
            Engine::Sqlite => (sqlite_url(folder.path()), sqlite_url(folder.path())),
            Engine::Postgres(server) => {
                let copy = format!("CREATE DATABASE {name} TEMPLATE {}", template.name);
                server.execute(&copy).await.expect("the template database can be copied");
                (server.url_as(&template.name, &name), server.url(&name))
            }
        };
        Database { url, owner_url, folder, name, source: Arc::clone(self) }
    }

    /// Removes what finished tests left on the server, so that a run does not fill its disk.
    ///
    /// # Errors
    /// The server's.
    pub async fn sweep(&self) -> Result<(), DbErr> {
        let names = std::mem::take(&mut *self.discarded());
        if let Engine::Postgres(server) = &self.engine {
            for name in names {
                server.execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await?;
            }
        }
        Ok(())
    }

    /// Ends the use of the source: removes the template, and stops a server that was started for it.
    pub fn finish(&self) {
        let Engine::Postgres(server) = &self.engine else { return };
        if server.is_ours() {
            server.stop();
        } else if let Some(Ok(template)) = self.template.get() {
            self.discarded().push(template.name.clone());
            let removed = runtime().block_on(async {
                self.sweep().await?;
                server.execute(&format!("DROP ROLE {}", template.name)).await
            });
            if let Err(error) = removed {
                eprintln!("databases and a role custodian_test_… may be left on the server: {error}");
            }
        }
    }

    fn discarded(&self) -> MutexGuard<'_, Vec<String>> {
        self.discarded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Database {
    /// The configuration of a service on it. On PostgreSQL it is held by row-level security, and cannot migrate.
    pub fn config(&self) -> Config {
        let mut config = Config::for_tests(self.url.clone(), self.folder.path().to_owned());
        // Within the one minute in which a test takes place many customers are added; what limits them has its own tests.
        config.customer_create.per_minute = 1_000;
        let has_owner = self.owner_url != self.url;
        let migration_database_url = has_owner.then(|| DatabaseUrl::parse(&self.owner_url)).flatten();
        Config { migration_database_url, ..config }
    }

    /// The same in production, with a scanner that nobody need reach.
    pub fn production(&self) -> Config {
        let clamd_url = ClamdUrl::parse("unix:///nowhere/clamd.ctl");
        Config { profile: Profile::Production, clamd_url, ..self.config() }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.source.discarded().push(std::mem::take(&mut self.name));
    }
}

/// A connection apart from the service's own, opened when it is first used.
///
/// # Errors
/// A malformed address.
pub async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(2).connect_lazy(true).sqlx_logging(false);
    sea_orm::Database::connect(options).await
}

fn sqlite_template() -> Result<Template, Failure> {
    let (live, folder) = (data_folder()?, data_folder()?);
    let url = sqlite_url(live.path());
    start_and_stop(&url, folder.path())?;
    // The stopped service may still be closing its file; SQLite copies the committed state whoever has it open.
    let copy = format!("VACUUM INTO '{}'", folder.path().join(SQLITE_FILE).display());
    runtime().block_on(async {
        let db = connect(&url).await?;
        db.execute_unprepared(&copy).await?;
        db.close().await
    })?;
    Ok(Template { folder, name: String::new() })
}

fn postgres_template(server: &Server) -> Result<Template, Failure> {
    server.start()?;
    let (folder, name) = (data_folder()?, new_name());
    // template0: the one without local additions.
    let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'");
    runtime().block_on(server.execute(&create))?;
    start_and_stop(&server.url(&name), folder.path())?;
    // The migrations brought the role whose members serve.
    let login = format!("CREATE ROLE {name} LOGIN PASSWORD '{name}' IN ROLE custodian_app");
    runtime().block_on(server.execute(&login))?;
    // A database is copied only while nobody is connected to it.
    runtime().block_on(async {
        server.execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await?;
        let end =
            format!("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{name}'");
        server.execute(&end).await
    })?;
    Ok(Template { folder, name })
}

/// Starts the service once, which migrates and seeds. Its tasks and connections end with the runtime.
fn start_and_stop(url: &str, folder: &Path) -> Result<(), Failure> {
    let config = Config::for_tests(url.to_owned(), folder.to_owned());
    runtime().block_on(App::start(config, fixed_clock()))?;
    Ok(())
}

/// The database file in the data folder.
const SQLITE_FILE: &str = "custodian.db";

fn sqlite_url(folder: &Path) -> String {
    format!("sqlite://{}?mode=rwc", folder.join(SQLITE_FILE).display())
}

/// Unique also among several runs against one server.
fn new_name() -> String {
    format!("custodian_test_{}", Uuid::now_v7().simple())
}

fn data_folder() -> io::Result<TempDir> {
    tempfile::Builder::new().prefix("custodian-test-").tempdir()
}

/// Copies files and folders with their modes.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&copy)?;
            fs::set_permissions(&copy, entry.metadata()?.permissions())?;
            copy_folder(&entry.path(), &copy)?;
        } else {
            fs::copy(entry.path(), &copy)?;
        }
    }
    Ok(())
}
