//! `resellerSuspend`, `resellerResume`: what a suspended reseller's people hold ends at once and for good (AZ14).

use custodian_entity::choice::{ResellerStatus, SessionEnd};
use custodian_entity::id::TypedId;
use custodian_entity::session;
use serde_json::{Value, json};

use super::{NORTH, SOUTH, holder, is_accepted, refreshed, reseller, sign_in};
use crate::app::TestApp;
use crate::fixture::{ADMIN, Log, SUPPORT, account, all, at_once, mutate, text};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("resellers::suspending one ends all that its people hold, and nobody else's", suspended);
    suite.both("resellers::a step is taken only from where the lifecycle has it", steps);
    suite.both("resellers::of steps at once one is taken", one_step);
    suite.both("resellers::who signs in while it is suspended holds nothing afterwards", signing_in);
    suite.both("resellers::suspending takes a role that reaches what it ends", narrow_role);
}

const CUSTOMER: &str = "customer@acme.example";

async fn suspended(app: TestApp) {
    let (_, beside) = app.instance(|_| {}).await;
    let signed_in = sign_in(&app, NORTH).await;
    let held = &signed_in.ok()["login"];
    let (own, admin) = (holder(&app, held), app.login(ADMIN).await);
    let (other, customer) = (app.login(SOUTH).await, app.login(CUSTOMER).await);
    assert!(is_accepted(&own.at(&beside)).await);
    let (north, mut log) = (reseller(&app, "NORTH").await, Log::mark(&app).await);
    let input = json!({ "id": north.id.encode() });
    let outcome = mutate(&admin, "resellerSuspend", "status", input.clone()).await;
    assert_eq!(outcome.done()["status"], "SUSPENDED");
    let event = log.one(&app, "RESELLER_TRANSITIONED").await;
    assert_eq!((event.action.as_str(), event.reseller_id), ("resellerSuspend", Some(north.id)));
    assert_eq!(event.details, json!({ "from": "Active", "to": "Suspended" }));

    assert!(!is_accepted(&own).await && !is_accepted(&own.at(&beside)).await);
    assert_eq!(refreshed(&app, &held["refreshToken"]).await.code(), Some("UNAUTHENTICATED"));
    assert_eq!(sign_in(&app, NORTH).await.code(), Some("UNAUTHENTICATED"));
    assert!(is_accepted(&other).await && is_accepted(&admin).await, "of others nothing ends");
    assert!(is_accepted(&customer).await, "its customers are the provider's");
    sign_in(&app, CUSTOMER).await.ok();
    let its_people = account(&app, NORTH).await;
    for row in all::<session::Entity>(&app).await {
        let end = (row.user_id == its_people.id).then_some(SessionEnd::Disabled);
        assert_eq!(row.ended_for, end, "{:?}", row.user_id);
    }

    mutate(&admin, "resellerResume", "status", input).await.done();
    assert!(!is_accepted(&own).await, "what ended stays so");
    assert_eq!(refreshed(&app, &held["refreshToken"]).await.code(), Some("UNAUTHENTICATED"));
    let anew = sign_in(&app, NORTH).await;
    assert!(is_accepted(&holder(&app, &anew.ok()["login"])).await);
}

async fn steps(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let mut log = Log::mark(&app).await;
    for (code, step) in [("NORTH", "resellerResume"), ("WEST", "resellerSuspend")] {
        let before = reseller(&app, code).await;
        let input = json!({ "id": before.id.encode() });
        mutate(&admin, step, "id", input).await.refused(&["- INVALID_TRANSITION"]);
        assert_eq!(reseller(&app, code).await, before);
    }
    log.none(&app).await;
    let west = json!({ "id": reseller(&app, "WEST").await.id.encode() });
    assert_eq!(mutate(&admin, "resellerResume", "status", west).await.done()["status"], "ACTIVE");
}

async fn one_step(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let (north, mut log) = (reseller(&app, "NORTH").await, Log::mark(&app).await);
    let input = json!({ "id": north.id.encode() });
    let outcomes = at_once(&admin, "resellerSuspend", "id", vec![input; 6]).await;
    let mut summaries: Vec<String> = outcomes.iter().map(|outcome| outcome.summary()).collect();
    summaries.sort();
    let known = ["CONFLICT", "- INVALID_TRANSITION", "done"];
    assert_eq!(summaries.iter().filter(|summary| *summary == "done").count(), 1, "{summaries:?}");
    assert!(summaries.iter().all(|summary| known.contains(&summary.as_str())), "{summaries:?}");
    log.one(&app, "RESELLER_TRANSITIONED").await;
}

async fn signing_in(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let input = json!({ "id": reseller(&app, "NORTH").await.id.encode() });
    let app = std::sync::Arc::new(app);
    let sent: Vec<_> = (0..6)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move { sign_in(&app, NORTH).await })
        })
        .collect();
    mutate(&admin, "resellerSuspend", "id", input.clone()).await.done();
    let mut holders = Vec::new();
    for answer in sent {
        let answer = answer.await.unwrap();
        match answer.code() {
            None => holders.push(holder(&app, &answer.data()["login"])),
            Some(code) => assert!(["UNAUTHENTICATED", "RATE_LIMITED"].contains(&code), "{}", answer.text),
        }
    }
    mutate(&admin, "resellerResume", "id", input).await.done();
    for holder in holders {
        assert!(!is_accepted(&holder).await, "it signed in before the suspension, and that ended it");
    }
}

async fn narrow_role(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let rule = json!({ "object": "Mutation.resellerSuspend", "right": "EXECUTE", "effect": "ALLOW" });
    let role = json!({ "name": "warden", "basedOn": "support_agent", "permissions": [rule] });
    let role = mutate(&admin, "roleCreate", "id", role).await;
    let grant = json!({
        "userId": account(&app, SUPPORT).await.id.encode(), "roleId": text(&role.done()["id"]), "scope": "TENANT",
        "justification": "a test",
    });
    mutate(&admin, "roleGrant", "id", grant).await.done();
    let (warden, own) = (app.login(SUPPORT).await.acting_as("warden"), app.login(NORTH).await);
    let (north, mut log) = (reseller(&app, "NORTH").await, Log::mark(&app).await);
    // It reaches its own sessions alone: those that go on would be good again once the reseller is resumed.
    let input = json!({ "id": north.id.encode() });
    mutate(&warden, "resellerSuspend", "id", input).await.failed("FORBIDDEN");
    log.none(&app).await;
    assert_eq!(reseller(&app, "NORTH").await.status, ResellerStatus::Active);
    let answer = own.query("{ viewer { id } }", Value::Null).await;
    assert!(answer.errors().is_empty(), "{}", answer.text);
}
