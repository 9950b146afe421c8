//! What is asked of the log: who is told of which entries, whom of data were shown and to whom, and whether the log is what was
//! written.

use std::collections::BTreeSet;
use std::fs;

use axum::body::Body;
use axum::http::Request;
use chrono::TimeDelta;
use custodian_entity::id::{CustomerId, TypedId};
use custodian_entity::{audit_event, user};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::entries;
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{self, ADMIN, BILLING, SUPPORT, absent, account, all, text};
use crate::rows::observed::Observed;
use crate::suite::Suite;

const SYSTEM: &str = "admin@acme.example";
const CUSTOMER: &str = "customer@acme.example";
const OTHER_CUSTOMER: &str = "customer2@acme.example";
const RESELLER: &str = "reseller@acme.example";

pub(super) fn register(suite: &mut Suite) {
    suite.both("audit::each role is told of the entries of its rows", roles);
    suite.both("audit::entries come newest first, page by page", pages);
    suite.both("audit::entries are found by what they say", filters);
    suite.both("audit::an entry that this version does not know breaks no page", unknown);
    suite.both("audit::whom of an account was shown data, and when", breach);
    suite.both("audit::a customer learns what of his was shown, and not to whom", told);
    suite.both(
        "audit::of what a role has no rows of, the log does not tell it that something was done",
        below,
    );
    suite.both("audit::many disclosures take as many statements as one", in_few_statements);
    suite.both("audit::disclosures are asked for one customer or one account", asked_rightly);
    suite.both("audit::who may has the log verified, and that he did is on record", verifies);
    suite.both("audit::signed ends that are missing, or none, are found by who asks", heads);
    suite.both("audit::what is asked often of verifying waits its turn, and comes by POST", by_post);
    suite.pure("audit::the types of disclosures are types of entries", kinds);
}

fn nodes<'a>(answer: &'a Answer, list: &str) -> &'a Vec<Value> {
    answer.ok()[list]["nodes"].as_array().expect("a list")
}

/// The ids of the entries that somebody is shown, of those that [`entries::add`] added.
async fn added(client: &Client) -> BTreeSet<String> {
    let answer = client.query("{ auditEvents(first: 100) { nodes { id } } }", Value::Null).await;
    let ids = nodes(&answer, "auditEvents").iter().map(|node| text(&node["id"]).to_owned());
    ids.filter(|id| (0..3).any(|n| *id == entry(n))).collect()
}

fn entry(n: u128) -> String {
    entries::id(n).encode()
}

async fn roles(app: TestApp) {
    entries::add(&app).await;
    let of = |numbers: &[u128]| numbers.iter().map(|n| entry(*n)).collect::<BTreeSet<_>>();
    for (username, told) in [
        (SYSTEM, of(&[0, 1, 2])),
        (ADMIN, of(&[0, 1])),
        (RESELLER, of(&[0])),
        ("reseller2@acme.example", of(&[1])),
        (CUSTOMER, of(&[0])),
        (OTHER_CUSTOMER, of(&[1])),
        ("customer@globex.example", of(&[2])),
    ] {
        let client = app.login(username).await;
        assert_eq!(added(&client).await, told, "{username}");
        for n in 0..3 {
            let ask = "query($id: ID!) { node(id: $id) { id } }";
            let answer = client.query(ask, json!({ "id": entry(n) })).await;
            match told.contains(&entry(n)) {
                true => assert_eq!(answer.ok()["node"]["id"], entry(n), "{username}"),
                // As an id that no entry has.
                false => assert_eq!(answer.code(), Some("NOT_FOUND"), "{username}: {}", answer.text),
            }
        }
    }
    for username in [SUPPORT, BILLING, "network@acme.example"] {
        let answer = app.login(username).await.query("{ auditEvents { totalCount } }", Value::Null).await;
        assert_eq!(answer.code(), Some("FORBIDDEN"), "{username}: {}", answer.text);
    }
    // Not by whom, with what, or in which words.
    let ask = "{ auditEvents(first: 100) { nodes { id ip actor { userId } apiClient { id } userAgent correlationId details \
               fieldsRead purpose sequence prevHash hash } } }";
    let answer = app.login(CUSTOMER).await.query(ask, Value::Null).await;
    let rows = answer.data()["auditEvents"]["nodes"].as_array().unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        for (field, value) in row.as_object().unwrap() {
            assert!(["id", "ip"].contains(&field.as_str()) || value.is_null(), "{field}: {value}");
        }
    }
    let denied: BTreeSet<&str> =
        answer.errors().iter().map(|error| text(&error["extensions"]["field"])).collect();
    assert_eq!(denied.len(), 10, "{denied:?}");
}

