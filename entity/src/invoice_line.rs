//! A line of an invoice.

use sea_orm::entity::prelude::*;

use crate::id::{CustomerId, InvoiceId, InvoiceLineId, ResellerId, TenantId};

/// A line of an invoice.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "invoice_line")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InvoiceLineId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller it came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// Invoice id.
    pub invoice_id: InvoiceId,
    /// Position.
    pub position: i32,
    /// Description.
    pub description: String,
    /// In units of 1/1,000.
    pub quantity: i64,
    /// Minor units.
    pub unit_price: i64,
    /// Minor units, without tax.
    pub amount: i64,
    /// In units of 1/10,000.
    pub tax_rate: i64,
    /// ISO 4217.
    pub currency: String,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
