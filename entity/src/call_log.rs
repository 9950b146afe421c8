//! A call with a customer.

use sea_orm::entity::prelude::*;

use crate::choice::{CallOutcome, CpniAuthMethod, Direction};
use crate::id::{CallLogId, CustomerId, ResellerId, TenantId, TicketId, UserId};
use crate::personal::{FreeText, Phone};

/// A call with a customer.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "call_log")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CallLogId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller the customer came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// Direction.
    pub direction: Direction,
    /// Started at.
    pub started_at: DateTimeUtc,
    /// Duration seconds.
    pub duration_seconds: i32,
    /// Who spoke for the provider.
    pub agent_id: Option<UserId>,
    /// Outcome.
    pub outcome: CallOutcome,
    /// The ticket it was about, of the same customer.
    pub ticket_id: Option<TicketId>,
    /// The number that called or was called.
    pub counterparty_number: Phone,
    /// Subject.
    pub subject: Option<FreeText>,
    /// Summary.
    pub summary: Option<FreeText>,
    /// How the caller showed to be the customer.
    pub authentication_method: Option<CpniAuthMethod>,
    /// When it did.
    pub authenticated_at: Option<DateTimeUtc>,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