async fn pages(app: TestApp) {
    let support = app.login(SUPPORT).await;
    for _ in 0..5 {
        app.clock.advance(TimeDelta::seconds(5));
        support.query("{ customerLookup(by: { phone: \"+34600000000\" }) { id } }", Value::Null).await.ok();
    }
    let client = app.login(ADMIN).await;
    let (mut after, mut seen) = (Value::Null, Vec::new());
    loop {
        let ask = "query($after: String) { auditEvents(first: 2, after: $after) { totalCount \
                   nodes { id occurredAt } pageInfo { hasNextPage endCursor } } }";
        let answer = client.query(ask, json!({ "after": after })).await;
        let page = &answer.ok()["auditEvents"];
        seen.extend(
            nodes(&answer, "auditEvents")
                .iter()
                .map(|node| (text(&node["occurredAt"]).to_owned(), text(&node["id"]).to_owned())),
        );
        if page["pageInfo"]["hasNextPage"] != true {
            assert_eq!(page["totalCount"], seen.len());
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert!(seen.len() >= 6, "{seen:?}");
    assert!(seen.is_sorted_by(|one, next| one > next), "each once, newest first: {seen:?}");
    let back = "{ auditEvents(last: 2) { nodes { id } pageInfo { hasPreviousPage } } }";
    let answer = client.query(back, Value::Null).await;
    let last: Vec<&str> = nodes(&answer, "auditEvents").iter().map(|node| text(&node["id"])).collect();
    assert_eq!(last, seen[seen.len() - 2..].iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>());
}

async fn filters(app: TestApp) {
    fixture::api_clients(app.db()).await;
    entries::add(&app).await;
    let client = app.login(SYSTEM).await;
    let events = all::<audit_event::Entity>(&app).await;
    let [one, _, third] =
        [0, 1, 2].map(|n| events.iter().find(|event| event.id.encode() == entry(n)).expect("it was added"));
    let id = |id: Option<String>| json!({ "eq": id.expect("it has one") });
    for (filter, found) in [
        (json!({ "actorId": id(one.actor_id.map(TypedId::encode)) }), vec![0, 1]),
        (json!({ "customerId": id(one.customer_id.map(TypedId::encode)) }), vec![0]),
        (
            json!({ "customerId": { "in": [one.customer_id.map(TypedId::encode), third.customer_id.map(TypedId::encode)] } }),
            vec![0, 2],
        ),
        (json!({ "customerId": { "eq": "no id" } }), vec![]),
        (json!({ "resellerId": id(one.reseller_id.map(TypedId::encode)) }), vec![0]),
        (json!({ "apiClientId": id(third.api_client_id.map(TypedId::encode)) }), vec![2]),
        (json!({ "resourceType": { "eq": "Customer" } }), vec![0, 1, 2]),
        (json!({ "resourceId": { "eq": third.resource_id } }), vec![2]),
        (json!({ "correlationId": { "eq": "req-1" } }), vec![1]),
        (json!({ "eventType": { "in": ["CUSTOMER_UPDATED"] } }), vec![0, 1, 2]),
        (json!({ "eventType": { "eq": "SIGN_IN_SUCCEEDED" } }), vec![]),
        (json!({ "outcome": { "eq": "DENIED" } }), vec![]),
        (json!({ "occurredAt": { "lt": "2001-01-01T00:00:00Z" } }), vec![]),
        (
            json!({ "not": [{ "correlationId": { "eq": "req-1" } }], "eventType": { "eq": "CUSTOMER_UPDATED" } }),
            vec![0, 2],
        ),
    ] {
        let ask = "query($f: AuditEventFilter) { auditEvents(filter: $f, first: 100) { nodes { id } } }";
        let answer = client.query(ask, json!({ "f": filter })).await;
        let ids: BTreeSet<String> =
            nodes(&answer, "auditEvents").iter().map(|node| text(&node["id"]).to_owned()).collect();
        let ours: BTreeSet<String> = (0..3).map(entry).filter(|id| ids.contains(id)).collect();
        assert_eq!(ours, found.into_iter().map(entry).collect(), "{filter}");
    }
    // Whom it was done by is not told, and so not asked by.
    for username in [RESELLER, CUSTOMER] {
        let ask = format!(
            "{{ auditEvents(filter: {{ actorId: {{ eq: \"{}\" }} }}) {{ totalCount }} }}",
            absent::<CustomerId>()
        );
        let answer = app.login(username).await.query(&ask, Value::Null).await;
        assert_eq!(answer.code(), Some("FIELD_NOT_QUERYABLE"), "{username}: {}", answer.text);
    }
}

async fn unknown(app: TestApp) {
    entries::add(&app).await;
    let changed = audit_event::Entity::update_many()
        .col_expr(audit_event::Column::EventType, Expr::value("FROM_ANOTHER_VERSION"))
        .filter(audit_event::Column::EventType.eq("CUSTOMER_UPDATED"));
    changed.exec(app.db()).await.unwrap();
    let client = app.login(CUSTOMER).await;
    let answer = client.query("{ auditEvents { nodes { id eventType } } }", Value::Null).await;
    let found = nodes(&answer, "auditEvents").iter().find(|node| node["id"] == entry(0));
    assert_eq!(found.expect("it is told of")["eventType"], "UNKNOWN");
}

/// Shows an e-mail address in clear.
async fn show(client: &Client, customer: CustomerId) {
    let ask = "query($id: ID!) { node(id: $id) { ... on Customer { email } } }";
    client.query(ask, json!({ "id": customer.encode() })).await.ok();
}

/// The customer of an account.
fn of(account: &user::Model) -> CustomerId {
    account.customer_id.expect("it is a customer's")
}

async fn breach(app: TestApp) {
    let (maria, other) = (account(&app, CUSTOMER).await, account(&app, OTHER_CUSTOMER).await);
    let admin = account(&app, ADMIN).await;
    let (client, system) = (app.login(ADMIN).await, app.login(SYSTEM).await);
    let begin = app.clock.now();
    show(&client, of(&maria)).await;
    app.clock.advance(TimeDelta::minutes(10));
    let middle = app.clock.now();
    show(&client, of(&other)).await;
    app.clock.advance(TimeDelta::minutes(1));
    client.query("{ customers(first: 100) { nodes { email } } }", Value::Null).await.ok();
    show(&system, of(&maria)).await;
    let end = app.clock.now();
    app.service.list_disclosures().await.expect("what was disclosed can be listed");
    let ask = "query($a: ID!, $p: Period, $n: Int) { disclosures(actorId: $a, between: $p) { totalCount nodes { occurredAt action \
               fields purpose actorRole customerCount customerIds(first: $n) actor { kind userId displayName } \
               apiClient { id } event { id eventType sequence } } } }";
    for asking in [&client, &system] {
        let answer = asking.query(ask, json!({ "a": admin.id.encode(), "n": 25 })).await;
        let [list, second, first] = &nodes(&answer, "disclosures")[..] else { panic!("{}", answer.text) };
        assert_eq!(
            (&first["customerIds"], &first["customerCount"]),
            (&json!([of(&maria).encode()]), &json!(1))
        );
        assert_eq!(second["customerIds"], json!([of(&other).encode()]));
        assert_eq!((&first["fields"], &first["action"]), (&json!(["Customer.email"]), &json!("node")));
        assert_eq!(
            (&first["actor"]["userId"], &first["actorRole"]),
            (&json!(admin.id.encode()), &json!("tenant_admin"))
        );
        assert_eq!(first["event"]["eventType"], "DATA_DISCLOSED");
        let count = list["customerCount"].as_u64().unwrap();
        assert!(count > 2, "{list}");
        // So many at a time, each once, in the order of their ids.
        let mut after = Value::Null;
        let mut found = Vec::new();
        loop {
            let ask = "query($a: ID!, $after: ID) { disclosures(actorId: $a, first: 1) { nodes { customerIds(first: 2, after: $after) } } }";
            let answer = asking.query(ask, json!({ "a": admin.id.encode(), "after": after })).await;
            let page = nodes(&answer, "disclosures")[0]["customerIds"].as_array().unwrap().clone();
            let Some(last) = page.last() else { break };
            after = last.clone();
            found.extend(page);
        }
        assert_eq!(found.len() as u64, count);
        assert!(found.is_sorted_by(|one, next| text(one) < text(next)), "{found:?}");
    }
    for (from, to, count) in
        [(begin, middle, 1), (middle, end, 1), (begin, end, 2), (end, end + TimeDelta::hours(1), 1)]
    {
        let period = json!({ "from": from.to_rfc3339(), "to": to.to_rfc3339() });
        let answer = client.query(ask, json!({ "a": admin.id.encode(), "p": period, "n": 1 })).await;
        assert_eq!(answer.ok()["disclosures"]["totalCount"], count, "{period}");
    }
    // What another provider's people ask about him is about none of their customers.
    let elsewhere = app.login("tenant-admin@acme.example").await;
    let nobody = elsewhere.query(ask, json!({ "a": absent::<custodian_entity::id::UserId>(), "n": 1 })).await;
    assert_eq!(nobody.ok()["disclosures"]["totalCount"], 0);
    for bound in [0, -1, 100_000] {
        let answer = client.query(ask, json!({ "a": admin.id.encode(), "n": bound })).await;
        assert!(
            ["BAD_USER_INPUT", "QUERY_TOO_COMPLEX"].contains(&answer.code().unwrap_or_default()),
            "{}",
            answer.text
        );
    }
}

async fn told(app: TestApp) {
    let (maria, other) = (account(&app, CUSTOMER).await, account(&app, OTHER_CUSTOMER).await);
    let admin = app.login(ADMIN).await;
    admin.query("{ customers(first: 100) { nodes { email } } }", Value::Null).await.ok();
    app.clock.advance(TimeDelta::minutes(1));
    let billing = app.login(BILLING).await;
    let input = json!({ "id": of(&maria).encode(), "fields": ["phone"], "purpose": "BILLING_DISPUTE" });
    fixture::mutate(&billing, "fieldReveal", "field", input).await.done();
    app.service.list_disclosures().await.expect("what was disclosed can be listed");
    let open = "query($c: ID!) { disclosures(customerId: $c) { totalCount nodes { occurredAt action fields purpose event { id } } } }";
    for username in [CUSTOMER, RESELLER, ADMIN, SYSTEM] {
        let answer = app.login(username).await.query(open, json!({ "c": of(&maria).encode() })).await;
        let [revealed, listed] = &nodes(&answer, "disclosures")[..] else {
            panic!("{username}: {}", answer.text)
        };
        assert_eq!(
            (&revealed["fields"], &revealed["purpose"]),
            (&json!(["Customer.phone"]), &json!("BILLING_DISPUTE")),
            "{username}"
        );
        assert_eq!((&listed["fields"], &listed["action"]), (&json!(["Customer.email"]), &json!("customers")));
        // An entry about many customers is no customer's, and no reseller's.
        let is_admin = [ADMIN, SYSTEM].contains(&username);
        assert_eq!(listed["event"].is_null(), !is_admin, "{username}");
        assert!(username != CUSTOMER || !revealed["event"].is_null(), "the entry is about her row");
    }
    let closed = "query($c: ID!) { disclosures(customerId: $c) { nodes { actor { userId } actorRole apiClient { id } \
                  customerCount customerIds } } }";
    for username in [CUSTOMER, RESELLER] {
        let client = app.login(username).await;
        let answer = client.query(closed, json!({ "c": of(&maria).encode() })).await;
        for row in answer.data()["disclosures"]["nodes"].as_array().unwrap() {
            assert!(row.as_object().unwrap().values().all(Value::is_null), "{username}: {row}");
        }
        assert_eq!(answer.errors().len(), 5, "{username}: {}", answer.text);
        // Another's is none.
        let theirs = client.query(open, json!({ "c": of(&other).encode() })).await;
        let nobodys = client.query(open, json!({ "c": absent::<CustomerId>() })).await;
        assert_eq!((theirs.code(), nobodys.code()), (Some("NOT_FOUND"), Some("NOT_FOUND")), "{username}");
        assert_eq!(theirs.errors()[0]["message"], nobodys.errors()[0]["message"]);
        let by = format!("{{ disclosures(actorId: \"{}\") {{ totalCount }} }}", maria.id.encode());
        let answer = client.query(&by, Value::Null).await;
        assert_eq!(answer.code(), Some("FIELD_NOT_QUERYABLE"), "{username}: {}", answer.text);
    }
    // The other provider's administrator, as an administrator of this one.
    let moved = account(&app, "customer@globex.example").await;
    let answer = admin.query(open, json!({ "c": of(&moved).encode() })).await;
    assert_eq!(answer.code(), Some("NOT_FOUND"), "{}", answer.text);
    let answer = app.login(SUPPORT).await.query(open, json!({ "c": of(&maria).encode() })).await;
    assert_eq!(answer.code(), Some("FORBIDDEN"), "{}", answer.text);
    // Page by page, as one list.
    let mut after = Value::Null;
    for has_next in [true, false] {
        let ask = "query($c: ID!, $a: String) { disclosures(customerId: $c, first: 1, after: $a) { totalCount nodes { action } \
                   pageInfo { hasNextPage endCursor } } }";
        let client = app.login(CUSTOMER).await;
        let answer = client.query(ask, json!({ "c": of(&maria).encode(), "a": after })).await;
        let page = &answer.ok()["disclosures"];
        assert_eq!((&page["totalCount"], &page["pageInfo"]["hasNextPage"]), (&json!(2), &json!(has_next)));
        after = page["pageInfo"]["endCursor"].clone();
    }
}

async fn below(app: TestApp) {
    let maria = account(&app, CUSTOMER).await;
    let support = app.login(SUPPORT).await;
    let customer = of(&maria).encode();
    let ticket =
        json!({ "customerId": customer, "category": "BILLING", "subject": "Slow", "description": "Slow" });
    let ticket = fixture::mutate(&support, "ticketCreate", "id", ticket).await.done()["id"].clone();
    let done = [
        (
            "customerNoteCreate",
            json!({ "customerId": customer, "category": "GENERAL", "body": "Calls at noon" }),
        ),
        (
            "identityCheckPerform",
            json!({ "customerId": customer, "method": "CALL_BACK", "outcome": "FAILURE" }),
        ),
        ("ticketReply", json!({ "ticketId": ticket, "internalBody": "Ask the shop" })),
        ("ticketReply", json!({ "ticketId": ticket, "body": "We look at it" })),
    ];
    for (mutation, input) in done {
        fixture::mutate(&support, mutation, "id", input).await.done();
    }
    let ask = "{ auditEvents(first: 100) { totalCount nodes { eventType resourceType } } }";
    for (username, is_told) in [(ADMIN, true), (CUSTOMER, false), (RESELLER, false)] {
        let answer = app.login(username).await.query(ask, Value::Null).await;
        let nodes = nodes(&answer, "auditEvents");
        let count = |kind: &str| nodes.iter().filter(|node| node["eventType"] == kind).count();
        for kind in ["CUSTOMER_NOTE_CREATED", "IDENTITY_CHECKED"] {
            assert_eq!(count(kind), usize::from(is_told), "{username}, {kind}: {}", answer.text);
        }
        assert_eq!(count("TICKET_REPLIED"), if is_told { 2 } else { 1 }, "{username}: {}", answer.text);
    }
}

async fn in_few_statements(app: TestApp) {
    let (maria, admin) = (account(&app, CUSTOMER).await, account(&app, ADMIN).await);
    let client = app.login(ADMIN).await;
    for _ in 0..3 {
        show(&client, of(&maria)).await;
        client.query("{ customers(first: 9) { nodes { email } } }", Value::Null).await.ok();
    }
    app.service.list_disclosures().await.expect("what was disclosed can be listed");
    let observed = Observed::of(&app).await;
    for by in
        [format!("actorId: \"{}\"", admin.id.encode()), format!("customerId: \"{}\"", of(&maria).encode())]
    {
        let mut counts = BTreeSet::new();
        for size in [1, 3, 6] {
            let ask = format!(
                "{{ disclosures({by}, first: {size}) {{ nodes {{ customerIds(first: 3) event {{ id }} \
                 actor {{ displayName }} }} }} }}"
            );
            let (response, statements) = observed.run(ADMIN, "tenant_admin", &ask).await;
            assert!(response.errors.is_empty(), "{ask}: {:?}", response.errors);
            counts.insert(statements.len());
        }
        assert_eq!(counts.len(), 1, "{by}: more disclosures take more statements: {counts:?}");
    }
}

async fn asked_rightly(app: TestApp) {
    let client = app.login(ADMIN).await;
    let (customer, actor) = (account(&app, CUSTOMER).await, account(&app, SUPPORT).await);
    let (c, a) = (of(&customer).encode(), actor.id.encode());
    for arguments in [
        String::new(),
        format!("(customerId: \"{c}\", actorId: \"{a}\")"),
        format!(
            r#"(customerId: "{c}", between: {{ from: "2026-02-01T00:00:00Z", to: "2026-02-01T00:00:00Z" }})"#
        ),
        format!(
            r#"(actorId: "{a}", between: {{ from: "2026-02-02T00:00:00Z", to: "2026-02-01T00:00:00Z" }})"#
        ),
        format!("(customerId: \"{a}\")"),
    ] {
        let answer =
            client.query(&format!("{{ disclosures{arguments} {{ totalCount }} }}"), Value::Null).await;
        assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{arguments}: {}", answer.text);
    }
}

const VERIFY: &str = "query($from: DateTime, $to: DateTime) { auditVerify(from: $from, to: $to) { isValid chains entries earlier heads \
                      fault { tenantId sequence eventId reason } } }";

async fn verifies(app: TestApp) {
    app.login("support@globex.example").await;
    let (client, system) = (app.login(ADMIN).await, app.login(SYSTEM).await);
    let mut log = fixture::Log::mark(&app).await;
    let answer = client.query(VERIFY, json!({})).await;
    let found = &answer.ok()["auditVerify"];
    assert_eq!(
        (&found["isValid"], &found["chains"], &found["fault"]),
        (&json!(true), &json!(1), &Value::Null)
    );
    assert!(found["entries"].as_i64() > Some(0), "{found}");
    let event = log.one(&app, "AUDIT_VERIFIED").await;
    assert_eq!((event.action.as_str(), event.actor_role.as_deref()), ("auditVerify", Some("tenant_admin")));
    assert_eq!(event.details, json!({ "chains": 1, "entries": found["entries"], "isValid": true }));
    let answer = system.query(VERIFY, json!({})).await;
    assert!(answer.ok()["auditVerify"]["chains"].as_i64() > Some(1), "{}", answer.text);
    for username in [SUPPORT, BILLING, RESELLER, CUSTOMER] {
        let answer = app.login(username).await.query(VERIFY, json!({})).await;
        assert_eq!(answer.code(), Some("FORBIDDEN"), "{username}: {}", answer.text);
    }
    let wrong = json!({ "from": "2026-02-02T00:00:00Z", "to": "2026-02-01T00:00:00Z" });
    assert_eq!(client.query(VERIFY, wrong).await.code(), Some("BAD_USER_INPUT"));

    // What somebody did in the database is found by who it belongs to.
    let elsewhere = account(&app, "support@globex.example").await.tenant_id;
    let events = all::<audit_event::Entity>(&app).await;
    let changed = events.iter().find(|event| event.tenant_id == Some(elsewhere)).expect("somebody signed in");
    audit_event::Entity::update_many()
        .col_expr(audit_event::Column::Action, Expr::value("nothing"))
        .filter(audit_event::Column::Id.eq(changed.id))
        .exec(app.db())
        .await
        .unwrap();
    assert_eq!(client.query(VERIFY, json!({})).await.ok()["auditVerify"]["isValid"], true);
    log.gained(&app).await;
    let answer = system.query(VERIFY, json!({})).await;
    let found = &answer.ok()["auditVerify"];
    let fault = json!({ "tenantId": elsewhere.encode(), "sequence": changed.sequence, "eventId": changed.id.encode(),
                        "reason": "was changed" });
    assert_eq!((&found["isValid"], &found["fault"]), (&json!(false), &fault));
    let event = log.one(&app, "AUDIT_VERIFIED").await;
    assert_eq!(event.outcome, custodian_entity::choice::Outcome::Failure);
    // A part that does not hold it.
    let later = app.clock.now() + TimeDelta::minutes(1);
    app.clock.advance(TimeDelta::minutes(2));
    let answer = system.query(VERIFY, json!({ "from": later.to_rfc3339() })).await;
    assert_eq!(answer.ok()["auditVerify"]["fault"], Value::Null, "{}", answer.text);
}

async fn heads(app: TestApp) {
    let client = app.login(ADMIN).await;
    app.login("support@globex.example").await;
    app.service.sign_heads().await.unwrap();
    let answer = client.query(VERIFY, json!({})).await;
    // Of its own chain, not of others'.
    assert_eq!(answer.ok()["auditVerify"]["heads"], 1, "{}", answer.text);
    let folder = app.database().config().audit_heads_dir;
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let lines = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{lines}no head\n")).unwrap();
    let answer = client.query(VERIFY, json!({})).await;
    let found = &answer.ok()["auditVerify"];
    assert_eq!((&found["isValid"], &found["fault"]["sequence"]), (&json!(false), &Value::Null));
    assert!(text(&found["fault"]["reason"]).contains("signed heads"), "{found}");
    assert!(!answer.text.contains(folder.to_str().unwrap()), "{}", answer.text);
    // A line that is being written is none yet.
    fs::write(&file, format!("{lines}no he")).unwrap();
    assert_eq!(client.query(VERIFY, json!({})).await.ok()["auditVerify"]["isValid"], true);
}

async fn by_post(app: TestApp) {
    let client = app.login(ADMIN).await;
    let ask = Request::get("/graphql?query=%7BauditVerify%7BisValid%7D%7D").body(Body::empty()).unwrap();
    let answer = client.send(ask).await;
    assert_eq!(answer.status.as_u16(), 405, "{}", answer.text);
    // Two of the same provider at once: one at a time, and the other is told to wait or comes behind it.
    let (one, other) = tokio::join!(client.query(VERIFY, json!({})), client.query(VERIFY, json!({})));
    for answer in [&one, &other] {
        let is_done = answer.data()["auditVerify"]["isValid"] == true;
        assert!(is_done || answer.code() == Some("RATE_LIMITED"), "{}", answer.text);
    }
    assert!([&one, &other].iter().any(|answer| answer.code().is_none()));
    // Whatever was refused, the next is not.
    client.query(VERIFY, json!({})).await.ok();
}

fn kinds() {
    use custodian::audit::EventType;
    let disclosing = [EventType::DataDisclosed, EventType::FieldRevealed, EventType::DocumentDownloaded];
    assert_eq!(custodian_entity::disclosure::KINDS, disclosing.map(EventType::name));
}
