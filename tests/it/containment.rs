//! What is done about an account or an API client at once counts from the next request on, at every instance, and can be
//! lifted.

use custodian_entity::choice::{UserStatus, VerificationStatus};
use custodian_entity::id::TypedId;
use custodian_entity::{containment, email_verification, user};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::clients::{Portal, is_dead, lives, second_role};
use crate::fixture::{ADMIN, Log, MARIA, ROLES, SUPPORT, account, all, at_once, mutate, text};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.both("containment::who is suspended is refused at once, everywhere, until it is lifted", suspended);
    suite.both("containment::tokens that are revoked stay so, and their user signs in anew", revoked);
    suite.both("containment::an API client that is locked is refused, and no other", locked);
    suite.both("containment::the people of a frozen reseller are refused until it is lifted", frozen);
    suite.both(
        "containment::nobody contains himself, who holds more, or the last that can give roles",
        beyond,
    );
    suite.both("containment::what was asked of an address before does not come true", pending);
    suite.both("containment::of two who suspend each other one is left", each_other);
    suite.both("containment::only administrators contain, and see what was done", rights);
}

const PASSWORD: &str = "Custodian-Demo-1";
const SYSTEM: &str = "admin@acme.example";

async fn id_of(app: &TestApp, username: &str) -> String {
    account(app, username).await.id.encode()
}

async fn contain(client: &Client, kind: &str, id: &str) -> Value {
    let input = json!({ "kind": kind, "id": id, "reason": "Reported as stolen" });
    mutate(client, "incidentContain", "id kind targetId reason liftedAt appliedBy { id }", input)
        .await
        .done()
        .clone()
}

async fn lift(client: &Client, containment: &Value) -> Value {
    let input = json!({ "id": containment["id"], "reason": "Found again" });
    let fields = "id liftedAt liftReason liftedBy { id }";
    mutate(client, "incidentContainmentLift", fields, input).await.done().clone()
}

async fn sign_in(client: &Client, username: &str) -> Answer {
    let document = format!(
        "mutation {{ login(username: {}, password: {}) {{ accessToken refreshToken }} }}",
        json!(username),
        json!(PASSWORD)
    );
    client.query(&document, Value::Null).await
}

async fn refresh(client: &Client, begun: &Answer) -> Answer {
    let document = "mutation($token: String!) { tokenRefresh(refreshToken: $token) { accessToken } }";
    client.query(document, json!({ "token": begun.ok()["login"]["refreshToken"] })).await
}

fn caller(app: &TestApp, begun: &Answer) -> Client {
    Client::new(app.router.clone(), Some(text(&begun.ok()["login"]["accessToken"]).to_owned()))
}

async fn suspended(app: TestApp) {
    let portal = Portal::of(&app, SUPPORT, &["customers:read"]).await;
    let program = portal.caller().await;
    let begun = sign_in(&app.anonymous(), SUPPORT).await;
    let client = caller(&app, &begun);
    let (_, elsewhere) = app.instance(|_| {}).await;
    let there = Client::new(elsewhere.clone(), Some(text(&begun.ok()["login"]["accessToken"]).to_owned()));
    for caller in [&client, &there, &program] {
        lives(caller).await;
    }
    let (admin, before) = (app.login(ADMIN).await, account(&app, SUPPORT).await);
    let mut log = Log::mark(&app).await;
    let done = contain(&admin, "SUSPEND_USER", &before.id.encode()).await;
    assert_eq!((&done["kind"], &done["targetId"]), (&json!("SUSPEND_USER"), &json!(before.id.encode())));
    assert_eq!(done["appliedBy"]["id"], json!(id_of(&app, ADMIN).await));
    let event = log.one(&app, "CONTAINMENT_APPLIED").await;
    assert_eq!(event.details, json!({ "kind": "SUSPEND_USER", "target": before.id.encode() }));

    for (caller, whose) in [(&client, "his token"), (&there, "elsewhere"), (&program, "his program's token")]
    {
        is_dead(caller, whose).await;
    }
    assert_eq!(refresh(&app.anonymous(), &begun).await.code(), Some("UNAUTHENTICATED"));
    for door in [&app.anonymous(), &Client::new(elsewhere, None)] {
        assert_eq!(sign_in(door, SUPPORT).await.code(), Some("UNAUTHENTICATED"), "he cannot sign in");
    }
    assert_eq!(portal.ask(&[]).await.status, 401, "his program gets no token");
    assert_eq!(account(&app, SUPPORT).await.status, UserStatus::Active, "it is no deactivation");
    let again = json!({ "kind": "SUSPEND_USER", "id": before.id.encode(), "reason": "Again" });
    mutate(&admin, "incidentContain", "id", again).await.refused(&["id INVALID_TRANSITION"]);

    log.gained(&app).await;
    let lifted = lift(&admin, &done).await;
    assert_eq!(lifted["liftReason"], "Found again");
    log.one(&app, "CONTAINMENT_LIFTED").await;
    sign_in(&app.anonymous(), SUPPORT).await.ok();
    lives(&portal.caller().await).await;
    is_dead(&client, "a session that ended stays ended").await;
    let input = json!({ "id": done["id"], "reason": "Again" });
    mutate(&admin, "incidentContainmentLift", "id", input).await.refused(&["id INVALID_TRANSITION"]);
    let now = account(&app, SUPPORT).await;
    let raised = before.token_version + 1;
    assert_eq!(
        user::Model {
            token_version: raised,
            tokens_valid_after: now.tokens_valid_after,
            last_login_at: now.last_login_at,
            ..before
        },
        now,
        "lifting restores what was there"
    );
}

