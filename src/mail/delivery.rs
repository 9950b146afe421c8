//! Sending what is queued: at least once, and the same letter each time.
//!
//! Of several instances one sends a letter: who takes it moves the time when it is due behind the longest that sending
//! takes, and is recognised by the number of the attempt when he says what came of it. So a crash at any moment leaves a
//! letter that is due again, and nobody who was too late settles what another is sending.

use std::sync::Arc;

use chrono::TimeDelta;
use custodian_entity::choice::{LetterStatus, Scope};
use custodian_entity::id::TypedId;
use custodian_entity::letter::{ActiveModel, Column, Entity, Model};
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::carrier::Trouble;
use super::{Letter, Outbox, place, webhook};
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authn::ANONYMOUS;
use crate::authz::Operation;
use crate::database::{self, Settings, unless_gone};
use crate::error::Result;

/// Counts letters that wait.
pub const WAITING: &str = "custodian_mail_waiting";
/// Counts letters that were sent.
pub const SENT: &str = "custodian_mail_sent_total";
/// Counts letters that were given up.
pub const FAILED: &str = "custodian_mail_failed_total";

/// Longer than sending takes: each step of the conversation has a minute.
const HELD: TimeDelta = TimeDelta::minutes(15);

/// The longest wait between two attempts.
const LONGEST: TimeDelta = TimeDelta::hours(6);

/// How long the trace of a letter is kept once it is settled.
const KEPT: TimeDelta = TimeDelta::days(30);

/// What row-level security is told: letters, nothing else.
fn settings() -> Settings {
    let scopes = database::scopes([("Letter", Scope::All)]);
    Settings { role: ANONYMOUS.to_owned(), scopes, ..Settings::default() }
}

#[expect(clippy::disallowed_methods, reason = "letters are nobody's rows: the service carries them")]
impl Outbox {
    /// Sends the letter that has been due for longest, and says whether there was one.
    ///
    /// # Errors
    /// When the database is away. A letter that was taken then is due again after a while.
    pub async fn deliver(&self, operation: &Operation) -> Result<bool> {
        let operation = &operation.told(settings());
        if unless_gone(waiting(operation)).await? == 0 {
            return Ok(false);
        }
        let Some(row) = unless_gone(take(operation)).await? else { return Ok(false) };
        let sent = self.send(operation, &row).await;
        unless_gone(settle(operation, &row, sent)).await?;
        Ok(true)
    }

    async fn send(&self, operation: &Operation, row: &Model) -> Result<(), Trouble> {
        if row.give_up_at <= operation.clock.now() {
            return Err(Trouble::Lasting("too late".to_owned()));
        }
        let sealed = row.content.as_deref().unwrap_or_default();
        let content = self.seal.open(&place(row.id, row.tenant_id), sealed);
        let other_key = || Trouble::Lasting("sealed under another key".to_owned());
        if row.notice == webhook::NOTICE {
            let gone = || Trouble::Lasting("there is no webhook any more".to_owned());
            let webhook = self.webhook.as_ref().ok_or_else(gone)?.load_full();
            let body = content.ok_or_else(other_key)?.to_vec();
            return webhook.call(&row.id.encode(), operation.clock.now(), body).await;
        }
        let letter = content.and_then(|bytes| Letter::from_bytes(&bytes)).ok_or_else(other_key)?;
        self.carrier.load_full().carry(row.id, &self.from, letter).await
    }

    /// Forgets letters that were settled long ago.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn forget(&self, operation: &Operation) -> Result<()> {
        let operation = operation.told(settings());
        operation.begin_write().await?;
        let transaction = operation.transaction().await?;
        let old = Column::SettledAt.lt(operation.clock.now() - KEPT);
        Entity::delete_many().filter(old).exec(&*transaction).await?;
        drop(transaction);
        operation.commit().await
    }
}

/// Notes what came of sending a letter.
async fn settle(operation: &Arc<Operation>, row: &Model, sent: Result<(), Trouble>) -> Result<()> {
    match sent {
        Ok(()) => note_sent(operation, row).await,
        Err(Trouble::Lasting(why)) => give_up(operation, row, &why).await,
        Err(Trouble::Passing(why)) => {
            let again = operation.clock.now() + pause(row.attempts);
            if again >= row.give_up_at {
                return give_up(operation, row, &why).await;
            }
            tracing::warn!(letter = row.id.encode(), attempt = row.attempts, why, "a letter waits");
            let due_at = Set(Some(again));
            change(operation, row, ActiveModel { due_at, ..Default::default() }).await
        }
    }
}

