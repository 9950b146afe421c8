//! Answers with denied fields: null in their place, one error each, nothing else changed.

use custodian::app::App;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{ADMIN, SUPPORT};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.sqlite("guard::a denied field of 1,000 customers is one error", one_error);
    suite.sqlite("guard::keys follow the document", key_order);
    suite.sqlite("guard::a denied field takes nothing with it", parents_stay);
    suite.sqlite("guard::a denied field's arguments, variables and directives go with it", variables);
    suite.sqlite("guard::the default of a variable decides about a directive", directive_defaults);
    suite.sqlite("guard::a denied field in a fragment that is used twice", shared_fragment);
    suite.sqlite("guard::denied and allowed operations in one query", mixed_query);
    suite.sqlite("guard::masked and denied fields are listed", access);
}

const NETWORK: &str = "network@acme.example";

/// Code, field and place of each error.
fn errors(answer: &Answer) -> Vec<(&str, &str, Value)> {
    answer
        .errors()
        .iter()
        .map(|error| {
            let extensions = &error["extensions"];
            assert!(extensions["requestId"].is_string(), "an error without requestId: {error}");
            let (code, field) = (&extensions["code"], &extensions["field"]);
            (code.as_str().unwrap_or_default(), field.as_str().unwrap_or_default(), error["path"].clone())
        })
        .collect()
}

/// The data as text: key order counts.
fn data(answer: &Answer) -> &str {
    let data = answer.text.split_once("\"data\":").map_or("", |(_, data)| data);
    // The first JSON value after the key.
    let mut values = serde_json::Deserializer::from_str(data).into_iter::<IgnoredAny>();
    assert!(matches!(values.next(), Some(Ok(_))), "no data: {}", answer.text);
    &data[..values.byte_offset()]
}

/// The keys of data in which no text has quotes.
fn keys(data: &str) -> Vec<&str> {
    let parts: Vec<&str> = data.split('"').collect();
    let is_key = |at: &usize| parts.get(at + 1).is_some_and(|rest| rest.starts_with(':'));
    (1..parts.len()).step_by(2).filter(is_key).map(|at| parts[at]).collect()
}

async fn one_error(app: TestApp) {
    custodian::seed::customers(app.db(), &app.service.vault, 1_000, &|_| {})
        .await
        .expect("the demo data are there");
    let mut config = app.database().config();
    config.max_page_size = 1_000;
    let large = App::start(config, app.clock.clone()).await.expect("it has started before");
    let client = Client::new(custodian::http::router(large), Some(app.token(SUPPORT).await));

    let answer = client.query("{ customers(first: 1000) { nodes { taxId id riskScore } } }", json!({})).await;
    let nodes = answer.data()["customers"]["nodes"].as_array().expect("customers have nodes");
    assert_eq!(nodes.len(), 1_000);
    for node in nodes {
        assert!(node["taxId"].is_null() && node["riskScore"].is_null() && node["id"].is_string(), "{node}");
    }
    assert_eq!(
        errors(&answer),
        [
            ("FORBIDDEN", "Customer.taxId", json!(["customers", "nodes", 0, "taxId"])),
            ("FORBIDDEN", "Customer.riskScore", json!(["customers", "nodes", 0, "riskScore"])),
        ]
    );
    for error in answer.errors() {
        assert_eq!(error["extensions"]["occurrences"], 1_000, "{error}");
    }
}

async fn key_order(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let document = "{ b: tenant { z: slug a: currency } customers(first: 1) { nodes { version taxId \
                    b: creditLimit { amount } ... on Node { t: __typename } ...F status taxId type } } \
                    a: tenant { slug } } fragment F on Customer { riskScore status b: creditLimit { amount } id }";
    let answer = client.query(document, json!({})).await;
    let expected = "b z a customers nodes version taxId b t riskScore status id type a slug";
    assert_eq!(keys(data(&answer)).join(" "), expected, "{}", answer.text);
}

async fn parents_stay(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let document = "{ customers(first: 2) { nodes { taxId } edges { node { creditLimit { amount } } } } }";
    let answer = client.query(document, json!({})).await;
    assert_eq!(
        data(&answer),
        r#"{"customers":{"nodes":[{"taxId":null},{"taxId":null}],"edges":[{"node":{"creditLimit":null}},{"node":{"creditLimit":null}}]}}"#
    );
    assert_eq!(answer.status, 200, "{}", answer.text);
    // Denied on some of the types it can be, through an interface and by name.
    let id = client.query("{ customers(first: 1) { nodes { id } } }", json!({})).await;
    let id = &id.ok()["customers"]["nodes"][0]["id"];
    let document =
        "query($id: ID!) { node(id: $id) { ... on Reseller { taxId } ... on Customer { taxId } id } }";
    let answer = client.query(document, json!({ "id": id })).await;
    assert_eq!(answer.data()["node"], json!({ "taxId": null, "id": id }), "{}", answer.text);
    assert_eq!(errors(&answer), [("FORBIDDEN", "Customer.taxId", json!(["node", "taxId"]))]);
}

