//! A database that is gone without a word: a machine lost its power, or a firewall forgot the connection. What is sent there
//! is never answered, and nothing says so.
//!
//! Requests have a time of their own (`request_timeout_seconds`). Here are the other two that would wait for ever: the pool,
//! which looks whether a connection still lives before it is used and after, and what the service does by itself.

use std::time::Duration;

use sea_orm::ConnectOptions;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Error as SqlxError};
use tokio::time::timeout;

use super::Renewal;
use crate::config::Connections;
use crate::error::{Error, Result};

/// How much longer than a statement may run its end may take to arrive.
const ON_THE_WAY: Duration = Duration::from_secs(2);

/// How long a step of what the service does by itself may take.
const STEP: Duration = Duration::from_secs(15);

/// Lets the pool keep connections only that answer, to PostgreSQL, and that are not from before its credentials were
/// exchanged.
pub(super) fn only(options: &mut ConnectOptions, limits: Connections, renewal: &Renewal) {
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    // The other half of the time is for a connection in its place.
    let before = seconds(limits.acquire_timeout_seconds) / 2;
    // Whoever gave up left a statement running, for as long as one may: were the connection closed sooner, who comes and
    // goes would have more of them running than there are connections.
    let after = seconds(limits.statement_timeout_seconds) + ON_THE_WAY;
    let renewal = renewal.clone();
    options.map_sqlx_postgres_pool_opts(move |pool| {
        let (taken, given_back) = (renewal.clone(), renewal.clone());
        pool.test_before_acquire(false)
            .before_acquire(move |connection, is| {
                let is_before = taken.is_before(is.age);
                Box::pin(async move { Ok(!is_before && answers(connection, before).await?) })
            })
            .after_release(move |connection, is| {
                let is_before = given_back.is_before(is.age);
                Box::pin(async move { Ok(!is_before && answers(connection, after).await?) })
            })
    });
}

/// That a connection answers within this time. One that does not is closed, and its place is free.
async fn answers(connection: &mut PgConnection, within: Duration) -> Result<bool, SqlxError> {
    match timeout(within, connection.ping()).await {
        Ok(answer) => answer.map(|()| true),
        Err(late) => Err(SqlxError::Io(late.into())),
    }
}

/// Does a step of what the service does by itself, unless the database is gone.
///
/// # Errors
/// Those of the step; [`Error::Unavailable`] when it is not done in time.
pub(crate) async fn unless_gone<T>(step: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(STEP, step).await.unwrap_or_else(|late| Err(Error::Unavailable(std::sync::Arc::new(late))))
}
