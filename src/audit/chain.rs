//! The log as a chain: each entry of a provider carries the hash of the one before it, so that nothing of it can be changed,
//! taken out, put in or moved without every later hash being another.
//!
//! An entry's hash is SHA-256 (FIPS 180-4) over all its columns that hold something, each as name and value with the
//! lengths of both before them, the hash of the entry before it among them. A column that is added later changes no hash
//! of before.
//!
//! Who adds an entry has locked the end of its chain until his transaction is over: so chains are linear and without a gap,
//! however many write from however many instances, and what is rolled back leaves none.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};
use custodian_entity::id::{AuditEventId, TypedId};
use custodian_entity::{audit_event, audit_head};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, Iden,
    IntoActiveModel, Iterable, ModelTrait, QuerySelect, Set, TryIntoModel, Value,
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

/// Adds entries to their chains in the running transaction, and says where they are. It ought to be the last thing a transaction does: others wait
/// for it from here on.
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
) -> Result<Vec<Place>> {
    // In one order, whoever writes: two who wait for each other would wait for ever.
    let mut chains: BTreeMap<Uuid, Vec<audit_event::ActiveModel>> = BTreeMap::new();
    for entry in entries {
        chains.entry(chain_of(&entry)).or_default().push(entry);
    }
    let mut places = Vec::new();
    for (chain, entries) in chains {
        let mut head = locked(db, chain).await?;
        let mut linked = Vec::with_capacity(entries.len());
        for mut entry in entries {
            head.sequence += 1;
            entry.chain = Set(chain);
            entry.sequence = Set(head.sequence);
            entry.prev_hash = Set(std::mem::take(&mut head.hash));
            entry.hash = Set(String::new());
            let entry: audit_event::Model = entry.try_into_model().map_err(Error::internal)?;
            head.hash = hash(&entry);
            places.push(Place { event: entry.id, chain, sequence: entry.sequence });
            linked.push(
                audit_event::Model { hash: head.hash.clone(), ..entry }.into_active_model().reset_all(),
            );
        }
        database::add(db, linked).await?;
        let moved = audit_head::ActiveModel {
            chain: ActiveValue::Unchanged(chain),
            sequence: Set(head.sequence),
            hash: Set(head.hash),
            earlier: ActiveValue::NotSet,
        };
        audit_head::Entity::update(moved).exec(db).await?;
    }
    Ok(places)
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
