//! One row that every change of a role counts up: how other instances learn of it.

use sea_orm::entity::prelude::*;

/// The only id.
pub const ID: i32 = 1;

/// One row that every change of a role counts up: how other instances learn of it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "policy_version")]
pub struct Model {
    /// Always [`ID`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// How often roles were changed, and one.
    pub version: i64,
}

/// None.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
