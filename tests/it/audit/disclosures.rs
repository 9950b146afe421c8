//! RESTRICTED data shown in clear are on record before they leave: which fields, of whom, to whom (issue of the log itself:
//! DESIGN, idea 5).

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use custodian::config::Disclosures;
use custodian_entity::choice::Outcome;
use custodian_entity::id::{AuditEventId, CustomerId, TypedId};
use custodian_entity::{audit_event, disclosed_customer, disclosed_set};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{told, verified};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{ADMIN, MARIA, SUPPORT, account, all, customer, text};
use crate::rows::observed::Observed;
use crate::sealing::add_customers;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("audit::a list leaves one disclosure with all its customers", a_list);
    suite
        .both("audit::a disclosure takes as many statements for one customer as for many", in_few_statements);
    suite.both("audit::what is masked, denied or not RESTRICTED is not on record as shown", only_in_clear);
    suite.both("audit::of a page the rows on it are on record, whatever follows", the_page);
    suite.both("audit::rows behind others are on record by type, with whose they are", nested);
    suite.both("audit::strict: what cannot be put on record is not shown", strict);
    suite.both("audit::buffered: what was shown is on record once the service stops", buffered);
    suite.both("audit::what was disclosed is listed by customer once, whoever lists it", listed_once);
    suite.both("audit::what is unmasked counts as disclosed", unmasked);
}

/// The disclosures on record, with the customers of each.
async fn disclosures(app: &TestApp) -> Vec<(audit_event::Model, BTreeSet<CustomerId>)> {
    let told = told(app).await;
    let mut events = all::<audit_event::Entity>(app).await;
    events.retain(|event| event.event_type == "DATA_DISCLOSED");
    events.sort_by_key(|event| event.sequence);
    let of = |id: AuditEventId| told.iter().filter(move |(event, _)| *event == id).map(|(_, one)| *one);
    events.into_iter().map(|event| (event.clone(), of(event.id).collect())).collect()
}

/// The ids of the customers in a list.
fn ids(answer: &Answer, list: &str) -> BTreeSet<CustomerId> {
    let nodes = answer.ok()[list]["nodes"].as_array().expect("a list");
    nodes.iter().map(|node| CustomerId::decode(text(&node["id"])).unwrap()).collect()
}

fn fields(event: &audit_event::Model) -> &Value {
    event.fields_read.as_ref().expect("it names what was shown")
}

async fn a_list(app: TestApp) {
    add_customers(&app, 120).await;
    let client = app.login(ADMIN).await;
    let answer =
        client.query("{ customers(first: 100) { nodes { id email customerNumber } } }", Value::Null).await;
    let (shown, admin) = (ids(&answer, "customers"), account(&app, ADMIN).await);
    assert_eq!(shown.len(), 100);
    let [(event, customers)] = &disclosures(&app).await[..] else { panic!("there is one") };
    assert_eq!(customers, &shown);
    assert_eq!(fields(event), &json!(["Customer.email"]));
    assert_eq!((event.action.as_str(), event.outcome), ("customers", Outcome::Success));
    assert_eq!((event.actor_id, event.actor_role.as_deref()), (Some(admin.id), Some("tenant_admin")));
    assert_eq!((event.tenant_id, event.customer_id), (Some(admin.tenant_id), None));
    assert_eq!(Some(event.request_id.as_str()), answer.headers["x-request-id"].to_str().ok());
    // The rows beside it are part of the chain by their number and digest.
    let sorted: Vec<u8> = shown.iter().flat_map(|id| *id.uuid().as_bytes()).collect();
    let hex: String = digest(&SHA256, &sorted).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(event.details, json!({ "customers": shown.len(), "digest": hex }));
    assert_eq!(verified(&app, &[]).await.fault, None);
}

async fn in_few_statements(app: TestApp) {
    let observed = Observed::of(&app).await;
    // The first entry begins the chain.
    observed.record(ADMIN, "tenant_admin", "{ customers(first: 1) { nodes { email } } }").await;
    let mut counts = BTreeSet::new();
    for size in [2, 40] {
        let document = format!("{{ customers(first: {size}) {{ nodes {{ email }} }} }}");
        let statements = observed.record(ADMIN, "tenant_admin", &document).await;
        // The end of the chain moved on, the entry, the set of customers, and that the entry is about it; the settings on
        // PostgreSQL.
        assert!((4..=5).contains(&statements.len()), "{statements:?}");
        counts.insert(statements.len());
        // The same list again: the set is there.
        let again = observed.record(ADMIN, "tenant_admin", &document).await;
        assert_eq!(again.len() + 1, statements.len(), "{again:?}");
    }
    assert_eq!(counts.len(), 1, "more customers take more statements: {counts:?}");
}

async fn only_in_clear(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let list = |fields: &str| format!("{{ customers(first: 3) {{ nodes {{ {fields} }} }} }}");
    for harmless in ["id customerNumber status", "email phone", "email riskScore", "taxId"] {
        let answer = client.query(&list(harmless), Value::Null).await;
        assert!(!answer.data().is_null(), "{}", answer.text);
        assert!(disclosures(&app).await.is_empty(), "{harmless} is on record as shown in clear");
    }
    let count = client.query("{ customers(first: 3) { totalCount } }", Value::Null).await;
    count.ok();
    assert!(disclosures(&app).await.is_empty());
    // Of what is asked for together only what is clear is named.
    let answer = client.query(&list("id displayName email riskScore"), Value::Null).await;
    let [(event, customers)] = &disclosures(&app).await[..] else { panic!("there is one") };
    assert_eq!(fields(event), &json!(["Customer.displayName"]));
    let nodes = answer.data()["customers"]["nodes"].as_array().unwrap();
    assert_eq!(customers.len(), nodes.len());
}

