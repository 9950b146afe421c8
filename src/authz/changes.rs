//! What each change makes of a customer's rows, recorded in its transaction: field by field, the value before and after.
//!
//! The audit log says who did what, without values; this is where the values are. What changes nothing leaves no record,
//! and neither does what the server sets itself.

use std::sync::Arc;

use chrono::SecondsFormat;
use custodian_entity::change_record::{ActiveModel, Column, Entity};
use custodian_entity::choice::{AuthorKind, UserKind};
use custodian_entity::id::{
    AddressId, ChangeRecordId, CustomerId, InvoiceId, ResellerId, ServicePlanId, SubscriptionId, TenantId,
    TicketId, TypedId, UserId,
};
use custodian_entity::personal::{PastValue, is_sealed};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::sea_value_to_json_value;
use sea_orm::{
    ColumnTrait, EntityTrait, IdenStatic, Iterable, ModelTrait, QueryFilter, QueryOrder, Select, Set, Value,
};

use super::catalog::{Catalog, camel_case};
use super::history::source_id;
use super::operation::Operation;
use super::rows::Rows;
use super::scope::Scoped;
use super::sealing;
use crate::error::{Error, Result};

/// What a change made of one field. The values are texts as they are stored.
pub struct Changed {
    /// The field in the schema.
    pub field: String,
    /// What it held.
    pub old: Option<String>,
    /// What it holds now.
    pub new: Option<String>,
}

/// Records what a change made of a customer's row, in its transaction.
///
/// # Errors
/// [`Error::Internal`] for a row that is no customer's.
pub async fn record<E: Rows>(
    operation: &Arc<Operation>,
    row: &E::Model,
    changes: Vec<Changed>,
    reason: Option<&str>,
) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let id = E::id(row);
    let identity = operation.viewer.identity();
    let tenant = named::<E>(row, "tenant_id").ok_or_else(|| Error::bug("a row of no provider"))?;
    // The customer's own row names it by its id.
    let customer = if E::TYPE == "Customer" { Some(id.uuid()) } else { named::<E>(row, "customer_id") };
    let customer = customer.ok_or_else(|| Error::bug("a row of no customer"))?;
    let shared = ActiveModel {
        tenant_id: Set(TenantId::from_uuid(tenant)),
        reseller_id: Set(named::<E>(row, "reseller_id").map(ResellerId::from_uuid)),
        customer_id: Set(CustomerId::from_uuid(customer)),
        entity_type: Set(E::TYPE.to_owned()),
        entity_id: Set(id.uuid()),
        changed_at: Set(operation.clock.now()),
        actor_kind: Set(identity.map_or(AuthorKind::System, |who| match who.kind {
            UserKind::Staff => AuthorKind::Staff,
            UserKind::Reseller => AuthorKind::Reseller,
            UserKind::Customer => AuthorKind::Customer,
        })),
        changed_by: Set(identity.map(|who| who.user)),
        api_client_id: Set(identity.and_then(|who| who.client)),
        reason: Set(reason.map(str::to_owned)),
        version: Set(version::<E>(operation, row).await?),
        ..Default::default()
    };
    let records = changes.into_iter().map(|change| ActiveModel {
        id: Set(ChangeRecordId::from_uuid(operation.clock.new_uuid())),
        field: Set(change.field),
        old_value: Set(change.old.map(PastValue::new)),
        new_value: Set(change.new.map(PastValue::new)),
        ..shared.clone()
    });
    add(operation, records.collect()).await
}

/// Whether a history is kept of these rows.
pub(super) fn is_kept<E: Rows>() -> bool {
    source_id(E::TYPE, Uuid::nil()).is_some()
}

/// Records what a change made of a customer's row: what is different since.
///
/// # Errors
/// As [`record`].
pub async fn changed<E: Rows>(operation: &Arc<Operation>, before: &E::Model, after: &E::Model) -> Result<()> {
    let changes = changes::<E>(operation.rights.catalog(), Some(before), Some(after));
    record::<E>(operation, after, changes, None).await
}

#[expect(
    clippy::disallowed_methods,
    reason = "the history has no viewer's scope: it records what any viewer changed"
)]
async fn add(operation: &Arc<Operation>, records: Vec<ActiveModel>) -> Result<()> {
    let records = sealing::sealed::<Entity>(&operation.keys, records).await?;
    let transaction = operation.transaction().await?;
    Entity::insert_many(records).exec_without_returning(&*transaction).await?;
    Ok(())
}

/// The version that a row carries; of one that carries none, how often it was changed, as far as the viewer reaches. The
/// operator, who is none, reaches every row.
#[expect(clippy::disallowed_methods, reason = "the operator has no viewer's rows")]
async fn version<E: Rows>(operation: &Arc<Operation>, row: &E::Model) -> Result<i32> {
    if let Some(Value::Int(Some(version))) = column::<E>("version").map(|column| row.get(column)) {
        return Ok(version);
    }
    let of_row = Column::EntityId.eq(E::id(row).uuid());
    let latest = |rows: Select<Entity>| rows.filter(of_row).order_by_desc(Column::Version);
    let latest = match operation.viewer.identity() {
        Some(_) => Scoped::<Entity>::of(operation).one(latest).await?,
        None => latest(Entity::find()).one(&*operation.transaction().await?).await?,
    };
    Ok(latest.map_or(1, |latest| latest.version.saturating_add(1)))
}

