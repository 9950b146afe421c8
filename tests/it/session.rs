//! Signing in, what is said of who signed in, and how soon it ends (abuse cases SE7, AZ14).

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use custodian::seed::DEMO_ACCOUNTS;
use custodian_entity::choice::{Outcome, ResellerStatus, Scope, TenantStatus, UserStatus};
use custodian_entity::id::{RoleGrantId, TypedId};
use custodian_entity::personal::IpAddress;
use custodian_entity::{reseller, role, role_grant, tenant, user};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{ADMIN, BILLING, Log, MARIA, SUPPORT, account, customer, text};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.both("session::each demo account signs in", demo_accounts);
    suite.both("session::case and surrounding spaces of a user name do not matter", spelling);
    suite.both("session::every failure reads the same", failures);
    suite.both("session::the role is chosen when signing in", role_argument);
    suite.both("session::a role that is not held is refused on record", role_not_held);
    suite.both("session::sign-ins are on record, masked and without the password", on_record);
    suite.both("session::the viewer knows what may be done with a field", access);
    suite.both("session::the header chooses among the roles held", role_header);
    suite.both("session::what is taken away is gone at the next request", at_once);
    suite.both("session::a suspended provider or reseller is shut out at once", suspended_owner);
    suite.both("session::a grant ends by the clock", grant_ends);
}

const PASSWORD: &str = "Custodian-Demo-1";

