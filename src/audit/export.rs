//! An entry of the log as it leaves the service: for files, and for whoever collects logs.

use chrono::SecondsFormat;
use custodian_entity::audit_event::{Column, Model};
use custodian_entity::id::TypedId;
use sea_orm::{ActiveEnum, ModelTrait, Value as Stored};
use serde_json::{Value, json};

/// All of an entry, under the names that the access matrix gives the fields of `AuditEvent`. It holds no personal data in
/// clear: nothing of the log does.
pub fn document(entry: &Model) -> Value {
    let ip = match entry.get(Column::Ip) {
        Stored::String(ip) => ip,
        _ => None,
    };
    json!({
        "id": entry.id.encode(),
        "occurredAt": entry.occurred_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "eventType": entry.event_type,
        "action": entry.action,
        "outcome": entry.outcome.to_value(),
        "tenantId": entry.tenant_id.map(TypedId::encode),
        "resellerId": entry.reseller_id.map(TypedId::encode),
        "customerId": entry.customer_id.map(TypedId::encode),
        "resourceType": entry.resource_type,
        "resourceId": entry.resource_id,
        "actorId": entry.actor_id.map(TypedId::encode),
        "actorRole": entry.actor_role,
        "apiClientId": entry.api_client_id.map(TypedId::encode),
        "ip": ip,
        "userAgent": entry.user_agent,
        "correlationId": entry.request_id,
        "details": entry.details,
        "fieldsRead": entry.fields_read,
        "purpose": entry.purpose,
        "chain": entry.chain,
        "sequence": entry.sequence,
        "prevHash": entry.prev_hash,
        "hash": entry.hash,
    })
}
