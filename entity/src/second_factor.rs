//! What a user proves himself with besides his password.

use sea_orm::entity::prelude::*;

use crate::id::UserId;

/// What a user proves himself with besides his password: at most one each.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "second_factor")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// Sealed for this user.
    pub secret: String,
    /// The step of the last code that was accepted: none is accepted twice.
    pub last_step: Option<i64>,
    /// When its first code was given; before that it is none.
    pub confirmed_at: Option<DateTimeUtc>,
    /// When it was set up.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
