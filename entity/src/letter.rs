//! A letter on its way: an e-mail that somebody is to get.

use sea_orm::entity::prelude::*;

use crate::choice::LetterStatus;
use crate::id::{LetterId, TenantId};

/// A letter on its way.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "letter")]
pub struct Model {
    /// The id. The Message-ID is made of it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LetterId,
    /// In whose name it is sent.
    pub tenant_id: TenantId,
    /// What it says, by name.
    pub notice: String,
    /// What became of it.
    pub status: LetterStatus,
    /// Address and text, sealed for this row; nothing once it is settled.
    pub content: Option<String>,
    /// How often it was sent, or tried to be.
    pub attempts: i32,
    /// When it is to be tried next. While it is being tried: when somebody else may.
    pub due_at: Option<DateTimeUtc>,
    /// When it is no longer tried.
    pub give_up_at: DateTimeUtc,
    /// When it was written.
    pub created_at: DateTimeUtc,
    /// When it was sent or given up.
    pub settled_at: Option<DateTimeUtc>,
}

/// None: the service alone reads letters.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
