//! A payment a customer made. Custodian records payments; it does not process cards.

use sea_orm::entity::prelude::*;

use crate::choice::{PaymentFailureCode, PaymentStatus};
use crate::id::{CustomerId, InvoiceId, PaymentId, PaymentMethodId, ResellerId, TenantId, UserId};

/// A payment a customer made. Custodian records payments; it does not process cards.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "payment")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PaymentId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller it came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// Invoice id.
    pub invoice_id: Option<InvoiceId>,
    /// What was paid with, where it is known.
    pub method_id: Option<PaymentMethodId>,
    /// Status.
    pub status: PaymentStatus,
    /// Minor units.
    pub amount: i64,
    /// Minor units.
    pub refunded_amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Paid at.
    pub paid_at: Option<DateTimeUtc>,
    /// Failure code.
    pub failure_code: Option<PaymentFailureCode>,
    /// Processor reference.
    pub processor_reference: Option<String>,
    /// Chosen by the client; unique within the customer.
    pub idempotency_key: String,
    /// Recorded by.
    pub recorded_by: Option<UserId>,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
