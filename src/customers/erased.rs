//! What erased customers would still be found by.
//!
//! With a customer's key what it sealed is unreadable. The tags of it hang on a key of the provider, and go here. Who was
//! erased is said by the key store alone, so that a backup of the data from before is put right as well: when the service
//! starts on it, before anything is served, and by the hour.

use std::sync::Arc;

use custodian_entity::customer::{Column, Entity};
use custodian_entity::customer_word;
use custodian_entity::id::CustomerId;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::authz::rows::KeptBy;
use crate::authz::{Operation, Rows};
use crate::database::{Settings, unless_gone};
use crate::error::Result;
use crate::vault::{Retention, Vault};

/// Takes away the tags of what was erased.
///
/// # Errors
/// When the key store or the database is away. What was done until then stays done.
pub async fn forget_erased(operation: &Operation, vault: &Vault) -> Result<()> {
    let operation = operation.told(Settings::of_erasure());
    for retention in [Retention::General, Retention::Kyc] {
        let mut last = None;
        loop {
            let customers = unless_gone(async { Ok(vault.erased(retention, last).await?) }).await?;
            let Some(next) = customers.last() else { break };
            last = Some(*next);
            let forgetting = async {
                operation.begin_write().await?;
                forget(&operation, retention, &customers).await?;
                operation.commit().await
            };
            unless_gone(forgetting).await?;
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "what was erased is nobody's: the service takes it away")]
async fn forget(operation: &Arc<Operation>, retention: Retention, customers: &[CustomerId]) -> Result<()> {
    let transaction = operation.transaction().await?;
    let is_gone = |sealed: &Column| Entity::kept_by(*sealed) == KeptBy::Itself(retention);
    let customers = || customers.iter().copied();
    if Entity::named().iter().any(is_gone) {
        let words = customer_word::Column::CustomerId.is_in(customers());
        customer_word::Entity::delete_many().filter(words).exec(&*transaction).await?;
    }
    for indexed in Entity::indexed().iter().filter(|indexed| is_gone(&indexed.sealed)) {
        let forgotten = Entity::update_many()
            .col_expr(indexed.tags, Expr::value(Option::<String>::None))
            .filter(Column::Id.is_in(customers()))
            .filter(indexed.tags.is_not_null());
        forgotten.exec(&*transaction).await?;
    }
    Ok(())
}
