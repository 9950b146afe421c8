//! A role given to a user.

use sea_orm::entity::prelude::*;

use crate::choice::Scope;
use crate::id::{RoleGrantId, RoleId, TenantId, UserId};

/// A role given to a user.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "role_grant")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RoleGrantId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// User id.
    pub user_id: UserId,
    /// Role id.
    pub role_id: RoleId,
    /// The role acted in when none is asked for.
    pub is_primary: bool,
    /// Scope.
    pub scope: Scope,
    /// Granted by.
    pub granted_by: Option<UserId>,
    /// Granted at.
    pub granted_at: DateTimeUtc,
    /// Expires at.
    pub expires_at: Option<DateTimeUtc>,
    /// Justification.
    pub justification: Option<String>,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