async fn revoked(app: TestApp) {
    let portal = Portal::of(&app, SUPPORT, &["customers:read"]).await;
    let program = portal.caller().await;
    let begun = sign_in(&app.anonymous(), SUPPORT).await;
    let (client, admin) = (caller(&app, &begun), app.login(ADMIN).await);
    let done = contain(&admin, "REVOKE_TOKENS", &id_of(&app, SUPPORT).await).await;
    is_dead(&client, "his token").await;
    is_dead(&program, "his program's token").await;
    assert_eq!(refresh(&app.anonymous(), &begun).await.code(), Some("UNAUTHENTICATED"));
    lives(&caller(&app, &sign_in(&app.anonymous(), SUPPORT).await)).await;
    lives(&portal.caller().await).await;
    assert!(!done["liftedAt"].is_null(), "it is an act, and over at once");
    let again = contain(&admin, "REVOKE_TOKENS", &id_of(&app, SUPPORT).await).await;
    assert_ne!(done["id"], again["id"], "and can be done again");
    is_dead(&client, "the token").await;
}

async fn locked(app: TestApp) {
    let portal = Portal::of(&app, SUPPORT, &["customers:read"]).await;
    let other = Portal::of(&app, SUPPORT, &["customers:read"]).await;
    let (program, another, admin) = (portal.caller().await, other.caller().await, app.login(ADMIN).await);
    let done = contain(&admin, "LOCK_API_CLIENT", &portal.id).await;
    assert_eq!(done["targetId"], json!(portal.id));
    is_dead(&program, "the program's token").await;
    assert_eq!(portal.ask(&[]).await.status, 401, "it gets no token");
    lives(&another).await;
    lives(&app.login(SUPPORT).await).await;
    lift(&admin, &done).await;
    lives(&program).await;
    lives(&portal.caller().await).await;
}

async fn frozen(app: TestApp) {
    const RESELLER: &str = "reseller@acme.example";
    let portal = Portal::of(&app, RESELLER, &["customers:read"]).await;
    let (program, begun) = (portal.caller().await, sign_in(&app.anonymous(), RESELLER).await);
    let (client, admin) = (caller(&app, &begun), app.login(ADMIN).await);
    let reseller = account(&app, RESELLER).await.reseller_id.unwrap().encode();
    let done = contain(&admin, "FREEZE_RESELLER", &reseller).await;
    assert_eq!(done["targetId"], json!(reseller));
    is_dead(&client, "its people's token").await;
    is_dead(&program, "its program's token").await;
    assert_eq!(refresh(&app.anonymous(), &begun).await.code(), Some("UNAUTHENTICATED"));
    assert_eq!(sign_in(&app.anonymous(), RESELLER).await.code(), Some("UNAUTHENTICATED"));
    assert_eq!(portal.ask(&[]).await.status, 401, "its program gets no token");
    for other in ["reseller2@acme.example", "customer@acme.example"] {
        sign_in(&app.anonymous(), other).await.ok();
    }
    // Suspended before or meanwhile, it stays so.
    let suspended = json!({ "id": reseller });
    mutate(&admin, "resellerSuspend", "status", suspended.clone()).await.done();
    lift(&admin, &done).await;
    assert_eq!(sign_in(&app.anonymous(), RESELLER).await.code(), Some("UNAUTHENTICATED"));
    mutate(&admin, "resellerResume", "status", suspended).await.done();
    sign_in(&app.anonymous(), RESELLER).await.ok();
    lives(&portal.caller().await).await;
    is_dead(&client, "a session that ended stays ended").await;
}

