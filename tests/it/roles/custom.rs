//! `roleCreate`, `roleUpdate`, `roleDelete`

use custodian_entity::casbin_rule;
use custodian_entity::role;
use serde_json::{Value, json};

use super::{created, discreet, granted, phone, rule};
use crate::app::TestApp;
use crate::fixture::{ADMIN, Log, SUPPORT, all, mutate, text};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("roles::a role of one's own does what its rules say, and no more", works);
    suite.both("roles::a change counts at the next request, here and elsewhere", changes);
    suite.both("roles::nobody makes a role that holds more than he does", escalation);
    suite.both("roles::a role that cannot be is refused, and nothing is written", refusals);
    suite.both("roles::a role that is held stays, and one that is gone is nobody's", removal);
    suite.both("roles::a role belongs to its provider", foreign);
}

async fn works(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let mut log = Log::mark(&app).await;
    let outcome = mutate(
        &admin,
        "roleCreate",
        "id name isSystem permissions { field read update }",
        discreet("discreet"),
    )
    .await;
    let role = outcome.done();
    assert_eq!((&role["name"], &role["isSystem"]), (&json!("discreet"), &json!(false)));
    let event = log.one(&app, "ROLE_CREATED").await;
    let gained: Vec<&str> = event.details["gained"].as_array().unwrap().iter().map(text).collect();
    assert!(gained.contains(&"Customer.displayName read"), "{gained:?}");
    assert!(gained.contains(&"Customer rows:tenant"), "{gained:?}");
    assert!(!gained.iter().any(|name| name.starts_with("Customer.phone ")), "{gained:?}");

    granted(&app, &admin, text(&role["id"]), SUPPORT, json!({})).await.done();
    log.one(&app, "ROLE_GRANTED").await;
    let support = app.login(SUPPORT).await;
    assert!(phone(&support).await.contains('*'), "the account's own role sees the mask");
    let discreet = support.acting_as("discreet");
    assert_eq!(phone(&discreet).await, "FORBIDDEN");
    let answer = discreet
        .query("{ viewer { role roles } customers(first: 1) { nodes { displayName email } } }", Value::Null)
        .await;
    assert!(answer.errors().is_empty(), "{}", answer.text);
    assert_eq!(answer.ok()["viewer"]["role"], "discreet");
    assert_eq!(answer.ok()["viewer"]["roles"], json!(["discreet", "support_agent"]));
    // What is withheld cannot be asked for, given or looked for either.
    let find = discreet
        .query("{ customers(filter: { phone: { eq: \"+34612345678\" } }) { totalCount } }", Value::Null)
        .await;
    assert!(
        find.code().is_some_and(|code| ["FIELD_NOT_QUERYABLE", "BAD_USER_INPUT"].contains(&code)),
        "{}",
        find.text
    );
    let write = json!({ "type": "INDIVIDUAL", "displayName": "Jo Doe", "phone": "+34612345678" });
    mutate(&discreet, "customerCreate", "id", write).await.failed_before_running();
    // Whoever does not hold it does not act in it.
    let other = app.login("billing@acme.example").await.acting_as("discreet");
    assert_eq!(phone(&other).await, "FORBIDDEN");
}

async fn changes(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let id = created(&admin, discreet("discreet")).await;
    granted(&app, &admin, &id, SUPPORT, json!({})).await.done();
    let support = app.login(SUPPORT).await.acting_as("discreet");
    assert_eq!(phone(&support).await, "FORBIDDEN");
    // An instance that starts now, and one that has not looked since the change.
    let (elsewhere, router) = app.instance(|_| {}).await;
    let far = support.at(&router);
    assert_eq!(phone(&far).await, "FORBIDDEN");

    let mut log = Log::mark(&app).await;
    let input = json!({ "id": id, "basedOn": "support_agent", "permissions": [] });
    mutate(&admin, "roleUpdate", "id", input).await.done();
    let event = log.one(&app, "ROLE_UPDATED").await;
    assert_eq!(event.details["lost"], json!([]));
    let gained: Vec<&str> = event.details["gained"].as_array().unwrap().iter().map(text).collect();
    assert!(
        gained.iter().all(|name| name.starts_with("Customer.phone ")) && !gained.is_empty(),
        "{gained:?}"
    );
    assert!(phone(&support).await.contains('*'), "the instance that made the change knows it at once");
    assert_eq!(phone(&far).await, "FORBIDDEN");
    elsewhere.refresh_policy().await;
    assert!(phone(&far).await.contains('*'), "another instance knows it once it has looked");

    // A role made here is known there when it is first asked for.
    let second = created(&admin, discreet("second")).await;
    granted(&app, &admin, &second, SUPPORT, json!({})).await.done();
    let answer = far.acting_as("second").query("{ viewer { role } }", Value::Null).await;
    assert_eq!(answer.ok()["viewer"]["role"], "second");
}

