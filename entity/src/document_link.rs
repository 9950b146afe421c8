//! A link to the content of a document, good once and for a minute, for a browser that cannot send a token.

use sea_orm::entity::prelude::*;

use crate::choice::RevealPurpose;
use crate::id::{DocumentId, SessionId, UserId};

/// A link to the content of a document.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "document_link")]
pub struct Model {
    /// The SHA-256 of the token, in base64url. The token itself is stored nowhere.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    /// The document.
    pub document_id: DocumentId,
    /// Whose it is.
    pub user_id: UserId,
    /// The session it was made in: with that it ends.
    pub session_id: SessionId,
    /// The role it was made in.
    pub role: String,
    /// What for, where that had to be said.
    pub purpose: Option<RevealPurpose>,
    /// Until when it can be used.
    pub expires_at: DateTimeUtc,
    /// When it was.
    pub used_at: Option<DateTimeUtc>,
}

/// None: a link is found by its hash alone.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
