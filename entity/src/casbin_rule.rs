//! A rule of a tenant's own role, in casbin's shape; its first value, the role, is `role_id`.

use sea_orm::entity::prelude::*;

use crate::id::{RoleId, TenantId};

/// A rule of a tenant's own role, in casbin's shape; its first value, the role, is `role_id`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "casbin_rule")]
pub struct Model {
    /// The role it belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub role_id: RoleId,
    /// Its place among the rules of the role, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// `g`: the role is also the role named in `v1`. `p`: the role has a right on something.
    pub ptype: String,
    /// The built-in role, or the field, group of fields, or type.
    pub v1: String,
    /// The right.
    pub v2: Option<String>,
    /// `allow` or `deny`.
    pub v3: Option<String>,
}

/// None: rules are read all at once, when the policy is loaded.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
