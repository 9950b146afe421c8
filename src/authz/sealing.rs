//! The one place where personal data are sealed and opened: on the way into a row and out of it.
//!
//! Which columns are sealed is said by their types alone (`custodian_entity::personal`). A row that was read holds them
//! sealed; those open that a field of the operation needs which is selected and not denied, and those that are asked for
//! by name. So a list opens no key for what nobody sees.

use custodian_entity::id::{CustomerId, ResellerId, TenantId, TypedId, UserId};
use custodian_entity::personal::is_sealed;
use sea_orm::prelude::Uuid;
use sea_orm::{ActiveModelTrait, ActiveValue, ColumnTrait, EntityTrait, Iden, Iterable, ModelTrait, Value};

use super::catalog::camel_case;
use super::operation::Operation;
use super::rows::{Indexed, KeptBy, Rows};
use crate::error::{Error, Result};
use crate::vault::{OpenKeys, Owner, Place, VaultError};

/// The sealed columns of an entity.
pub fn sealed_columns<E: EntityTrait>() -> impl Iterator<Item = E::Column> {
    E::Column::iter().filter(|column| is_sealed(column.def().get_column_type()))
}

/// The field of an entity's type that a column is shown as: `Customer.billingEmail`.
pub fn shown_as<E: Rows>(column: E::Column) -> String {
    format!("{}.{}", E::TYPE, camel_case(&column.to_string()))
}

