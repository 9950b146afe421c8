//! A customer whose data were shown.

use sea_orm::entity::prelude::*;

use crate::id::{AuditEventId, CustomerId, TenantId};

/// A customer whose data were shown, and the entry of the audit log that says which and to whom. Listed from
/// [`crate::disclosed_list`] a moment after it; never changed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disclosed_customer")]
pub struct Model {
    /// The entry. Ids of entries are in the order of time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: AuditEventId,
    /// The customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: CustomerId,
    /// The provider whose customer it is.
    pub tenant_id: TenantId,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
