//! A customer whose data were shown.

use sea_orm::entity::prelude::*;

use crate::id::{CustomerId, TenantId};

/// A customer whose data were shown, and a set in which it was. Listed from [`crate::disclosed_set`] a moment after that was
/// written; never changed. Which entries of the audit log are about the set is in [`crate::disclosed_list`].
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disclosed_customer")]
pub struct Model {
    /// The customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: CustomerId,
    /// The provider whose customer it is: the set's chain.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The set.
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: Vec<u8>,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