/// Opens columns of rows. What was erased stays sealed, and is shown as nothing is.
///
/// # Errors
/// When a key is missing or a value was changed: nothing is opened then.
pub async fn open<E: Rows>(keys: &OpenKeys, rows: &mut [E::Model], columns: &[E::Column]) -> Result<()> {
    if columns.is_empty() {
        return Ok(());
    }
    let named: Vec<(E::Column, String)> =
        columns.iter().map(|column| (*column, column.to_string())).collect();
    let (table, tenant) = (E::default(), column_named::<E>("tenant_id"));
    let mut texts = Vec::with_capacity(rows.len() * columns.len());
    for (number, row) in rows.iter().enumerate() {
        let (tenant, id) = (tenant_of(|_| Some(row.get(tenant?)))?, E::id(row).uuid());
        for (column, name) in &named {
            if let Value::String(Some(text)) = row.get(*column) {
                let place = Place { tenant, table: table.table_name(), column: name, row: id };
                texts.push((number, *column, place, text));
            }
        }
    }
    let values: Vec<_> = texts.iter().map(|(_, _, place, text)| (*place, text.as_str())).collect();
    let opened = keys.open(&values).await?;
    for ((number, column, ..), opened) in texts.iter().zip(opened) {
        let row = rows.get_mut(*number).ok_or_else(|| Error::bug("a row is gone"))?;
        match opened {
            Ok(mut bytes) => row.try_set(*column, Value::Bytes(Some(std::mem::take(&mut *bytes))))?,
            Err(VaultError::Destroyed { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Whose a row is whose columns are to be sealed.
#[derive(Clone, Copy)]
pub(super) struct Whose {
    pub(super) tenant: TenantId,
    pub(super) row: Uuid,
    customer: Option<CustomerId>,
}

impl Whose {
    /// Read from the columns of a row.
    pub(super) fn of<E: Rows>(get: impl Fn(E::Column) -> Option<Value>) -> Result<Self> {
        let value = |name: &str| get(column_named::<E>(name)?);
        let uuid = |name| match value(name) {
            Some(Value::Uuid(uuid)) => uuid,
            _ => None,
        };
        Ok(Self {
            tenant: tenant_of(value)?,
            row: uuid("id").ok_or_else(|| Error::bug("a row without an id"))?,
            customer: uuid("customer_id").map(CustomerId::from_uuid),
        })
    }

    fn owner(&self, kept_by: KeptBy) -> Result<Owner> {
        Ok(match kept_by {
            KeptBy::Customer(retention) => {
                let customer = self.customer.ok_or_else(|| Error::bug("a row of no customer"))?;
                Owner::Customer(customer, retention)
            }
            KeptBy::Itself(retention) => Owner::Customer(CustomerId::from_uuid(self.row), retention),
            KeptBy::User => Owner::User(UserId::from_uuid(self.row)),
            KeptBy::Tenant => Owner::Records,
            KeptBy::Reseller => Owner::Reseller(ResellerId::from_uuid(self.row)),
        })
    }
}

impl Operation {
    /// A new row with its personal data sealed.
    ///
    /// # Errors
    /// When a key was destroyed or cannot be had, or a value was read sealed: nothing is sealed then.
    pub async fn sealed<E: Rows>(&self, row: E::ActiveModel) -> Result<E::ActiveModel>
    where
        E::ActiveModel: ActiveModelTrait<Entity = E>,
    {
        if sealed_columns::<E>().next().is_none() {
            return Ok(row);
        }
        let mut sealed = sealed::<E>(&self.keys, vec![row]).await?;
        sealed.pop().ok_or_else(|| Error::bug("a row is gone"))
    }

    /// The changes of a row with their personal data sealed.
    ///
    /// # Errors
    /// When a key was destroyed or cannot be had, or a value was read sealed: nothing is sealed then.
    pub async fn sealed_change<E: Rows>(
        &self,
        before: &E::Model,
        change: E::ActiveModel,
    ) -> Result<E::ActiveModel>
    where
        E::ActiveModel: ActiveModelTrait<Entity = E>,
    {
        sealed_change::<E>(&self.keys, before, change).await
    }

    /// A row with these columns of personal data open.
    ///
    /// # Errors
    /// When a key is missing or a value was changed.
    pub async fn opened<E: Rows>(
        &self,
        mut row: E::Model,
        columns: impl IntoIterator<Item = E::Column>,
    ) -> Result<E::Model> {
        let columns: Vec<E::Column> = columns.into_iter().collect();
        open::<E>(&self.keys, std::slice::from_mut(&mut row), &columns).await?;
        Ok(row)
    }
}

/// Whether a row to be written holds personal data that are yet to be sealed.
pub(super) fn is_open<E: Rows>(row: &E::ActiveModel) -> bool {
    sealed_columns::<E>().any(|column| clear(row.get(column)).is_some())
        || E::indexed().iter().any(|indexed| row.get(indexed.sealed).is_set())
}

/// Seals what is open in rows to be written, and sets the tags by which it is found.
///
/// # Errors
/// When a key was destroyed or cannot be had: nothing is sealed then.
async fn seal<E: Rows>(keys: &OpenKeys, rows: &mut [(E::ActiveModel, Whose)]) -> Result<()>
where
    E::ActiveModel: ActiveModelTrait<Entity = E>,
{
    let table = E::default();
    let columns: Vec<(E::Column, String)> =
        sealed_columns::<E>().map(|column| (column, column.to_string())).collect();
    let mut places = Vec::new();
    let mut clear_values = Vec::new();
    for (number, (row, whose)) in rows.iter().enumerate() {
        for (column, name) in &columns {
            // Sealed for another place, it would never open again.
            if let ActiveValue::Set(Value::String(Some(_))) = row.get(*column) {
                return Err(Error::bug("a value that was read sealed is written"));
            }
            if let Some(bytes) = clear(row.get(*column)) {
                let place =
                    Place { tenant: whose.tenant, table: table.table_name(), column: name, row: whose.row };
                places.push((number, *column, place, whose.owner(E::kept_by(*column))?));
                clear_values.push(bytes);
            }
        }
    }
    for (row, whose) in rows.iter_mut() {
        for indexed in E::indexed() {
            set_tags::<E>(keys, row, whose, indexed).await?;
        }
    }
    let values: Vec<_> = (places.iter().zip(&clear_values))
        .map(|((_, _, place, owner), bytes)| (*place, *owner, bytes.as_slice()))
        .collect();
    let sealed = keys.seal(&values).await?;
    for ((number, column, ..), text) in places.iter().zip(sealed) {
        let (row, _) = rows.get_mut(*number).ok_or_else(|| Error::bug("a row is gone"))?;
        row.set(*column, Value::String(Some(text)));
    }
    Ok(())
}

async fn set_tags<E: Rows>(
    keys: &OpenKeys,
    row: &mut E::ActiveModel,
    whose: &Whose,
    indexed: &Indexed<E::Column>,
) -> Result<()> {
    let tag = match row.get(indexed.sealed).into_value() {
        Some(Value::Bytes(Some(bytes))) => {
            let text = String::from_utf8(bytes).map_err(Error::internal)?;
            Some(keys.tag(whose.tenant, indexed.index, &text).await?)
        }
        // Sealed already, and so tagged; or not written.
        Some(Value::String(Some(_))) | None => return Ok(()),
        Some(_) => None,
    };
    row.set(indexed.tags, Value::String(tag));
    Ok(())
}

/// New rows with their personal data sealed.
///
/// # Errors
/// When a key was destroyed or cannot be had, or a value was read sealed: nothing is sealed then.
pub async fn sealed<E: Rows>(keys: &OpenKeys, rows: Vec<E::ActiveModel>) -> Result<Vec<E::ActiveModel>>
where
    E::ActiveModel: ActiveModelTrait<Entity = E>,
{
    let whose = |row: &E::ActiveModel| {
        // Of a new row everything is written, wherever it was read.
        let is_sealed = |column| matches!(row.get(column).into_value(), Some(Value::String(Some(_))));
        match sealed_columns::<E>().find(|column| is_sealed(*column)) {
            Some(_) => Err(Error::bug("a value that was read sealed is written")),
            None => Whose::of::<E>(|column| row.get(column).into_value()),
        }
    };
    let mut rows =
        rows.into_iter().map(|row| whose(&row).map(|whose| (row, whose))).collect::<Result<Vec<_>>>()?;
    seal::<E>(keys, &mut rows).await?;
    Ok(rows.into_iter().map(|(row, _)| row).collect())
}

/// The changes of a row with their personal data sealed.
///
/// # Errors
/// When a key was destroyed or cannot be had, or a value was read sealed: nothing is sealed then.
pub async fn sealed_change<E: Rows>(
    keys: &OpenKeys,
    before: &E::Model,
    change: E::ActiveModel,
) -> Result<E::ActiveModel>
where
    E::ActiveModel: ActiveModelTrait<Entity = E>,
{
    let mut rows = [(change, Whose::of::<E>(|column| Some(before.get(column)))?)];
    seal::<E>(keys, &mut rows).await?;
    let [(row, _)] = rows;
    Ok(row)
}

/// What a column to be written holds in clear.
fn clear(value: ActiveValue<Value>) -> Option<Vec<u8>> {
    match value.into_value() {
        Some(Value::Bytes(bytes)) => bytes,
        _ => None,
    }
}

pub(super) fn column_named<E: EntityTrait>(name: &str) -> Option<E::Column> {
    E::Column::iter().find(|column| column.to_string() == name)
}

fn tenant_of(get: impl Fn(&str) -> Option<Value>) -> Result<TenantId> {
    match get("tenant_id") {
        Some(Value::Uuid(Some(tenant))) => Ok(TenantId::from_uuid(tenant)),
        _ => Err(Error::bug("personal data of no provider")),
    }
}
