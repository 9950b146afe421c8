//! Calls with customers, and the checks of who is calling.

use chrono::TimeDelta;
use custodian_entity::choice::Outcome;
use custodian_entity::id::{CallLogId, IdentityCheckId, TypedId};
use custodian_entity::{call_log, identity_check, ticket};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::fixture::{ADMIN, BILLING, Log, MARIA, SUPPORT, account, all, customer, mutate, text};
use crate::past::{open, plain};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.both("calls::a call is recorded as it was", recorded);
    suite.both("calls::what a call cannot have been is refused", refused);
    suite.both("calls::who took a call belongs to the provider, and its ticket to the customer", parts);
    suite.both("calls::a customer sees its calls but not how it was recognised", seen_by_customer);
    suite.both("calls::a check is of now and by who makes it", check);
    suite.both("calls::a check that was not passed never counts", not_passed);
    suite.both("calls::support and administrators check, others do not", who_checks);
}

/// A call that María made, an hour ago.
async fn call(app: &TestApp, more: Value) -> Value {
    let mut input = json!({
        "customerId": customer(app, MARIA).await.id.encode(), "direction": "INBOUND", "durationSeconds": 120,
        "startedAt": (app.clock.now() - TimeDelta::hours(1)).to_rfc3339(), "outcome": "ANSWERED",
        "counterpartyNumber": "020 7946 0321",
    });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

async fn stored_call(app: &TestApp, id: &Value) -> call_log::Model {
    let id = CallLogId::decode(text(id)).unwrap();
    let found = call_log::Entity::find_by_id(id).all(app.db()).await.unwrap();
    open::<call_log::Entity>(app, found).await.pop().unwrap()
}

async fn recorded(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let maria = customer(&app, MARIA).await;
    let mut log = Log::mark(&app).await;
    let more = json!({
        "subject": "Slow line", "summary": "Measured it.\nIt is the cable.", "authenticationMethod": "CALL_BACK",
        "authenticatedAt": (app.clock.now() - TimeDelta::minutes(59)).to_rfc3339(),
    });
    let fields = "id subject counterpartyNumber authenticationMethod agent { id } customer { id }";
    let made = mutate(&client, "callLogCreate", fields, call(&app, more).await).await;
    let made = made.done();
    let me = account(&app, SUPPORT).await;
    // What was given is masked as everything is.
    assert_eq!(made["counterpartyNumber"], "+44 ******0321");
    assert_eq!((&made["subject"], &made["authenticationMethod"]), (&json!("Slow line"), &json!("CALL_BACK")));
    assert_eq!(made["agent"]["id"], me.id.encode(), "who records it took it, unless somebody else is named");
    let row = stored_call(&app, &made["id"]).await;
    assert_eq!(
        (row.tenant_id, row.customer_id, row.reseller_id),
        (maria.tenant_id, maria.id, maria.reseller_id)
    );
    assert_eq!(plain(row.counterparty_number.expose()), "+442079460321", "read in the provider's country");
    assert_eq!((row.duration_seconds, row.created_at), (120, app.clock.now()));
    let event = log.one(&app, "CALL_LOG_CREATED").await;
    assert_eq!((event.resource_id, event.customer_id), (Some(row.id.encode()), Some(maria.id)));
    let details = event.details.to_string();
    assert!(details.contains("counterpartyNumber") && !details.contains("0321"), "{details}");

    let listed =
        client.query("{ callLogs(orderBy: { field: STARTED_AT }) { nodes { id } } }", Value::Null).await;
    let ids = listed.ok()["callLogs"]["nodes"].as_array().unwrap();
    assert!(ids.contains(&json!({ "id": row.id.encode() })), "{}", listed.text);
}

async fn refused(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let later = (app.clock.now() + TimeDelta::minutes(1)).to_rfc3339();
    let before = all::<call_log::Entity>(&app).await;
    for (more, reasons) in [
        (json!({ "startedAt": later }), vec!["startedAt INVALID"]),
        (
            json!({ "authenticatedAt": later, "authenticationMethod": "PASSWORD" }),
            vec!["authenticatedAt INVALID"],
        ),
        (json!({ "authenticatedAt": "2026-01-05T10:00:00Z" }), vec!["authenticationMethod REQUIRED"]),
        (json!({ "durationSeconds": -1 }), vec!["durationSeconds INVALID"]),
        (json!({ "durationSeconds": 86_401 }), vec!["durationSeconds INVALID"]),
        (json!({ "counterpartyNumber": "12" }), vec!["counterpartyNumber INVALID"]),
        (json!({ "subject": "a\u{7}b" }), vec!["subject INVALID"]),
        (json!({ "subject": "a".repeat(201) }), vec!["subject TOO_LONG"]),
    ] {
        let input = call(&app, more).await;
        mutate(&client, "callLogCreate", "id", input).await.refused(&reasons);
    }
    let masked = call(&app, json!({ "counterpartyNumber": "+44 ******0321" })).await;
    mutate(&client, "callLogCreate", "id", masked).await.failed_before_running();
    assert_eq!(all::<call_log::Entity>(&app).await, before);
}

async fn parts(app: TestApp) {
    let client = app.login(ADMIN).await;
    let maria = customer(&app, MARIA).await;
    let (mine, others): (Vec<_>, Vec<_>) =
        all::<ticket::Entity>(&app).await.into_iter().partition(|ticket| ticket.customer_id == maria.id);
    let billing = account(&app, BILLING).await;
    let more = json!({ "agentId": billing.id.encode(), "ticketId": mine[0].id.encode() });
    let made =
        mutate(&client, "callLogCreate", "agent { id } ticket { id }", call(&app, more.clone()).await).await;
    assert_eq!(made.done()["agent"]["id"], more["agentId"]);
    assert_eq!(made.done()["ticket"]["id"], more["ticketId"]);
    let before = all::<call_log::Entity>(&app).await;
    for somebody in ["customer@acme.example", "reseller@acme.example", "support@globex.example"] {
        let agent = account(&app, somebody).await.id.encode();
        let input = call(&app, json!({ "agentId": agent })).await;
        mutate(&client, "callLogCreate", "id", input).await.failed("NOT_FOUND");
    }
    let input = call(&app, json!({ "ticketId": others[0].id.encode() })).await;
    mutate(&client, "callLogCreate", "id", input).await.failed("NOT_FOUND");
    assert_eq!(all::<call_log::Entity>(&app).await, before);
}

async fn seen_by_customer(app: TestApp) {
    let document = "{ callLogs { nodes { counterpartyNumber subject authenticationMethod authenticatedAt \
                    customer { id callLogs { totalCount } identityChecks { id } } } } }";
    let answer = app.login("customer@acme.example").await.query(document, Value::Null).await;
    let calls = answer.data()["callLogs"]["nodes"].as_array().unwrap();
    assert_eq!(calls.len(), 2, "{}", answer.text);
    assert!(text(&calls[0]["counterpartyNumber"]).starts_with("+34612"), "{}", answer.text);
    let denied: Vec<&str> = answer.errors().iter().map(|error| text(&error["extensions"]["field"])).collect();
    assert_eq!(
        denied,
        ["CallLog.authenticationMethod", "CallLog.authenticatedAt", "Customer.identityChecks"],
        "{}",
        answer.text
    );
    for nobody in ["reseller@acme.example", BILLING, "network@acme.example"] {
        let answer = app.login(nobody).await.query(document, Value::Null).await;
        assert_eq!(answer.code(), Some("FORBIDDEN"), "{nobody}: {}", answer.text);
    }
}

async fn check_input(app: &TestApp, outcome: &str) -> Value {
    json!({ "customerId": customer(app, MARIA).await.id.encode(), "method": "PHOTO_ID", "outcome": outcome })
}

async fn check(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let mut log = Log::mark(&app).await;
    let fields = "id method outcome performedBy { id } performedAt validUntil customer { id }";
    let made = mutate(&client, "identityCheckPerform", fields, check_input(&app, "SUCCESS").await).await;
    let row = identity_check::Entity::find_by_id(IdentityCheckId::decode(text(&made.done()["id"])).unwrap());
    let row = row.one(app.db()).await.unwrap().unwrap();
    let (me, now) = (account(&app, SUPPORT).await.id, app.clock.now());
    assert_eq!((row.performed_by, row.performed_at), (me, now), "the server says by whom and when");
    assert_eq!((row.outcome, row.valid_until), (Outcome::Success, now + TimeDelta::minutes(15)));
    assert_eq!(made.done()["performedBy"]["id"], me.encode());
    let event = log.one(&app, "IDENTITY_CHECKED").await;
    assert_eq!((event.resource_id, event.customer_id), (Some(row.id.encode()), Some(row.customer_id)));
    assert_eq!(event.details, json!({ "fields": ["customer", "method", "outcome"] }));

    let ask = "query ($id: ID!) { customer(id: $id) { identityChecks { id } } }";
    let answer = client.query(ask, json!({ "id": row.customer_id.encode() })).await;
    let listed = answer.ok()["customer"]["identityChecks"].as_array().unwrap();
    assert!(listed.contains(&json!({ "id": row.id.encode() })), "{}", answer.text);
}

async fn not_passed(app: TestApp) {
    let client = app.login(SUPPORT).await;
    for outcome in ["FAILURE", "DENIED"] {
        let input = check_input(&app, outcome).await;
        let made = mutate(&client, "identityCheckPerform", "outcome performedAt validUntil", input).await;
        assert_eq!(made.done()["outcome"], outcome);
        assert_eq!(made.done()["performedAt"], made.done()["validUntil"]);
    }
}

async fn who_checks(app: TestApp) {
    let who = ["support", "tenant-admin", "admin"].map(|name| (name, true));
    let others = ["billing", "network", "reseller", "customer"].map(|name| (name, false));
    for (name, may) in who.into_iter().chain(others) {
        let client = app.login(&format!("{name}@acme.example")).await;
        let made = mutate(&client, "identityCheckPerform", "id", check_input(&app, "SUCCESS").await).await;
        match may {
            true => assert!(made.done()["id"].is_string()),
            false => made.failed_before_running(),
        }
    }
}
