//! An entry of the audit log that tells whom of data were shown.

use sea_orm::entity::prelude::*;

use crate::choice::Outcome;
use crate::id::{ApiClientId, AuditEventId, TenantId, UserId};

/// The types of entries that tell it, where they succeeded.
pub const KINDS: [&str; 3] = ["DATA_DISCLOSED", "FIELD_REVEALED", "DOCUMENT_DOWNLOADED"];

/// An entry of the audit log that tells whom of data were shown: the same rows as [`crate::audit_event`], with what of them
/// is told to those whose data they were. Whose they were is in [`crate::disclosed_list`].
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_event")]
pub struct Model {
    /// The id of the entry.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditEventId,
    /// Its chain.
    pub chain: Uuid,
    /// Its number there.
    pub sequence: i64,
    /// Whose data they were.
    pub tenant_id: Option<TenantId>,
    /// When.
    pub occurred_at: DateTimeUtc,
    /// One of [`KINDS`].
    pub event_type: String,
    /// To whom.
    pub actor_id: Option<UserId>,
    /// In which role.
    pub actor_role: Option<String>,
    /// Through which API client, if one was.
    pub api_client_id: Option<ApiClientId>,
    /// The operations, such as `customers`.
    pub action: String,
    /// Whether they were.
    pub outcome: Outcome,
    /// With how many customers they were.
    pub details: Json,
    /// The fields, as an array of their names in the schema.
    pub fields_read: Option<Json>,
    /// What for, by name.
    pub purpose: Option<String>,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
