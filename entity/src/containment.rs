//! What was done about an account or a program at once, until it is lifted.

use sea_orm::entity::prelude::*;

use crate::choice::ContainmentKind;
use crate::id::{ContainmentId, SecurityAlertId, TenantId, UserId};

/// What was done about an account or a program at once, until it is lifted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "containment")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContainmentId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// What was done.
    pub kind: ContainmentKind,
    /// The account, API client or reseller that it was done about.
    pub target_id: Uuid,
    /// Why.
    pub reason: String,
    /// When.
    pub applied_at: DateTimeUtc,
    /// By whom; by the rule that raised the alert, where nobody did it.
    pub applied_by: Option<UserId>,
    /// When it was lifted.
    pub lifted_at: Option<DateTimeUtc>,
    /// By whom; by nobody where it was over at once, and a rule did it.
    pub lifted_by: Option<UserId>,
    /// Why.
    pub lift_reason: Option<String>,
    /// The alert that it answers.
    pub alert_id: Option<SecurityAlertId>,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
