//! Whom disclosures are about: kept in one piece with the entry, and listed by customer a moment later, many entries at a
//! time.
//!
//! Who waits for an entry waits for one row, and not for one of each customer: those lie far apart in any index. They are
//! listed in the order of the chain, by the service every second and by whoever asks before he does, so nobody who asks
//! misses one. How far each chain was listed is a cursor that goes forward only, in the transaction that lists.

use std::collections::HashMap;

use custodian_entity::id::TypedId;
use custodian_entity::{audit_head, disclosed_cursor, disclosed_list};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    AccessMode, ActiveValue, ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction,
    DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};

use super::chain::Place;
use super::disclosure::{Entry, link};
use crate::database::{self, Settings};
use crate::error::{Error, Result};

/// How many entries are listed in one transaction: others who write wait for it.
const AT_ONCE: u64 = 32;

/// The bytes of an id.
const ID: usize = 16;

/// Keeps in one piece whom entries are about that the running transaction has added in these places.
///
/// # Errors
/// When the database is away or refuses.
pub(super) async fn keep(db: &DatabaseTransaction, entries: &[&Entry], places: &[Place]) -> Result<()> {
    let places: HashMap<_, _> = places.iter().map(|place| (place.event, place)).collect();
    let mut lists = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.customers.is_empty()) {
        let place = entry.event.id.try_as_ref().and_then(|id| places.get(id));
        let place = place.ok_or_else(|| Error::bug("an entry that was added has no place"))?;
        lists.push(disclosed_list::ActiveModel {
            chain: Set(place.chain),
            sequence: Set(place.sequence),
            event_id: Set(place.event),
            customers: Set(entry.customers.iter().flat_map(|id| *id.as_bytes()).collect()),
        });
    }
    Ok(database::add(db, lists).await?)
}

/// Lists by customer whatever was disclosed and is not yet, and says how many entries those were.
///
/// # Errors
/// When the database is away or refuses.
pub async fn list(db: &DatabaseConnection) -> Result<u64> {
    let mut listed = 0;
    for chain in behind(db).await? {
        loop {
            let now = step(db, chain).await?;
            listed += now;
            if now < AT_ONCE {
                break;
            }
        }
    }
    Ok(listed)
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

/// Lists the next entries of a chain, and says how many they were.
#[expect(clippy::disallowed_methods, reason = "the log is listed whosever entries are in it")]
async fn step(db: &DatabaseConnection, chain: Uuid) -> Result<u64> {
    use disclosed_list::Column::{Chain, Sequence};
    let writing = database::begin(db, AccessMode::ReadWrite, &Settings::of_audit()).await?;
    let cursor = locked(&writing, chain).await?;
    // Read before the lists: what is added between both is listed the next time.
    let end = audit_head::Entity::find_by_id(chain).one(&writing).await?;
    let end = end.map_or(cursor.sequence, |head| head.sequence);
    let lists = disclosed_list::Entity::find().filter(Chain.eq(chain));
    let lists = lists.filter(Sequence.gt(cursor.sequence)).filter(Sequence.lte(end));
    let lists = lists.order_by_asc(Sequence).limit(AT_ONCE).all(&writing).await?;
    let mut pairs = Vec::new();
    for list in &lists {
        let ids = list.customers.chunks_exact(ID).filter_map(|id| Uuid::from_slice(id).ok());
        pairs.extend(ids.map(|customer| (list.event_id.uuid(), customer)));
    }
    // In the order of the index that they go into.
    pairs.sort_unstable_by_key(|(event, customer)| (*customer, *event));
    link(&writing, &pairs).await?;
    let count = lists.len() as u64;
    let sequence = lists.last().filter(|_| count == AT_ONCE).map_or(end, |list| list.sequence);
    if sequence > cursor.sequence {
        let moved =
            disclosed_cursor::ActiveModel { chain: ActiveValue::Unchanged(chain), sequence: Set(sequence) };
        disclosed_cursor::Entity::update(moved).exec(&writing).await?;
    }
    writing.commit().await?;
    Ok(count)
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
