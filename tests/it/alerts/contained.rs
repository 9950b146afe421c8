//! What a rule does by itself about whom it found: once for each alert, lifted like what people do, and never to who could
//! not be let in again.

use custodian::config::{ActorRule, RuleContainment};
use custodian_entity::choice::ContainmentKind;
use custodian_entity::containment::{Entity, Model};
use custodian_entity::id::TypedId;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{PASSWORD, THREE, alerts, denied, sign_in, signed_in, watch, watching};
use crate::app::TestApp;
use crate::client::Client;
use crate::clients::{Portal, is_dead, lives};
use crate::fixture::{ADMIN, Log, SUPPORT, account, all, mutate};
use crate::mail::post;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("alerts::a rule keeps an account out until somebody lifts it", suspended);
    suite.both("alerts::a rule revokes tokens once for each alert", revoked);
    suite.both("alerts::a rule locks the API client that acted, and no account", locked);
    suite.both("alerts::of an administrator a rule revokes tokens only", administrator);
    suite.both("alerts::a rule that is not to contain contains nobody", nobody);
}

const fn containing(contain: RuleContainment) -> ActorRule {
    ActorRule { contain, ..THREE }
}

async fn burst(client: &Client) {
    for _ in 0..3 {
        denied(client).await;
    }
}

async fn contained(app: &TestApp) -> Vec<Model> {
    all::<Entity>(app).await
}

async fn suspended(app: TestApp) {
    let named = "UPDATE tenant SET security_contact = 'security@acme.example' WHERE slug = 'acme'";
    app.db().execute_unprepared(named).await.unwrap();
    let rule = containing(RuleContainment::SuspendUser);
    let (service, _) = watching(&app, |alerts| alerts.denial_burst = rule).await;
    let (client, support) = (app.login(SUPPORT).await, account(&app, SUPPORT).await);
    let mut log = Log::mark(&app).await;
    burst(&client).await;
    lives(&client).await;
    log.gained(&app).await;
    watch(&service).await;
    is_dead(&client, "the rule keeps it out").await;
    assert!(sign_in(&app.anonymous(), SUPPORT, PASSWORD).await.code().is_some(), "it cannot sign in either");
    let [row] = &contained(&app).await[..] else { panic!("one containment") };
    let [alert] = &alerts(&app, "denial_burst").await[..] else { panic!("one alert") };
    let expected = (ContainmentKind::SuspendUser, support.id.uuid(), None, Some(alert.id));
    assert_eq!((row.kind, row.target_id, row.applied_by, row.alert_id), expected);
    let letter = post(&app).await.concat();
    assert!(letter.contains("Done by the rule: SUSPEND_USER"), "{letter}");

    let admin = app.login(ADMIN).await;
    let document =
        "{ containments(active: true) { nodes { id kind targetId reason appliedBy { id } alert { id } } } }";
    let seen = admin.query(document, Value::Null).await;
    let id = row.id.encode();
    let expected = json!([{
        "id": id, "kind": "SUSPEND_USER", "targetId": support.id.encode(), "reason": "rule denial_burst",
        "appliedBy": null, "alert": { "id": alert.id.encode() },
    }]);
    assert_eq!(seen.ok()["containments"]["nodes"], expected);
    let input = json!({ "id": id, "reason": "It was a test" });
    mutate(&admin, "incidentContainmentLift", "id", input).await.done();
    sign_in(&app.anonymous(), SUPPORT, PASSWORD).await.ok();
    is_dead(&client, "what ended stays ended").await;
    // On record as done by the service, in the chain of the provider.
    let gained = log.gained(&app).await;
    let event =
        gained.iter().find(|event| event.event_type == "CONTAINMENT_APPLIED").expect("it is on record");
    assert_eq!((event.actor_id, event.tenant_id), (None, Some(support.tenant_id)));
}

async fn revoked(app: TestApp) {
    let rule = containing(RuleContainment::RevokeTokens);
    let (service, _) = watching(&app, |alerts| alerts.denial_burst = rule).await;
    let portal = Portal::of(&app, SUPPORT, &["customers:read"]).await;
    let (program, client) = (portal.caller().await, app.login(SUPPORT).await);
    burst(&client).await;
    watch(&service).await;
    is_dead(&client, "its session ended").await;
    is_dead(&program, "so did the token of its program").await;
    lives(&portal.caller().await).await;
    let again = signed_in(&app, SUPPORT).await;
    denied(&again).await;
    watch(&service).await;
    lives(&again).await;
    let rows = contained(&app).await;
    assert_eq!(rows.len(), 1, "an alert that goes on contains once");
    assert!(rows[0].lifted_at.is_some() && rows[0].lifted_by.is_none(), "it was over at once: {:?}", rows[0]);
}

async fn locked(app: TestApp) {
    let rule = containing(RuleContainment::LockApiClient);
    let (service, _) = watching(&app, |alerts| alerts.denial_burst = rule).await;
    let person = app.login(SUPPORT).await;
    burst(&person).await;
    watch(&service).await;
    lives(&person).await;
    assert!(contained(&app).await.is_empty(), "no program acted");
    let portal = Portal::of(&app, SUPPORT, &["customers:read"]).await;
    let program = portal.caller().await;
    burst(&program).await;
    watch(&service).await;
    is_dead(&program, "the rule locks it").await;
    lives(&person).await;
    let [row] = &contained(&app).await[..] else { panic!("one containment") };
    assert_eq!(row.kind, ContainmentKind::LockApiClient);
}

async fn administrator(app: TestApp) {
    let rule = containing(RuleContainment::SuspendUser);
    let (service, _) = watching(&app, |alerts| alerts.cross_tenant_probing = rule).await;
    let client = app.login(ADMIN).await;
    for number in 0..3 {
        let document = "query($by: CustomerLookupInput!) { customerLookup(by: $by) { id } }";
        let by = json!({ "by": { "email": format!("nobody-{number}@mail.example") } });
        client.query(document, by).await.ok();
    }
    watch(&service).await;
    is_dead(&client, "its session ended").await;
    lives(&signed_in(&app, ADMIN).await).await;
    let [row] = &contained(&app).await[..] else { panic!("one containment") };
    assert_eq!(row.kind, ContainmentKind::RevokeTokens);
}

async fn nobody(app: TestApp) {
    let (service, _) = watching(&app, |alerts| alerts.denial_burst = THREE).await;
    let client = app.login(SUPPORT).await;
    burst(&client).await;
    watch(&service).await;
    assert_eq!(alerts(&app, "denial_burst").await.len(), 1);
    lives(&client).await;
    assert!(contained(&app).await.is_empty());
}
