//! That a session was verified by a second factor, and when last.

use sea_orm::entity::prelude::*;

use crate::id::{SessionId, UserId};

/// That a session was verified by a second factor, and when last.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "step_up")]
pub struct Model {
    /// Which session.
    #[sea_orm(primary_key, auto_increment = false)]
    pub session_id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// When.
    pub verified_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
