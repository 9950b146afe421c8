//! A named set of grants. Rows without a tenant are the built-in roles; their rights are in the policy.

use sea_orm::entity::prelude::*;

use crate::id::{RoleId, TenantId};

/// A named set of grants. Rows without a tenant are the built-in roles; their rights are in the policy.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "role")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RoleId,
    /// Whose data it is.
    pub tenant_id: Option<TenantId>,
    /// The name the policy uses.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Is system.
    pub is_system: bool,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