async fn escalation(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let mut log = Log::mark(&app).await;
    let before = all::<role::Entity>(&app).await.len();
    let policy = app.service.policy.snapshot();
    let beyond = policy
        .rights("system_admin")
        .unwrap()
        .beyond(policy.rights("tenant_admin").unwrap(), custodian_entity::choice::Scope::Tenant);
    assert!(
        !beyond.is_empty(),
        "tenant_admin holds all that system_admin does: this test has nothing to try"
    );
    let based_on_more = json!({ "name": "climber", "basedOn": "system_admin", "permissions": [] });
    mutate(&admin, "roleCreate", "id", based_on_more).await.refused(&["permissions INVALID"]);
    // A field of each kind that the administrator himself is not given in clear, or may not write.
    let own = policy.rights("tenant_admin").unwrap();
    let (mut tried, catalog) = (0, policy.catalog());
    for field in catalog.field_ids() {
        let name = catalog.field_name(field);
        let right = match own.level(field) {
            custodian::authz::Level::Denied
                if name.starts_with("Query.") || name.starts_with("Mutation.") =>
            {
                "EXECUTE"
            }
            custodian::authz::Level::Denied => "READ_MASKED",
            custodian::authz::Level::Masked => "READ",
            custodian::authz::Level::Clear => continue,
        };
        tried += 1;
        // Compiling a role takes a while: a handful of each.
        if tried % 7 != 1 {
            continue;
        }
        let input = json!({ "name": "climber", "basedOn": "support_agent", "permissions": [rule(name, right, "ALLOW")] });
        mutate(&admin, "roleCreate", "id", input).await.refused(&["permissions INVALID"]);
    }
    // Nor by changing a role he has made.
    let id = created(&admin, discreet("discreet")).await;
    log.one(&app, "ROLE_CREATED").await;
    let input = json!({ "id": id, "basedOn": "system_admin", "permissions": [] });
    mutate(&admin, "roleUpdate", "id", input).await.refused(&["permissions INVALID"]);
    log.none(&app).await;
    assert_eq!(all::<role::Entity>(&app).await.len(), before + 1);
    for username in [SUPPORT, "network@acme.example", "reseller@acme.example", "customer@acme.example"] {
        let client = app.login(username).await;
        log.gained(&app).await;
        mutate(&client, "roleCreate", "id", discreet("own")).await.failed_before_running();
        log.none(&app).await;
    }
}

async fn refusals(app: TestApp) {
    let admin = app.login(ADMIN).await;
    created(&admin, discreet("discreet")).await;
    let before = (all::<role::Entity>(&app).await, all::<casbin_rule::Entity>(&app).await);
    let mut log = Log::mark(&app).await;
    let with = |members: Value| {
        let mut input = discreet("other");
        input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        input
    };
    for (members, expected) in [
        (json!({ "name": "discreet" }), "name TAKEN"),
        (json!({ "name": "support_agent" }), "name TAKEN"),
        (json!({ "name": "Support" }), "name INVALID"),
        (json!({ "name": "a" }), "name INVALID"),
        (json!({ "name": "role\u{7}" }), "name INVALID"),
        (json!({ "basedOn": "anonymous" }), "permissions INVALID"),
        (json!({ "basedOn": "nobody" }), "permissions INVALID"),
        (json!({ "permissions": [rule("Customer.nonsense", "READ", "ALLOW")] }), "permissions INVALID"),
        (json!({ "permissions": [rule("Nonsense", "ROWS_TENANT", "ALLOW")] }), "permissions INVALID"),
        // What is never null cannot be withheld from who has rows.
        (json!({ "permissions": [rule("Customer.id", "READ", "DENY")] }), "permissions INVALID"),
        (
            json!({ "basedOn": null, "permissions": [rule("Customer", "ROWS_TENANT", "ALLOW")] }),
            "permissions INVALID",
        ),
    ] {
        let outcome = mutate(&admin, "roleCreate", "id", with(members.clone())).await;
        assert_eq!(outcome.summary(), expected, "{members}");
    }
    let many: Vec<Value> = (0..501).map(|_| rule("Customer.phone", "READ", "DENY")).collect();
    let outcome = mutate(&admin, "roleCreate", "id", with(json!({ "permissions": many }))).await;
    assert!(!outcome.refusals().is_empty());
    let built_in =
        all::<role::Entity>(&app).await.into_iter().find(|role| role.name == "support_agent").unwrap();
    let id = custodian_entity::id::TypedId::encode(built_in.id);
    let input = json!({ "id": id, "basedOn": "support_agent", "permissions": [] });
    mutate(&admin, "roleUpdate", "id", input).await.refused(&["id INVALID"]);
    mutate(&admin, "roleDelete", "id", json!({ "id": id })).await.refused(&["id INVALID"]);
    log.none(&app).await;
    assert_eq!((all::<role::Entity>(&app).await, all::<casbin_rule::Entity>(&app).await), before);
}

async fn removal(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let id = created(&admin, discreet("discreet")).await;
    let grant = text(&granted(&app, &admin, &id, SUPPORT, json!({})).await.done()["id"]).to_owned();
    let support = app.login(SUPPORT).await.acting_as("discreet");
    assert!(support.query("{ viewer { role } }", Value::Null).await.errors().is_empty());
    mutate(&admin, "roleDelete", "id", json!({ "id": id })).await.refused(&["id INVALID"]);
    mutate(&admin, "roleRevoke", "id", json!({ "id": grant })).await.done();
    // At the very next request.
    assert_eq!(support.query("{ viewer { role } }", Value::Null).await.code(), Some("FORBIDDEN"));
    let mut log = Log::mark(&app).await;
    mutate(&admin, "roleDelete", "id", json!({ "id": id })).await.done();
    let event = log.one(&app, "ROLE_DELETED").await;
    assert!(!event.details["lost"].as_array().unwrap().is_empty());
    assert!(all::<casbin_rule::Entity>(&app).await.is_empty(), "its rules went with it");
    mutate(&admin, "roleDelete", "id", json!({ "id": id })).await.failed("NOT_FOUND");
}

async fn foreign(app: TestApp) {
    let operator = app.login("admin@acme.example").await;
    let id = created(&operator, discreet("discreet")).await;
    // A role of another provider is as one that does not exist, whoever asks.
    let theirs = app.login("support@globex.example").await;
    let answer =
        theirs.query("query($id: ID!) { node(id: $id) { ... on Role { name } } }", json!({ "id": id })).await;
    assert_eq!(answer.code(), Some("NOT_FOUND"), "{}", answer.text);
    granted(&app, &operator, &id, "support@globex.example", json!({})).await.failed("NOT_FOUND");
}