async fn variables(app: TestApp) {
    let client = app.login(NETWORK).await;
    let document = "query($first: Int!, $after: String, $yes: Boolean!, $no: Boolean!) { customers(first: 1) { nodes { \
                    invoices(first: $first, after: $after) @include(if: $yes) { totalCount } \
                    no: invoices(first: $first) @include(if: $no) { totalCount } \
                    skipped: invoices @skip(if: true) { nodes { id } } status } } }";
    let answer = client.query(document, json!({ "first": 3, "yes": true, "no": false })).await;
    assert_eq!(keys(data(&answer)), ["customers", "nodes", "invoices", "status"], "{}", answer.text);
    assert_eq!(
        errors(&answer),
        [("FORBIDDEN", "Customer.invoices", json!(["customers", "nodes", 0, "invoices"]))]
    );
    // The library does not look for variables here.
    let document =
        "query($yes: Boolean!) { tenant { slug t: __typename @skip(if: $yes) } customers { totalCount } }";
    let answer = client.query(document, json!({ "yes": true })).await;
    assert_eq!(answer.ok()["tenant"], json!({ "slug": "acme" }));
    // A variable that nothing used is still a mistake of the client.
    let answer =
        client.query("query($unused: Int) { customers(first: 1) { nodes { taxId } } }", json!({})).await;
    assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{}", answer.text);
}

async fn directive_defaults(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let document = "query($yes: Boolean = true, $no: Boolean! = false) { tenant { a: slug @include(if: $yes) \
                    b: slug @skip(if: $yes) c: slug @include(if: $no) d: slug @skip(if: $no) } }";
    let answer = client.query(document, json!({})).await;
    // GraphQL, section 6.1.2: a variable that is not given has its default everywhere.
    assert_eq!(answer.ok()["tenant"], json!({ "a": "acme", "d": "acme" }));
}

async fn shared_fragment(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let document = "query { a: customers(first: 1) { nodes { ...F } } b: customers(first: 2) { edges { node { ...F ...G } } } } \
                    fragment F on Customer { status ...G } fragment G on Customer { taxId no: taxId }";
    let answer = client.query(document, json!({})).await;
    let place = json!(["a", "nodes", 0, "taxId"]);
    assert_eq!(errors(&answer), [("FORBIDDEN", "Customer.taxId", place)], "{}", answer.text);
    // Two keys on each of three objects.
    assert_eq!(answer.errors()[0]["extensions"]["occurrences"], 6);
    let node = &answer.data()["b"]["edges"][1]["node"];
    assert!(node["taxId"].is_null() && node["no"].is_null() && node["status"].is_string(), "{}", answer.text);
}

async fn mixed_query(app: TestApp) {
    let client = app.login(NETWORK).await;
    let answer = client
        .query("{ x: invoices(first: 1) { totalCount } tenant { slug } payments { totalCount } }", json!({}))
        .await;
    assert_eq!(data(&answer), r#"{"x":null,"tenant":{"slug":"acme"},"payments":null}"#);
    assert_eq!(
        errors(&answer),
        [("FORBIDDEN", "Query.invoices", json!(["x"])), ("FORBIDDEN", "Query.payments", json!(["payments"]))]
    );
    assert_eq!(answer.status, 200);
    let answer =
        client.query("{ invoices(first: 1) { totalCount } payments { totalCount } }", json!({})).await;
    assert!(answer.body.get("data").is_none(), "nothing is allowed, so nothing runs: {}", answer.text);
    assert_eq!(
        errors(&answer).into_iter().map(|(code, field, _)| (code, field)).collect::<Vec<_>>(),
        [("FORBIDDEN", "Query.invoices"), ("FORBIDDEN", "Query.payments")]
    );
}

async fn access(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let document = "{ customers(first: 3) { nodes { email taxId phone id } } }";
    let answer = client.query(document, json!({})).await;
    let access = &answer.body["extensions"]["access"];
    assert_eq!(
        *access,
        json!({ "masked": ["Customer.email", "Customer.phone"], "denied": ["Customer.taxId"] })
    );
    for node in answer.data()["customers"]["nodes"].as_array().expect("customers have nodes") {
        let email = node["email"].as_str().unwrap_or("***");
        assert!(email.contains("**"), "support sees masks of addresses: {node}");
    }
    let answer = app.login(ADMIN).await.query(document, json!({})).await;
    answer.ok();
    assert_eq!(answer.body["extensions"]["access"], json!({ "masked": [], "denied": [] }));
}
