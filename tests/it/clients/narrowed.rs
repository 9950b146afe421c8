//! What a scoped token may: fields, arguments, inputs and operations of its scopes, rows of its owner, and on record.

use std::collections::BTreeSet;

use custodian_entity::id::TypedId;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{Portal, RESELLER};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{ADMIN, Log, MARIA, SUPPORT, account, customer, mutate};
use crate::past::by_name;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("clients::a token reads what its scope shows, masked where either masks", reads);
    suite.both("clients::filters and inputs need the scope too", arguments);
    suite.both("clients::a client reaches the rows of its owner", rows);
    suite.both("clients::what a client does is recorded with its name", recorded);
    suite.both("clients::a token makes no tokens, roles, passwords or sessions", mints_nothing);
    suite.both("clients::a token is told what it may, and sees its part of the schema", told);
    suite.both("clients::a message is hidden whole where not all is reached that it may name", hidden_whole);
}

async fn hidden_whole(app: TestApp) {
    let input = json!({
        "customerId": customer(&app, MARIA).await.id.encode(), "category": "GENERAL",
        "subject": "Slow", "description": "Very slow", "sharedWithReseller": true,
    });
    let support = app.login(SUPPORT).await;
    let ticket = mutate(&support, "ticketCreate", "id", input).await.done()["id"].clone();
    let input = json!({ "ticketId": ticket, "body": "Call García back" });
    mutate(&support, "ticketReply", "id", input).await.done();
    let document = "query($id: ID!) { ticket(id: $id) { messages(first: 9) { nodes { body } } } }";
    let read = async |client: &Client| {
        let answer = client.query(document, json!({ "id": ticket })).await;
        answer.data()["ticket"]["messages"]["nodes"][0]["body"].clone()
    };
    let named = json!("Call <NAME_1> back");
    assert_eq!(read(&app.login(RESELLER).await).await, named, "a reseller reaches all of it");
    let around = ["customers:read", "subscriptions:read"];
    for (username, scopes, shown) in [
        (RESELLER, vec!["tickets:read"], "***"),
        (RESELLER, vec!["tickets:read", "customers:read"], "***"),
        (RESELLER, vec!["tickets:read", around[0], around[1]], "Call <NAME_1> back"),
        (SUPPORT, vec!["tickets:write", "tickets:read"], "Call García back"),
    ] {
        let caller = Portal::of(&app, username, &scopes).await.caller().await;
        assert_eq!(read(&caller).await, shown, "{username} {scopes:?}");
    }
    // The answer to a mutation too.
    let writer = Portal::of(&app, SUPPORT, &["tickets:write"]).await.caller().await;
    let input = json!({ "ticketId": ticket, "body": "García is out" });
    assert_eq!(mutate(&writer, "ticketReply", "body", input).await.done()["body"], "***");
    // And a role that was given for less than it reaches.
    let statement = "UPDATE role_grant SET scope = 'ASSIGNED' WHERE user_id = \
                     (SELECT id FROM \"user\" WHERE username = 'reseller@acme.example')";
    app.db().execute_unprepared(&by_name(&app, statement).await).await.unwrap();
    let statement = "UPDATE ticket_message SET ticket_assignee_id = \
                     (SELECT id FROM \"user\" WHERE username = 'reseller@acme.example')";
    let statement = by_name(&app, statement).await;
    app.db().execute_unprepared(&statement).await.unwrap();
    app.db()
        .execute_unprepared(&statement.replace("ticket_message SET ticket_", "ticket SET "))
        .await
        .unwrap();
    assert_eq!(read(&app.login(RESELLER).await).await, "***");
}

