//! A tag of what a word in a customer's names begins with.

use sea_orm::entity::prelude::*;

use crate::id::{CustomerId, ResellerId, TenantId};

/// A tag of what a word in a customer's names begins with: the customer is found by it. Gone with the name.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_word")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: CustomerId,
    /// The tag, by a key of the provider.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag: String,
    /// The customer's provider.
    pub tenant_id: TenantId,
    /// The reseller the customer came through, if any.
    pub reseller_id: Option<ResellerId>,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
