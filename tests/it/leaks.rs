//! No answer, error, header, cursor or log line holds personal data that the policy does not allow.
//!
//! Every cell holds a value of its own ([`marker`], [`plant`]). Every viewer asks for everything in every way there is
//! ([`documents`]), tries every change ([`changes`]), and whatever he is sent is searched for each value and for any part
//! of it that its mask does not show ([`watch`]). What he may see he must have seen: otherwise nothing was proved.

mod changes;
mod documents;
pub mod marker;
mod people;
mod plant;
mod watch;

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};

use self::marker::Marker;
use self::plant::Garden;
use self::watch::{Watch, logged};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::ADMIN;
use crate::rows::world::{KINDS, Who, World};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    for &(username, role) in custodian::seed::DEMO_ACCOUNTS {
        suite.both(
            format!("leaks::{username} is sent nothing beyond the policy"),
            async move |app: TestApp| {
                everything(&app, username, role).await;
            },
        );
    }
    suite.both("leaks::anonymous is sent nothing", async |app: TestApp| {
        everything(&app, "", "anonymous").await
    });
    suite.both("leaks::nothing a client sends is logged", sent_is_not_logged);
    suite.pure("leaks::every mutation is tried", changes::all_mutations_are_sent);
}

/// Which planted values the messages of a talkative customer repeat: what identifies somebody.
fn is_repeated(marker: &Marker) -> bool {
    const FIELDS: [&str; 18] = [
        "Customer.displayName",
        "Customer.firstName",
        "Customer.lastName",
        "Customer.email",
        "Customer.billingEmail",
        "Customer.phone",
        "Customer.dateOfBirth",
        "Customer.governmentIdNumber",
        "Customer.taxId",
        "Contact.name",
        "Contact.email",
        "Contact.phone",
        "Address.line1",
        "Address.postalCode",
        "Subscription.radiusUsername",
        "NetworkService.ipv4",
        "NetworkService.ipv6Prefix",
        "NetworkService.macAddresses",
    ];
    marker.places.iter().any(|place| FIELDS.contains(&place.field))
}

async fn client(app: &TestApp, username: &str) -> Client {
    if username.is_empty() { app.anonymous() } else { app.login(username).await }
}

async fn everything(app: &TestApp, username: &str, role: &'static str) {
    let recorder = PrometheusBuilder::new().build_recorder();
    // The test runs on this thread, and so does what it calls.
    let _guard = metrics::set_default_local_recorder(&recorder);
    let mut garden = Garden::new(app);
    garden.everything().await;
    crate::fixture::api_clients(app.db()).await;
    let world = World::read(app).await;
    let who = world.who(username, role);
    let client = client(app, username).await;
    let planted = planted_ids(&garden);
    let values = |field: &str| {
        let at = |marker: &&Marker| marker.places.iter().any(|place| place.field == field);
        garden.markers.iter().find(at).map(|marker| marker.value.clone())
    };
    let mut questions = documents::questions(&planted, &values);
    questions.extend(documents::filters_and_orders(&planted, &values));
    assert!(questions.len() > 300, "only {} questions", questions.len());

    let mut watch = Watch::new(&world, &who, &garden.markers, &[]);
    let mut leaked = BTreeMap::new();
    for (document, variables) in &questions {
        let answer = client.query(document, variables.clone()).await;
        let code = answer.code().unwrap_or_default();
        let is_asked_well = !["BAD_USER_INPUT", "QUERY_TOO_COMPLEX", "INTERNAL", "TIMEOUT"].contains(&code);
        assert!(is_asked_well, "the question is no good: {document} {variables}\n{}", answer.text);
        watch.read(&format!("{document} {variables}"), &answer, &mut leaked);
    }
    let unseen = watch.unseen();
    assert!(unseen.is_empty(), "{username} should see these {} and does not: {unseen:#?}", unseen.len());

    let rows = rows_to_change(&world, &who, &planted);
    let sent = changes::sent(role, &rows, &mut garden.mint);
    let mut watch = Watch::new(&world, &who, &garden.markers, &sent.given);
    let mut changed = 0;
    for (document, variables) in &sent.requests {
        let answer = client.query(document, variables.clone()).await;
        changed += usize::from(answer.text.contains("\"userErrors\":[]"));
        assert!(answer.code() != Some("INTERNAL"), "{document} {variables}: {}", answer.text);
        watch.read(&format!("{document} {variables}"), &answer, &mut leaked);
    }
    let wanted = match role {
        "anonymous" => 0,
        "customer" | "network_engineer" => 4,
        _ => 8,
    };
    assert!(changed >= wanted, "{username} changed {changed} things only: the changes prove little");

    let found: Vec<String> = leaked.iter().map(|(whose, how)| format!("{whose}: {how}")).collect();
    assert!(
        found.is_empty(),
        "{username} was sent {} values he may not see:\n{}",
        found.len(),
        found.join("\n")
    );
    let given = sent.given.iter().map(|(marker, _)| marker);
    let logged = logged(&app.logs(), garden.markers.iter().chain(given));
    assert!(
        logged.is_empty(),
        "{} log lines hold personal data: {:#?}",
        logged.len(),
        &logged[..logged.len().min(5)]
    );
    let counted = recorder.handle().render();
    assert!(counted.lines().count() > 10, "hardly anything was counted:\n{counted}");
    let given = sent.given.iter().map(|(marker, _)| marker);
    let told = watch::logged(&counted, garden.markers.iter().chain(given));
    assert!(told.is_empty(), "metrics hold personal data: {told:#?}");
}

