//! An incident from the first hour to the register: its steps, its clocks, whom it is about, and what is written of it.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use custodian_entity::{disclosure, incident_notification, security_alert, security_incident};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{ADMIN, Log, MARIA, SUPPORT, account, all, customer, mutate, text};
use crate::suite::Suite;
use custodian_entity::id::TypedId;

pub(super) fn register(suite: &mut Suite) {
    suite.both("incidents::a breach goes its way, step by step and none back, to the register", lifecycle);
    suite.both("incidents::what is late says why, and what was notified stays", late);
    suite.both("incidents::the customers of a breach are those that the account was shown", affected);
    suite.both("incidents::times that lie in the future or out of order are refused", times);
    suite.both("incidents::a drill takes the same steps and is no entry of the register", drill);
    suite.both(
        "incidents::the draft holds what is on record, and what people wrote only as a quotation",
        draft,
    );
    suite.both("incidents::an alert belongs to one incident", alert);
    suite.both("incidents::what people write of incidents is stored sealed", sealed);
}

/// Opens an incident that was detected an hour ago, with these members besides.
async fn opened(app: &TestApp, client: &Client, more: Value) -> String {
    let at = (app.clock.now() - TimeDelta::hours(1)).to_rfc3339();
    let mut input = json!({ "title": "Lost laptop", "severity": "HIGH", "detectedAt": at });
    for (member, value) in more.as_object().expect("members") {
        input[member] = value.clone();
    }
    let answer = mutate(client, "incidentOpen", "id", input).await;
    text(&answer.done()["id"]).to_owned()
}

async fn to(client: &Client, id: &str, status: &str) -> Answer {
    let document = "mutation($input: IncidentTransitionInput!) { incidentTransition(input: $input) {
        incident { status containedAt closedAt } userErrors { field code } } }";
    client.query(document, json!({ "input": { "id": id, "status": status } })).await
}

fn codes(answer: &Answer, mutation: &str) -> Vec<String> {
    let errors = answer.ok()[mutation]["userErrors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| text(&error["code"]).to_owned()).collect()
}

async fn register_of(client: &Client) -> Vec<String> {
    let answer = client.query("{ breachRegister { nodes { id } } }", Value::Null).await;
    let nodes = answer.ok()["breachRegister"]["nodes"].as_array().expect("a list").clone();
    nodes.iter().map(|node| text(&node["id"]).to_owned()).collect()
}

const BREACH: &str =
    r#"{"isPersonalDataBreach": true, "regimes": ["GDPR", "EU_ECS"], "dataCategories": ["PII"]}"#;

fn breach() -> Value {
    serde_json::from_str(BREACH).expect("it is JSON")
}

async fn lifecycle(app: TestApp) {
    let client = app.login(ADMIN).await;
    let mut log = Log::mark(&app).await;
    let id = opened(&app, &client, breach()).await;
    let event = log.one(&app, "INCIDENT_OPENED").await;
    assert_eq!(event.resource_id.as_ref(), Some(&id));
    assert_eq!(codes(&to(&client, &id, "CONTAINED").await, "incidentTransition"), ["INVALID_TRANSITION"]);
    for status in ["TRIAGED", "CONTAINED", "ERADICATED", "RECOVERED"] {
        assert_eq!(codes(&to(&client, &id, status).await, "incidentTransition"), [""; 0], "{status}");
    }
    assert_eq!(codes(&to(&client, &id, "TRIAGED").await, "incidentTransition"), ["INVALID_TRANSITION"]);
    let refused = to(&client, &id, "CLOSED").await;
    assert_eq!(codes(&refused, "incidentTransition"), ["REQUIRED"; 3], "cause, effects, remedy");
    let facts = json!({
        "id": id, "rootCause": "A door", "effects": "Names were seen", "remediation": "Disks are encrypted",
        "affectedCount": 3,
    });
    mutate(&client, "incidentUpdate", "id", facts).await.done();
    let taken_back = json!({ "id": id, "isPersonalDataBreach": false });
    mutate(&client, "incidentUpdate", "id", taken_back).await.refused(&["isPersonalDataBreach INVALID"]);
    let closed = to(&client, &id, "CLOSED").await;
    assert!(!closed.ok()["incidentTransition"]["incident"]["closedAt"].is_null(), "{}", closed.text);
    let late = json!({ "id": id, "title": "Nothing happened" });
    mutate(&client, "incidentUpdate", "id", late).await.refused(&["id INVALID_TRANSITION"]);
    assert_eq!(register_of(&client).await, std::slice::from_ref(&id));
    // What was done of it is asked of the log by its id.
    let filter = json!({ "f": { "resourceId": { "eq": id }, "outcome": { "eq": "SUCCESS" } } });
    let document = "query($f: AuditEventFilter!) { auditEvents(filter: $f) { nodes { eventType } } }";
    let told = client.query(document, filter).await;
    let told = told.ok()["auditEvents"]["nodes"].as_array().expect("a list").len();
    assert_eq!(told, 1 + 5 + 1, "opened, five steps, one change");
}

async fn clocks(client: &Client, id: &str) -> Vec<Value> {
    let document = "query($id: ID!) { node(id: $id) { ... on SecurityIncident {
        deadlines { regime duty dueAt notifiedAt isOverdue delayReason } } } }";
    let answer = client.query(document, json!({ "id": id })).await;
    answer.ok()["node"]["deadlines"].as_array().expect("a list").clone()
}

