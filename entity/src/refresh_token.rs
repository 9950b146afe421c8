//! A token that prolongs a session once. All tokens of a session are one family: at most one of them is unused.

use sea_orm::entity::prelude::*;

use crate::id::{SessionId, UserId};

/// A token that prolongs a session once.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_token")]
pub struct Model {
    /// The SHA-256 of the token, in base64url. The token itself is stored nowhere.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    /// Its session.
    pub session_id: SessionId,
    /// Whose session it is.
    pub user_id: UserId,
    /// When it was given out.
    pub issued_at: DateTimeUtc,
    /// Until when it can be used.
    pub expires_at: DateTimeUtc,
    /// When it was.
    pub used_at: Option<DateTimeUtc>,
}

/// None: a token is found by its hash alone.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
