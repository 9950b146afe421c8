//! Whether the customers that an entry about reading is told to be about are those that were written with it: the entry holds
//! how many they are and a digest of their ids, and is part of its chain.

use std::collections::HashMap;

use custodian_entity::choice::Outcome;
use custodian_entity::id::{AuditEventId, TypedId};
use custodian_entity::{audit_event, disclosed_list, disclosed_set, disclosure};
use sea_orm::prelude::Uuid;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, FromQueryResult,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Statement,
};

use super::disclosure::{digest_of, hex};
use super::{listing, sets};
use crate::error::Result;

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

/// The first of these entries of a chain, in their order, that tells of other customers than were written with it.
///
/// # Errors
/// When the database is away.
pub(super) async fn differing<'a>(
    db: &DatabaseTransaction,
    chain: Uuid,
    entries: &'a [audit_event::Model],
) -> Result<Option<&'a audit_event::Model>> {
    let Some((first, last)) = entries.first().zip(entries.last()) else { return Ok(None) };
    let span = Span { chain, first: first.sequence, last: last.sequence };
    let listed = listing::listed(db, chain).await?;
    let (lists, sets) = (lists(db, span).await?, found(db, span).await?);
    let is_right = |entry: &&audit_event::Model| match (expected(entry), lists.get(&entry.sequence)) {
        ((0, _), None) => true,
        ((number, Some(digest)), Some(list)) => {
            let is_listed = entry.sequence <= listed;
            let is_set = |set: &Found| set.holds == Some(number) && (!is_listed || set.listed == number);
            list.event_id == entry.id
                && hex(&list.digest) == digest
                && sets.get(&list.digest).is_some_and(is_set)
        }
        _ => false,
    };
    Ok(entries.iter().find(|entry| !is_right(entry)))
}

/// Entries of a chain, from one number to another.
#[derive(Clone, Copy)]
struct Span {
    chain: Uuid,
    first: i64,
    last: i64,
}

/// A set of customers, as it is found.
#[derive(Default)]
struct Found {
    /// How many it holds; none where it is not what it is known by.
    holds: Option<u64>,
    /// How many of them are listed by customer.
    listed: u64,
}

#[expect(clippy::disallowed_methods, reason = "the log is verified whosever entries are in it")]
async fn lists(db: &DatabaseTransaction, span: Span) -> Result<HashMap<i64, disclosed_list::Model>> {
    let found = disclosed_list::Entity::find().filter(within(span)).all(db).await?;
    Ok(found.into_iter().map(|list| (list.sequence, list)).collect())
}

fn within(span: Span) -> Condition {
    use disclosed_list::Column::{Chain, Sequence};
    Condition::all().add(Chain.eq(span.chain)).add(Sequence.between(span.first, span.last))
}

/// The sets that these entries are about, each once.
#[expect(clippy::disallowed_methods, reason = "the log is verified whosever entries are in it")]
async fn found(db: &DatabaseTransaction, span: Span) -> Result<HashMap<Vec<u8>, Found>> {
    use disclosed_set::Column::{Chain, Digest};
    let lists = disclosed_list::Entity::find().select_only().column(disclosed_list::Column::Digest);
    let sets = disclosed_set::Entity::find().filter(Chain.eq(span.chain));
    let sets = sets.filter(Digest.in_subquery(lists.filter(within(span)).into_query()));
    let mut found = HashMap::new();
    for set in sets.all(db).await? {
        let is_right = sets::sha256(&set.customers) == set.digest;
        let holds = is_right.then_some(set.customers.len() as u64 / 16);
        found.insert(set.digest, Found { holds, ..Found::default() });
    }
    let of = "SELECT DISTINCT chain, digest FROM disclosed_list
              WHERE chain = $1 AND sequence BETWEEN $2 AND $3";
    let backend = db.get_database_backend();
    let sql = format!(
        "SELECT digest, count(*) AS listed FROM ({}) AS shown
         JOIN disclosed_customer AS listed USING (customer_id, digest)
         WHERE listed.tenant_id = shown.chain GROUP BY digest",
        sets::customers_of(backend, of)
    );
    let values = [span.chain.into(), span.first.into(), span.last.into()];
    for row in db.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await? {
        if let Some(set) = found.get_mut(&row.try_get::<Vec<u8>>("", "digest")?) {
            set.listed = row.try_get::<i64>("", "listed")?.unsigned_abs();
        }
    }
    Ok(found)
}

/// An entry that somebody is told of besides those it was about.
#[derive(FromQueryResult)]
pub(super) struct Beside {
    pub(super) sequence: i64,
    pub(super) event_id: AuditEventId,
}

/// The first entry of a chain that is told of besides: to a customer that is not in the entry's set, or behind the end of
/// the chain. All that is listed is gone through.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "the log is verified whosever entries are in it")]
pub(super) async fn beside(db: &DatabaseTransaction, chain: Uuid, end: i64) -> Result<Option<Beside>> {
    let backend = db.get_database_backend();
    let is_beside = match backend {
        DbBackend::Postgres => "position(uuid_send(listed.customer_id) IN shown.customers) = 0",
        _ => "instr(shown.customers, listed.customer_id) = 0",
    };
    let sql = format!(
        "WITH beside AS MATERIALIZED (
            SELECT DISTINCT listed.digest FROM disclosed_customer AS listed
            JOIN disclosed_set AS shown ON shown.chain = listed.tenant_id AND shown.digest = listed.digest
            WHERE listed.tenant_id = $1 AND {is_beside})
         SELECT list.sequence, list.event_id FROM beside JOIN disclosed_list AS list USING (digest)
         WHERE list.chain = $1 ORDER BY list.sequence LIMIT 1"
    );
    let found = Statement::from_sql_and_values(backend, sql, [chain.into()]);
    if let Some(found) = Beside::find_by_statement(found).one(db).await? {
        return Ok(Some(found));
    }
    use disclosed_list::Column::{Chain, EventId, Sequence};
    let behind = disclosed_list::Entity::find().filter(Chain.eq(chain)).filter(Sequence.gt(end));
    let behind = behind.order_by_asc(Sequence).select_only().columns([Sequence, EventId]);
    Ok(behind.into_model().one(db).await?)
}