async fn late(app: TestApp) {
    let client = app.login(ADMIN).await;
    let id = opened(&app, &client, breach()).await;
    let first = &clocks(&client, &id).await[0];
    assert_eq!((&first["regime"], &first["isOverdue"]), (&json!("EU_ECS"), &json!(false)), "24 hours first");
    let mut more = breach();
    more["detectedAt"] = json!((app.clock.now() - TimeDelta::hours(25)).to_rfc3339());
    let id = opened(&app, &client, more).await;
    let first = &clocks(&client, &id).await[0];
    assert_eq!(first["isOverdue"], json!(true));
    let now = app.clock.now().to_rfc3339();
    let mut input = json!({ "id": id, "regime": "EU_ECS", "duty": "AUTHORITY_INITIAL", "notifiedAt": now });
    mutate(&client, "incidentNotify", "id", input.clone()).await.refused(&["delayReason REQUIRED"]);
    assert!(
        all::<incident_notification::Entity>(&app).await.is_empty(),
        "nothing of what is refused is kept"
    );
    input["delayReason"] = json!("Nobody was in the office");
    let mut log = Log::mark(&app).await;
    mutate(&client, "incidentNotify", "id", input.clone()).await.done();
    let event = log.one(&app, "INCIDENT_NOTIFIED").await;
    assert_eq!(event.details, json!({ "regime": "EU_ECS", "duty": "AUTHORITY_INITIAL", "isLate": true }));
    let first = &clocks(&client, &id).await[0];
    assert_eq!(first["delayReason"], json!("Nobody was in the office"));
    assert_eq!(first["isOverdue"], json!(false));
    input["duty"] = json!("SUBJECTS");
    input["regime"] = json!("UK_GDPR");
    mutate(&client, "incidentNotify", "id", input).await.refused(&["duty INVALID"]);
}

