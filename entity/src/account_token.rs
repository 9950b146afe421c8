//! What opens an account once to whoever reads its e-mail.

use sea_orm::entity::prelude::*;

use crate::choice::TokenPurpose;
use crate::id::UserId;

/// What opens an account once to whoever reads its e-mail.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "account_token")]
pub struct Model {
    /// The SHA-256 of the token, in base64url. The token itself is stored nowhere but, sealed, in its letter.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    /// Whose.
    pub user_id: UserId,
    /// What for.
    pub purpose: TokenPurpose,
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
