//! What a customer owes.

use std::sync::Arc;

use custodian_entity::customer::{Column, Entity};
use custodian_entity::id::CustomerId;
use sea_orm::sea_query::{Expr, ExprTrait};

use crate::authz::{Operation, Scoped};
use crate::error::Result;

/// Adds an amount to what a customer owes, in minor units: below zero it owes less.
///
/// # Errors
/// [`crate::error::Error::NotFound`] when the viewer does not reach the customer.
pub(super) async fn add(operation: &Arc<Operation>, customer: CustomerId, amount: i64) -> Result<()> {
    let owed = Expr::col(Column::Balance).add(amount);
    let customers = Scoped::<Entity>::of(operation);
    customers
        .change(customer, Default::default(), |update| update.col_expr(Column::Balance, owed))
        .await
        .map(drop)
}