/// Records that a customer's row was removed: what it held, its personal data open.
///
/// # Errors
/// As [`record`].
pub(super) async fn removed<E: Rows>(operation: &Arc<Operation>, before: &E::Model) -> Result<()> {
    let changes = changes::<E>(operation.rights.catalog(), Some(before), None);
    record::<E>(operation, before, changes, None).await
}

/// What became of each field of a row that the schema shows: from nothing where it was added, to nothing where it was
/// removed.
pub fn changes<E: Rows>(
    catalog: &Catalog,
    before: Option<&E::Model>,
    after: Option<&E::Model>,
) -> Vec<Changed> {
    let value = |row: Option<&E::Model>, column: E::Column| match row?.get(column) {
        // Not opened, and so not written.
        Value::String(_) if is_sealed(column.def().get_column_type()) => None,
        value => text(column, value),
    };
    E::Column::iter()
        .filter_map(|column| {
            let (mut old, mut new) = (value(before, column), value(after, column));
            let field = (old != new).then(|| field_of::<E>(catalog, column))??;
            if FORGOTTEN.contains(&(E::TYPE, field.as_str())) {
                (old, new) = (None, None);
            }
            Some(Changed { field, old, new })
        })
        .collect()
}

/// Fields of which it is kept that they were changed, and not what they held: who removes these wants them gone.
const FORGOTTEN: [(&str, &str); 3] =
    [("PaymentMethod", "holderName"), ("PaymentMethod", "iban"), ("CustomerNote", "body")];

/// Fields that are not named after their columns.
const NAMED_OTHERWISE: [(&str, &str, &str); 4] = [
    ("Address", "kind", "type"),
    ("Customer", "kind", "type"),
    ("Document", "kind", "type"),
    ("Subscription", "price_amount", "price"),
];

/// What the server sets itself, and whose the row is.
const SET_BY_SERVER: [&str; 6] = ["id", "tenant_id", "customer_id", "version", "created_at", "updated_at"];

/// The field of the schema that shows a column, if one does and it is not the server's own: `tax_id` is `taxId`, and
/// `account_manager_id` leads to `accountManager`.
pub fn field_of<E: Rows>(catalog: &Catalog, column: E::Column) -> Option<String> {
    let column = column.as_str();
    if SET_BY_SERVER.contains(&column) {
        return None;
    }
    let otherwise = NAMED_OTHERWISE.iter().find(|(of, named, _)| *of == E::TYPE && *named == column);
    let names = match otherwise {
        Some((.., field)) => vec![(*field).to_owned()],
        None => [Some(column), column.strip_suffix("_id")].into_iter().flatten().map(camel_case).collect(),
    };
    names.into_iter().find(|field| catalog.field(&format!("{}.{field}", E::TYPE)).is_some())
}

/// A value as text; an id as clients know it.
fn text(column: impl IdenStatic, value: Value) -> Option<String> {
    match value {
        // Personal data that were opened.
        Value::Bytes(bytes) => bytes.and_then(|bytes| String::from_utf8(bytes).ok()),
        Value::Uuid(id) => id.map(|id| id_text(column.as_str(), id)),
        Value::ChronoDateTimeUtc(time) => time.map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true)),
        Value::ChronoDate(date) => date.map(|date| date.to_string()),
        value => match sea_value_to_json_value(&value) {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Some(text),
            other => Some(other.to_string()),
        },
    }
}

/// An id as clients know it, by the column that holds it.
fn id_text(column: &str, id: Uuid) -> String {
    fn encoded<T: TypedId>(id: Uuid) -> String {
        T::from_uuid(id).encode()
    }
    match column {
        "account_manager_id" | "agent_id" | "assignee_id" | "author_id" | "performed_by" | "recorded_by"
        | "uploaded_by" | "verified_by" => encoded::<UserId>(id),
        "invoice_id" => encoded::<InvoiceId>(id),
        "plan_id" => encoded::<ServicePlanId>(id),
        "reseller_id" => encoded::<ResellerId>(id),
        "service_address_id" => encoded::<AddressId>(id),
        "subscription_id" => encoded::<SubscriptionId>(id),
        "ticket_id" => encoded::<TicketId>(id),
        _ => id.to_string(),
    }
}

fn column<E: Rows>(name: &str) -> Option<E::Column> {
    E::Column::iter().find(|column| column.as_str() == name)
}

/// The row that a column names.
fn named<E: Rows>(row: &E::Model, name: &str) -> Option<Uuid> {
    match row.get(column::<E>(name)?) {
        Value::Uuid(id) => id,
        _ => None,
    }
}
