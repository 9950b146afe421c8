//! A change of a row out of reach is not told of, and not counted.

use std::collections::BTreeSet;

use custodian_entity::choice::TicketCategory;
use custodian_entity::customer;
use custodian_entity::id::{ChangeRecordId, ContactId, TicketMessageId, TypedId};
use custodian_entity::{ticket, ticket_message};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use serde_json::json;

use super::{plant, told};
use crate::app::TestApp;
use crate::fixture::{MARIA, ROLES, absent, customer};
use crate::past::add;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("history::of a row out of reach not even a change is told", out_of_reach);
    suite.both("history::changes are asked for of one customer, one row or all in reach", asked);
}

/// Records about rows of the customer that some roles do not reach: what they are about, the roles that do, the id.
pub(crate) async fn of_each_kind(
    app: &TestApp,
    owner: &customer::Model,
) -> Vec<(&'static str, &'static [&'static str], String)> {
    let found = ticket::Entity::find().filter(ticket::Column::CustomerId.eq(owner.id)).one(app.db()).await;
    let ticket = found.unwrap().expect("she has a ticket");
    let mut row = ticket.clone().into_active_model();
    (row.category, row.assignee_id, row.shared_with_reseller) =
        (Set(TicketCategory::Sales), Set(None), Set(false));
    row.update(app.db()).await.unwrap();
    let mut messages = Vec::new();
    for is_internal in [false, true] {
        let row = ticket_message::Model {
            id: TicketMessageId::from_uuid(app.clock.new_uuid()),
            tenant_id: ticket.tenant_id,
            reseller_id: ticket.reseller_id,
            customer_id: ticket.customer_id,
            ticket_id: ticket.id,
            ticket_category: TicketCategory::Sales,
            ticket_assignee_id: None,
            shared_with_reseller: false,
            is_internal,
            author_kind: custodian_entity::choice::AuthorKind::System,
            author_id: None,
            body: custodian_entity::personal::FreeText::new("a text"),
            internal_body: None,
            sent_at: app.clock.now(),
        };
        messages.push(row.id.uuid());
        add(app, row).await;
    }
    let gone = || app.clock.new_uuid();
    let mut planted = Vec::new();
    for (what, roles, source, field) in [
        (
            "the customer",
            &["SA", "TA", "SU", "BM", "NE", "RS", "CU"] as &[&str],
            ("Customer", owner.id.uuid()),
            "riskScore",
        ),
        ("a contact that is gone", &["SA", "TA", "SU", "BM", "NE", "RS", "CU"], ("Contact", gone()), "email"),
        ("a call", &["SA", "TA", "SU", "CU"], ("CallLog", gone()), "summary"),
        ("a check", &["SA", "TA", "SU"], ("IdentityCheck", gone()), "outcome"),
        ("a ticket", &["SA", "TA", "SU", "CU"], ("Ticket", ticket.id.uuid()), "subject"),
        ("a message", &["SA", "TA", "SU", "CU"], ("TicketMessage", messages[0]), "body"),
        ("a message among staff", &["SA", "TA", "SU"], ("TicketMessage", messages[1]), "internalBody"),
        ("a message that is gone", &[], ("TicketMessage", gone()), "internalBody"),
        ("a type without history", &[], ("Tenant", gone()), "legalName"),
    ] {
        planted.push((what, roles, plant(app, owner, source, field, "a value").await));
    }
    planted
}

/// What the roles are called here.
pub(crate) fn short(role: &str) -> &'static str {
    let names = ["SA", "TA", "SU", "BM", "NE", "RS", "CU"];
    names[ROLES.iter().position(|(name, _)| *name == role).expect("a role")]
}

async fn out_of_reach(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let (mut expected, planted) = (BTreeSet::new(), of_each_kind(&app, &maria).await);
    for (role, username) in ROLES {
        let client = app.login(username).await;
        let (found, _) = told(&client, &maria, "field").await;
        for (what, roles, id) in &planted {
            let reaches = roles.contains(&short(role));
            assert_eq!(found.iter().any(|row| row["id"] == *id), reaches, "{role}: {what}");
            let node = client.query("query ($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
            let code = if reaches { None } else { Some("NOT_FOUND") };
            assert_eq!(node.code(), code, "{role}: {what}: {}", node.text);
        }
        expected.insert((short(role), found.len()));
        let nested =
            "query ($id: ID!) { customer(id: $id) { changes(first: 100) { totalCount nodes { id } } } }";
        let nested = client.query(nested, json!({ "id": maria.id.encode() })).await;
        assert_eq!(nested.ok()["customer"]["changes"]["totalCount"], found.len(), "{role}");
    }
    // One of the demo data, and those planted.
    let counts = [("SA", 8), ("TA", 8), ("SU", 8), ("BM", 3), ("NE", 3), ("RS", 3), ("CU", 6)];
    assert_eq!(expected, counts.into());
}

async fn asked(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let elsewhere = app.login("support@globex.example").await;
    let count =
        "query ($c: ID, $e: ID) { changeHistory(customerId: $c, entityId: $e) { totalCount nodes { id } } }";
    let client = app.login("support@acme.example").await;
    let id = maria.id.encode();
    assert_eq!(client.query(count, json!({ "c": id })).await.ok()["changeHistory"]["totalCount"], 1);
    assert_eq!(client.query(count, json!({ "e": id })).await.ok()["changeHistory"]["totalCount"], 1);
    // Another provider's is as one that does not exist.
    for client in [&elsewhere, &client] {
        for variables in [
            json!({ "c": absent::<custodian_entity::id::CustomerId>() }),
            json!({ "e": absent::<ContactId>() }),
        ] {
            assert_eq!(
                client.query(count, variables).await.ok()["changeHistory"],
                json!({ "totalCount": 0, "nodes": [] })
            );
        }
    }
    assert_eq!(elsewhere.query(count, json!({ "c": id })).await.ok()["changeHistory"]["totalCount"], 0);
    assert_eq!(elsewhere.query(count, json!({ "e": id })).await.ok()["changeHistory"]["totalCount"], 0);
    // Of both, both hold; of neither, all that is in reach.
    assert_eq!(client.query(count, json!({ "c": id, "e": id })).await.ok()["changeHistory"]["totalCount"], 1);
    let all = client.query(count, json!({})).await.ok()["changeHistory"]["totalCount"].as_u64();
    assert!(all.is_some_and(|all| all > 1));
    for variables in [json!({ "e": "nothing" }), json!({ "e": absent::<ChangeRecordId>() })] {
        assert_eq!(client.query(count, variables).await.code(), Some("BAD_USER_INPUT"));
    }
}