async fn reads(app: TestApp) {
    let maria = customer(&app, MARIA).await.id.encode();
    let document = "query($id: ID!) { customer(id: $id) { id displayName email taxId dateOfBirth invoices { nodes { id } } } }";
    let ask = async |username: &str, scopes: &[&str]| {
        let caller = Portal::of(&app, username, scopes).await.caller().await;
        caller.query(document, json!({ "id": maria })).await
    };
    // In clear for a reseller; not within a scope that masks.
    let clear = ask(RESELLER, &["customers:read"]).await;
    assert_eq!(clear.data()["customer"]["email"], MARIA);
    let masked = ask(RESELLER, &["customers:read:masked"]).await;
    assert_eq!(masked.data()["customer"]["email"], "m**********a@mail.example");
    assert_eq!(
        masked.body["extensions"]["access"]["masked"],
        json!(["Customer.displayName", "Customer.email"])
    );
    // Masked for support, whatever the scope.
    let support = ask(SUPPORT, &["customers:read"]).await;
    assert_eq!(support.data()["customer"]["email"], "m**********a@mail.example");
    // Of several scopes, what one of them shows.
    let both = ask(RESELLER, &["customers:read", "customers:read:masked"]).await;
    assert_eq!(both.data()["customer"]["email"], MARIA);
    for answer in [clear, masked, support, both] {
        let customer = &answer.data()["customer"];
        assert!(customer["taxId"].is_null() && customer["dateOfBirth"].is_null(), "{}", answer.text);
        let denied = answer.body["extensions"]["access"]["denied"].as_array().unwrap();
        assert!(denied.contains(&json!("Customer.taxId")), "{}", answer.text);
        // The field is shown; rows behind it are of a scope that is not there.
        assert_eq!(customer["invoices"]["nodes"], json!([]), "{}", answer.text);
    }
    let none = ask(RESELLER, &["tickets:read"]).await;
    assert_eq!(none.code(), Some("FORBIDDEN"));
    assert!(none.data().is_null());
}

async fn arguments(app: TestApp) {
    let (masked, clear, writes) = (
        Portal::of(&app, RESELLER, &["customers:read:masked"]).await.caller().await,
        Portal::of(&app, RESELLER, &["customers:read"]).await.caller().await,
        Portal::of(&app, ADMIN, &["customers:write"]).await.caller().await,
    );
    let document = "query($email: String) { customers(filter: { email: { eq: $email } }) { totalCount } }";
    let found = clear.query(document, json!({ "email": MARIA })).await;
    assert_eq!(found.ok()["customers"]["totalCount"], 1);
    let refused = masked.query(document, json!({ "email": MARIA })).await;
    assert_eq!(refused.code(), Some("FIELD_NOT_QUERYABLE"), "{}", refused.text);

    let maria = customer(&app, MARIA).await;
    let change = |member: &str, value: Value| json!({ "id": maria.id.encode(), "version": maria.version, member: value });
    // The administrator may; the scope does not let it through.
    let refused = mutate(&writes, "customerUpdate", "id", change("creditLimit", json!(5))).await;
    refused.failed_before_running();
    assert_eq!(refused.answer.code(), Some("FORBIDDEN"));
    assert!(refused.answer.text.contains("Customer.creditLimit"), "{}", refused.answer.text);
    let refused = mutate(&clear, "customerUpdate", "id", change("language", json!("en"))).await;
    assert_eq!(refused.answer.code(), Some("FORBIDDEN"));
    mutate(&writes, "customerUpdate", "id", change("language", json!("en"))).await.done();
}

async fn rows(app: TestApp) {
    let document = "{ customers(first: 100) { nodes { id } } tenant { slug } }";
    for username in [RESELLER, SUPPORT, "admin@acme.example"] {
        let own =
            app.login(username).await.query("{ customers(first: 100) { nodes { id } } }", Value::Null).await;
        let caller = Portal::of(&app, username, &["customers:read"]).await.caller().await;
        let theirs = caller.query(document, Value::Null).await;
        assert_eq!(theirs.data()["customers"], own.ok()["customers"], "{username}");
        // An operation of another scope.
        assert_eq!(theirs.errors().len(), 1, "{}", theirs.text);
        let elsewhere = account(&app, "customer@globex.example").await.customer_id.unwrap().encode();
        let node = caller.query("query($id: ID!) { node(id: $id) { id } }", json!({ "id": elsewhere })).await;
        let seen = username == "admin@acme.example";
        assert_eq!(node.data()["node"].is_null(), !seen, "{username}: {}", node.text);
    }
}

