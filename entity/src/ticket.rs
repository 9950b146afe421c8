//! A trouble ticket.

use sea_orm::entity::prelude::*;

use crate::choice::{Channel, Priority, Severity, TicketCategory, TicketStatus};
use crate::id::{CustomerId, ResellerId, SubscriptionId, TenantId, TicketId, UserId};
use crate::personal::FreeText;

/// A trouble ticket.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ticket")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TicketId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller it came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// Unique within the tenant.
    pub number: String,
    /// Category.
    pub category: TicketCategory,
    /// Severity.
    pub severity: Severity,
    /// Priority.
    pub priority: Priority,
    /// Status.
    pub status: TicketStatus,
    /// Channel.
    pub channel: Channel,
    /// Subject.
    pub subject: FreeText,
    /// Description.
    pub description: FreeText,
    /// Subscription id.
    pub subscription_id: Option<SubscriptionId>,
    /// Assignee id.
    pub assignee_id: Option<UserId>,
    /// Whether the reseller may read it.
    pub shared_with_reseller: bool,
    /// Due at.
    pub due_at: Option<DateTimeUtc>,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// Resolved at.
    pub resolved_at: Option<DateTimeUtc>,
    /// Closed at.
    pub closed_at: Option<DateTimeUtc>,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
