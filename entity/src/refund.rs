//! A part of a payment, or all of it, that was paid back.

use sea_orm::entity::prelude::*;

use crate::id::{CustomerId, PaymentId, RefundId, ResellerId, TenantId, UserId};
use crate::personal::FreeText;

/// A part of a payment, or all of it, that was paid back.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "refund")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RefundId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller it came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// The payment it is of.
    pub payment_id: PaymentId,
    /// Minor units of the payment's currency.
    pub amount: i64,
    /// Why.
    pub reason: Option<FreeText>,
    /// Chosen by the client; unique within the payment.
    pub idempotency_key: String,
    /// Who did it.
    pub refunded_by: UserId,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
