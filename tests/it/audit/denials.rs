//! What is denied to who is signed in is on record, once an operation, in the role he acted in (abuse case AU1).

use axum::body::Body;
use axum::http::Request;
use custodian_entity::audit_event;
use custodian_entity::choice::Outcome;
use custodian_entity::id::TypedId;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::fixture::{MARIA, SUPPORT, account, all, customer};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("audit::denied fields leave one event", fields);
    suite.both("audit::a refused operation leaves its event, whatever its values are", operations);
    suite.both("audit::a role that is refused leaves its event", roles);
    suite.both("audit::who is not signed in leaves none", nobody);
    suite.both("audit::a denial that cannot be put on record stays a denial", unwritten);
    suite.both("audit::of customers it is not kept with what they came", user_agents);
}

async fn denials(app: &TestApp) -> Vec<audit_event::Model> {
    let mut events = all::<audit_event::Entity>(app).await;
    events.retain(|event| event.event_type == "ACCESS_DENIED");
    events.sort_by_key(|event| event.sequence);
    events
}

async fn fields(app: TestApp) {
    let (client, support) = (app.login(SUPPORT).await, account(&app, SUPPORT).await);
    let document = "{ a: customers(first: 3) { nodes { id riskScore } } b: customers(first: 3) { nodes { riskScore } } }";
    let answer = client.query(document, Value::Null).await;
    assert_eq!(answer.code(), Some("FORBIDDEN"), "{}", answer.text);
    let [event] = &denials(&app).await[..] else { panic!("there is one") };
    assert_eq!((event.outcome, event.action.as_str()), (Outcome::Denied, "customers"));
    assert_eq!((event.actor_id, event.actor_role.as_deref()), (Some(support.id), Some("support_agent")));
    assert_eq!(event.tenant_id, Some(support.tenant_id));
    assert_eq!(Some(event.request_id.as_str()), answer.headers["x-request-id"].to_str().ok());
    let version = app.service.policy.snapshot().version().to_owned();
    assert_eq!(event.details, json!({ "denied": ["Customer.riskScore"], "policy": version }));
    assert_eq!(event.fields_read, None, "nothing of it was shown");
}

async fn operations(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let maria = customer(&app, MARIA).await.id.encode();
    // The client's own names go nowhere: they could say anything.
    let document =
        "mutation Plantedname($id: ID!) { plantedalias: roleDelete(input: { id: $id }) { role { id } } }";
    client.query(document, json!({ "id": maria })).await;
    let document = "mutation($id: ID!) { customerUpdate(input: { id: $id, version: 1, riskScore: 31415926 }) { customer { id } } }";
    client.query(document, json!({ "id": maria })).await;
    let events = denials(&app).await;
    let actions: Vec<&str> = events.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(actions, ["roleDelete", "customerUpdate"]);
    assert_eq!(events[0].details["denied"], json!(["Mutation.roleDelete"]));
    assert_eq!(events[1].details["denied"], json!(["Customer.riskScore"]));
    let text = format!("{events:?}").to_lowercase();
    assert!(!text.contains("planted") && !text.contains("31415926"), "{text}");
}

async fn roles(app: TestApp) {
    let (client, support) = (app.login(SUPPORT).await, account(&app, SUPPORT).await);
    let answer = client.acting_as("planted_role").query("{ viewer { id } }", Value::Null).await;
    assert_eq!(answer.code(), Some("FORBIDDEN"), "{}", answer.text);
    let [event] = &denials(&app).await[..] else { panic!("a role that is not held leaves one event") };
    assert_eq!((event.outcome, event.action.as_str()), (Outcome::Denied, "authenticate"));
    assert_eq!((event.actor_id, event.tenant_id), (Some(support.id), Some(support.tenant_id)));
    assert_eq!(Some(event.request_id.as_str()), answer.headers["x-request-id"].to_str().ok());
    assert_eq!(event.details["denied"], json!(["role"]), "which one the client says could be anything");
}

async fn nobody(app: TestApp) {
    let answer = app.anonymous().query("{ customers(first: 1) { nodes { id } } }", Value::Null).await;
    assert_eq!(answer.code(), Some("UNAUTHENTICATED"));
    assert!(denials(&app).await.is_empty());
}

async fn unwritten(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let ask = async || client.query("{ customers(first: 1) { nodes { id riskScore } } }", Value::Null).await;
    let before = ask().await;
    app.db().execute_unprepared("ALTER TABLE audit_event RENAME TO audit_event_away").await.unwrap();
    let after = ask().await;
    app.db().execute_unprepared("ALTER TABLE audit_event_away RENAME TO audit_event").await.unwrap();
    assert_eq!(after.data(), before.data());
    assert_eq!(after.code(), Some("FORBIDDEN"));
    assert_eq!(denials(&app).await.len(), 1);
}

async fn user_agents(app: TestApp) {
    for (name, kept) in [(SUPPORT, true), ("customer@acme.example", false)] {
        let body = json!({ "query": "{ customers(first: 1) { nodes { riskScore } } }" }).to_string();
        let request = Request::post("/graphql")
            .header("content-type", "application/json")
            .header("user-agent", format!("A browser\t{}", "x".repeat(500)))
            .body(Body::from(body))
            .unwrap();
        app.login(name).await.send(request).await;
        let event = denials(&app).await.pop().expect("there is one");
        let agent = event.user_agent.as_deref();
        assert_eq!(agent.is_some(), kept, "{name}: {agent:?}");
        assert!(
            agent.is_none_or(|agent| agent.len() <= 200 && agent.starts_with("A browserxxx")),
            "{agent:?}"
        );
    }
}
