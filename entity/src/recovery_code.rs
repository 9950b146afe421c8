//! A code for who has lost his second factor. It goes with its use.

use sea_orm::entity::prelude::*;

use crate::id::UserId;

/// A code for who has lost his second factor. It goes with its use.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "recovery_code")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// What stands for the code: a keyed hash.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code_tag: String,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
