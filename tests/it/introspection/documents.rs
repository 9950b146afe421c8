//! Documents that ask about the schema: with data beside it, in fragments, under conditions, and wrong ones.

use serde_json::json;

use crate::app::TestApp;
use crate::fixture::SUPPORT;
use crate::guard::send;
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.sqlite("introspection::schema and data are answered together, in the order asked", together);
    suite.sqlite("introspection::a denied field beside it is denied as ever", beside_denied);
    suite.sqlite("introspection::each operation has variables and fragments of its own", own_parts);
    suite.sqlite("introspection::a wrong document is refused as a whole", wrong);
    suite.sqlite("introspection::no error suggests a name", no_suggestions);
}

const NETWORK: &str = "network@acme.example";

async fn together(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let document = "query($yes: Boolean!, $no: Boolean = false, $name: String!) {
        first: __typename
        tenant { slug }
        kind: __type(name: $name) { kind }
        ...F
        __schema @include(if: $no) { types { name } }
        ... @include(if: $yes) { __schema { queryType { name } } }
        __schema { mutationType { ...T } }
        last: tenant { slug }
    }
    fragment F on Query {
        ... on Query { taken: __type(name: \"Customer\") { ...T } viewer { role } }
        left: __type(name: \"Customer\") @skip(if: $yes) { name }
        gone: tenant @skip(if: $yes) { slug }
    }
    fragment T on __Type { called: name __typename }";
    let answer = client.query(document, json!({ "yes": true, "name": "Tenant" })).await;
    let asked = json!({
        "first": "Query",
        "tenant": { "slug": "acme" },
        "kind": { "kind": "OBJECT" },
        "taken": { "called": "Customer", "__typename": "__Type" },
        "viewer": { "role": "support_agent" },
        "__schema": {
            "queryType": { "name": "Query" },
            "mutationType": { "called": "Mutation", "__typename": "__Type" },
        },
        "last": { "slug": "acme" },
    });
    assert_eq!(*answer.ok(), asked);
    let places: Vec<_> = ["first", "tenant", "kind", "taken", "viewer", "__schema", "last"]
        .map(|key| answer.text.find(&format!("\"{key}\":")))
        .into();
    assert!(places.is_sorted(), "the keys are in another order: {}", answer.text);
}

async fn beside_denied(app: TestApp) {
    let client = app.login(NETWORK).await;
    let document = "{ __schema { queryType { name } } invoices { totalCount } type: __type(name: \"Invoice\") { name } \
                    tenant { slug } }";
    let answer = client.query(document, json!({})).await;
    assert_eq!(
        *answer.data(),
        json!({
            "__schema": { "queryType": { "name": "Query" } },
            "invoices": null,
            "type": null,
            "tenant": { "slug": "acme" },
        })
    );
    assert_eq!(answer.errors().len(), 1, "{}", answer.text);
    assert_eq!(answer.errors()[0]["path"], json!(["invoices"]));
    assert_eq!(answer.errors()[0]["extensions"]["field"], "Query.invoices");
}

async fn own_parts(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let document = "query A($first: Int!) { customers(first: $first) { ...D } __schema { queryType { ...N } } } \
                    query B { __schema { ...S } } query C { tenant { ...D2 } } fragment N on __Type { name } \
                    fragment S on __Schema { mutationType { ...N } } fragment D on CustomerConnection { nodes { __typename } } \
                    fragment D2 on Tenant { slug }";
    let answer = send(&client, document, Some("A")).await;
    assert_eq!(
        *answer.ok(),
        json!({ "customers": { "nodes": [{ "__typename": "Customer" }] }, "__schema": { "queryType": { "name": "Query" } } })
    );
    let answer = send(&client, document, Some("B")).await;
    assert_eq!(*answer.ok(), json!({ "__schema": { "mutationType": { "name": "Mutation" } } }));
    assert_eq!(*send(&client, document, Some("C")).await.ok(), json!({ "tenant": { "slug": "acme" } }));
}

async fn wrong(app: TestApp) {
    let client = app.login(SUPPORT).await;
    for document in [
        "{ __schema { planted } }",
        "{ __schema }",
        "{ __schema(name: \"Tenant\") { queryType { name } } }",
        "{ __type { name } }",
        "{ __type(name: 1) { name } }",
        "{ __type(name: \"Tenant\") { name @planted } }",
        "{ __type(name: \"Tenant\") @include { name } }",
        "{ __type(name: \"Tenant\") @planted { name } }",
        "{ tenant { slug } __schema { planted } }",
        "{ tenant { planted } __schema { queryType { name } } }",
        "{ x: tenant { slug } x: __type(name: \"Tenant\") { name } }",
        "{ x: __type(name: \"Tenant\") { name } x: __type(name: \"Customer\") { name } }",
        "query($a: Int) { __schema { queryType { name } } tenant { slug } }",
        "{ __schema { queryType { name } } } fragment Unused on __Type { name }",
        "{ __schema { queryType { ...F } } } fragment F on Tenant { slug }",
        "query($a: Int!) { __type(name: $a) { name } }",
        "{ tenant { __schema { queryType { name } } } }",
        "mutation { __schema { queryType { name } } }",
        "mutation { __type(name: \"Tenant\") { name } }",
    ] {
        let answer = client.query(document, json!({})).await;
        assert!(answer.data().is_null(), "{document}: {}", answer.text);
        assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{document}: {}", answer.text);
    }
}

async fn no_suggestions(app: TestApp) {
    for account in [SUPPORT, NETWORK] {
        let client = app.login(account).await;
        for document in [
            "{ tenan { slug } }",
            "{ invoice_ { id } }",
            "{ tenant { slugs } }",
            "{ customers(firs: 1) { totalCount } }",
            "{ customers(first: 1, filter: { emai: { eq: \"a\" } }) { totalCount } }",
            "{ customers(first: 1, orderBy: { field: CREATED }) { totalCount } }",
            "{ customers(first: 1) { nodes { ... on Custome { id } } } }",
            "query($a: Strin) { customer(id: $a) { id } }",
            "{ __schema { querytype { name } } }",
            "{ __schema { types { field { name } } } }",
            "{ __type(nam: \"Tenant\") { name } }",
            "{ __type(name: \"Tenan\") { names } }",
            "{ __type(name: \"Tenant\") { ... on __Typ { name } } }",
            "mutation { tenantUpdat { tenant { id } } }",
        ] {
            let answer = client.query(document, json!({})).await;
            assert!(!answer.errors().is_empty(), "{document} is right");
            for error in answer.errors() {
                let message = error["message"].as_str().unwrap_or_default().to_lowercase();
                assert!(!message.contains("mean") && !message.contains("maybe"), "{document}: {message}");
            }
        }
    }
}
