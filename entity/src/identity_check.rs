//! A check of who is calling: what was asked for, and whether it was shown. Never changed.

use sea_orm::entity::prelude::*;

use crate::choice::{CpniAuthMethod, Outcome};
use crate::id::{CustomerId, IdentityCheckId, ResellerId, TenantId, TicketId, UserId};

/// A check of who is calling: what was asked for, and whether it was shown. Never changed.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "identity_check")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IdentityCheckId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller the customer came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// Method.
    pub method: CpniAuthMethod,
    /// Outcome.
    pub outcome: Outcome,
    /// Who checked.
    pub performed_by: UserId,
    /// When.
    pub performed_at: DateTimeUtc,
    /// Until when it counts; one that was not passed never does.
    pub valid_until: DateTimeUtc,
    /// The ticket it was about, of the same customer.
    pub ticket_id: Option<TicketId>,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
