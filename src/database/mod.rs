//! The way to the database: connections, and the settings by which PostgreSQL knows whose transaction it is.
//!
//! Two roles, where there is PostgreSQL: the owner of the tables migrates and seeds; the service connects as another,
//! whom row-level security holds ([`wall`] looks whether it does).

mod lively;
mod renewal;
mod settings;
pub mod wall;

use std::time::Duration;

use custodian_entity::user;
use custodian_migration::Migrator;
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    AccessMode, ActiveModelTrait, ConnectOptions, ConnectionTrait, Database, DatabaseConnection,
    DatabaseTransaction, DbBackend, DbErr, EntityTrait, Insert, InsertMany, IsolationLevel, QuerySelect,
    SqliteTransactionMode, Statement, TransactionOptions,
};
use sea_orm_migration::{MigratorTrait, seaql_migrations};
use sqlx::postgres::PgDatabaseError;

pub(crate) use self::lively::unless_gone;
pub use self::renewal::Renewal;
pub(crate) use self::renewal::{Patient, refuses_credentials};
pub use self::settings::{Settings, scopes};
use crate::config::{Config, Connections, DatabaseUrl};
use crate::error::said_by_database;

/// Connects as the service does.
///
/// # Errors
/// When the database is away or refuses.
pub async fn connect(url: &DatabaseUrl, limits: Connections) -> Result<DatabaseConnection, DbErr> {
    connect_renewable(url, limits, &Renewal::default()).await
}

/// The same, with connections whose credentials can be exchanged.
///
/// # Errors
/// As [`connect`].
pub async fn connect_renewable(
    url: &DatabaseUrl,
    limits: Connections,
    renewal: &Renewal,
) -> Result<DatabaseConnection, DbErr> {
    let mut options = options(url, limits, renewal);
    options.min_connections(limits.min.min(limits.max));
    // Write-ahead logging lets readers and the one writer work side by side.
    options.map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
            .synchronous(sqlx::sqlite::SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(5))
    });
    Database::connect(options).await
}

/// What holds of connections to the database as to the key store.
pub(crate) fn options(url: &DatabaseUrl, limits: Connections, renewal: &Renewal) -> ConnectOptions {
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    let mut options = ConnectOptions::new(url.expose());
    options
        .sqlx_logging(false)
        .max_connections(limits.max)
        .acquire_timeout(seconds(limits.acquire_timeout_seconds))
        .idle_timeout(seconds(limits.idle_timeout_seconds))
        .max_lifetime(seconds(limits.max_lifetime_seconds));
    options.map_sqlx_postgres_opts(move |postgres| {
        postgres.options([
            ("statement_timeout", format!("{}s", limits.statement_timeout_seconds)),
            ("lock_timeout", format!("{}s", limits.lock_timeout_seconds)),
            ("idle_in_transaction_session_timeout", format!("{}s", limits.idle_transaction_timeout_seconds)),
        ])
    });
    lively::only(&mut options, limits, renewal);
    options
}

/// How many connections a pool has, and how many of them nobody uses.
pub(crate) fn connections(db: &DatabaseConnection) -> (u32, u32) {
    let (all, idle) = match db.get_database_backend() {
        DbBackend::Postgres => {
            let pool = db.get_postgres_connection_pool();
            (pool.size(), pool.num_idle())
        }
        DbBackend::Sqlite => {
            let pool = db.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle())
        }
        _ => (0, 0),
    };
    (all, u32::try_from(idle).unwrap_or(u32::MAX))
}

/// Whether there is any account.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "whether there is one is nobody's row")]
pub async fn holds_accounts(db: &DatabaseConnection) -> Result<bool, DbErr> {
    let transaction = begin(db, AccessMode::ReadOnly, &Settings::of_sign_in()).await?;
    let found = user::Entity::find().select_only().column(user::Column::Id).limit(1);
    let found: Option<Uuid> = found.into_tuple().one(&transaction).await?;
    transaction.rollback().await?;
    Ok(found.is_some())
}

/// Connects as the owner of the tables and brings them up to date. A migration takes the time it needs.
///
/// # Errors
/// When the database is away or refuses.
pub async fn migrate(config: &Config) -> Result<DatabaseConnection, DbErr> {
    let unhurried = Connections { statement_timeout_seconds: 0, ..config.connections };
    let db = connect(config.owner_url(), unhurried).await?;
    Migrator::up(&db, None).await?;
    Ok(db)
}