async fn affected(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let (support, client) = (account(&app, SUPPORT).await, app.login(ADMIN).await);
    let admin = account(&app, ADMIN).await;
    let begin = app.clock.now();
    let id = opened(&app, &client, breach()).await;
    app.clock.advance(TimeDelta::minutes(1));
    // The administrator is shown one customer in clear, and others only later.
    let one = json!({ "id": maria.id.encode() });
    client.query("query($id: ID!) { customer(id: $id) { email } }", one).await.ok();
    app.clock.advance(TimeDelta::minutes(1));
    let end = app.clock.now();
    client.query("{ customers(first: 5) { nodes { email } } }", Value::Null).await.ok();
    let add = async |actor: String, from: String, to: String| {
        let input = json!({ "id": id, "actorId": actor, "from": from, "to": to });
        mutate(&client, "incidentAffectedAdd", "id", input).await
    };
    let (begin, end) = (begin.to_rfc3339(), end.to_rfc3339());
    add(support.id.encode(), begin.clone(), end.clone()).await.done();
    let document = "query($id: ID!) { node(id: $id) { ... on SecurityIncident {
        affectedCount affectedCustomers { totalCount nodes { id } } } } }";
    let told = async || client.query(document, json!({ "id": id })).await.ok()["node"].clone();
    assert_eq!(told().await["affectedCount"], json!(0), "he was shown nobody");
    add(admin.id.encode(), begin.clone(), end.clone()).await.done();
    let mut log = Log::mark(&app).await;
    add(admin.id.encode(), begin.clone(), end.clone()).await.done();
    let event = log.one(&app, "INCIDENT_AFFECTED_ADDED").await;
    let expected = json!({ "actor": admin.id.encode(), "from": begin, "to": end, "customers": 1 });
    assert_eq!(event.details, expected, "how it was found is on record");
    for fewer in [json!(0), Value::Null] {
        let input = json!({ "id": id, "affectedCount": fewer });
        mutate(&client, "incidentUpdate", "id", input).await.refused(&["affectedCount INVALID"]);
    }
    let node = told().await;
    assert_eq!(node["affectedCount"], json!(1));
    assert_eq!(node["affectedCustomers"]["nodes"], json!([{ "id": maria.id.encode() }]));
    assert_eq!(node["affectedCustomers"]["totalCount"], json!(1));
    add(admin.id.encode(), end.clone(), begin).await.refused(&["to INVALID"]);
    let shown = disclosure::KINDS.into_iter().collect::<BTreeSet<_>>();
    assert!(shown.contains("DATA_DISCLOSED"));
}

async fn times(app: TestApp) {
    let client = app.login(ADMIN).await;
    let at = |hours: i64| (app.clock.now() + TimeDelta::hours(hours)).to_rfc3339();
    let input = json!({ "title": "Lost", "severity": "LOW", "detectedAt": at(1), "awareAt": at(0) });
    let refused = mutate(&client, "incidentOpen", "id", input).await;
    refused.refused(&["awareAt INVALID", "detectedAt INVALID"]);
    assert!(all::<security_incident::Entity>(&app).await.is_empty());
    let id = opened(&app, &client, json!({})).await;
    let input = json!({ "id": id, "containedAt": at(-2) });
    mutate(&client, "incidentUpdate", "id", input).await.refused(&["containedAt INVALID"]);
}

async fn drill(app: TestApp) {
    let client = app.login(ADMIN).await;
    let mut more = breach();
    more["isDrill"] = json!(true);
    let id = opened(&app, &client, more).await;
    assert_eq!(codes(&to(&client, &id, "TRIAGED").await, "incidentTransition"), [""; 0]);
    assert!(register_of(&client).await.is_empty());
    let document = "query($id: ID!) { node(id: $id) { ... on SecurityIncident {
        number isDrill notificationDraft(regime: GDPR) } } }";
    let answer = client.query(document, json!({ "id": id })).await;
    let node = &answer.ok()["node"];
    assert_eq!((text(&node["number"]), &node["isDrill"]), ("DRILL-000001", &json!(true)));
    assert!(text(&node["notificationDraft"]).starts_with("**DRILL"), "{node}");
}

