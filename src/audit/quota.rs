//! How often a user may do something: counted from the log, so that it holds over instances and restarts.

use std::convert::Infallible;
use std::sync::Arc;

use async_graphql::Context;
use chrono::{DateTime, TimeDelta, Utc};
use custodian_entity::audit_event::{Column, Entity};
use custodian_entity::id::TypedId;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};

use super::{Change, Event, EventType, Subject, recorded};
use crate::authz::Operation;
use crate::config::{Pace, Quota};
use crate::error::{Error, Result};

/// How often within which time.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    most: usize,
    window: TimeDelta,
}

impl From<Quota> for Limit {
    fn from(quota: Quota) -> Self {
        Self { most: quota.per_hour, window: TimeDelta::hours(1) }
    }
}

impl From<Pace> for Limit {
    fn from(pace: Pace) -> Self {
        Self { most: pace.per_minute, window: TimeDelta::minutes(1) }
    }
}

/// What is counted. It is part of the schema's data.
#[derive(Clone, Copy, Debug)]
pub struct Quotas {
    /// Unmasking values.
    pub reveal: Quota,
    /// Looking customers up.
    pub lookup: Quota,
    /// Adding customers.
    pub create: Pace,
    /// Inviting people to accounts.
    pub invite: Quota,
}

impl Quotas {
    /// Those in force.
    ///
    /// # Errors
    /// [`Error::Internal`] when the schema lacks its data.
    pub fn of(ctx: &Context<'_>) -> Result<Self> {
        ctx.data_opt::<Self>().copied().ok_or_else(|| Error::bug("the schema has no quotas"))
    }
}

/// As [`recorded`], for what its user may do so often only: his events of the type lately are counted in the transaction
/// that adds another. That he was refused is on record once in the time that is counted, however often he asks.
///
/// # Errors
/// [`Error::RateLimited`] when he may not yet do it again; those of [`recorded`].
pub async fn counted<T, R>(
    operation: &Arc<Operation>,
    action: &'static str,
    kind: EventType,
    limit: impl Into<Limit>,
    change: impl AsyncFnOnce() -> Result<Change<T, R>>,
) -> Result<Result<T, R>> {
    let limit = limit.into();
    recorded(operation, action, async || {
        take_turn(operation).await?;
        match excess(operation, action, kind, limit).await {
            Err(error @ Error::RateLimited(_)) => {
                let since = operation.clock.now() - limit.window;
                if own(operation, action, EventType::RateLimited, since).await?.is_empty() {
                    let event = Event::denied(EventType::RateLimited, Subject::default());
                    return Ok(Change::Denied(error, event));
                }
                Err(error)
            }
            Err(error) => Err(error),
            Ok(()) => change().await,
        }
    })
    .await
}

/// That [`counted`] would let its user do it now: for what is costly to prepare. Who is refused is on record as there.
///
/// # Errors
/// As [`counted`].
pub async fn within(
    operation: &Arc<Operation>,
    action: &'static str,
    kind: EventType,
    limit: impl Into<Limit>,
) -> Result<()> {
    let Ok(()) =
        counted(operation, action, kind, limit, async || Ok(Change::<_, Infallible>::Same(()))).await?;
    Ok(())
}

/// Counts and records that something was refused which may be done so often only, for a reason that tells of rows its
/// user may not see.
///
/// # Errors
/// Those of [`recorded`].
pub async fn count_refused(operation: &Arc<Operation>, action: &'static str, kind: EventType) -> Result<()> {
    let refused = Event::done(kind, Subject::default()).failed();
    let Ok(()) = recorded(operation, action, async || Ok(Change::<_, Infallible>::Done((), refused))).await?;
    Ok(())
}

/// Records that something was refused: once in a minute, however often it is asked for.
///
/// # Errors
/// The refusal; those of [`recorded`].
pub async fn refused(
    operation: &Arc<Operation>,
    action: &'static str,
    refusal: Error,
    event: Event,
) -> Result<Infallible> {
    let Ok(never) = recorded(operation, action, async || {
        take_turn(operation).await?;
        let since = operation.clock.now() - TimeDelta::minutes(1);
        if own(operation, action, event.kind, since).await?.is_empty() {
            return Ok(Change::<Infallible, Infallible>::Denied(refusal, event));
        }
        Err(refusal)
    })
    .await?;
    Ok(never)
}

async fn excess(operation: &Operation, action: &'static str, kind: EventType, limit: Limit) -> Result<()> {
    let now = operation.clock.now();
    let times = own(operation, action, kind, now - limit.window).await?;
    let Some(excess) = times.len().checked_sub(limit.most) else { return Ok(()) };
    // Once this one is old enough there is room; where none is ever allowed, there never is.
    let wait = times.get(excess).map_or(limit.window, |time| *time + limit.window - now);
    let millis = u64::try_from(wait.num_milliseconds()).unwrap_or_default();
    Err(Error::RateLimited(millis.div_ceil(1_000)))
}

/// Waits until no other operation of the viewer counts, so that what was counted still holds when it is acted on: until
/// the end of this transaction.
#[expect(clippy::disallowed_methods, reason = "a lock of one's own has no builder, and names no row")]
async fn take_turn(operation: &Operation) -> Result<()> {
    let transaction = operation.transaction().await?;
    // SQLite has one writer at a time anyway.
    if transaction.get_database_backend() == DbBackend::Postgres {
        let (_, number) = operation.identity()?.user.uuid().as_u64_pair();
        let lock = "SELECT pg_advisory_xact_lock($1)";
        let lock = Statement::from_sql_and_values(DbBackend::Postgres, lock, [number.cast_signed().into()]);
        transaction.execute_raw(lock).await?;
    }
    Ok(())
}

/// When the viewer's own events of a type took place since then, oldest first.
#[expect(clippy::disallowed_methods, reason = "the log has no viewer's scope: these are his own entries")]
async fn own(
    operation: &Operation,
    action: &'static str,
    kind: EventType,
    since: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>> {
    let transaction = operation.transaction().await?;
    let times = Entity::find()
        .select_only()
        .column(Column::OccurredAt)
        .filter(Column::ActorId.eq(operation.identity()?.user))
        .filter(Column::OccurredAt.gt(since))
        .filter(Column::EventType.eq(kind.name()))
        .filter(Column::Action.eq(action))
        .order_by_asc(Column::OccurredAt)
        .into_tuple()
        .all(&*transaction)
        .await?;
    Ok(times)
}