/// Plants every marker past the service, and then sends every mutation, marked, as this administrator: all that a service
/// stores. Gives the markers with where they can be read, or for which field they were sent.
pub async fn stored(app: &TestApp, admin: &Client) -> Vec<Marker> {
    let mut garden = Garden::new(app);
    garden.everything().await;
    let world = World::read(app).await;
    let who = world.who(ADMIN, "tenant_admin");
    let rows = rows_to_change(&world, &who, &planted_ids(&garden));
    let sent = changes::sent("tenant_admin", &rows, &mut garden.mint);
    let mut changed = 0;
    for (document, variables) in &sent.requests {
        let answer = admin.query(document, variables.clone()).await;
        changed += usize::from(answer.text.contains("\"userErrors\":[]"));
    }
    assert!(changed >= 8, "only {changed} things were changed");
    let given = sent.given.into_iter().map(|(marker, field)| marker.at(field, "as it was sent"));
    garden.markers.into_iter().chain(given).collect()
}

/// The ids of all rows that hold markers, by type.
fn planted_ids(garden: &Garden<'_>) -> BTreeMap<&'static str, Vec<String>> {
    let mut ids: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for place in garden.markers.iter().flat_map(|marker| &marker.places) {
        let kind = KINDS.iter().find(|kind| place.field.split('.').next() == Some(**kind)).unwrap();
        let ids = ids.entry(*kind).or_default();
        if !ids.contains(&place.row) {
            ids.push(place.row.clone());
        }
    }
    ids
}

/// A row of each type to be changed: of one customer, and the viewer's where he has one.
fn rows_to_change(
    world: &World,
    who: &Who,
    planted: &BTreeMap<&'static str, Vec<String>>,
) -> BTreeMap<&'static str, String> {
    let customers = &planted["Customer"];
    let mine = customers.iter().find(|id| world.reaches(who, id)).unwrap_or(&customers[0]);
    let (tenant, customer) = (world.rows[mine].tenant, world.rows[mine].customer);
    let mut rows = BTreeMap::new();
    for kind in KINDS {
        let all = world.rows.values().filter(|row| row.kind == kind);
        let mut fitting: Vec<_> = all
            .filter(|row| match kind {
                "User" | "ServicePlan" => {
                    row.tenant == tenant && row.reseller.is_none() && row.customer.is_none()
                }
                "ApiClient" | "SecurityAlert" | "SecurityIncident" => row.tenant == tenant,
                _ => row.customer == customer && row.customer.is_some(),
            })
            .collect();
        fitting.sort_by_key(|row| !world.reaches(who, &row.id));
        if let Some(row) = fitting.first() {
            rows.insert(kind, row.id.clone());
        }
    }
    rows
}

