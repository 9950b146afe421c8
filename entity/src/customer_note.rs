//! What staff noted about a customer, for staff alone.

use sea_orm::entity::prelude::*;

use crate::choice::NoteCategory;
use crate::id::{CustomerId, CustomerNoteId, ResellerId, TenantId, UserId};
use crate::personal::FreeText;

/// What staff noted about a customer, for staff alone.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_note")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CustomerNoteId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller the customer came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it is about.
    pub customer_id: CustomerId,
    /// Category.
    pub category: NoteCategory,
    /// Body.
    pub body: FreeText,
    /// Who wrote it.
    pub author_id: UserId,
    /// Whether it stands before the others.
    pub is_pinned: bool,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