/// How many letters wait.
#[expect(clippy::disallowed_methods, reason = "letters are nobody's rows: the service carries them")]
async fn waiting(operation: &Operation) -> Result<u64> {
    let transaction = operation.transaction().await?;
    let pending = Entity::find().filter(Column::Status.eq(LetterStatus::Pending));
    let waiting = pending.count(&*transaction).await?;
    drop(transaction);
    operation.end().await?;
    metrics::gauge!(WAITING).set(u32::try_from(waiting).unwrap_or(u32::MAX));
    Ok(waiting)
}

/// Takes the letter that has been due for longest and that nobody else is taking.
#[expect(clippy::disallowed_methods, reason = "letters are nobody's rows: the service carries them")]
async fn take(operation: &Operation) -> Result<Option<Model>> {
    operation.begin_write().await?;
    let transaction = operation.transaction().await?;
    let now = operation.clock.now();
    let due = Entity::find()
        .filter(Column::Status.eq(LetterStatus::Pending))
        .filter(Column::DueAt.lte(now))
        .order_by_asc(Column::DueAt)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    let Some(row) = due.one(&*transaction).await? else {
        drop(transaction);
        operation.end().await?;
        return Ok(None);
    };
    let taken = Model { attempts: row.attempts + 1, due_at: Some(now + HELD), ..row };
    let held = ActiveModel { attempts: Set(taken.attempts), due_at: Set(taken.due_at), ..Default::default() };
    Entity::update_many().set(held).filter(Column::Id.eq(taken.id)).exec(&*transaction).await?;
    drop(transaction);
    operation.commit().await?;
    Ok(Some(taken))
}

/// Changes a letter if it is still held by this attempt.
async fn change(operation: &Operation, row: &Model, changed: ActiveModel) -> Result<()> {
    operation.begin_write().await?;
    change_held(operation, row, changed).await?;
    operation.commit().await
}

/// The same within the running transaction; says whether it was.
#[expect(clippy::disallowed_methods, reason = "letters are nobody's rows: the service carries them")]
async fn change_held(operation: &Operation, row: &Model, changed: ActiveModel) -> Result<bool> {
    let transaction = operation.transaction().await?;
    let done = Entity::update_many()
        .set(changed)
        .filter(Column::Id.eq(row.id))
        .filter(Column::Attempts.eq(row.attempts))
        .filter(Column::Status.eq(LetterStatus::Pending))
        .exec(&*transaction)
        .await?;
    Ok(done.rows_affected == 1)
}

/// What a settled letter comes to: address and text are erased.
fn settled(operation: &Operation, status: LetterStatus) -> ActiveModel {
    ActiveModel {
        status: Set(status),
        content: Set(None),
        due_at: Set(None),
        settled_at: Set(Some(operation.clock.now())),
        ..Default::default()
    }
}

async fn note_sent(operation: &Operation, row: &Model) -> Result<()> {
    change(operation, row, settled(operation, LetterStatus::Sent)).await?;
    metrics::counter!(SENT, "notice" => row.notice.clone()).increment(1);
    tracing::info!(letter = row.id.encode(), notice = row.notice, "a letter was sent");
    Ok(())
}

/// Gives a letter up, on record.
async fn give_up(operation: &Arc<Operation>, row: &Model, why: &str) -> Result<()> {
    let Ok(()) = recorded(operation, "mail", async || {
        let failed = settled(operation, LetterStatus::Failed);
        if !change_held(operation, row, failed).await? {
            return Ok(Change::<_, std::convert::Infallible>::Same(()));
        }
        let subject = Subject::row("Letter", row.id, row.tenant_id);
        let event = Event::done(EventType::LetterFailed, subject).letter(&row.notice, row.attempts).failed();
        Ok(Change::Done((), event.in_role(ANONYMOUS)))
    })
    .await?;
    metrics::counter!(FAILED, "notice" => row.notice.clone()).increment(1);
    tracing::error!(letter = row.id.encode(), notice = row.notice, why, "a letter was given up");
    Ok(())
}

/// How long to wait after so many attempts: a minute, then twice as long each time.
fn pause(attempts: i32) -> TimeDelta {
    let minutes = 1_i64.checked_shl(attempts.saturating_sub(1).unsigned_abs()).unwrap_or(i64::MAX);
    TimeDelta::try_minutes(minutes).unwrap_or(LONGEST).clamp(TimeDelta::minutes(1), LONGEST)
}
