//! An invoice. Its lines are frozen once it is issued.

use sea_orm::entity::prelude::*;

use crate::choice::InvoiceStatus;
use crate::id::{CustomerId, InvoiceId, ResellerId, TenantId};

/// An invoice. Its lines are frozen once it is issued.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "invoice")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InvoiceId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller it came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// Gapless within the tenant once issued; a draft has a provisional one.
    pub number: String,
    /// Status.
    pub status: InvoiceStatus,
    /// Issue date.
    pub issue_date: Date,
    /// Due date.
    pub due_date: Date,
    /// Period start.
    pub period_start: Option<Date>,
    /// Period end.
    pub period_end: Option<Date>,
    /// ISO 4217.
    pub currency: String,
    /// Minor units.
    pub subtotal: i64,
    /// Minor units.
    pub tax_total: i64,
    /// Minor units.
    pub total: i64,
    /// Minor units.
    pub amount_paid: i64,
    /// Memo.
    pub memo: Option<String>,
    /// Internal note.
    pub internal_note: Option<String>,
    /// Void reason.
    pub void_reason: Option<String>,
    /// Paid at.
    pub paid_at: Option<DateTimeUtc>,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