async fn recorded(app: TestApp) {
    let portal = Portal::of(&app, RESELLER, &["tickets:write"]).await;
    let caller = portal.caller().await;
    let mut log = Log::mark(&app).await;
    let input = json!({
        "customerId": customer(&app, MARIA).await.id.encode(),
        "category": "GENERAL", "subject": "Slow", "description": "Very slow",
    });
    mutate(&caller, "ticketCreate", "id", input.clone()).await.done();
    let event = log.one(&app, "TICKET_CREATED").await;
    assert_eq!(event.api_client_id.map(TypedId::encode), Some(portal.id));
    assert_eq!(event.actor_id, Some(account(&app, RESELLER).await.id));
    assert_eq!(event.actor_role.as_deref(), Some("reseller"));
    mutate(&app.login(RESELLER).await, "ticketCreate", "id", input).await.done();
    let own = log.gained(&app).await.into_iter().find(|event| event.event_type == "TICKET_CREATED").unwrap();
    assert_eq!(own.api_client_id, None);
}

async fn mints_nothing(app: TestApp) {
    let policy = app.service.policy.snapshot();
    let scopes: Vec<&str> = policy.token_scopes().map(|scope| scope.role()).collect();
    let caller = Portal::of(&app, "admin@acme.example", &scopes).await.caller().await;
    let mut tried = BTreeSet::new();
    for field in policy.catalog().field_ids().map(|field| policy.catalog().field_name(field)) {
        let Some((root, name)) = field.split_once('.') else { continue };
        let is_minting =
            ["apiClient", "login", "logout", "mfa", "password", "role", "session", "token", "user"]
                .iter()
                .any(|start| name.starts_with(start));
        if !is_minting || !["Query", "Mutation"].contains(&root) || ["user", "users"].contains(&name) {
            continue;
        }
        let document = format!("{} {{ {name} }}", root.to_lowercase());
        let answer = caller.query(&document, Value::Null).await;
        assert_eq!(answer.code(), Some("FORBIDDEN"), "{field}: {}", answer.text);
        assert_eq!(answer.errors()[0]["extensions"]["field"], field);
        tried.insert(name);
    }
    for name in ["login", "tokenRefresh", "logout", "logoutEverywhere", "sessions", "sessionRevoke"]
        .into_iter()
        .chain([
            "mfaEnrol",
            "mfaConfirm",
            "mfaDisable",
            "mfaVerify",
            "passwordChange",
            "userUnlock",
            "userDeactivate",
        ])
        .chain(["roleCreate", "roleUpdate", "roleDelete", "roleGrant", "roleRevoke", "apiClientCreate"])
    {
        assert!(tried.contains(name), "{name} was not tried");
    }
}

async fn told(app: TestApp) {
    let caller = Portal::of(&app, RESELLER, &["customers:read:masked", "schema:read"]).await.caller().await;
    let document = "{ viewer { access(type: \"Customer\", field: \"email\") { read write query } } }";
    let told = caller.query(document, Value::Null).await;
    let asked = json!({ "read": "MASKED", "write": false, "query": false });
    assert_eq!(told.ok()["viewer"]["access"], asked);
    let own = app.login(RESELLER).await.query(document, Value::Null).await;
    assert_eq!(own.ok()["viewer"]["access"], json!({ "read": "CLEAR", "write": true, "query": true }));

    let schema = "{ __schema { mutationType { name } queryType { fields { name } } } }";
    let seen = caller.query(schema, Value::Null).await;
    let fields = &seen.ok()["__schema"]["queryType"]["fields"];
    assert!(fields.as_array().unwrap().contains(&json!({ "name": "customers" })), "{fields}");
    assert!(!seen.text.contains("invoices") && !seen.text.contains("apiClients"), "{fields}");
    assert!(seen.data()["__schema"]["mutationType"].is_null(), "{}", seen.text);
    let without = Portal::of(&app, RESELLER, &["customers:read"]).await.caller().await;
    assert_eq!(without.query(schema, Value::Null).await.code(), Some("FORBIDDEN"));
}