async fn the_page(app: TestApp) {
    let client = app.login(ADMIN).await;
    for page in ["first: 2", "last: 3"] {
        let document = format!("{{ customers({page}) {{ nodes {{ id phone }} }} }}");
        let answer = client.query(&document, Value::Null).await;
        let (_, customers) = disclosures(&app).await.pop().expect("there is one");
        assert_eq!(customers, ids(&answer, "customers"), "{page}");
    }
}

async fn nested(app: TestApp) {
    let client = app.login(ADMIN).await;
    let maria = customer(&app, MARIA).await;
    let document = "query($id: ID!) { customer(id: $id) { id customerNumber contacts { name } \
         invoices(first: 1) { nodes { number customer { id displayName } } } } }";
    client.query(document, json!({ "id": maria.id.encode() })).await.ok();
    let found = disclosures(&app).await;
    let by_type: BTreeSet<String> = found.iter().map(|(event, _)| fields(event).to_string()).collect();
    let expected = [
        json!(["Contact.name"]).to_string(),
        json!(["Customer.displayName"]).to_string(),
        json!(["Invoice.number"]).to_string(),
    ];
    assert_eq!(by_type, BTreeSet::from(expected));
    for (event, customers) in &found {
        assert_eq!(customers, &BTreeSet::from([maria.id]), "{event:?}");
        assert_eq!(event.customer_id, Some(maria.id), "of one customer the entry itself says so");
    }
}

async fn strict(app: TestApp) {
    let client = app.login(ADMIN).await;
    let document = "{ customers(first: 2) { nodes { id email } } }";
    let email =
        text(&client.query(document, Value::Null).await.ok()["customers"]["nodes"][0]["email"]).to_owned();
    let away = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
    app.db().execute_unprepared(&away("disclosed_list", "disclosed_list_away")).await.unwrap();
    let answer = client.query(document, Value::Null).await;
    assert_eq!(answer.code(), Some("UNAVAILABLE"), "{}", answer.text);
    assert!(answer.data().is_null() && !answer.text.contains(&email), "{}", answer.text);
    // What discloses nothing is answered.
    client.query("{ customers(first: 2) { nodes { id } } }", Value::Null).await.ok();
    app.db().execute_unprepared(&away("disclosed_list_away", "disclosed_list")).await.unwrap();
    client.query(document, Value::Null).await.ok();
    assert_eq!(verified(&app, &[]).await.fault, None, "what failed left nothing");
}

async fn buffered(app: TestApp) {
    let (service, router) = app.instance(|config| config.audit.disclosures = Disclosures::Buffered).await;
    let client = Client::new(router, Some(app.token(ADMIN).await));
    for _ in 0..5 {
        client.query("{ customers(first: 2) { nodes { id email } } }", Value::Null).await.ok();
    }
    service.journal.flush().await.unwrap();
    assert_eq!(disclosures(&app).await.len(), 5);
    assert_eq!(verified(&app, &[]).await.fault, None);
}

async fn listed_once(app: TestApp) {
    add_customers(&app, 60).await;
    let (other, _) = app.instance(|_| {}).await;
    let client = app.login(ADMIN).await;
    let list = async |customers: usize| {
        let list = format!("{{ customers(first: {customers}) {{ nodes {{ id email }} }} }}");
        client.query(&list, Value::Null).await.ok();
    };
    // More sets than are listed in one transaction, each shown twice.
    for customers in (1..=40).chain(1..=40) {
        list(customers).await;
    }
    assert!(all::<disclosed_customer::Entity>(&app).await.is_empty(), "who is answered waited for the list");
    assert_eq!(all::<disclosed_set::Entity>(&app).await.len(), 40);
    let both = tokio::join!(app.service.list_disclosures(), other.list_disclosures());
    assert_eq!(both.0.unwrap() + both.1.unwrap(), 40, "sets listed by two instances at once");
    assert_eq!(all::<disclosed_customer::Entity>(&app).await.len(), (1..=40).sum::<usize>());
    assert_eq!(app.service.list_disclosures().await.unwrap(), 0, "and nothing is left");
    list(41).await;
    list(40).await;
    assert_eq!(other.list_disclosures().await.unwrap(), 1, "what was shown before is listed");
    assert_eq!(all::<disclosed_customer::Entity>(&app).await.len(), (1..=41).sum::<usize>());
    let found = disclosures(&app).await;
    assert_eq!(found.len(), 82);
    for (event, customers) in found {
        assert_eq!(event.details["customers"], customers.len(), "{event:?}");
    }
    assert_eq!(verified(&app, &[]).await.fault, None);
}

async fn unmasked(app: TestApp) {
    let client = app.login(crate::fixture::BILLING).await;
    let maria = customer(&app, MARIA).await;
    let input = json!({ "id": maria.id.encode(), "fields": ["phone"], "purpose": "BILLING_DISPUTE" });
    crate::fixture::mutate(&client, "fieldReveal", "field", input).await.done();
    let mut events = all::<audit_event::Entity>(&app).await;
    events.retain(|event| event.event_type == "FIELD_REVEALED");
    let [event] = &events[..] else { panic!("there is one") };
    assert_eq!(fields(event), &json!(["Customer.phone"]));
    assert_eq!(event.purpose.as_deref(), Some("BILLING_DISPUTE"));
    assert!(told(&app).await.contains(&(event.id, maria.id)));
}
