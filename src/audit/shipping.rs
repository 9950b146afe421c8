//! The log as it is shipped ([`crate::sink`]): it is its own outbox, and all that is written is how far each chain was.
//!
//! A chain is linear and without a gap, and an entry is there once all before it are: so a number says everything. Entries
//! from before there were chains have none, and are not shipped.
//!
//! Several instances ship side by side, with no lock between them: one that held it would hold a transaction open for as
//! long as the server takes to answer, and what two send is the same document. Cursors go forward only, so who is late
//! takes nothing back.

use std::collections::HashMap;

use custodian_entity::id::TypedId;
use custodian_entity::{audit_cursor, audit_event, audit_head};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    AccessMode, ColumnTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};

use super::document;
use crate::authn::ANONYMOUS;
use crate::database::{Settings, begin, unless_gone};
use crate::error::{Error, Result};
use crate::sink::{Cursor, Document, Lag, Source};

/// How many entries have not been shipped.
pub const LAG_ENTRIES: &str = "custodian_audit_lag_entries";
/// How many seconds ago the oldest of them occurred.
pub const LAG_SECONDS: &str = "custodian_audit_lag_seconds";
/// Counts entries that were shipped.
pub const SHIPPED: &str = "custodian_audit_shipped_total";
/// Counts entries that were passed over, because the server will never take them.
pub const REJECTED: &str = "custodian_audit_rejected_total";

/// The log of a database.
pub struct Log(DatabaseConnection);

impl Log {
    /// Of this one.
    pub fn new(db: DatabaseConnection) -> Self {
        Self(db)
    }

    async fn reading(&self) -> Result<DatabaseTransaction> {
        Ok(begin(&self.0, AccessMode::ReadOnly, &Settings::of_audit()).await?)
    }
}

/// The chains that went on since they were shipped, with the number of their last entry.
#[expect(clippy::disallowed_methods, reason = "the log is shipped whosever entries are in it")]
async fn behind(db: &DatabaseTransaction) -> Result<Vec<(Cursor, i64)>> {
    let cursors = audit_cursor::Entity::find().all(db).await?;
    let shipped: HashMap<Uuid, i64> =
        cursors.into_iter().map(|cursor| (cursor.chain, cursor.sequence)).collect();
    let heads = audit_head::Entity::find().order_by_asc(audit_head::Column::Chain).all(db).await?;
    let ends = heads.into_iter().map(|head| {
        let sequence = shipped.get(&head.chain).copied().unwrap_or_default();
        (Cursor { chain: head.chain, sequence }, head.sequence)
    });
    Ok(ends.filter(|(cursor, end)| cursor.sequence < *end).collect())
}

/// The entries of a chain that follow on one, so many at most.
#[expect(clippy::disallowed_methods, reason = "the log is shipped whosever entries are in it")]
async fn following(db: &DatabaseTransaction, after: Cursor, limit: u64) -> Result<Vec<audit_event::Model>> {
    use audit_event::Column::{Chain, Sequence};
    // Those with 0 are from before there were chains, and not in the index of the others.
    let entries = audit_event::Entity::find().filter(Chain.eq(after.chain)).filter(Sequence.gt(0));
    let entries = entries.filter(Sequence.gt(after.sequence)).order_by_asc(Sequence).limit(limit);
    Ok(entries.all(db).await?)
}

impl Source for Log {
    type Error = Error;

    async fn cursors(&self) -> Result<Vec<Cursor>> {
        let behind = unless_gone(async {
            let reading = self.reading().await?;
            let behind = behind(&reading).await?;
            reading.commit().await?;
            Ok(behind)
        });
        Ok(behind.await?.into_iter().map(|(cursor, _)| cursor).collect())
    }

    async fn read(&self, chain: Uuid, after: i64, limit: usize) -> Result<Vec<Document>> {
        let entries = unless_gone(async {
            let reading = self.reading().await?;
            let after = Cursor { chain, sequence: after };
            let entries = following(&reading, after, u64::try_from(limit).unwrap_or(u64::MAX)).await?;
            reading.commit().await?;
            Ok(entries)
        });
        let entries = entries.await?;
        let documents = entries.iter().map(|entry| Document {
            id: entry.id.encode(),
            chain,
            sequence: entry.sequence,
            body: document(entry),
        });
        Ok(documents.collect())
    }

    #[expect(clippy::disallowed_methods, reason = "how far the log was shipped is nobody's row")]
    async fn advance(&self, chain: Uuid, sequence: i64) -> Result<()> {
        let settings = Settings { role: ANONYMOUS.to_owned(), ..Settings::default() };
        let moved = audit_cursor::ActiveModel { chain: Set(chain), sequence: Set(sequence) };
        let forward = OnConflict::column(audit_cursor::Column::Chain)
            .update_column(audit_cursor::Column::Sequence)
            .action_and_where(audit_cursor::Column::Sequence.lt(sequence))
            .to_owned();
        let moving = audit_cursor::Entity::insert(moved).on_conflict(forward);
        let moved = unless_gone(async {
            let writing = begin(&self.0, AccessMode::ReadWrite, &settings).await?;
            moving.exec_without_returning(&writing).await?;
            Ok(writing.commit().await?)
        });
        moved.await
    }

    async fn lag(&self) -> Result<Lag> {
        let lag = unless_gone(async {
            let reading = self.reading().await?;
            let mut lag = Lag::default();
            for (cursor, end) in behind(&reading).await? {
                lag.entries += end.abs_diff(cursor.sequence);
                for entry in following(&reading, cursor, 1).await? {
                    lag.oldest =
                        Some(lag.oldest.map_or(entry.occurred_at, |oldest| oldest.min(entry.occurred_at)));
                }
            }
            reading.commit().await?;
            Ok(lag)
        });
        lag.await
    }
}
