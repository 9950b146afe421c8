//! What asks for the second factor again.

use chrono::TimeDelta;
use custodian_entity::id::{ApiClientId, ContainmentId, RoleId, TypedId, UserId};
use serde_json::{Value, json};

use super::{Authenticator, PASSWORD, VERIFY, sign_in, signed_in};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{ADMIN, Log, MARIA, absent, customer, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both(
        "accounts::what unmasks, gives roles, shows secrets or keeps out asks for the second factor again",
        step_up,
    );
    suite.both("accounts::who has no second factor is not asked for it", without);
}

async fn reveal(app: &TestApp, client: &Client) -> Answer {
    let id = customer(app, MARIA).await.id.encode();
    let input = json!({ "id": id, "fields": ["dateOfBirth"], "purpose": "CUSTOMER_REQUEST" });
    mutate(client, "fieldReveal", "value", input).await.answer
}

async fn grant(client: &Client) -> Answer {
    let input = json!({
        "userId": absent::<UserId>(), "roleId": absent::<RoleId>(), "scope": "OWN", "justification": "a test",
    });
    mutate(client, "roleGrant", "id", input).await.answer
}

/// Asks for secrets of API clients.
async fn secrets(client: &Client) -> [Answer; 2] {
    let input = json!({ "name": "P", "scopes": ["tickets:read"], "expiresAt": "2026-06-01T00:00:00Z" });
    let made = mutate(client, "apiClientCreate", "id", input).await.answer;
    let id = match &made.data()["apiClientCreate"]["apiClient"]["id"] {
        Value::Null => json!(absent::<ApiClientId>()),
        id => id.clone(),
    };
    [made, mutate(client, "apiClientRotate", "id", json!({ "id": id })).await.answer]
}

/// Keeps somebody out, and lifts that.
async fn contained(client: &Client) -> [Answer; 2] {
    let input = json!({ "kind": "SUSPEND_USER", "id": absent::<UserId>(), "reason": "Stolen" });
    let lift = json!({ "id": absent::<ContainmentId>(), "reason": "Found" });
    [
        mutate(client, "incidentContain", "id", input).await.answer,
        mutate(client, "incidentContainmentLift", "id", lift).await.answer,
    ]
}

#[track_caller]
fn assert_asked(answer: &Answer) {
    assert_eq!(answer.code(), Some("FORBIDDEN"), "{}", answer.text);
    assert_eq!(answer.errors()[0]["extensions"]["stepUp"], "REQUIRED", "{}", answer.text);
}

async fn step_up(app: TestApp) {
    let before = signed_in(&app, &sign_in(&app.anonymous(), ADMIN, PASSWORD, None).await);
    let authenticator = Authenticator::of(&app, &app.login(ADMIN).await).await;
    let mut log = Log::mark(&app).await;
    // A session from before there was a factor was never verified.
    assert_asked(&reveal(&app, &before).await);
    assert_asked(&grant(&before).await);
    secrets(&before).await.iter().for_each(assert_asked);
    contained(&before).await.iter().for_each(assert_asked);
    log.none(&app).await;
    before.query("{ customers(first: 1) { totalCount } }", Value::Null).await.ok();

    // Signing in with a code is a verification.
    let code = authenticator.code(&app, 1);
    let client = signed_in(&app, &sign_in(&app.anonymous(), ADMIN, PASSWORD, Some(&code)).await);
    reveal(&app, &client).await.ok();
    assert_eq!(grant(&client).await.code(), Some("NOT_FOUND"));
    for answer in contained(&client).await {
        assert_eq!(answer.code(), Some("NOT_FOUND"));
    }
    for answer in secrets(&client).await {
        answer.ok();
    }
    // It is the session's own.
    assert_asked(&reveal(&app, &before).await);
    app.clock.advance(TimeDelta::minutes(10) - TimeDelta::milliseconds(1));
    reveal(&app, &client).await.ok();
    app.clock.advance(TimeDelta::milliseconds(1));
    assert_asked(&reveal(&app, &client).await);
    assert_asked(&grant(&client).await);
    secrets(&client).await.iter().for_each(assert_asked);

    log.gained(&app).await;
    let verified = client.query(VERIFY, json!({ "code": authenticator.code(&app, 0) })).await;
    let until = app.clock.now() + TimeDelta::minutes(10);
    let until = until.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    assert!(
        verified.ok()["mfaVerify"]["verifiedUntil"]
            .as_str()
            .is_some_and(|told| until.starts_with(&told[..19])),
        "{}",
        verified.text
    );
    log.one(&app, "SESSION_VERIFIED").await;
    reveal(&app, &client).await.ok();
}

async fn without(app: TestApp) {
    let client = app.login(ADMIN).await;
    reveal(&app, &client).await.ok();
    assert_eq!(grant(&client).await.code(), Some("NOT_FOUND"));
    // A secret that was not confirmed is no factor.
    Authenticator::enrolled(&client).await;
    reveal(&app, &client).await.ok();
}
