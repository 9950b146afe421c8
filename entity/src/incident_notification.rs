//! That a duty to notify was done.

use sea_orm::entity::prelude::*;

use crate::choice::{Duty, PrivacyRegime};
use crate::id::{IncidentNotificationId, SecurityIncidentId, TenantId, UserId};
use crate::personal::FreeText;

/// That a duty to notify of an incident was done. Never changed: what follows in phases is another.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "incident_notification")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IncidentNotificationId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The incident.
    pub incident_id: SecurityIncidentId,
    /// Under which law.
    pub regime: PrivacyRegime,
    /// What was done.
    pub duty: Duty,
    /// When.
    pub notified_at: DateTimeUtc,
    /// Why it was late (GDPR Art. 33(1)).
    pub delay_reason: Option<FreeText>,
    /// Who put it on record.
    pub recorded_by: UserId,
    /// When.
    pub recorded_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