/// Marks where only a client's own words are: texts that do not parse, names, literals, variables, passwords, headers.
async fn sent_is_not_logged(app: TestApp) {
    let mut mint = marker::Mint::new();
    let client = app.login("support@acme.example").await;
    let mut marks: Vec<Marker> = Vec::new();
    let mut mark = || {
        marks.push(mint.word());
        marks.last().unwrap().value.clone()
    };
    let customers = "nodes { id }";
    for (document, variables) in [
        (format!("{{ {}: viewer {{ id }} }}", mark()), Value::Null),
        (format!("query {} {{ viewer {{ id }} }}", mark()), Value::Null),
        (format!("{{ viewer {{ id }} }} # {}", mark()), Value::Null),
        (format!("{{ viewer {{ {} }} }}", mark()), Value::Null),
        (format!("{{ viewer {{ id }} {{ {}", mark()), Value::Null),
        (format!("{{ viewer {{ id ...{} }} }}", mark()), Value::Null),
        (format!("{{ customers(filter: {{ customerNumber: {{ eq: \"{}\" }} }}) {{ {customers} }} }}", mark()), Value::Null),
        (format!("{{ customers(filter: {{ email: {{ eq: \"{}@x.example\" }} }}) {{ {customers} }} }}", mark()), Value::Null),
        (format!("{{ customers(first: \"{}\") {{ {customers} }} }}", mark()), Value::Null),
        (format!("{{ customers(after: \"{}\") {{ {customers} }} }}", mark()), Value::Null),
        (format!("{{ customer(id: \"cust_{}\") {{ id }} }}", mark()), Value::Null),
        (format!("{{ node(id: \"{}\") {{ id }} }}", mark()), Value::Null),
        (format!("{{ viewer {{ access(type: \"{}\", field: \"{}\") {{ read }} }} }}", mark(), mark()), Value::Null),
        ("query ($n: String) { customer(customerNumber: $n) { id } }".to_owned(), json!({ "n": mark() })),
        ("query ($n: Int) { customers(first: $n) { nodes { id } } }".to_owned(), json!({ "n": mark() })),
        (
            "mutation ($i: CustomerCreateInput!) { customerCreate(input: $i) { customer { id } } }".to_owned(),
            json!({ "i": { "type": "INDIVIDUAL", "displayName": mark(), "email": mark(), "taxId": mark() } }),
        ),
        (
            "mutation ($u: String!, $p: String!) { login(username: $u, password: $p) { tokenType } }".to_owned(),
            json!({ "u": mark(), "p": mark() }),
        ),
        (
            "mutation ($t: String!) { tokenRefresh(refreshToken: $t) { tokenType } }".to_owned(),
            json!({ "t": mark() }),
        ),
        (
            "mutation ($p: String!) { login(username: \"admin@acme.example\", password: $p, role: $p) { tokenType } }".to_owned(),
            json!({ "p": mark() }),
        ),
    ] {
        client.query(&document, variables).await;
    }
    let body = |text: &str| Body::from(json!({ "query": text }).to_string());
    let post = || Request::post("/graphql").header(CONTENT_TYPE, "application/json");
    for request in [
        post().header(AUTHORIZATION, format!("Bearer {}", mark())).body(body("{ viewer { id } }")).unwrap(),
        post().header("X-Custodian-Role", mark()).body(body("{ viewer { id } }")).unwrap(),
        post().header(USER_AGENT, mark()).body(body("{ viewer { id } }")).unwrap(),
        post().header("X-Request-Id", mark()).body(body("{ viewer { id } }")).unwrap(),
        post().body(Body::from(format!("{{\"query\": \"{}", mark()))).unwrap(),
        post().body(Body::from(json!({ "query": 1, "operationName": mark() }).to_string())).unwrap(),
        Request::get(format!("/graphql?query=%7B{}%7D", mark())).body(Body::empty()).unwrap(),
        Request::get(format!("/{}?{}", mark(), mark())).body(Body::empty()).unwrap(),
    ] {
        client.send(request).await;
    }
    let logged = logged(&app.logs(), marks.iter());
    assert!(logged.is_empty(), "what clients send is in the log: {logged:#?}");
}
