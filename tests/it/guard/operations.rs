//! Which operation of a document runs, and that nothing of a refused one does.

use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use custodian_entity::{audit_event, customer, tenant};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{MARIA, READING, SUPPORT, all, customer};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.sqlite("guard::the operation that is named runs, and no other", named);
    suite.sqlite("guard::each operation has fragments of its own", own_fragments);
    suite.sqlite("guard::a refused mutation changes nothing", mutation);
    suite.sqlite("guard::nothing but the sign-in runs without a token", anonymous);
}

const NETWORK: &str = "network@acme.example";

/// What takes a password or the token of a letter instead of an account.
const OPEN: [&str; 5] =
    ["login", "tokenRefresh", "emailVerificationConfirm", "passwordResetRequest", "passwordResetConfirm"];

/// Sends a document with the name of one of its operations, and the variable `first`.
pub async fn send(client: &Client, document: &str, operation: Option<&str>) -> Answer {
    let body =
        json!({ "query": document, "operationName": operation, "variables": { "first": 1 } }).to_string();
    let request = Request::post("/graphql")
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/graphql-response+json");
    client.send(request.body(Body::from(body)).expect("these headers are valid")).await
}

async fn named(app: TestApp) {
    let client = app.login(NETWORK).await;
    let two = "query A { invoices(first: 1) { totalCount } } query B { tenant { slug } }";
    assert_eq!(*send(&client, two, Some("B")).await.ok(), json!({ "tenant": { "slug": "acme" } }));
    assert_eq!(send(&client, two, Some("A")).await.code(), Some("FORBIDDEN"));
    let both = "mutation A { tenantUpdate(input: {}) { tenant { id } } } query B { tenant { slug } }";
    assert_eq!(*send(&client, both, Some("B")).await.ok(), json!({ "tenant": { "slug": "acme" } }));
    assert_eq!(send(&client, both, Some("A")).await.code(), Some("FORBIDDEN"));
    let one = "query B { tenant { slug } }";
    for name in [None, Some("B")] {
        assert_eq!(*send(&client, one, name).await.ok(), json!({ "tenant": { "slug": "acme" } }));
    }
    for (document, name) in [(two, None), (two, Some("")), (two, Some("Planted")), (one, Some("Planted"))] {
        let answer = send(&client, document, name).await;
        assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{document} as {name:?}: {}", answer.text);
        assert!(!answer.text.contains("Planted"), "{}", answer.text);
    }
}

/// Clients keep several operations and their fragments in one file and send all of it.
async fn own_fragments(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let document = "query A { tenant { ...OfA ...Shared } } \
                    query B($first: Int!) { customers(first: $first) { nodes { ...OfB } } tenant { ...Shared } } \
                    query C($first: Int!) { customers(first: $first) { nodes { ...OfC } } } \
                    fragment OfA on Tenant { currency } fragment OfB on Customer { status } \
                    fragment OfC on Customer { taxId } fragment Shared on Tenant { slug }";
    let answer = send(&client, document, Some("A")).await;
    assert_eq!(*answer.ok(), json!({ "tenant": { "currency": "EUR", "slug": "acme" } }));
    let answer = send(&client, document, Some("B")).await;
    assert!(answer.ok()["customers"]["nodes"][0]["status"].is_string());
    let answer = send(&client, document, Some("C")).await;
    assert_eq!(answer.data()["customers"]["nodes"], json!([{ "taxId": null }]), "{}", answer.text);
}

