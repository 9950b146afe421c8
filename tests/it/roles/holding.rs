//! What somebody holds stays what it was judged to be: while roles change, when grants end, whoever the account is.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use custodian::authz::Level;
use custodian::authz::policy::{CustomRole, CustomRule, Policy, PolicyFiles};
use custodian_entity::choice::Scope;
use custodian_entity::id::{RoleGrantId, RoleId, TenantId, TypedId};
use custodian_entity::{role, role_grant};
use sea_orm::prelude::Uuid;
use sea_orm::{ActiveModelTrait, Set};
use serde_json::{Value, json};

use super::{created, discreet, granted, rule};
use crate::app::TestApp;
use crate::fixture::{ADMIN, SUPPORT, account, all, mutate};
use crate::suite::{Suite, runtime};

pub(super) fn register(suite: &mut Suite) {
    suite.both("roles::who has not seen the last change of roles gives none", stale);
    suite.both("roles::an account of a customer acts in nothing made for staff, whoever gave it", kinds);
    suite.both("roles::nobody gives a role for longer than he holds his own", no_longer);
    suite.both("roles::an expired grant does not stand in the way of a new one", renewed);
    suite.both("roles::what no mask would hide is not masked", masks);
    suite.both("roles::nobody changes or takes what holds more than he does", lesser);
    suite.both("roles::a provider has so many roles and no more", number);
    suite.pure("roles::unmasking without a ticket is a right of its own", || runtime().block_on(freely()));
    suite.pure("roles::a role is decided by its own rules and the role it starts from", || {
        runtime().block_on(decided());
    });
}

/// The rights of an instance that is behind are not those of the role.
async fn stale(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let empty = json!({ "name": "empty", "permissions": [] });
    let id = created(&admin, empty).await;
    let (elsewhere, router) = app.instance(|_| {}).await;
    let far = admin.at(&router);
    let wide = json!({ "id": id, "basedOn": "support_agent", "permissions": [] });
    mutate(&admin, "roleUpdate", "id", wide.clone()).await.done();
    let before = all::<role_grant::Entity>(&app).await.len();
    // There it still is the empty role, which would suit a customer.
    granted(&app, &far, &id, "customer2@acme.example", json!({})).await.failed("CONFLICT");
    assert_eq!(all::<role_grant::Entity>(&app).await.len(), before);
    // The refusal has made it look.
    granted(&app, &far, &id, "customer2@acme.example", json!({})).await.refused(&["userId INVALID"]);
    assert_eq!(elsewhere.policy.snapshot().version(), app.service.policy.snapshot().version());
    // As for changes: what the other would become is judged with what it is.
    mutate(&admin, "roleUpdate", "id", wide.clone()).await.done();
    mutate(&far, "roleUpdate", "id", wide).await.failed("CONFLICT");
}

async fn hold(app: &TestApp, username: &str, role: RoleId) {
    let user = account(app, username).await;
    let row = role_grant::ActiveModel {
        id: Set(RoleGrantId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0300))),
        tenant_id: Set(user.tenant_id),
        user_id: Set(user.id),
        role_id: Set(role),
        is_primary: Set(false),
        scope: Set(Scope::Tenant),
        granted_by: Set(None),
        granted_at: Set(app.clock.now()),
        expires_at: Set(None),
        justification: Set(None),
    };
    let _: role_grant::Model = row.insert(app.db()).await.unwrap();
}

async fn kinds(app: TestApp) {
    let roles = all::<role::Entity>(&app).await;
    let support = roles.iter().find(|role| role.name == "support_agent").unwrap().id;
    hold(&app, "customer2@acme.example", support).await;
    let customer = app.login("customer2@acme.example").await;
    let answer = customer.acting_as("support_agent").query("{ customers { totalCount } }", Value::Null).await;
    assert_eq!(answer.code(), Some("FORBIDDEN"), "{}", answer.text);
    let login = "mutation($u: String!, $p: String!) { login(username: $u, password: $p, role: \"support_agent\") \
                 { viewer { access(type: \"Customer\", field: \"email\") { read } } } }";
    let variables = json!({ "u": "customer2@acme.example", "p": "Custodian-Demo-1" });
    let answer = app.anonymous().query(login, variables).await;
    assert!(!answer.errors().is_empty(), "{}", answer.text);
    assert_eq!(
        customer.query("{ customers { totalCount } }", Value::Null).await.ok()["customers"]["totalCount"],
        1
    );
}

