//! Documents that are not valid: which error they are answered with, and that no error says more than it must.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{ADMIN, SUPPORT};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.sqlite("guard::aliases that begin with two underscores are refused", aliases);
    suite.sqlite("guard::fragments that nothing spreads are refused", unused_fragments);
    suite.sqlite("guard::unknown names are refused without suggesting another", unknown_names);
    suite.sqlite("guard::no error repeats a value that was sent", values_stay_unsaid);
}

/// An invalid document: one code, a request id on each error, no data.
#[track_caller]
fn assert_invalid(answer: &Answer, document: &str) {
    assert!(!answer.errors().is_empty(), "accepted: {document}: {}", answer.text);
    for error in answer.errors() {
        let extensions = &error["extensions"];
        assert_eq!(extensions["code"], "BAD_USER_INPUT", "{document}: {error}");
        assert!(extensions["requestId"].is_string(), "{document}: {error}");
    }
    assert!(answer.data().is_null(), "{document} was executed: {}", answer.text);
}

async fn aliases(app: TestApp) {
    let client = app.login(SUPPORT).await;
    for document in [
        "{ __x: tenant { slug } }",
        "{ tenant { __d0_slug: slug } }",
        "{ tenant { __typename: slug } }",
        "{ tenant { ... { ... on Tenant { __: slug } } } }",
        "{ tenant { ...F } } fragment F on Tenant { __schema: slug }",
        "{ customers(first: 1) { nodes { taxId __d0_taxId: status } } }",
        "{ customers(first: 1) { nodes { __d0_taxId: taxId } } }",
        "{ tenant { __t: __typename } }",
    ] {
        assert_invalid(&client.query(document, json!({})).await, document);
    }
    let answer = client.query("{ _x: tenant { d0_slug: slug x__: slug } }", json!({})).await;
    assert_eq!(*answer.ok(), json!({ "_x": { "d0_slug": "acme", "x__": "acme" } }));
}

async fn unused_fragments(app: TestApp) {
    let client = app.login(SUPPORT).await;
    for document in [
        "{ tenant { slug } } fragment F on Tenant { slug }",
        "{ tenant { slug } } fragment F on Tenant { slug ...G } fragment G on Tenant { slug }",
        "{ tenant { slug } } fragment F on Customer { taxId }",
        // The same whether or not something is denied.
        "{ customers(first: 1) { nodes { taxId } } } fragment F on Tenant { slug }",
    ] {
        assert_invalid(&client.query(document, json!({})).await, document);
    }
    // Used by nothing but a denied field: the client's document is in order.
    let document =
        "{ customers(first: 1) { nodes { creditLimit { ...F } } } } fragment F on Money { amount }";
    let answer = client.query(document, json!({})).await;
    assert_eq!(answer.data()["customers"]["nodes"], json!([{ "creditLimit": null }]), "{}", answer.text);
}

async fn unknown_names(app: TestApp) {
    let client = app.login(SUPPORT).await;
    for (document, hidden) in [
        ("{ customer }", "customerNumber"),
        ("{ custmers { nodes { id } } }", "customers"),
        ("{ customers(first: 1) { nodes { displayNam } } }", "displayName"),
        ("{ customers(first: 1) { nodes { taxID } } }", "taxId"),
        ("{ customers(first: 1) { nodes { taxId displayNam } } }", "displayName"),
        ("{ customers(frst: 1) { nodes { id } } }", "\"first\""),
        ("{ customers(filter: { statu: { eq: ACTIVE } }) { nodes { id } } }", "\"status\""),
        ("{ customers(filter: { status: { eq: ACTIV } }) { nodes { id } } }", "ACTIVE"),
        ("query($f: CustomerFilte) { customers(filter: $f) { nodes { id } } }", "CustomerFilter"),
        ("{ tenant { ... on Tenan { slug } } }", "\"Tenant\""),
        ("{ tenant { ...F } } fragment F on Tenan { slug }", "\"Tenant\""),
        ("{ tenant { ...F } }", "Tenant"),
        ("{ tenant { slug @includ(if: true) } }", "include"),
        ("{ tenant { slug { id } } }", "currency"),
        ("{ tenant }", "currency"),
    ] {
        let answer = client.query(document, json!({})).await;
        assert_invalid(&answer, document);
        for error in answer.errors() {
            let message = error["message"].as_str().unwrap_or_default();
            let is_told = message.contains(hidden) || message.to_lowercase().contains("did you mean");
            assert!(!is_told, "{document} is answered with a suggestion: {message}");
        }
    }
}

const PLANTED: &str = "Pl4ntedPassw0rd";

