//! `accessMatrix` and `explainAccess` say what the table says, to administrators only.

use std::collections::BTreeSet;

use custodian::authz::Verb;
use custodian::authz::policy::{Question, ROLES, scope_word};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::fixture::{self, ADMIN, SUPPORT, text};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.sqlite("policy::accessMatrix has every cell of the table", matrix_is_the_table);
    suite.sqlite("policy::accessMatrix and explainAccess refuse unknown names", unknown_names);
    suite.sqlite("policy::explainAccess names the deciding rules", explanations_name_rules);
    suite.sqlite("policy::only administrators look at the policy", only_administrators);
}

const MATRIX: &str = "query($type: String, $role: String) { accessMatrix(type: $type, role: $role) \
                      { role field read query lookup create update reveal rows } }";
const EXPLAIN: &str = "query($role: String!, $field: String!, $verb: AccessVerb) \
                       { explainAccess(role: $role, field: $field, verb: $verb) { role field verb decision rows reasons \
                       rules { place rule through allows decides } } }";

async fn matrix_is_the_table(app: TestApp) {
    let policy = crate::matrix::policy().await;
    let client = app.login(ADMIN).await;
    let answer = client.query(MATRIX, json!({})).await;
    let cells = answer.ok()["accessMatrix"].as_array().expect("a list").clone();
    assert_eq!(cells.len(), policy.catalog().len() * ROLES.len());
    let mut seen = BTreeSet::new();
    for cell in &cells {
        let (role, name) = (text(&cell["role"]), text(&cell["field"]));
        assert!(seen.insert((role, name)), "{role}, {name} stands there twice");
        let rights = policy.rights(role).expect("a role of the policy");
        let field = policy.catalog().field(name).expect("a field of the schema");
        let is_operation = Question::shown(name) == Question::Execute;
        let may = |verb| !is_operation && rights.allows(verb, field);
        let owner = name.split('.').next().unwrap_or_default();
        let expected = json!({
            "role": role,
            "field": name,
            "read": rights.level(field).word().to_uppercase(),
            "query": may(Verb::Query),
            "lookup": may(Verb::Lookup),
            "create": may(Verb::Create),
            "update": may(Verb::Update),
            "reveal": may(Verb::Reveal),
            "rows": rights.scope(owner).map(|scope| scope_word(scope).to_uppercase()),
        });
        assert_eq!(*cell, expected);
    }
    let some = client.query(MATRIX, json!({ "type": "Customer", "role": "reseller" })).await;
    let expected: Vec<&Value> = cells
        .iter()
        .filter(|cell| cell["role"] == "reseller" && text(&cell["field"]).starts_with("Customer."))
        .collect();
    assert!(expected.len() > 20, "the customer has hardly any fields");
    assert_eq!(some.ok()["accessMatrix"], json!(expected));
}

async fn unknown_names(app: TestApp) {
    let client = app.login(ADMIN).await;
    for (document, variables) in [
        (MATRIX, json!({ "type": "Nonsense-1" })),
        (MATRIX, json!({ "role": "nonsense-1" })),
        (MATRIX, json!({ "type": "" })),
        (EXPLAIN, json!({ "role": "nonsense-1", "field": "Customer.email" })),
        (EXPLAIN, json!({ "role": "customer", "field": "Customer.nonsense-1" })),
        (EXPLAIN, json!({ "role": "customer", "field": "Customer.email", "verb": "EXECUTE" })),
        (EXPLAIN, json!({ "role": "customer", "field": "Query.customers", "verb": "READ" })),
    ] {
        let answer = client.query(document, variables.clone()).await;
        assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{variables}: {}", answer.text);
        assert!(!answer.text.contains("onsense-1"), "what was sent is repeated: {}", answer.text);
    }
}

async fn explanations_name_rules(app: TestApp) {
    let client = app.login("admin@acme.example").await;
    let explain = async |role: &str, field: &str, verb: Option<&str>| {
        let answer = client.query(EXPLAIN, json!({ "role": role, "field": field, "verb": verb })).await;
        answer.ok()["explainAccess"].clone()
    };
    let masked = explain("support_agent", "Customer.email", None).await;
    assert_eq!((&masked["verb"], &masked["decision"]), (&json!("READ"), &json!("MASKED")), "{masked}");
    assert_eq!(masked["rows"], "TENANT");
    assert_eq!(masked["rules"][0]["rule"], "p, support_agent, customer.email, read:masked, allow");
    assert_eq!(masked["rules"][0]["through"], json!(["g2, Customer.email, customer.email"]));
    assert_eq!(masked["rules"][0]["decides"], true);

    let denied = explain("support_agent", "Customer.email", Some("QUERY")).await;
    assert_eq!((&denied["decision"], &denied["rules"]), (&json!("DENIED"), &json!([])));
    assert_eq!(denied["reasons"], json!(["no rule allows support_agent to query Customer.email"]));

    let run = explain("tenant_admin", "Query.explainAccess", None).await;
    assert_eq!((&run["verb"], &run["decision"]), (&json!("EXECUTE"), &json!("CLEAR")));
    assert_eq!(run["rules"][0]["through"][0], "g, tenant_admin, admins");
    assert_eq!(run["rows"], Value::Null);
}

async fn only_administrators(app: TestApp) {
    for (role, account) in fixture::ROLES {
        let client = app.login(account).await;
        for (document, variables) in [
            (MATRIX, json!({ "type": "Money" })),
            (EXPLAIN, json!({ "role": "customer", "field": "Customer.email" })),
        ] {
            let answer = client.query(document, variables).await;
            if ["system_admin", "tenant_admin"].contains(&role) {
                answer.ok();
            } else {
                assert_eq!(answer.code(), Some("FORBIDDEN"), "{role}: {}", answer.text);
                assert!(answer.data().is_null(), "{role}: {}", answer.text);
            }
        }
    }
    let answer = app.anonymous().query(MATRIX, json!({})).await;
    assert_eq!(answer.code(), Some("UNAUTHENTICATED"), "{}", answer.text);
    // A denial tells a support agent nothing more than before.
    let answer = app.login(SUPPORT).await.query(MATRIX, json!({})).await;
    assert!(answer.errors()[0]["extensions"].get("rule").is_none(), "{}", answer.text);
}
