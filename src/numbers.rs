//! Numbers without gaps: customers, tickets, invoices. The row of a series is locked until the transaction ends, so a
//! number is given out once, and only with the row that bears it.

use std::sync::Arc;

use custodian_entity::id::TenantId;
use custodian_entity::number_series::{ActiveModel, Column, Entity};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use crate::authz::Operation;
use crate::error::{Error, Result};

/// The next number of a tenant's series, from 1.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "a series belongs to the tenant, not to any viewer's rows")]
pub async fn next(operation: &Arc<Operation>, tenant: TenantId, series: &'static str) -> Result<i64> {
    let transaction = operation.transaction().await?;
    let first = ActiveModel { tenant_id: Set(tenant), kind: Set(series.to_owned()), last: Set(0) };
    let nothing = OnConflict::columns([Column::TenantId, Column::Kind]).do_nothing().to_owned();
    Entity::insert_many([first]).on_conflict(nothing).exec_without_returning(&*transaction).await?;
    let taken = Entity::update_many()
        .col_expr(Column::Last, Expr::col(Column::Last).add(1))
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::Kind.eq(series))
        .exec_with_returning(&*transaction)
        .await?;
    taken.first().map(|series| series.last).ok_or_else(|| Error::bug("the number series vanished"))
}
