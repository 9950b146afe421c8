//! What ends a session, and who sees and ends whose.

use custodian_entity::choice::SessionEnd;
use custodian_entity::id::TypedId;
use custodian_entity::session;
use serde_json::{Value, json};

use super::{Held, assert_code, client, is_accepted, refresh, sign_in};
use crate::app::TestApp;
use crate::fixture::{ADMIN, BILLING, Log, ROLES, SUPPORT, account, all, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("sessions::signing out ends this session at once, for every instance", logout);
    suite.both("sessions::signing out everywhere ends all of the account and none of others", everywhere);
    suite.both("sessions::each sees his own, administrators all of theirs", listed);
    suite.both("sessions::a session is ended from another, or by an administrator", revoked);
}

/// Neither its access token nor its refresh token is accepted.
async fn assert_dead(app: &TestApp, held: &Held) {
    assert!(!is_accepted(&app.router, held).await);
    assert_code(&refresh(app, &held.refresh).await, "tokenRefresh", "UNAUTHENTICATED");
}

async fn logout(app: TestApp) {
    let (_, beside) = app.instance(|_| {}).await;
    for (role, username) in ROLES {
        let (other, held) = (sign_in(&app, username).await, sign_in(&app, username).await);
        assert!(is_accepted(&beside, &held).await);
        let mut log = Log::mark(&app).await;
        let answer = client(&app.router, &held).query("mutation { logout }", Value::Null).await;
        assert_eq!(answer.ok()["logout"], true);
        assert!(!is_accepted(&beside, &held).await, "{role}: it is accepted beside");
        assert_dead(&app, &held).await;
        let event = log.one(&app, "SIGNED_OUT").await;
        assert_eq!((event.actor_role.as_deref(), event.action.as_str()), (Some(role), "logout"));
        assert!(is_accepted(&app.router, &other).await, "{role}: another session goes on");
        let (_, restarted) = app.instance(|_| {}).await;
        assert!(!is_accepted(&restarted, &held).await, "{role}: it is accepted after a restart");
    }
}

async fn everywhere(app: TestApp) {
    let (first, second) = (sign_in(&app, SUPPORT).await, sign_in(&app, SUPPORT).await);
    let other = sign_in(&app, BILLING).await;
    let mut log = Log::mark(&app).await;
    let answer = client(&app.router, &first).query("mutation { logoutEverywhere }", Value::Null).await;
    assert_eq!(answer.ok()["logoutEverywhere"], true);
    log.one(&app, "SIGNED_OUT_EVERYWHERE").await;
    assert_dead(&app, &first).await;
    assert_dead(&app, &second).await;
    assert!(is_accepted(&app.router, &other).await);
    assert!(is_accepted(&app.router, &sign_in(&app, SUPPORT).await).await, "one can sign in again");
}

const SESSIONS: &str = "query($filter: SessionFilter) { sessions(filter: $filter) { totalCount nodes {
    id user { id } role createdAt lastUsedAt expiresAt ip userAgent isCurrent revokedAt } } }";

async fn listed(app: TestApp) {
    let gone = sign_in(&app, SUPPORT).await;
    // Ids of one moment are in no order.
    app.clock.advance(chrono::TimeDelta::minutes(1));
    let held = sign_in(&app, SUPPORT).await;
    let (admin, foreign) = (sign_in(&app, ADMIN).await, sign_in(&app, "support@globex.example").await);
    client(&app.router, &gone).query("mutation { logout }", Value::Null).await.ok();
    let ask = async |held: &Held, filter: Value| {
        let answer = client(&app.router, held).query(SESSIONS, json!({ "filter": filter })).await;
        answer.ok()["sessions"]["nodes"].as_array().unwrap().clone()
    };
    let own = ask(&held, Value::Null).await;
    let now = app.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    assert_eq!(own.len(), 2);
    let current: Vec<bool> = own.iter().map(|row| row["isCurrent"].as_bool().unwrap()).collect();
    assert_eq!(current, [false, true]);
    assert_eq!((own[0]["revokedAt"].is_null(), own[1]["revokedAt"].is_null()), (false, true), "{own:?}");
    assert_eq!((&own[1]["role"], &own[1]["ip"]), (&json!("support_agent"), &json!("127.0.0.***")));
    for row in &own {
        assert!(row["createdAt"].as_str() <= Some(now.as_str()), "{row}");
    }
    let support = account(&app, SUPPORT).await.id.encode();
    assert_eq!(ask(&admin, Value::Null).await.len(), 3, "those of the provider, and none of another");
    let of_support = ask(&admin, json!({ "user": { "eq": support } })).await;
    assert_eq!(of_support.len(), 2);
    assert!(of_support.iter().all(|row| row["user"]["id"] == json!(support)));
    assert_eq!(ask(&foreign, json!({ "user": { "eq": support } })).await, Vec::<Value>::new());
}

async fn revoked(app: TestApp) {
    let (mine, lost) = (sign_in(&app, SUPPORT).await, sign_in(&app, SUPPORT).await);
    let (admin, foreign) = (sign_in(&app, ADMIN).await, sign_in(&app, "support@globex.example").await);
    let revoke = async |held: &Held, id: &str| {
        mutate(&client(&app.router, held), "sessionRevoke", "id revokedAt", json!({ "id": id })).await
    };
    let mut log = Log::mark(&app).await;
    for held in [&foreign, &mine] {
        revoke(held, &own(&admin)).await.failed("NOT_FOUND");
    }
    revoke(&foreign, &own(&mine)).await.failed("NOT_FOUND");
    log.none(&app).await;

    let id = own(&lost);
    assert!(revoke(&mine, &id).await.done()["revokedAt"].is_string());
    let event = log.one(&app, "SESSION_REVOKED").await;
    assert_eq!(event.resource_id, Some(id.clone()));
    assert_dead(&app, &lost).await;
    assert!(is_accepted(&app.router, &mine).await);
    // It has ended once.
    revoke(&mine, &id).await.done();
    log.none(&app).await;

    let id = own(&mine);
    revoke(&admin, &id).await.done();
    log.one(&app, "SESSION_REVOKED").await;
    assert_dead(&app, &mine).await;
    let ended = all::<session::Entity>(&app).await.into_iter().filter_map(|row| row.ended_for);
    assert_eq!(ended.collect::<Vec<_>>(), [SessionEnd::Revoked; 2]);
}

/// The id of a session, from its access token.
fn own(held: &Held) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let claims = URL_SAFE_NO_PAD.decode(held.access.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["sid"].as_str().unwrap().to_owned()
}
