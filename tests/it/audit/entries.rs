//! Entries of the log as tests need them that look at rows: of two customers of one provider and of one of another's, in
//! which every column holds something.

use custodian_entity::choice::Outcome;
use custodian_entity::id::{AuditEventId, TypedId};
use custodian_entity::personal::IpAddress;
use custodian_entity::{api_client, audit_event};
use sea_orm::prelude::Uuid;
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::json;

use crate::app::TestApp;
use crate::fixture::{account, all};

/// Customers' accounts, and who did something to their rows.
const WHOSE: [(&str, &str); 3] = [
    ("customer@acme.example", "support@acme.example"),
    ("customer2@acme.example", "support@acme.example"),
    ("customer@globex.example", "support@globex.example"),
];

/// Their ids: behind all others, and so before them where the newest come first.
pub fn id(n: u128) -> AuditEventId {
    AuditEventId::from_uuid(Uuid::from_u128(0x01ff_0000_0000_7000_8000_0000_0000_0300 + n))
}

/// Adds them past the service: in no chain, as what is from before there were chains.
pub async fn add(app: &TestApp) {
    let clients = all::<api_client::Entity>(app).await;
    for (n, (of, by)) in (0..).zip(WHOSE) {
        let (whose, actor) = (account(app, of).await, account(app, by).await);
        let row = audit_event::Model {
            id: id(n),
            tenant_id: Some(whose.tenant_id),
            reseller_id: whose.reseller_id,
            customer_id: whose.customer_id,
            occurred_at: app.clock.now(),
            event_type: "CUSTOMER_UPDATED".to_owned(),
            actor_id: Some(actor.id),
            actor_role: Some("support_agent".to_owned()),
            api_client_id: clients.iter().find(|client| client.owner_id == actor.id).map(|client| client.id),
            ip: Some(IpAddress::new("203.0.113.***")),
            resource_type: Some("Customer".to_owned()),
            resource_id: whose.customer_id.map(TypedId::encode),
            action: "customerUpdate".to_owned(),
            outcome: Outcome::Success,
            request_id: format!("req-{n}"),
            details: json!({ "fields": ["email"] }),
            chain: whose.tenant_id.uuid(),
            sequence: 0,
            prev_hash: String::new(),
            hash: String::new(),
            user_agent: Some("portal/1".to_owned()),
            fields_read: Some(json!(["Customer.email"])),
            purpose: Some("BILLING_DISPUTE".to_owned()),
        };
        let row = row.into_active_model();
        audit_event::Entity::insert(row).exec_without_returning(app.db()).await.expect("it can be added");
    }
}