/// A document and how its variables are made.
type Mistyped = (&'static str, fn() -> Value);

const MISTYPED: &[Mistyped] = &[
    ("mutation { login(username: \"a\", password: Pl4ntedPassw0rd) { accessToken } }", none),
    ("mutation { login(username: \"a\", password: [\"Pl4ntedPassw0rd\"]) { accessToken } }", none),
    ("mutation { login(username: \"a\", password: { a: \"Pl4ntedPassw0rd\" }) { accessToken } }", none),
    ("mutation { login(username: [Pl4ntedPassw0rd], password: 12) { accessToken } }", none),
    ("mutation { login(username: \"a\", password: \"Pl4ntedPassw0rd) { accessToken } }", none),
    (
        "mutation { login(username: \"a\", password: \"Pl4ntedPassw0rd\" \"Pl4ntedPassw0rd\") { accessToken } }",
        none,
    ),
    ("mutation { login(username: \"a\", pasword: \"Pl4ntedPassw0rd\") { accessToken } }", none),
    ("mutation { login(username: \"a\", password: \"Pl4ntedPassw0rd\") { noSuchField } }", none),
    ("mutation($p: Int!) { login(username: \"a\", password: $p) { accessToken } }", text),
    ("mutation($p: String!) { login(username: \"a\", password: $p) { accessToken } }", list),
    ("mutation($p: String!) { login(username: \"a\", password: $p) { accessToken } }", object),
    (
        "mutation($p: String! = Pl4ntedPassw0rd) { login(username: \"a\", password: $p) { accessToken } }",
        none,
    ),
    (
        "mutation($p: CustomerStatus = Pl4ntedPassw0rd) { login(username: \"a\", password: $p) { accessToken } }",
        none,
    ),
    ("{ customers(first: \"Pl4ntedPassw0rd\") { totalCount } }", none),
    ("{ customers(first: Pl4ntedPassw0rd) { totalCount } }", none),
    ("{ customers(after: \"Pl4ntedPassw0rd\") { totalCount } }", none),
    ("{ customers(filter: \"Pl4ntedPassw0rd\") { totalCount } }", none),
    ("{ customers(filter: { status: Pl4ntedPassw0rd }) { totalCount } }", none),
    ("{ customers(filter: { status: { eq: Pl4ntedPassw0rd } }) { totalCount } }", none),
    ("{ customers(filter: { status: { in: [ACTIVE, Pl4ntedPassw0rd] } }) { totalCount } }", none),
    ("{ customers(filter: { createdAt: { gte: \"Pl4ntedPassw0rd\" } }) { totalCount } }", none),
    ("{ customers(filter: { email: { eq: \"Pl4ntedPassw0rd\" } }) { totalCount } }", none),
    ("{ customers(filter: { phone: { eq: \"Pl4ntedPassw0rd\" } }) { totalCount } }", none),
    ("{ customers(filter: { balance: { gte: \"Pl4ntedPassw0rd\" } }) { totalCount } }", none),
    ("{ customers(orderBy: { field: Pl4ntedPassw0rd }) { totalCount } }", none),
    ("query($p: CustomerStatus) { customers(filter: { status: { eq: $p } }) { totalCount } }", text),
    ("query($p: CustomerStatus!) { customers(filter: { status: { eq: $p } }) { totalCount } }", list),
    ("query($p: CustomerOrderField!) { customers(orderBy: { field: $p }) { totalCount } }", text),
    ("query($p: CustomerFilter) { customers(filter: $p) { totalCount } }", text),
    ("query($p: CustomerStatusFilter) { customers(filter: { status: $p }) { totalCount } }", nested),
    ("query($p: Int) { customers(first: $p) { totalCount } }", text),
    ("query($p: DateTime) { customers(filter: { createdAt: { lt: $p } }) { totalCount } }", text),
    ("query($p: BigInt) { customers(filter: { balance: { lt: $p } }) { totalCount } }", text),
    ("query($p: Boolean!) { tenant { slug @include(if: $p) } }", text),
    ("{ tenant { slug @include(if: Pl4ntedPassw0rd) } }", none),
    ("{ tenant { slug @include(if: \"Pl4ntedPassw0rd\") } }", none),
    ("{ customer(id: \"Pl4ntedPassw0rd\") { id } }", none),
    ("{ node(id: \"Pl4ntedPassw0rd\") { id } }", none),
    ("{ node(id: [Pl4ntedPassw0rd]) { id } }", none),
    (
        "mutation { customerCreate(input: { type: Pl4ntedPassw0rd, displayName: \"a\" }) { customer { id } } }",
        none,
    ),
    (
        "mutation { customerCreate(input: { type: COMPANY, displayName: [\"Pl4ntedPassw0rd\"] }) { customer { id } } }",
        none,
    ),
    ("mutation { customerCreate(input: \"Pl4ntedPassw0rd\") { customer { id } } }", none),
    ("mutation($p: CustomerCreateInput!) { customerCreate(input: $p) { customer { id } } }", nested),
    (
        "mutation { customerUpdate(input: { id: \"Pl4ntedPassw0rd\", version: \"Pl4ntedPassw0rd\" }) { customer { id } } }",
        none,
    ),
    ("{ tenant(Pl4ntedPassw0rd) { slug } }", none),
    ("{ tenant { slug } } Pl4ntedPassw0rd", none),
];

fn none() -> Value {
    json!({})
}

fn text() -> Value {
    json!({ "p": PLANTED })
}

fn list() -> Value {
    json!({ "p": [PLANTED, { "x": PLANTED }] })
}

fn object() -> Value {
    json!({ "p": { "x": PLANTED } })
}

fn nested() -> Value {
    json!({ "p": { "eq": PLANTED, "type": PLANTED, "displayName": 1 } })
}

async fn values_stay_unsaid(app: TestApp) {
    let clients: [(&str, Client); 3] =
        [("nobody", app.anonymous()), (SUPPORT, app.login(SUPPORT).await), (ADMIN, app.login(ADMIN).await)];
    let mut said = Vec::new();
    for (document, variables) in MISTYPED {
        for (who, client) in &clients {
            let answer = client.query(document, variables()).await;
            if answer.errors().is_empty() {
                said.push(format!("{who}: {document} was accepted: {}", answer.text));
            }
            for error in answer.errors() {
                let extensions = &error["extensions"];
                assert!(
                    extensions["code"].is_string() && extensions["requestId"].is_string(),
                    "{document}: {error}"
                );
                assert_ne!(extensions["code"], "INTERNAL", "{document}: {}", answer.text);
            }
            let headers = format!("{:?}", answer.headers);
            if answer.text.contains(PLANTED) || headers.contains(PLANTED) {
                said.push(format!("{who}: {document}: {}", answer.text));
            }
        }
    }
    assert!(said.is_empty(), "{} answers repeat what was sent:\n{}", said.len(), said.join("\n"));
}