async fn no_longer(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let roles = all::<role::Entity>(&app).await;
    let tenant_admin = roles.iter().find(|role| role.name == "tenant_admin").unwrap().id.encode();
    let until = json!({ "expiresAt": app.clock.now() + TimeDelta::hours(1) });
    granted(&app, &admin, &tenant_admin, SUPPORT, until.clone()).await.done();
    let deputy = app.login(SUPPORT).await.acting_as("tenant_admin");
    let later = json!({ "expiresAt": app.clock.now() + TimeDelta::hours(2) });
    for more in [json!({}), later] {
        let outcome = granted(&app, &deputy, &tenant_admin, "billing@acme.example", more).await;
        outcome.refused(&["expiresAt INVALID"]);
    }
    granted(&app, &deputy, &tenant_admin, "billing@acme.example", until).await.done();
}

async fn renewed(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let id = created(&admin, discreet("discreet")).await;
    let until = json!({ "expiresAt": app.clock.now() + TimeDelta::minutes(1) });
    granted(&app, &admin, &id, SUPPORT, until).await.done();
    granted(&app, &admin, &id, SUPPORT, json!({})).await.refused(&["roleId TAKEN"]);
    app.clock.advance(TimeDelta::minutes(1));
    granted(&app, &admin, &id, SUPPORT, json!({})).await.done();
}

async fn masks(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let masked = |field: &str| [rule(field, "READ", "DENY"), rule(field, "READ_MASKED", "ALLOW")];
    for (name, permissions) in [
        ("unmasked", masked("Ticket.description").to_vec()),
        ("half", masked("Customer.companyName").to_vec()),
        // The mask of free text hides what it knows of rows that are reached.
        (
            "blind",
            [masked("TicketMessage.body").to_vec(), vec![rule("Contact", "ROWS_TENANT", "DENY")]].concat(),
        ),
    ] {
        let input = json!({ "name": name, "basedOn": "support_agent", "permissions": permissions });
        mutate(&admin, "roleCreate", "id", input).await.refused(&["permissions INVALID"]);
    }
    let permissions = masked("TicketMessage.body");
    let input = json!({ "name": "reader", "basedOn": "support_agent", "permissions": permissions });
    mutate(&admin, "roleCreate", "id", input).await.done();
}

async fn lesser(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let strong = json!({ "name": "strong", "basedOn": "billing_manager", "permissions": [] });
    let strong = created(&admin, strong).await;
    let grant = granted(&app, &admin, &strong, "billing@acme.example", json!({})).await.done()["id"].clone();
    let operations = ["roleCreate", "roleUpdate", "roleDelete", "roleGrant", "roleRevoke"];
    let mut rules: Vec<Value> =
        operations.iter().map(|name| rule(&format!("Mutation.{name}"), "EXECUTE", "ALLOW")).collect();
    for kind in ["Role", "RoleGrant", "User"] {
        rules.push(rule(kind, "ROWS_TENANT", "ALLOW"));
    }
    let fields =
        ["Role.description", "Role.permissions", "Role.name"].map(|field| rule(field, "UPDATE", "ALLOW"));
    rules.extend(fields);
    let deputy = json!({ "name": "deputy", "basedOn": "support_agent", "permissions": rules });
    let deputy = created(&admin, deputy).await;
    granted(&app, &admin, &deputy, SUPPORT, json!({})).await.done();
    let deputy = app.login(SUPPORT).await.acting_as("deputy");
    let change = json!({ "id": strong, "description": "weak" });
    mutate(&deputy, "roleUpdate", "id", change).await.refused(&["id INVALID"]);
    mutate(&deputy, "roleDelete", "id", json!({ "id": strong })).await.refused(&["id INVALID"]);
    mutate(&deputy, "roleRevoke", "id", json!({ "id": grant })).await.refused(&["id INVALID"]);
}

