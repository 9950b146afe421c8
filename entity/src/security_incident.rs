//! A security incident.

use sea_orm::entity::prelude::*;

use crate::choice::{IncidentStatus, Severity};
use crate::id::{SecurityIncidentId, TenantId, UserId};
use crate::personal::FreeText;

/// A security incident: what happened, where it stands, and what the law's clocks depend on. Never deleted: the breaches among
/// them are the register of GDPR Art. 33(5).
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "security_incident")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SecurityIncidentId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// Unique within the provider.
    pub number: String,
    /// Whether it is an exercise: everything is as in earnest, but it is no entry of the register.
    pub is_drill: bool,
    /// In a few words.
    pub title: FreeText,
    /// How bad it is.
    pub severity: Severity,
    /// Where it stands.
    pub status: IncidentStatus,
    /// When it was detected.
    pub detected_at: DateTimeUtc,
    /// When the provider became aware that personal data were breached.
    pub aware_at: Option<DateTimeUtc>,
    /// When it was determined what happened.
    pub determined_at: Option<DateTimeUtc>,
    /// When it was contained.
    pub contained_at: Option<DateTimeUtc>,
    /// When it was closed.
    pub closed_at: Option<DateTimeUtc>,
    /// Whether personal data were breached (GDPR Art. 4(12)).
    pub is_personal_data_breach: bool,
    /// The kinds of data, as an array of names of [`crate::choice::DataCategory`].
    pub data_categories: Json,
    /// The laws that apply, as an array of names of [`crate::choice::PrivacyRegime`].
    pub regimes: Json,
    /// How many people's data they were, as far as is known.
    pub affected_count: Option<i32>,
    /// Why it happened.
    pub root_cause: Option<FreeText>,
    /// What came of it (GDPR Art. 33(5)).
    pub effects: Option<FreeText>,
    /// What was done about it.
    pub remediation: Option<FreeText>,
    /// Who leads.
    pub lead_id: Option<UserId>,
    /// When it was put on record.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