async fn mutation(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let row = customer(&app, MARIA).await;
    let id = custodian::graphql::id(row.id);
    let allowed = format!(
        "customerUpdate(input: {{ id: {}, version: {}, language: \"fr\" }}) {{ customer {{ language }} }}",
        json!(id.as_str()),
        row.version
    );
    let denied = "tenantUpdate(input: { displayName: \"Planted\" }) { tenant { displayName } }";
    let state = async || {
        let customers = all::<customer::Entity>(&app).await;
        let versions: Vec<_> = customers.into_iter().map(|row| (row.id, row.version, row.language)).collect();
        // That it was denied is on record.
        let events = all::<audit_event::Entity>(&app).await.into_iter();
        let events = events.filter(|event| !READING.contains(&event.event_type.as_str())).count();
        let names: Vec<_> =
            all::<tenant::Entity>(&app).await.into_iter().map(|row| row.display_name).collect();
        (versions, events, names)
    };
    let before = state().await;
    for (document, code) in [
        (format!("mutation {{ {denied} }}"), "FORBIDDEN"),
        (format!("mutation {{ ...F }} fragment F on Mutation {{ ... {{ {denied} }} }}"), "FORBIDDEN"),
        ("mutation { tenantUpdate { noSuchField } }".to_owned(), "FORBIDDEN"),
        (format!("mutation {{ {allowed} {denied} }}"), "FORBIDDEN"),
        (format!("mutation {{ {denied} {allowed} }}"), "FORBIDDEN"),
        (
            format!("mutation {{ {allowed} ...F }} fragment F on Mutation {{ ... {{ {denied} }} }}"),
            "FORBIDDEN",
        ),
        // One request changes one thing, and once: the library runs each place where it is selected.
        (format!("mutation {{ {allowed} again: {allowed} }}"), "QUERY_TOO_COMPLEX"),
        (format!("mutation {{ {allowed} {allowed} }}"), "QUERY_TOO_COMPLEX"),
        (
            format!("mutation {{ {allowed} ...F }} fragment F on Mutation {{ {allowed} }}"),
            "QUERY_TOO_COMPLEX",
        ),
        (format!("mutation {{ ...F ...F }} fragment F on Mutation {{ {allowed} }}"), "QUERY_TOO_COMPLEX"),
    ] {
        let answer = client.query(&document, json!({})).await;
        assert_eq!(answer.code(), Some(code), "{document}: {}", answer.text);
        assert!(answer.body.get("data").is_none(), "{}", answer.text);
        if code == "FORBIDDEN" {
            let fields: Vec<&Value> =
                answer.errors().iter().map(|error| &error["extensions"]["field"]).collect();
            assert_eq!(fields, [&json!("Mutation.tenantUpdate")], "{}", answer.text);
        }
        assert!(state().await == before, "a refused document has changed something: {document}");
    }
    let answer = client.query(&format!("mutation {{ {allowed} }}"), json!({})).await;
    assert_eq!(answer.ok()["customerUpdate"]["customer"]["language"], "fr");
    assert!(
        state().await != before,
        "the allowed mutation has changed nothing: the comparison proves nothing"
    );
}

async fn anonymous(app: TestApp) {
    let sdl = custodian::schema::sdl().expect("the schema can be written");
    let document = async_graphql::parser::parse_schema(sdl).expect("it is valid");
    let mut documents = vec![
        "{ __schema { types { name } } }".to_owned(),
        "{ __type(name: \"Customer\") { name } }".to_owned(),
        "{ __typename viewer { id } }".to_owned(),
        "mutation { login(username: \"a\", password: \"b\") { accessToken } tenantUpdate { tenant { id } } }"
            .to_owned(),
    ];
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let root = definition.node.name.node.to_string();
        let TypeKind::Object(object) = definition.node.kind else { continue };
        if root != "Query" && root != "Mutation" {
            continue;
        }
        for field in object.fields {
            let name = &field.node.name.node;
            if !OPEN.contains(&name.as_str()) {
                documents.push(format!("{} {{ {name} {{ __typename }} }}", root.to_lowercase()));
                documents
                    .push(format!("{} {{ ...F }} fragment F on {root} {{ x: {name} }}", root.to_lowercase()));
            }
        }
    }
    assert!(documents.len() > 90, "only {} documents: are these all operations?", documents.len());
    let callers = [
        app.anonymous(),
        Client::new(app.router.clone(), Some("bogus".to_owned())),
        Client::new(app.router.clone(), Some("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.".to_owned())),
    ];
    for document in documents {
        for caller in &callers {
            let answer = caller.query(&document, Value::Null).await;
            let codes: Vec<&Value> =
                answer.errors().iter().map(|error| &error["extensions"]["code"]).collect();
            assert_eq!(codes, [&json!("UNAUTHENTICATED")], "{document}: {}", answer.text);
            assert_eq!(answer.status, 401, "{document}");
            assert!(answer.body.get("data").is_none(), "{document}: {}", answer.text);
        }
    }
}