async fn draft(app: TestApp) {
    let client = app.login(ADMIN).await;
    let id = opened(&app, &client, breach()).await;
    let input = json!({ "id": id, "effects": "# Seen\r[here](https://example.com) <b>\r\n~~~" });
    mutate(&client, "incidentUpdate", "id", input).await.done();
    let ask = async |regime: &str| {
        let document = format!(
            "query($id: ID!) {{ node(id: $id) {{ ... on SecurityIncident {{ notificationDraft(regime: {regime}) }} }} }}"
        );
        client.query(&document, json!({ "id": id })).await
    };
    let answer = ask("EU_ECS").await;
    let draft = text(&answer.ok()["node"]["notificationDraft"]);
    for part in [
        "Regulation (EU) 611/2013",
        "> Lost laptop",
        "> \\# Seen\n> \\[here\\]\\(https\\://example\\.com\\) \\<b\\>\n> \\~\\~\\~",
        "identity and contact data",
        "_to be completed_",
        "first notification to the competent national authority",
    ] {
        assert!(draft.contains(part), "{part} is not in\n{draft}");
    }
    let listed = |is: &str| {
        let line = draft.lines().find(|line| line.trim_start().starts_with(is)).expect("the evidence");
        line.rsplit(": ").next().expect("a list").split(", ").map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let (sealed, clear) = (listed("- sealed"), listed("- in clear"));
    for field in ["Customer.email", "Contact.phone", "Customer.governmentIdNumber"] {
        assert!(sealed.contains(field) && !clear.contains(field), "{field} is stored sealed\n{draft}");
    }
    assert!(
        clear.contains("Contact.kinds") && !sealed.contains("Contact.kinds"),
        "what is not sealed is not said to be\n{draft}"
    );
    assert!(ask("UK_PECR").await.ok()["node"]["notificationDraft"].is_null(), "it does not apply");
    let each = client.query(
        "query($id: ID!) { node(id: $id) { ... on SecurityIncident { notificationDraft } } }",
        json!({ "id": id }),
    );
    let each = each.await;
    let each = text(&each.ok()["node"]["notificationDraft"]);
    assert_eq!(each.matches("## Notification of a personal data breach").count(), 2, "{each}");
}

async fn alert(app: TestApp) {
    crate::fixture::api_clients(app.db()).await;
    let client = app.login(ADMIN).await;
    let tenant = account(&app, ADMIN).await.tenant_id;
    let alerts = all::<security_alert::Entity>(&app).await;
    let of = |is_theirs: bool| {
        let found = alerts.iter().find(|row| (row.tenant_id == Some(tenant)) == is_theirs);
        found.expect("there is one").id.encode()
    };
    let id = opened(&app, &client, json!({ "alertId": of(true) })).await;
    let document = "{ securityAlerts { nodes { incident { id } } } }";
    let told = client.query(document, Value::Null).await;
    assert_eq!(told.ok()["securityAlerts"]["nodes"], json!([{ "incident": { "id": id } }]));
    let at = app.clock.now().to_rfc3339();
    let again =
        |alert: String| json!({ "title": "Again", "severity": "LOW", "detectedAt": at, "alertId": alert });
    mutate(&client, "incidentOpen", "id", again(of(true))).await.refused(&["alertId TAKEN"]);
    assert_eq!(all::<security_incident::Entity>(&app).await.len(), 1, "nothing is left of what was refused");
    let theirs = mutate(&client, "incidentOpen", "id", again(of(false))).await;
    theirs.failed("NOT_FOUND");
}

async fn sealed(app: TestApp) {
    let client = app.login(ADMIN).await;
    let id = opened(&app, &client, json!({ "title": "planted-title" })).await;
    let input = json!({ "id": id, "rootCause": "planted-cause" });
    mutate(&client, "incidentUpdate", "id", input).await.done();
    let rows = all::<security_incident::Entity>(&app).await;
    assert!(!format!("{rows:?}").contains("planted"), "{rows:?}");
    let document = "query($id: ID!) { node(id: $id) { ... on SecurityIncident { title rootCause } } }";
    let shown = client.query(document, json!({ "id": id })).await;
    assert_eq!(shown.ok()["node"], json!({ "title": "planted-title", "rootCause": "planted-cause" }));
}
