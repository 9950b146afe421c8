//! Something in the audit log that somebody has to look at.

use sea_orm::entity::prelude::*;

use crate::choice::{AlertStatus, Severity};
use crate::id::{ApiClientId, SecurityAlertId, SecurityIncidentId, TenantId, UserId};
use crate::personal::IpAddress;

/// Something in the audit log that somebody has to look at. Raised by a rule; it holds numbers and ids, nothing personal.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "security_alert")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SecurityAlertId,
    /// The provider it is about; none for what belongs to none, such as sign-ins with unknown names.
    pub tenant_id: Option<TenantId>,
    /// The chain of the audit log that it was found in.
    pub chain: Uuid,
    /// The rule that raised it, by name.
    pub rule: String,
    /// How bad it looks.
    pub severity: Severity,
    /// Whether somebody has taken note of it.
    pub status: AlertStatus,
    /// The account it is about.
    pub principal_id: Option<UserId>,
    /// The API client it is about.
    pub api_client_id: Option<ApiClientId>,
    /// The mask of the address it is about.
    pub ip: Option<IpAddress>,
    /// In a sentence: names of rules, numbers and ids.
    pub summary: String,
    /// When what was counted first reached the threshold.
    pub first_seen_at: DateTimeUtc,
    /// When it last did.
    pub last_seen_at: DateTimeUtc,
    /// The most that was counted within the rule's window.
    pub count: i32,
    /// Who took note of it.
    pub acknowledged_by: Option<UserId>,
    /// When.
    pub acknowledged_at: Option<DateTimeUtc>,
    /// The incident it belongs to.
    pub incident_id: Option<SecurityIncidentId>,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
