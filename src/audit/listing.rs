//! Whom disclosures are about: a set of customers, kept in one piece with the first entry that is about it, and listed by
//! customer a moment later, many at a time.
//!
//! Who waits for an entry waits for one row, and not for one of each customer: those lie far apart in any index. They are
//! listed in the order of the chain, by the service every second and by whoever asks before he does, so nobody who asks
//! misses one. How far each chain was listed is a cursor that goes forward only, in the transaction that lists.

use std::collections::HashMap;

use custodian_entity::{audit_head, disclosed_cursor, disclosed_list, disclosed_set};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    AccessMode, ActiveValue, ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction,
    DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set, Statement,
};

use super::chain::{self, Ends};
use super::disclosure::Entry;
use super::sets::{self, Sets};
use crate::database::{self, Settings, unless_gone};
use crate::error::{Error, Result};

/// How many sets are listed in one transaction: others who write wait for it on SQLite.
const AT_ONCE: u64 = 32;

/// What this process knows to be in the log, because it wrote it.
#[derive(Debug, Default)]
pub(super) struct Known {
    ends: Ends,
    sets: Sets,
}

/// Adds entries to their chains in the running transaction, each with whom it is about. As the last thing that the transaction
/// does: see [`chain::append`].
///
/// # Errors
/// When the database is away or refuses. What was known is to be forgotten then, and whenever the transaction fails.
#[expect(
    clippy::disallowed_methods,
    reason = "the log has no viewer's scope: it records what any viewer did"
)]
pub(super) async fn append(db: &DatabaseTransaction, entries: &[&Entry], known: &mut Known) -> Result<()> {
    let events = entries.iter().map(|entry| entry.event.clone()).collect();
    let places = chain::append(db, events, &mut known.ends).await?;
    let places: HashMap<_, _> = places.into_iter().map(|place| (place.event, place)).collect();
    let mut lists = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.customers.is_empty()) {
        let place = entry.event.id.try_as_ref().and_then(|id| places.get(id));
        let place = place.ok_or_else(|| Error::bug("an entry that was added has no place"))?;
        lists.push(disclosed_list::ActiveModel {
            chain: Set(place.chain),
            sequence: Set(place.sequence),
            event_id: Set(place.event),
            digest: Set(known.sets.note(place.chain, place.sequence, &entry.customers)),
        });
    }
    known.sets.add(db).await?;
    Ok(database::add(db, lists).await?)
}

/// Lists by customer whatever was disclosed and is not yet, and says how many sets those were.
///
/// # Errors
/// When the database is away or refuses.
pub async fn list(db: &DatabaseConnection) -> Result<u64> {
    let (mut listed, mut wrong) = (0, None);
    for chain in unless_gone(behind(db)).await? {
        // What is wrong with one chain does not keep the others.
        match list_chain(db, chain).await {
            Ok(now) => listed += now,
            Err(error) => wrong = Some(error),
        }
    }
    wrong.map_or(Ok(listed), Err)
}

async fn list_chain(db: &DatabaseConnection, chain: Uuid) -> Result<u64> {
    let mut listed = 0;
    loop {
        let now = unless_gone(step(db, chain)).await?;
        listed += now;
        if now < AT_ONCE {
            return Ok(listed);
        }
    }
}

/// The chains that went on since they were listed.
#[expect(clippy::disallowed_methods, reason = "the log is listed whosever entries are in it")]
async fn behind(db: &DatabaseConnection) -> Result<Vec<Uuid>> {
    let reading = database::begin(db, AccessMode::ReadOnly, &Settings::of_audit()).await?;
    let cursors = disclosed_cursor::Entity::find().all(&reading).await?;
    let listed: HashMap<Uuid, i64> =
        cursors.into_iter().map(|cursor| (cursor.chain, cursor.sequence)).collect();
    let heads = audit_head::Entity::find().order_by_asc(audit_head::Column::Chain).all(&reading).await?;
    reading.commit().await?;
    let is_behind =
        |head: &audit_head::Model| listed.get(&head.chain).is_none_or(|listed| *listed < head.sequence);
    Ok(heads.into_iter().filter(is_behind).map(|head| head.chain).collect())
}

