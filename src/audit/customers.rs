//! Whether the rows that tell which customers an entry about reading was about are those that were written with it: the entry
//! holds how many they are and a digest of their ids, and is part of its chain.

use std::collections::HashMap;

use custodian_entity::choice::Outcome;
use custodian_entity::id::{AuditEventId, TypedId};
use custodian_entity::{audit_event, disclosed_customer, disclosed_list, disclosure};
use sea_orm::prelude::Uuid;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::disclosure::{digest_of, hex};
use super::listing;
use crate::error::Result;

/// How many customers are held at a time, but for those of one entry.
const ROWS: u64 = 5_000;

/// How many customers an entry was about, and the digest of their ids.
fn expected(entry: &audit_event::Model) -> (u64, Option<String>) {
    let discloses =
        disclosure::KINDS.contains(&entry.event_type.as_str()) && entry.outcome == Outcome::Success;
    if !discloses {
        return (0, None);
    }
    match entry.details.get("customers") {
        Some(number) => {
            let digest = entry.details.get("digest").and_then(serde_json::Value::as_str);
            (number.as_u64().unwrap_or_default(), digest.map(str::to_owned))
        }
        // What is about one row.
        None => match entry.customer_id {
            Some(customer) => (1, digest_of(&[customer.uuid()])),
            None => (0, None),
        },
    }
}

/// The first of these entries of a chain, in the order of their ids, that tells of other customers than were written with it.
///
/// # Errors
/// When the database is away.
pub(super) async fn differing<'a>(
    db: &DatabaseTransaction,
    chain: Uuid,
    entries: &'a [audit_event::Model],
) -> Result<Option<&'a audit_event::Model>> {
    let listed = listing::listed(db, chain).await?;
    let mut part = Vec::new();
    let mut rows = 0;
    for (number, entry) in (1..).zip(entries) {
        let expected = expected(entry);
        rows += expected.0;
        part.push((entry, expected));
        if rows >= ROWS || number == entries.len() {
            if let Some(entry) = first(db, listed, &part, rows).await? {
                return Ok(Some(entry));
            }
            (part, rows) = (Vec::new(), 0);
        }
    }
    Ok(None)
}

/// An entry, and the customers it was about.
type Expected<'a> = (&'a audit_event::Model, (u64, Option<String>));

/// The first of them that is about others: in one piece, which there is until it is listed, or by customer.
async fn first<'a>(
    db: &DatabaseTransaction,
    listed: i64,
    part: &[Expected<'a>],
    rows: u64,
) -> Result<Option<&'a audit_event::Model>> {
    let ids: Vec<_> = part.iter().map(|(entry, _)| entry.id).collect();
    let (lists, told) = (lists(db, part).await?, by_customer(db, &ids, rows).await?);
    let differs = |(entry, (number, digest)): &&Expected<'a>| {
        let list = lists.get(&entry.id);
        let told = told.get(&entry.id).map_or(&[][..], Vec::as_slice);
        let is_listed = entry.sequence <= listed;
        let customers: Vec<Uuid> = told.iter().map(|row| row.customer_id.uuid()).collect();
        let is_told = match is_listed {
            true => customers.len() as u64 == *number && digest_of(&customers) == *digest,
            false => told.is_empty() && (list.is_some() || *number == 0),
        };
        let is_listed_so =
            list.is_none_or(|list| *number > 0 && hex(list) == digest.as_deref().unwrap_or(""));
        !is_told || !is_listed_so || told.iter().any(|row| Some(row.tenant_id) != entry.tenant_id)
    };
    Ok(part.iter().filter(differs).map(|(entry, _)| *entry).min_by_key(|entry| entry.id))
}

/// What is kept of them in one piece.
#[expect(clippy::disallowed_methods, reason = "the log is verified whosever entries are in it")]
async fn lists(db: &DatabaseTransaction, part: &[Expected<'_>]) -> Result<HashMap<AuditEventId, Vec<u8>>> {
    use disclosed_list::Column::{Chain, Sequence};
    let Some(((first, _), (last, _))) = part.first().zip(part.last()) else { return Ok(HashMap::new()) };
    let found = disclosed_list::Entity::find()
        .filter(Chain.eq(first.chain))
        .filter(Sequence.between(first.sequence, last.sequence));
    Ok(found.all(db).await?.into_iter().map(|list| (list.event_id, list.customers)).collect())
}

/// What is listed of them by customer.
#[expect(clippy::disallowed_methods, reason = "the log is verified whosever entries are in it")]
async fn by_customer(
    db: &DatabaseTransaction,
    events: &[AuditEventId],
    rows: u64,
) -> Result<HashMap<AuditEventId, Vec<disclosed_customer::Model>>> {
    use disclosed_customer::Column::{CustomerId, EventId};
    // One more than there may be: it shows before anything that this cuts off.
    let found = disclosed_customer::Entity::find()
        .filter(EventId.is_in(events.iter().copied()))
        .order_by_asc(EventId)
        .order_by_asc(CustomerId)
        .limit(rows + 1)
        .all(db)
        .await?;
    let mut told: HashMap<_, Vec<disclosed_customer::Model>> = HashMap::new();
    for row in found {
        told.entry(row.event_id).or_default().push(row);
    }
    Ok(told)
}
