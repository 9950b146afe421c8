//! `roleGrant`, `roleRevoke`, and how far a role was given.

use custodian_entity::id::TypedId;
use custodian_entity::{role, role_grant};
use serde_json::{Value, json};

use super::{created, discreet, granted, rule};
use crate::app::TestApp;
use crate::fixture::{ADMIN, Log, SUPPORT, account, all, mutate, text};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("roles::nobody gives more than he holds, nor himself", refusals);
    suite.both("roles::a grant ends when it says", expiry);
    suite.both("roles::a role reaches no farther than it was given", reach);
    suite.both("roles::an administrator of a provider gives each role of its staff", every_role);
}

async fn built_in(app: &TestApp, name: &str) -> String {
    let roles = all::<role::Entity>(app).await;
    roles.into_iter().find(|role| role.is_system && role.name == name).unwrap().id.encode()
}

async fn refusals(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let id = created(&admin, discreet("discreet")).await;
    let operator = built_in(&app, "system_admin").await;
    let before = all::<role_grant::Entity>(&app).await.len();
    let mut log = Log::mark(&app).await;
    for (role, username, more, expected) in [
        (&operator, SUPPORT, json!({}), "roleId INVALID"),
        (&id, SUPPORT, json!({ "scope": "ALL" }), "scope INVALID"),
        (&id, ADMIN, json!({}), "userId INVALID"),
        (&id, SUPPORT, json!({ "expiresAt": "2026-03-01T11:59:59Z" }), "expiresAt INVALID"),
        (&id, SUPPORT, json!({ "justification": " " }), "justification INVALID"),
        // Accounts of resellers and customers hold nothing that was made for staff.
        (&id, "reseller@acme.example", json!({}), "userId INVALID"),
        (&id, "customer@acme.example", json!({}), "userId INVALID"),
        (&id, "support@globex.example", json!({}), "NOT_FOUND"),
    ] {
        let outcome = granted(&app, &admin, role, username, more.clone()).await;
        assert_eq!(outcome.summary(), expected, "{username}: {more}");
    }
    log.none(&app).await;
    assert_eq!(all::<role_grant::Entity>(&app).await.len(), before);
    granted(&app, &admin, &id, SUPPORT, json!({})).await.done();
    granted(&app, &admin, &id, SUPPORT, json!({})).await.refused(&["roleId TAKEN"]);
    // Who could not give it cannot take it.
    let root = account(&app, "admin@acme.example").await.id;
    let grants = all::<role_grant::Entity>(&app).await;
    let theirs = grants.iter().find(|grant| grant.user_id == root).unwrap().id.encode();
    let own = account(&app, ADMIN).await.id;
    let mine = grants.iter().find(|grant| grant.user_id == own).unwrap().id.encode();
    log.gained(&app).await;
    mutate(&admin, "roleRevoke", "id", json!({ "id": theirs })).await.refused(&["id INVALID"]);
    mutate(&admin, "roleRevoke", "id", json!({ "id": mine })).await.refused(&["id INVALID"]);
    log.none(&app).await;
}

async fn expiry(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let id = created(&admin, discreet("discreet")).await;
    granted(&app, &admin, &id, SUPPORT, json!({ "expiresAt": "2026-03-01T12:05:00Z" })).await.done();
    let support = app.login(SUPPORT).await.acting_as("discreet");
    assert!(support.query("{ viewer { role } }", Value::Null).await.errors().is_empty());
    app.clock.advance(chrono::TimeDelta::minutes(5));
    assert_eq!(support.query("{ viewer { role } }", Value::Null).await.code(), Some("FORBIDDEN"));
}

async fn reach(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let id = created(&admin, discreet("discreet")).await;
    granted(&app, &admin, &id, SUPPORT, json!({ "scope": "ASSIGNED" })).await.done();
    let support = app.login(SUPPORT).await;
    let count =
        "{ customers { totalCount } tickets { totalCount } servicePlans { totalCount } tenant { slug } }";
    let (whole, limited) = (
        support.query(count, Value::Null).await,
        support.acting_as("discreet").query(count, Value::Null).await,
    );
    let (whole, limited) = (whole.ok().clone(), limited.ok().clone());
    assert!(whole["customers"]["totalCount"].as_i64().unwrap() > 0);
    assert_eq!(limited["customers"]["totalCount"], 0, "no customer is assigned to anybody");
    assert!(limited["tickets"]["totalCount"].as_i64() < whole["tickets"]["totalCount"].as_i64());
    // What all people of the provider share has no narrower part.
    assert_eq!(limited["servicePlans"], whole["servicePlans"]);
    assert_eq!(limited["tenant"], whole["tenant"]);
}

async fn every_role(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let network = "network@acme.example";
    for name in ["support_agent", "billing_manager"] {
        let id = built_in(&app, name).await;
        let outcome = granted(&app, &admin, &id, network, json!({})).await;
        assert_eq!(text(&outcome.done()["role"]["name"]), name);
    }
    // A role from nothing: what every user has, and a few fields.
    let input = json!({ "name": "catalogue", "permissions": [
        rule("Query.servicePlans", "EXECUTE", "ALLOW"), rule("ServicePlan", "ROWS_TENANT", "ALLOW"),
        rule("ServicePlan.name", "READ", "ALLOW"),
    ] });
    let id = created(&admin, input).await;
    granted(&app, &admin, &id, network, json!({})).await.done();
    let network = app.login(network).await.acting_as("catalogue");
    let answer =
        network.query("{ servicePlans { nodes { name } } customers { totalCount } }", Value::Null).await;
    assert!(!answer.data()["servicePlans"]["nodes"][0]["name"].is_null(), "{}", answer.text);
    assert_eq!(answer.data()["customers"]["totalCount"], 0, "it has no customers: {}", answer.text);
}