/// The migrations that the database still lacks. Changes nothing: the service's role could not.
///
/// # Errors
/// When the database is away, or does not let them be looked up.
pub async fn pending(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    lacking::<Migrator>(db).await
}

/// The migrations of these that a database or schema still lacks.
#[expect(clippy::disallowed_methods, reason = "which migrations were applied is nobody's row")]
pub(crate) async fn lacking<M: MigratorTrait>(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let backend = db.get_database_backend();
    let list = match backend {
        DbBackend::Sqlite => "SELECT 1 FROM sqlite_master WHERE name = 'seaql_migrations'",
        _ => "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'seaql_migrations'",
    };
    let applied = match db.query_one_raw(Statement::from_string(backend, list)).await? {
        Some(_) => seaql_migrations::Entity::find().all(db).await?,
        None => Vec::new(),
    };
    let is_pending = |name: &String| applied.iter().all(|applied| applied.version != *name);
    let names = M::migrations().into_iter().map(|migration| migration.name().to_owned());
    Ok(names.filter(is_pending).collect())
}

/// Begins a transaction in which row-level security lets through what these settings say.
///
/// # Errors
/// When the database is away.
pub async fn begin(
    db: &DatabaseConnection,
    access: AccessMode,
    settings: &Settings,
) -> Result<DatabaseTransaction, DbErr> {
    let is_write = matches!(access, AccessMode::ReadWrite);
    let is_postgres = db.get_database_backend() == DbBackend::Postgres;
    let is_postgres_read = is_postgres && !is_write;
    let options = TransactionOptions {
        // A read sees one state throughout; a write sees what others committed, as it does where nothing is said, which
        // takes a statement less.
        isolation_level: is_postgres_read.then_some(IsolationLevel::RepeatableRead),
        access_mode: is_postgres_read.then_some(access),
        // A reader that turns writer half-way can be refused by SQLite; who will write says so at once.
        sqlite_transaction_mode: is_write.then_some(SqliteTransactionMode::Immediate),
    };
    let transaction = renewal::begin(db, options).await?;
    if is_postgres {
        settings.apply(&transaction).await?;
    }
    Ok(transaction)
}

/// How many rows a statement adds: powers of two, so that any number below takes few statements, and few texts. A connection
/// keeps what it prepared by its text: were any number of rows a text of its own, it would soon keep a hundred, of some
/// megabytes each. Even the widest rows stay far below the values that a statement takes (32,766 on SQLite, 65,535 on
/// PostgreSQL).
const AT_ONCE: [usize; 7] = [64, 32, 16, 8, 4, 2, 1];

/// Adds rows of a table, whosesoever, many to a statement.
///
/// # Errors
/// When the database is away, or refuses one.
pub async fn add<A: ActiveModelTrait>(db: &impl ConnectionTrait, rows: Vec<A>) -> Result<(), DbErr> {
    insert(db, rows, |insert| insert).await
}

/// The same of rows that may be there already, which stay as they are. PostgreSQL takes no right to read them for it.
///
/// # Errors
/// When the database is away, or refuses one.
pub async fn add_new<A: ActiveModelTrait>(db: &impl ConnectionTrait, rows: Vec<A>) -> Result<(), DbErr> {
    insert(db, rows, |insert| insert.on_conflict(OnConflict::new().do_nothing().to_owned())).await
}

#[expect(clippy::disallowed_methods, reason = "whoever calls says why it passes by row scope")]
async fn insert<A: ActiveModelTrait>(
    db: &impl ConnectionTrait,
    rows: Vec<A>,
    how: impl Fn(InsertMany<A>) -> InsertMany<A>,
) -> Result<(), DbErr> {
    let mut rows = rows.into_iter();
    for count in AT_ONCE {
        while rows.len() >= count {
            how(Insert::<A>::many(rows.by_ref().take(count))).exec_without_returning(db).await?;
        }
    }
    Ok(())
}

/// Whether row-level security refused to write a row. That a right on the table is missing has the same SQLSTATE, but
/// is our fault.
pub fn is_row_refused(error: &DbErr) -> bool {
    said_by_database(error)
        .and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
        .is_some_and(|error| error.code() == "42501" && error.routine() == Some("ExecWithCheckOptions"))
}