/// How far a chain is listed, to the reading transaction.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "how far the log is listed is nobody's row")]
pub(super) async fn listed(db: &DatabaseTransaction, chain: Uuid) -> Result<i64> {
    let cursor = disclosed_cursor::Entity::find_by_id(chain).one(db).await?;
    Ok(cursor.map_or(0, |cursor| cursor.sequence))
}

/// Lists the next sets of a chain, and says how many they were.
#[expect(clippy::disallowed_methods, reason = "the log is listed whosever entries are in it")]
async fn step(db: &DatabaseConnection, chain: Uuid) -> Result<u64> {
    use disclosed_set::Column::{Chain, Sequence};
    let writing = database::begin(db, AccessMode::ReadWrite, &Settings::of_audit()).await?;
    let cursor = locked(&writing, chain).await?;
    // Read before the sets: what is added between both is listed the next time.
    let end = audit_head::Entity::find_by_id(chain).one(&writing).await?;
    let end = end.map_or(cursor.sequence, |head| head.sequence);
    let sets = disclosed_set::Entity::find().select_only().column(Sequence).filter(Chain.eq(chain));
    let sets = sets.filter(Sequence.gt(cursor.sequence)).filter(Sequence.lte(end));
    let sets: Vec<i64> = sets.order_by_asc(Sequence).limit(AT_ONCE).into_tuple().all(&writing).await?;
    let count = sets.len() as u64;
    let sequence = sets.last().copied().filter(|_| count == AT_ONCE).unwrap_or(end);
    if count > 0 {
        by_customer(&writing, chain, cursor.sequence, sequence).await?;
    }
    if sequence > cursor.sequence {
        let moved =
            disclosed_cursor::ActiveModel { chain: ActiveValue::Unchanged(chain), sequence: Set(sequence) };
        disclosed_cursor::Entity::update(moved).exec(&writing).await?;
    }
    writing.commit().await?;
    Ok(count)
}

/// Lists the sets of a chain between two entries, without the one and with the other, in the order of the index that they go
/// into.
#[expect(clippy::disallowed_methods, reason = "taking sets apart has no builder")]
async fn by_customer(db: &DatabaseTransaction, chain: Uuid, after: i64, to: i64) -> Result<()> {
    let backend = db.get_database_backend();
    let of = "SELECT chain, digest FROM disclosed_set WHERE chain = $1 AND sequence > $2 AND sequence <= $3";
    let insert = format!(
        "INSERT INTO disclosed_customer (customer_id, tenant_id, digest)
         SELECT customer_id, chain, digest FROM ({}) AS shown WHERE true ORDER BY 1
         ON CONFLICT DO NOTHING",
        sets::customers_of(backend, of)
    );
    let values = [chain.into(), after.into(), to.into()];
    db.execute_raw(Statement::from_sql_and_values(backend, insert, values)).await?;
    Ok(())
}

/// How far a chain is listed; nobody else lists it until this transaction is over.
#[expect(clippy::disallowed_methods, reason = "how far the log is listed is nobody's row")]
async fn locked(db: &DatabaseTransaction, chain: Uuid) -> Result<disclosed_cursor::Model> {
    let first = disclosed_cursor::ActiveModel { chain: Set(chain), sequence: Set(0) };
    let begun = disclosed_cursor::Entity::insert(first)
        .on_conflict(OnConflict::column(disclosed_cursor::Column::Chain).do_nothing().to_owned());
    begun.exec_without_returning(db).await?;
    let cursor = disclosed_cursor::Entity::find_by_id(chain);
    // SQLite has one writer at a time anyway.
    let is_postgres = db.get_database_backend() == DbBackend::Postgres;
    let cursor = if is_postgres { cursor.lock_exclusive() } else { cursor };
    cursor.one(db).await?.ok_or_else(|| Error::bug("a chain without a cursor"))
}
