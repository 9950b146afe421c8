//! An entry of the audit log. Written in the transaction of the change it records; never changed.

use sea_orm::entity::prelude::*;

use crate::choice::Outcome;
use crate::id::{ApiClientId, AuditEventId, CustomerId, ResellerId, TenantId, UserId};
use crate::personal::IpAddress;

/// An entry of the audit log. Written in the transaction of the change it records; never changed.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_event")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditEventId,
    /// None for what belongs to no tenant, such as a sign-in with an unknown name.
    pub tenant_id: Option<TenantId>,
    /// The reseller it came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it belongs to.
    pub customer_id: Option<CustomerId>,
    /// Occurred at.
    pub occurred_at: DateTimeUtc,
    /// Event type.
    pub event_type: String,
    /// Actor id.
    pub actor_id: Option<UserId>,
    /// Actor role.
    pub actor_role: Option<String>,
    /// The API client that acted in the actor's name, if one did.
    pub api_client_id: Option<ApiClientId>,
    /// Ip.
    pub ip: Option<IpAddress>,
    /// Resource type.
    pub resource_type: Option<String>,
    /// Resource id.
    pub resource_id: Option<String>,
    /// The operation, such as `customerUpdate`.
    pub action: String,
    /// Outcome.
    pub outcome: Outcome,
    /// Request id.
    pub request_id: String,
    /// Names and steps, no personal data.
    pub details: Json,
    /// The chain it is a link of: its provider's, or the one of what belongs to none.
    pub chain: Uuid,
    /// Its number there, from 1 without a gap; 0 for what is from before there were chains.
    pub sequence: i64,
    /// The hash of the entry before it: SHA-256 in hexadecimal digits, empty for the first.
    pub prev_hash: String,
    /// The hash of all of this and of the entry before it.
    pub hash: String,
    /// With what it was done, as that calls itself.
    pub user_agent: Option<String>,
    /// The fields that were shown, as an array of their names in the schema.
    pub fields_read: Option<Json>,
    /// What for, by name.
    pub purpose: Option<String>,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
