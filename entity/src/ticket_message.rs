//! A message on a ticket. Carries the ticket's scope columns, so that row scope needs no join.

use sea_orm::entity::prelude::*;

use crate::choice::{AuthorKind, TicketCategory};
use crate::id::{CustomerId, ResellerId, TenantId, TicketId, TicketMessageId, UserId};
use crate::personal::FreeText;

/// A message on a ticket. Carries the ticket's scope columns, so that row scope needs no join.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ticket_message")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TicketMessageId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller it came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// Ticket id.
    pub ticket_id: TicketId,
    /// Ticket category.
    pub ticket_category: TicketCategory,
    /// Ticket assignee id.
    pub ticket_assignee_id: Option<UserId>,
    /// Shared with reseller.
    pub shared_with_reseller: bool,
    /// Between staff only; not a row for customers and resellers.
    pub is_internal: bool,
    /// Author kind.
    pub author_kind: AuthorKind,
    /// Author id.
    pub author_id: Option<UserId>,
    /// Body.
    pub body: FreeText,
    /// Internal body.
    pub internal_body: Option<FreeText>,
    /// Sent at.
    pub sent_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
