//! New credentials for a database that is in use.
//!
//! PostgreSQL asks for credentials when a connection begins, and never again. So the pool is told the new ones for the
//! connections that are to come, and those that are there are closed between two uses: no request notices. Where the server
//! stops taking the old ones before the service has read the new, a connection that begins in between is tried again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    RuntimeErr, Statement, TransactionOptions, TransactionTrait,
};

/// How long it is waited before a connection is tried again whose credentials were refused, in milliseconds: in all somewhat
/// longer than it takes to look at the files again, and to try what is in them.
const AGAIN: [u64; 5] = [100, 200, 400, 800, 1600];

/// Which connections of a pool are from before: clones are of the same pool.
#[derive(Clone, Debug, Default)]
pub struct Renewal(Arc<Mutex<Option<Instant>>>);

impl Renewal {
    /// Lets the pool of `db` connect as the pool of `tried` does, and closes the connections that there are: each when it is
    /// taken up next or given back.
    pub(crate) async fn take(&self, db: &DatabaseConnection, tried: &DatabaseConnection) {
        let are_postgres = [db, tried].iter().all(|db| db.get_database_backend() == DbBackend::Postgres);
        if !are_postgres {
            return;
        }
        let (pool, tried) = (db.get_postgres_connection_pool(), tried.get_postgres_connection_pool());
        pool.set_connect_options(tried.connect_options().as_ref().clone());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        // Those that nobody uses would wait for somebody who takes them up.
        for _ in 0..pool.num_idle() {
            if pool.acquire().await.is_err() {
                return;
            }
        }
    }

    /// Whether a connection of this age is from before.
    pub(super) fn is_before(&self, age: Duration) -> bool {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() < age)
    }
}

/// Whether the server refused who connects, or his password (PostgreSQL, appendix A, class 28).
pub(crate) fn refuses_credentials(error: &DbErr) -> bool {
    let DbErr::Conn(RuntimeErr::SqlxError(error)) = error else { return false };
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| matches!(code.as_ref(), "28P01" | "28000"))
}

/// Begins a transaction. Where the credentials of a connection are refused nothing was done yet, and others may be on their
/// way.
pub(super) async fn begin(
    db: &DatabaseConnection,
    options: TransactionOptions,
) -> Result<DatabaseTransaction, DbErr> {
    patiently(|| db.begin_with_options(options)).await
}

/// A database that is asked without a transaction, as patiently.
pub(crate) struct Patient<'db>(pub(crate) &'db DatabaseConnection);

#[async_trait]
#[expect(clippy::disallowed_methods, reason = "hands on what it is asked")]
impl ConnectionTrait for Patient<'_> {
    fn get_database_backend(&self) -> DbBackend {
        self.0.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        patiently(|| self.0.execute_raw(statement.clone())).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        patiently(|| self.0.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        patiently(|| self.0.query_one_raw(statement.clone())).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        patiently(|| self.0.query_all_raw(statement.clone())).await
    }
}

async fn patiently<T, F: Future<Output = Result<T, DbErr>>>(ask: impl Fn() -> F) -> Result<T, DbErr> {
    for pause in AGAIN {
        match ask().await {
            Err(error) if refuses_credentials(&error) => {
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            done => return done,
        }
    }
    ask().await
}