async fn beyond(app: TestApp) {
    let (admin, system) = (app.login(ADMIN).await, app.login(SYSTEM).await);
    let mut log = Log::mark(&app).await;
    let tried = async |client: &Client, kind: &str, id: String| {
        let input = json!({ "kind": kind, "id": id, "reason": "A reason" });
        mutate(client, "incidentContain", "id", input).await.summary()
    };
    for kind in ["SUSPEND_USER", "REVOKE_TOKENS"] {
        assert_eq!(
            tried(&admin, kind, id_of(&app, SYSTEM).await).await,
            "id INVALID",
            "{kind}: who holds more"
        );
        assert_eq!(tried(&admin, kind, id_of(&app, ADMIN).await).await, "id INVALID", "{kind}: himself");
        let foreign = id_of(&app, "support@globex.example").await;
        assert_eq!(tried(&admin, kind, foreign).await, "NOT_FOUND", "{kind}: another provider's");
        assert_eq!(tried(&admin, kind, "client_x".to_owned()).await, "NOT_FOUND", "{kind}: no account");
    }
    let own = Portal::of(&app, SYSTEM, &["customers:read"]).await;
    log.gained(&app).await;
    assert_eq!(tried(&admin, "LOCK_API_CLIENT", own.id.clone()).await, "id INVALID");
    log.none(&app).await;
    assert!(all::<containment::Entity>(&app).await.is_empty(), "what was refused left nothing");
    // Who is suspended is nobody to rely on: neither for this nor for what ends accounts for good.
    second_role(&app).await;
    let held = contain(&system, "SUSPEND_USER", &id_of(&app, SUPPORT).await).await;
    let end = json!({ "id": id_of(&app, ADMIN).await });
    assert_eq!(mutate(&system, "userDeactivate", "id", end).await.summary(), "id INVALID");
    // Who reaches all providers gives the role again: for him nobody is the last.
    let last = contain(&system, "SUSPEND_USER", &id_of(&app, ADMIN).await).await;
    lift(&system, &last).await;
    lift(&system, &held).await;
}

async fn pending(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let customer = account(&app, "customer@acme.example").await;
    let reseller = account(&app, "reseller@acme.example").await.reseller_id.unwrap().encode();
    for (kind, id) in [
        ("SUSPEND_USER", customer.id.encode()),
        ("REVOKE_TOKENS", customer.id.encode()),
        ("FREEZE_RESELLER", reseller),
    ] {
        // The thief has a session, and wants the letters.
        let maria = crate::fixture::customer(&app, MARIA).await;
        let input = json!({ "id": maria.id.encode(), "email": "thief@mail.example" });
        mutate(&admin, "customerEmailChange", "id", input).await.done();
        let waiting = async || {
            let rows = all::<email_verification::Entity>(&app).await;
            let pending = |row: &&email_verification::Model| row.status == VerificationStatus::Pending;
            rows.iter().filter(|row| row.customer_id == maria.id).filter(pending).count()
        };
        assert_eq!(waiting().await, 1, "{kind}");
        let done = contain(&admin, kind, &id).await;
        assert_eq!(waiting().await, 0, "{kind}: what was asked before waits no longer");
        if done["liftedAt"].is_null() {
            lift(&admin, &done).await;
        }
    }
}

async fn each_other(app: TestApp) {
    second_role(&app).await;
    let (first, second) = (app.login(ADMIN).await, app.login(SUPPORT).await);
    let input = async |username: &str| {
        vec![json!({ "kind": "SUSPEND_USER", "id": id_of(&app, username).await, "reason": "A reason" })]
    };
    let (of_second, of_first) = (input(SUPPORT).await, input(ADMIN).await);
    let (one, other) = tokio::join!(
        at_once(&first, "incidentContain", "id", of_second),
        at_once(&second, "incidentContain", "id", of_first),
    );
    let done = one.iter().chain(&other).filter(|outcome| outcome.summary() == "done").count();
    assert_eq!(done, 1, "{} {}", one[0].answer.text, other[0].answer.text);
    assert_eq!(all::<containment::Entity>(&app).await.len(), 1);
}

async fn rights(app: TestApp) {
    let target = id_of(&app, "customer@acme.example").await;
    let admin = app.login(ADMIN).await;
    let done = contain(&admin, "SUSPEND_USER", &target).await;
    for (role, name) in ROLES {
        let is_admin = role.ends_with("_admin");
        if role == "customer" {
            continue;
        }
        let client = app.login(name).await;
        let list = client.query("{ containments(active: true) { nodes { id } } }", Value::Null).await;
        if is_admin {
            assert_eq!(list.ok()["containments"]["nodes"], json!([{ "id": done["id"] }]), "{role}");
            continue;
        }
        assert_eq!(list.code(), Some("FORBIDDEN"), "{role}");
        let input = json!({ "kind": "SUSPEND_USER", "id": target, "reason": "A reason" });
        mutate(&client, "incidentContain", "id", input).await.failed("FORBIDDEN");
        let input = json!({ "id": done["id"], "reason": "A reason" });
        mutate(&client, "incidentContainmentLift", "id", input).await.failed("FORBIDDEN");
    }
    let short = json!({ "kind": "SUSPEND_USER", "id": target, "reason": "" });
    assert!(!mutate(&admin, "incidentContain", "id", short).await.refusals().is_empty());
}