const LOGIN: &str = "mutation($username: String!, $password: String!, $role: String) {
    login(username: $username, password: $password, role: $role) {
        accessToken tokenType expiresIn
        viewer { id displayName role roles tenant { slug }
            access(type: \"Customer\", field: \"email\") { read write query reveal } }
    }
}";

const VIEWER: &str = "{ viewer { id displayName role roles tenant { slug }
    access(type: \"Customer\", field: \"email\") { read write query reveal } } }";

async fn login(app: &TestApp, username: &str, password: &str, role: Option<&str>) -> Answer {
    let variables = json!({ "username": username, "password": password, "role": role });
    app.anonymous().query(LOGIN, variables).await
}

/// A query under a role named in the header.
async fn viewer_as(client: &Client, role: &str) -> Answer {
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("accept", "application/graphql-response+json")
        .header("x-custodian-role", role)
        .body(Body::from(json!({ "query": VIEWER }).to_string()))
        .unwrap();
    client.send(request).await
}

/// Gives a second role to an account.
async fn grant(
    app: &TestApp,
    username: &str,
    name: &str,
    expires_at: Option<DateTime<Utc>>,
) -> role_grant::Model {
    let account = account(app, username).await;
    let role = role::Entity::find().filter(role::Column::Name.eq(name)).one(app.db()).await.unwrap().unwrap();
    let row = role_grant::ActiveModel {
        id: Set(RoleGrantId::from_uuid(app.clock.new_uuid())),
        tenant_id: Set(account.tenant_id),
        user_id: Set(account.id),
        role_id: Set(role.id),
        is_primary: Set(false),
        scope: Set(Scope::Tenant),
        granted_by: Set(None),
        granted_at: Set(app.clock.now()),
        expires_at: Set(expires_at),
        justification: Set(None),
    };
    row.insert(app.db()).await.unwrap()
}

/// Changes an account past the service.
async fn change(app: &TestApp, username: &str, change: impl FnOnce(&mut user::ActiveModel)) {
    let mut row = account(app, username).await.into_active_model();
    change(&mut row);
    row.update(app.db()).await.unwrap();
}

#[track_caller]
fn assert_refused(answer: &Answer, status: StatusCode, code: &str) {
    assert_eq!((answer.status, answer.code()), (status, Some(code)), "{}", answer.text);
    assert!(answer.data().is_null(), "a refusal has no data: {}", answer.text);
}

fn sorted(roles: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = roles.as_array().unwrap().iter().map(text).collect();
    names.sort_unstable();
    names
}

async fn demo_accounts(app: TestApp) {
    assert_eq!(DEMO_ACCOUNTS.len(), 11, "DESIGN, section 6 lists the demo accounts");
    for (username, role) in DEMO_ACCOUNTS {
        let answer = login(&app, username, PASSWORD, None).await;
        let payload = &answer.ok()["login"];
        let account = account(&app, username).await;
        let slug = username.rsplit_once('@').unwrap().1.strip_suffix(".example").unwrap();
        assert_eq!(
            (&payload["tokenType"], &payload["expiresIn"]),
            (&json!("Bearer"), &json!(900)),
            "{username}"
        );
        let viewer = &payload["viewer"];
        assert_eq!(viewer["id"], account.id.encode(), "{username}");
        assert_eq!(viewer["displayName"], account.display_name, "{username}");
        assert_eq!((&viewer["role"], &viewer["roles"]), (&json!(role), &json!([role])), "{username}");
        assert_eq!(viewer["tenant"]["slug"], slug, "{username}");
        let client = Client::new(app.router.clone(), Some(text(&payload["accessToken"]).to_owned()));
        let asked = client.query(VIEWER, json!({})).await;
        assert_eq!(&asked.ok()["viewer"], viewer, "{username}: `login` and `viewer` tell the same");
    }
}

async fn spelling(app: TestApp) {
    for username in ["SUPPORT@ACME.EXAMPLE", "  support@acme.example ", "\tSupport@Acme.Example\n"] {
        let answer = login(&app, username, PASSWORD, None).await;
        assert_eq!(answer.ok()["login"]["viewer"]["role"], "support_agent", "{username:?}");
    }
    for password in ["custodian-demo-1", " Custodian-Demo-1", "Custodian-Demo-1 "] {
        assert_eq!(
            login(&app, SUPPORT, password, None).await.code(),
            Some("UNAUTHENTICATED"),
            "{password:?}"
        );
    }
}

async fn failures(app: TestApp) {
    let now = app.clock.now();
    change(&app, "network@acme.example", |row| row.status = Set(UserStatus::Disabled)).await;
    change(&app, "reseller@acme.example", |row| row.status = Set(UserStatus::Invited)).await;
    change(&app, "customer@acme.example", |row| row.password_hash = Set(None)).await;
    change(&app, BILLING, |row| row.locked_until = Set(Some(now + TimeDelta::seconds(60)))).await;
    let globex = account(&app, "support@globex.example").await.tenant_id;
    let mut row =
        tenant::Entity::find_by_id(globex).one(app.db()).await.unwrap().unwrap().into_active_model();
    row.status = Set(TenantStatus::Suspended);
    row.update(app.db()).await.unwrap();

    // All that a caller sees but the id of the request.
    let seen = |answer: &Answer| {
        let mut body = answer.body.clone();
        let id = body["errors"][0]["extensions"].as_object_mut().unwrap().remove("requestId");
        assert!(id.is_some_and(|id| id.is_string()), "every error names its request: {}", answer.text);
        let mut headers: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        (answer.status, body, headers)
    };
    let wrong = login(&app, SUPPORT, "Custodian-Demo-2", None).await;
    assert_eq!(wrong.code(), Some("UNAUTHENTICATED"), "{}", wrong.text);
    assert!(wrong.data()["login"].is_null(), "{}", wrong.text);
    for (username, password, what) in [
        (SUPPORT, "", "an empty password"),
        ("nobody@acme.example", PASSWORD, "an unknown user"),
        ("nobody@nowhere.example", PASSWORD, "an unknown provider"),
        ("", PASSWORD, "no user name"),
        ("network@acme.example", PASSWORD, "a disabled account"),
        ("reseller@acme.example", PASSWORD, "an account that was only invited"),
        ("customer@acme.example", PASSWORD, "an account without a password"),
        ("billing@acme.example", PASSWORD, "a locked account"),
        ("support@globex.example", PASSWORD, "a suspended provider"),
    ] {
        let answer = login(&app, username, password, None).await;
        // A difference tells a guesser which names exist, or that a password is right.
        assert_eq!(seen(&answer), seen(&wrong), "{what} is answered differently from a wrong password");
    }
    assert_eq!(account(&app, SUPPORT).await.failed_login_count, 2, "each failure of an account is counted");
    app.clock.advance(TimeDelta::seconds(60));
    login(&app, BILLING, PASSWORD, None).await.ok();
    login(&app, SUPPORT, PASSWORD, None).await.ok();
    assert_eq!(account(&app, SUPPORT).await.failed_login_count, 0, "a success starts the count anew");
}

async fn role_argument(app: TestApp) {
    let held = login(&app, SUPPORT, PASSWORD, Some("support_agent")).await;
    assert_eq!(held.ok()["login"]["viewer"]["role"], "support_agent");
    for role in ["system_admin", "billing_manager", "Support_Agent", "anonymous", "", "no_such_role"] {
        let answer = login(&app, SUPPORT, PASSWORD, Some(role)).await;
        assert_eq!(answer.code(), Some("FORBIDDEN"), "{role:?}: {}", answer.text);
        assert!(!answer.text.contains("accessToken\":\""), "{role:?}: {}", answer.text);
    }
    grant(&app, SUPPORT, "billing_manager", None).await;
    let second = login(&app, SUPPORT, PASSWORD, Some("billing_manager")).await;
    let payload = &second.ok()["login"];
    assert_eq!(payload["viewer"]["role"], "billing_manager");
    assert_eq!(sorted(&payload["viewer"]["roles"]), ["billing_manager", "support_agent"]);
    let client = Client::new(app.router.clone(), Some(text(&payload["accessToken"]).to_owned()));
    assert_eq!(client.query(VIEWER, json!({})).await.ok()["viewer"]["role"], "billing_manager");
    let default = login(&app, SUPPORT, PASSWORD, None).await;
    assert_eq!(default.ok()["login"]["viewer"]["role"], "support_agent", "the primary role is the default");
}

async fn role_not_held(app: TestApp) {
    let mut log = Log::mark(&app).await;
    let answer = login(&app, SUPPORT, PASSWORD, Some("system_admin")).await;
    assert_eq!(answer.code(), Some("FORBIDDEN"), "{}", answer.text);
    // FORBIDDEN says that the password is right: without an event, passwords could be tried unseen.
    let event = log.one(&app, "SIGN_IN_FAILED").await;
    assert_ne!(event.outcome, Outcome::Success);
}

async fn on_record(app: TestApp) {
    let mut log = Log::mark(&app).await;
    let answer = login(&app, SUPPORT, PASSWORD, None).await;
    let event = log.one(&app, "SIGN_IN_SUCCEEDED").await;
    let support = account(&app, SUPPORT).await;
    assert_eq!((event.action.as_str(), event.outcome), ("login", Outcome::Success));
    assert_eq!((event.actor_id, event.tenant_id), (Some(support.id), Some(support.tenant_id)));
    assert_eq!(event.occurred_at, app.clock.now());
    // Who it was is said by the id alone: nothing of him is in the log that would have to be erased.
    assert_eq!(event.details, json!({}));
    assert_eq!(event.ip.as_ref().map(IpAddress::expose), Some("127.0.0.***"));
    assert_eq!(Some(event.request_id.as_str()), answer.headers["x-request-id"].to_str().ok());
    // "The audit log names the role acted in" (DESIGN 3; DOMAIN, "Each entry").
    assert_eq!(
        event.actor_role.as_deref(),
        Some("support_agent"),
        "a sign-in names the role that was chosen"
    );
    assert_eq!(support.last_login_at, Some(app.clock.now()));

    // Of an account that there is the provider hears, by its id; of others what was given is kept as its mask.
    for (username, details, whose) in [
        (SUPPORT, json!({}), Some((support.id, support.tenant_id))),
        ("planted.nobody@acme.example", json!({ "username": "p************y@acme.example" }), None),
        ("ana", json!({ "username": "a**" }), None),
    ] {
        let answer = login(&app, username, "Planted-Passphrase-zqx", None).await;
        let event = log.one(&app, "SIGN_IN_FAILED").await;
        assert_eq!((event.outcome, event.details), (Outcome::Failure, details), "{username}");
        assert_eq!(event.actor_id.zip(event.tenant_id), whose, "{username}");
        assert_eq!(Some(event.request_id.as_str()), answer.headers["x-request-id"].to_str().ok());
        assert!(
            !answer.text.contains("zqx") && !answer.text.contains("planted"),
            "repeated: {}",
            answer.text
        );
    }
    let logs = app.logs();
    for planted in ["Planted-Passphrase-zqx", "planted.nobody"] {
        assert!(!logs.contains(planted), "{planted} was logged");
    }
}

async fn access(app: TestApp) {
    let document = "query($type: String!, $field: String!) {
        viewer { access(type: $type, field: $field) { read write query reveal } } }";
    for (username, field, expected) in [
        (ADMIN, "email", ("CLEAR", true, true, false)),
        (SUPPORT, "email", ("MASKED", true, false, true)),
        (BILLING, "email", ("MASKED", false, false, true)),
        ("network@acme.example", "email", ("DENIED", false, false, false)),
        ("customer@acme.example", "email", ("CLEAR", true, true, false)),
        (SUPPORT, "taxId", ("DENIED", false, false, false)),
        (BILLING, "taxId", ("CLEAR", true, true, false)),
        (SUPPORT, "governmentIdNumber", ("DENIED", true, false, false)),
        (SUPPORT, "status", ("CLEAR", false, true, false)),
    ] {
        let client = app.login(username).await;
        let answer = client.query(document, json!({ "type": "Customer", "field": field })).await;
        let (read, write, query, reveal) = expected;
        let expected = json!({ "read": read, "write": write, "query": query, "reveal": reveal });
        assert_eq!(answer.ok()["viewer"]["access"], expected, "{username}, Customer.{field}");
    }
    let support = app.login(SUPPORT).await;
    for (type_name, field) in
        [("Customer", "noSuchField"), ("NoSuchType", "email"), ("", ""), ("Customer", "email.x")]
    {
        let answer = support.query(document, json!({ "type": type_name, "field": field })).await;
        assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{type_name}.{field}: {}", answer.text);
    }
}

async fn role_header(app: TestApp) {
    let client = app.login(SUPPORT).await;
    assert_refused(&viewer_as(&client, "billing_manager").await, StatusCode::FORBIDDEN, "FORBIDDEN");
    grant(&app, SUPPORT, "billing_manager", None).await;
    let acting = viewer_as(&client, "billing_manager").await;
    let viewer = &acting.ok()["viewer"];
    assert_eq!(viewer["role"], "billing_manager");
    assert_eq!(sorted(&viewer["roles"]), ["billing_manager", "support_agent"]);
    assert_eq!(
        viewer["access"]["write"], false,
        "rights are those of the role acted in, not of all roles held"
    );
    assert_eq!(viewer_as(&client, "support_agent").await.ok()["viewer"]["access"]["write"], true);
    assert_refused(&viewer_as(&client, "system_admin").await, StatusCode::FORBIDDEN, "FORBIDDEN");

    let maria = customer(&app, MARIA).await;
    let document =
        "mutation($input: CustomerUpdateInput!) { customerUpdate(input: $input) { customer { id } } }";
    let input = json!({ "id": maria.id.encode(), "version": maria.version, "riskScore": 44 });
    let body = json!({ "query": document, "variables": { "input": input } }).to_string();
    let request = || Request::post("/graphql").header("content-type", "application/json");
    let mut log = Log::mark(&app).await;
    let as_support = client.send(request().body(Body::from(body.clone())).unwrap()).await;
    assert_eq!(as_support.code(), Some("FORBIDDEN"), "{}", as_support.text);
    log.none(&app).await;
    let as_billing = request().header("x-custodian-role", "billing_manager").body(Body::from(body)).unwrap();
    client.send(as_billing).await.ok();
    let event = log.one(&app, "CUSTOMER_UPDATED").await;
    assert_eq!(event.actor_role.as_deref(), Some("billing_manager"), "the log names the role acted in");
}

async fn at_once(app: TestApp) {
    use sea_orm::sea_query::{Expr, ExprTrait};

    let client = app.login(SUPPORT).await;
    let ask = async || client.query(VIEWER, json!({})).await;
    ask().await.ok();
    for status in [UserStatus::Disabled, UserStatus::Invited] {
        change(&app, SUPPORT, |row| row.status = Set(status)).await;
        assert_refused(&ask().await, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
        change(&app, SUPPORT, |row| row.status = Set(UserStatus::Active)).await;
        ask().await.ok();
    }
    let support = account(&app, SUPPORT).await.id;
    let raised = user::Entity::update_many()
        .col_expr(user::Column::TokenVersion, Expr::col(user::Column::TokenVersion).add(1))
        .filter(user::Column::Id.eq(support));
    raised.exec(app.db()).await.unwrap();
    assert_refused(&ask().await, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");

    let billing = app.login(BILLING).await;
    billing.query(VIEWER, json!({})).await.ok();
    let of_billing = role_grant::Column::UserId.eq(account(&app, BILLING).await.id);
    role_grant::Entity::delete_many().filter(of_billing).exec(app.db()).await.unwrap();
    assert_refused(&billing.query(VIEWER, json!({})).await, StatusCode::FORBIDDEN, "FORBIDDEN");
}

async fn suspended_owner(app: TestApp) {
    let (globex, north) = ("support@globex.example", "reseller@acme.example");
    let (provider, partner) = (app.login(globex).await, app.login(north).await);
    provider.query(VIEWER, json!({})).await.ok();
    partner.query(VIEWER, json!({})).await.ok();
    let suspended = tenant::ActiveModel { status: Set(TenantStatus::Suspended), ..Default::default() };
    let theirs = tenant::Column::Id.eq(account(&app, globex).await.tenant_id);
    tenant::Entity::update_many().set(suspended).filter(theirs).exec(app.db()).await.unwrap();
    let suspended = reseller::ActiveModel { status: Set(ResellerStatus::Suspended), ..Default::default() };
    let theirs = reseller::Column::Id.eq(account(&app, north).await.reseller_id.unwrap());
    reseller::Entity::update_many().set(suspended).filter(theirs).exec(app.db()).await.unwrap();

    // The status says "whether it may use the service": authn::authenticate and Account::may_sign_in have to ask it.
    let mut served = Vec::new();
    for (what, client, username) in [("provider", &provider, globex), ("reseller", &partner, north)] {
        if client.query(VIEWER, json!({})).await.code() != Some("UNAUTHENTICATED") {
            served.push(format!("the token of a suspended {what}"));
        }
        if login(&app, username, PASSWORD, None).await.code() != Some("UNAUTHENTICATED") {
            served.push(format!("the sign-in of a suspended {what}"));
        }
    }
    assert!(served.is_empty(), "still accepted: {served:?}");
    // A reseller's customers are the provider's customers: they stay.
    login(&app, "customer@acme.example", PASSWORD, None).await.ok();
}

async fn grant_ends(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let end = app.clock.now() + TimeDelta::seconds(60);
    grant(&app, SUPPORT, "network_engineer", Some(end)).await;
    assert_eq!(viewer_as(&client, "network_engineer").await.ok()["viewer"]["role"], "network_engineer");
    app.clock.advance(TimeDelta::milliseconds(59_999));
    viewer_as(&client, "network_engineer").await.ok();
    app.clock.advance(TimeDelta::milliseconds(1));
    assert_refused(&viewer_as(&client, "network_engineer").await, StatusCode::FORBIDDEN, "FORBIDDEN");
    let roles = client.query(VIEWER, json!({})).await;
    assert_eq!(roles.ok()["viewer"]["roles"], json!(["support_agent"]));
    let expired = login(&app, SUPPORT, PASSWORD, Some("network_engineer")).await;
    assert_eq!(expired.code(), Some("FORBIDDEN"), "{}", expired.text);
}
