//! How customers are found by words of their names, which are sealed: by tags of what the words begin with.
//!
//! They are the words of the names a customer has now: whatever writes a name through [`Scoped`] writes them with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use custodian_entity::choice::Scope;
use custodian_entity::customer;
use custodian_entity::customer_word::{ActiveModel, Column, Entity, Model};
use custodian_entity::id::{CustomerId, ResellerId, TypedId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, QueryTrait, Value,
};

use super::operation::Operation;
use super::rows::{Rows, of_customer};
use super::scope::Scoped;
use super::sealing::{Whose, column_named};
use crate::authn::Identity;
use crate::error::{Error, Result};
use crate::vault::{OpenKeys, words};

/// What the tags are of.
const FIELD: &str = "customer.name";

/// The most words that are looked for at once.
const MOST: usize = 10;

/// Reached as the customer whose name it is.
impl Rows for Entity {
    const TYPE: &'static str = customer::Entity::TYPE;
    type Id = CustomerId;
    fn id_column() -> Self::Column {
        Column::CustomerId
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.customer_id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        of_customer([Column::TenantId, Column::ResellerId, Column::CustomerId], scope, who)
    }
}

/// The condition that the names of a customer have all words of a text, or words that begin with them: of three letters
/// and more; shorter ones are whole words.
///
/// # Errors
/// [`Error::BadInput`] for a text without words, or with too many; when the key store or the database is away.
pub async fn named(operation: &Arc<Operation>, text: &str) -> Result<Expr> {
    if !(1..=MOST).contains(&words(text).len()) {
        return Err(Error::bad_input(format!("search holds 1 to {MOST} words")));
    }
    let (mut tags, mut each) = (BTreeSet::new(), 0);
    for tenant in operation.tenants().await? {
        let wanted = operation.keys.indexes(tenant).await?.wanted_words(FIELD, text)?;
        each = wanted.len();
        tags.extend(wanted);
    }
    let each = i64::try_from(each).map_err(Error::internal)?;
    // A customer has tags of its own provider only, and each of them once.
    let found = Scoped::<Entity>::of(operation)
        .select()
        .filter(Column::Tag.is_in(tags))
        .select_only()
        .column(Column::CustomerId)
        .group_by(Column::CustomerId)
        .having(Column::Tag.count().eq(each));
    Ok(customer::Column::Id.in_subquery(found.into_query()))
}

/// The words of a row whose names are open; none where they were erased.
///
/// # Errors
/// When the key store is away.
pub async fn of<E: Rows>(keys: &OpenKeys, row: &E::Model) -> Result<Vec<Model>> {
    use sea_orm::ModelTrait;

    if E::named().is_empty() {
        return Ok(Vec::new());
    }
    let whose = Whose::of::<E>(|column| Some(row.get(column)))?;
    let reseller_id = match column_named::<E>("reseller_id").map(|column| row.get(column)) {
        Some(Value::Uuid(reseller)) => reseller.map(ResellerId::from_uuid),
        _ => None,
    };
    let indexes = keys.indexes(whose.tenant).await?;
    let mut tags = BTreeSet::new();
    for name in E::named() {
        if let Value::Bytes(Some(name)) = row.get(*name) {
            tags.extend(indexes.stored_words(FIELD, &String::from_utf8(name).map_err(Error::internal)?)?);
        }
    }
    let (customer_id, tenant_id) = (CustomerId::from_uuid(whose.row), whose.tenant);
    Ok(tags.into_iter().map(|tag| Model { customer_id, tag, tenant_id, reseller_id }).collect())
}

/// Puts the words of a row whose names were just written, and are open, in the place of those it had.
///
/// # Errors
/// When the key store or the database is away.
#[expect(clippy::disallowed_methods, reason = "the words of a row that the viewer has just written")]
pub async fn keep<E: Rows>(operation: &Operation, row: &E::Model) -> Result<()> {
    if E::named().is_empty() {
        return Ok(());
    }
    let words = of::<E>(&operation.keys, row).await?;
    let transaction = operation.transaction().await?;
    let former = Entity::delete_many().filter(Column::CustomerId.eq(E::id(row).uuid()));
    former.exec(&*transaction).await?;
    if !words.is_empty() {
        let words = words.into_iter().map(IntoActiveModel::<ActiveModel>::into_active_model);
        Entity::insert_many(words).exec_without_returning(&*transaction).await?;
    }
    Ok(())
}