async fn number(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let tenant = account(&app, ADMIN).await.tenant_id;
    for n in 0..100 {
        let row = role::ActiveModel {
            id: Set(RoleId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_1000 + n))),
            tenant_id: Set(Some(tenant)),
            name: Set(format!("role-{n}")),
            description: Set(None),
            is_system: Set(false),
            created_at: Set(app.clock.now()),
        };
        let _: role::Model = row.insert(app.db()).await.unwrap();
    }
    mutate(&admin, "roleCreate", "id", discreet("one-more")).await.refused(&["name INVALID"]);
}

async fn policy() -> Policy {
    let catalog = custodian::schema::catalog(&custodian::schema::builder().finish()).unwrap();
    Policy::load(&PolicyFiles::built_in(), catalog.into()).await.unwrap()
}

async fn freely() {
    let policy = policy().await;
    let [network, support] = ["network_engineer", "support_agent"].map(|role| policy.rights(role).unwrap());
    let beyond = network.beyond(support, Scope::All);
    assert!(beyond.iter().any(|name| name == "Customer.phone reveal:freely"), "{beyond:?}");
}

/// Only what a role's rules are about is asked for. That nothing else is touched shows in comparing all the rest.
async fn decided() {
    let policy = policy().await;
    let rule =
        |object: &str, right: &str, allows| CustomRule { object: object.into(), right: right.into(), allows };
    let role = |based_on: Option<&str>, rules: Vec<CustomRule>| CustomRole {
        id: RoleId::from_uuid(Uuid::from_u128(7)),
        tenant: TenantId::from_uuid(Uuid::from_u128(8)),
        name: "probe".to_owned(),
        based_on: based_on.map(ToOwned::to_owned),
        rules,
    };
    let rules = vec![
        rule("customer.email", "read:masked", false),
        rule("Customer.phone", "read", true),
        rule("Customer.taxId", "lookup", true),
        rule("Invoice", "rows:tenant", true),
        rule("Ticket", "rows:tenant", false),
        rule("Mutation.customerUpdate", "execute", false),
    ];
    let touched = ["Customer.email", "Customer.phone", "Customer.taxId", "Mutation.customerUpdate"];
    for base in [None, Some("support_agent"), Some("billing_manager"), Some("reseller")] {
        let mut rules = rules.clone();
        // Whoever has rows reads some of them, for which a role that starts from nothing would need more rules.
        rules.retain(|rule| base.is_some() || !rule.right.starts_with("rows:"));
        let rights = policy.draft(&role(base, rules)).await.unwrap();
        let like = policy.draft(&role(base, Vec::new())).await.unwrap().unwrap();
        let Ok(rights) = rights else { panic!("{base:?}: {rights:?}") };
        let mut changed = BTreeSet::new();
        for id in policy.catalog().field_ids() {
            if rights.level(id) != like.level(id) {
                changed.insert(policy.catalog().field_name(id));
            }
        }
        assert!(changed.iter().all(|name| touched.contains(name)), "{base:?}: {changed:?}");
        assert_eq!(rights.level_by_name("Customer.phone"), Level::Clear, "{base:?}");
        assert_eq!(rights.level_by_name("Mutation.customerUpdate"), Level::Denied, "{base:?}");
        assert_eq!(
            rights.scope("Invoice"),
            like.scope("Invoice").max(base.map(|_| Scope::Tenant)),
            "{base:?}"
        );
        assert_eq!(
            rights.scope("Ticket"),
            like.scope("Ticket").filter(|scope| *scope != Scope::Tenant),
            "{base:?}"
        );
    }
}
