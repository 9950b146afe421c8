//! The log as a chain: each entry of a provider carries the hash of the one before it, so that nothing of it can be changed,
//! taken out, put in or moved without every later hash being another.
//!
//! An entry's hash is SHA-256 (FIPS 180-4) over all its columns that hold something, each as name and value with the
//! lengths of both before them, the hash of the entry before it among them. A column that is added later changes no hash
//! of before.
//!
//! Who adds an entry has moved the end of its chain on from where he found it, and so locked it until his transaction is over:
//! so chains are linear and without a gap, however many write from however many instances, and what is rolled back leaves
//! none. Who added the entry before knows where the end was left, and moves it on from there if nobody else has meanwhile.

use std::collections::{BTreeMap, HashMap};

use aws_lc_rs::digest::{Context, SHA256};
use custodian_entity::id::{AuditEventId, TypedId};
use custodian_entity::{audit_event, audit_head};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait,
    Iden, IntoActiveModel, Iterable, ModelTrait, QueryFilter, QuerySelect, Set, TryIntoModel, Value,
};

use crate::database;
use crate::error::{Error, Result};

/// Where an entry is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) event: AuditEventId,
    pub(super) chain: Uuid,
    pub(super) sequence: i64,
}

/// Where this process left the ends of chains. Whoever's transaction fails forgets them.
pub(super) type Ends = HashMap<Uuid, audit_head::Model>;

/// Adds entries to their chains in the running transaction, and says where they are. It ought to be the last thing a
/// transaction does: others wait for it from here on.
///
/// # Errors
/// When the database is away or refuses.
#[expect(
    clippy::disallowed_methods,
    reason = "the log has no viewer's scope: it records what any viewer did"
)]
pub(super) async fn append(
    db: &DatabaseTransaction,
    entries: Vec<audit_event::ActiveModel>,
    ends: &mut Ends,
) -> Result<Vec<Place>> {
    // In one order, whoever writes: two who wait for each other would wait for ever.
    let mut chains: BTreeMap<Uuid, Vec<audit_event::ActiveModel>> = BTreeMap::new();
    for entry in entries {
        chains.entry(chain_of(&entry)).or_default().push(entry);
    }
    let mut places = Vec::new();
    for (chain, entries) in chains {
        let known = ends.remove(&chain);
        let (entries, end) = match left(db, known.as_ref(), &entries).await? {
            Some(linked) => linked,
            None => {
                let end = locked(db, chain).await?;
                // A backup was put back: what else this process knows may be gone with what it wrote.
                if known.is_some_and(|known| known.sequence > end.sequence) {
                    return Err(Error::bug("a chain was set back"));
                }
                let linked = link(end.clone(), entries)?;
                match moved(db, &end, &linked.1).await? {
                    true => linked,
                    false => return Err(Error::bug("the end of a chain was moved while it was locked")),
                }
            }
        };
        let place = |entry: &audit_event::Model| Place { event: entry.id, chain, sequence: entry.sequence };
        places.extend(entries.iter().map(place));
        let rows = entries.into_iter().map(|entry| entry.into_active_model().reset_all()).collect();
        database::add(db, rows).await?;
        ends.insert(chain, end);
    }
    Ok(places)
}

/// Entries linked to the end of a chain, and the end behind them.
type Linked = (Vec<audit_event::Model>, audit_head::Model);

fn link(mut end: audit_head::Model, entries: Vec<audit_event::ActiveModel>) -> Result<Linked> {
    let mut linked = Vec::with_capacity(entries.len());
    for mut entry in entries {
        end.sequence += 1;
        entry.chain = Set(end.chain);
        entry.sequence = Set(end.sequence);
        entry.prev_hash = Set(std::mem::take(&mut end.hash));
        entry.hash = Set(String::new());
        let entry: audit_event::Model = entry.try_into_model().map_err(Error::internal)?;
        end.hash = hash(&entry);
        linked.push(audit_event::Model { hash: end.hash.clone(), ..entry });
    }
    Ok((linked, end))
}

/// Entries behind the end that this process left, if it is still where it was.
async fn left(
    db: &DatabaseTransaction,
    end: Option<&audit_head::Model>,
    entries: &[audit_event::ActiveModel],
) -> Result<Option<Linked>> {
    let Some(end) = end else { return Ok(None) };
    let linked = link(end.clone(), entries.to_vec())?;
    Ok(moved(db, end, &linked.1).await?.then_some(linked))
}

/// Moves the end of a chain on, if it is where it is said to be. Who else would, waits for this transaction, and then finds
/// it moved.
#[expect(clippy::disallowed_methods, reason = "the end of a chain is nobody's row")]
async fn moved(db: &DatabaseTransaction, from: &audit_head::Model, to: &audit_head::Model) -> Result<bool> {
    use audit_head::Column::{Chain, Hash, Sequence};
    let ends = audit_head::Entity::update_many()
        .col_expr(Sequence, Expr::val(to.sequence))
        .col_expr(Hash, Expr::val(&*to.hash))
        .filter(Chain.eq(from.chain))
        .filter(Sequence.eq(from.sequence))
        .filter(Hash.eq(&*from.hash));
    Ok(ends.exec(db).await?.rows_affected == 1)
}

/// The chain of an entry: its provider's.
fn chain_of(entry: &audit_event::ActiveModel) -> Uuid {
    match &entry.tenant_id {
        ActiveValue::Set(Some(tenant)) => tenant.uuid(),
        _ => Uuid::nil(),
    }
}

/// The end of a chain, which stays as it is until this transaction is over.
#[expect(clippy::disallowed_methods, reason = "the end of a chain is nobody's row")]
async fn locked(db: &DatabaseTransaction, chain: Uuid) -> Result<audit_head::Model> {
    let find = || {
        let head = audit_head::Entity::find_by_id(chain);
        // SQLite has one writer at a time anyway.
        if db.get_database_backend() == DbBackend::Postgres { head.lock_exclusive() } else { head }
    };
    if let Some(head) = find().one(db).await? {
        return Ok(head);
    }
    let first = audit_head::ActiveModel {
        chain: Set(chain),
        sequence: Set(0),
        hash: Set(String::new()),
        earlier: Set(0),
    };
    // Of several who begin a chain one does.
    let begun = audit_head::Entity::insert(first)
        .on_conflict(OnConflict::column(audit_head::Column::Chain).do_nothing().to_owned());
    begun.exec_without_returning(db).await?;
    find().one(db).await?.ok_or_else(|| Error::bug("a chain without an end"))
}

/// The hash of an entry, in hexadecimal digits.
pub(super) fn hash(entry: &audit_event::Model) -> String {
    let mut context = Context::new(&SHA256);
    let mut add = |bytes: &[u8]| {
        context.update(&(bytes.len() as u64).to_be_bytes());
        context.update(bytes);
    };
    for column in audit_event::Column::iter() {
        if matches!(column, audit_event::Column::Hash) {
            continue;
        }
        if let Some(text) = text(entry.get(column)) {
            add(column.to_string().as_bytes());
            add(text.as_bytes());
        }
    }
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A value as text, alike whichever database it was read from; none for nothing.
fn text(value: Value) -> Option<String> {
    match value {
        Value::Uuid(uuid) => uuid.map(|uuid| uuid.to_string()),
        Value::String(text) => text,
        Value::BigInt(number) => number.map(|number| number.to_string()),
        Value::ChronoDateTimeUtc(time) => time.map(|time| time.timestamp_micros().to_string()),
        // Objects list their members in the order of their names.
        Value::Json(json) => json.map(|json| json.to_string()),
        other => Some(format!("{other:?}")),
    }
}
