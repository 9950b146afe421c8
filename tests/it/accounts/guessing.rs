//! Guessing at passwords (abuse cases SE7, SE8): so many attempts, whatever the spelling, and nothing to learn from them.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use custodian_entity::id::TypedId;
use custodian_entity::{audit_event, sign_in_attempt};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{LOGIN, PASSWORD, outcome, refresh, sign_in, signed_in};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{ADMIN, BILLING, Log, SUPPORT, account, all, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("accounts::of 120 wrong sign-ins on one account five are looked at", many);
    suite.both("accounts::the wait doubles up to an hour, and ends with a success", back_off);
    suite.both("accounts::of many guesses at once no more are looked at", at_once);
    suite.both("accounts::an administrator unlocks an account", unlock);
    suite.both("accounts::a count holds at another instance, and is forgotten after a day", instances);
    suite.both("accounts::an unknown user takes as long as a wrong password", times);
    suite.both("accounts::two sign-ins in one request are refused", aliased);
}

/// One name, written differently.
const SPELLINGS: [&str; 6] = [
    "support@acme.example",
    "SUPPORT@Acme.Example",
    "  support@acme.example\t",
    "sup\u{200b}port@acme.example",
    "ｓｕｐｐｏｒｔ@acme.example",
    "support@acme.\u{2060}example",
];

/// All that a caller is told, but the id of the request.
fn told(answer: &Answer) -> (u16, Value, Option<String>) {
    let mut body = answer.body.clone();
    body["errors"][0]["extensions"]["requestId"] = Value::Null;
    let wait = answer.headers.get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    (answer.status.as_u16(), body, wait)
}

async fn many(app: TestApp) {
    // The client says for whom it asks; nobody trusts it.
    let guess = async |number: usize, username: &str| {
        let variables = json!({ "username": username, "password": format!("Wrong-{number}") });
        let media_type = ["application/json", "application/graphql-response+json"][number % 2];
        let request = axum::http::Request::post("/graphql")
            .header("content-type", "application/json")
            .header("accept", media_type)
            .header("x-forwarded-for", format!("203.0.113.{number}"))
            .header("forwarded", format!("for=203.0.113.{number}"));
        let body = json!({ "query": LOGIN, "variables": variables }).to_string();
        app.anonymous().send(request.body(body.into()).unwrap()).await
    };
    let mut known = Vec::new();
    for number in 0..120 {
        known.push(guess(number, SPELLINGS[number % SPELLINGS.len()]).await);
    }
    for answer in &known[..5] {
        assert_eq!(outcome(answer), "UNAUTHENTICATED", "{}", answer.text);
    }
    for answer in &known[5..] {
        assert_eq!((answer.status.as_u16(), outcome(answer)), (429, "RATE_LIMITED"), "{}", answer.text);
        assert_eq!(answer.errors()[0]["extensions"]["retryAfter"], 60);
        assert_eq!(answer.headers["retry-after"], "60");
        assert!(answer.body.get("data").is_none(), "{}", answer.text);
    }
    // A name that nobody has looks the same throughout.
    for (number, known) in known.iter().enumerate().take(8) {
        assert_eq!(told(&guess(number, "nobody@acme.example").await), told(known), "attempt {number}");
    }
    // The right password is no key while the account waits.
    let right = sign_in(&app.anonymous(), SUPPORT, PASSWORD, None).await;
    assert_eq!(told(&right), told(&known[119]));
    // Others are as they were, from the same address too.
    sign_in(&app.anonymous(), BILLING, PASSWORD, None).await.ok();
    let support = account(&app, SUPPORT).await;
    assert_eq!(support.failed_login_count, 5);
    assert_eq!(support.locked_until, Some(app.clock.now() + TimeDelta::seconds(60)));
    let tried = all::<sign_in_attempt::Entity>(&app).await;
    assert!(tried.iter().all(|row| !row.key.contains("support") && !row.key.contains("127")), "{tried:?}");
}

async fn back_off(app: TestApp) {
    let anonymous = app.anonymous();
    let mut log = Log::mark(&app).await;
    for _ in 0..5 {
        sign_in(&anonymous, SUPPORT, "wrong", None).await;
    }
    let mut types: Vec<String> = log.gained(&app).await.into_iter().map(|event| event.event_type).collect();
    types.sort();
    assert_eq!(types, [["SIGN_IN_FAILED"; 4].as_slice(), &["SIGN_IN_LOCKED"]].concat());
    for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
        let wait = TimeDelta::minutes(minutes);
        let refused = sign_in(&anonymous, SUPPORT, PASSWORD, None).await;
        assert_eq!(refused.errors()[0]["extensions"]["retryAfter"], wait.num_seconds());
        app.clock.advance(wait - TimeDelta::milliseconds(1));
        let refused = sign_in(&anonymous, SUPPORT, PASSWORD, None).await;
        assert_eq!(refused.errors()[0]["extensions"]["retryAfter"], 1);
        // Refusals are no failures, and leave nothing on record.
        log.none(&app).await;
        app.clock.advance(TimeDelta::milliseconds(1));
        assert_eq!(outcome(&sign_in(&anonymous, SUPPORT, "wrong", None).await), "UNAUTHENTICATED");
        log.one(&app, "SIGN_IN_LOCKED").await;
    }
    app.clock.advance(TimeDelta::minutes(60));
    sign_in(&anonymous, SUPPORT, PASSWORD, None).await.ok();
    for _ in 0..4 {
        assert_eq!(outcome(&sign_in(&anonymous, SUPPORT, "wrong", None).await), "UNAUTHENTICATED");
    }
    // The fifth is right: a user who remembers at last is let in.
    sign_in(&anonymous, SUPPORT, PASSWORD, None).await.ok();
    assert_eq!(account(&app, SUPPORT).await.failed_login_count, 0);
}

/// As many attempts at the same moment as there are passwords.
async fn together(client: &Client, username: &'static str, passwords: Vec<String>) -> Vec<Answer> {
    let sent: Vec<_> = passwords
        .into_iter()
        .map(|password| {
            let client = client.clone();
            tokio::spawn(async move { sign_in(&client, username, &password, None).await })
        })
        .collect();
    let mut answers = Vec::with_capacity(sent.len());
    for answer in sent {
        answers.push(answer.await.unwrap());
    }
    answers
}

async fn at_once(app: TestApp) {
    for username in [SUPPORT, "nobody@acme.example"] {
        let guesses = (0..20).map(|number| format!("Wrong-{number}")).collect();
        let answers = together(&app.anonymous(), username, guesses).await;
        let looked_at = answers.iter().filter(|answer| outcome(answer) == "UNAUTHENTICATED").count();
        let limited = answers.iter().filter(|answer| outcome(answer) == "RATE_LIMITED").count();
        assert_eq!((looked_at, limited), (5, 15), "{username}");
    }
    let events = all::<audit_event::Entity>(&app).await;
    let failed = events.iter().filter(|event| event.event_type.starts_with("SIGN_IN_")).count();
    assert_eq!(failed, 10, "what is refused is not looked at");
}

async fn unlock(app: TestApp) {
    let (anonymous, admin) = (app.anonymous(), app.login(ADMIN).await);
    let begun = sign_in(&anonymous, SUPPORT, PASSWORD, None).await;
    for _ in 0..6 {
        sign_in(&anonymous, SUPPORT, "wrong", None).await;
    }
    assert_eq!(outcome(&sign_in(&anonymous, SUPPORT, PASSWORD, None).await), "RATE_LIMITED");
    // Who guesses ends nobody's session.
    signed_in(&app, &begun).query("{ viewer { id } }", Value::Null).await.ok();
    assert_eq!(outcome(&refresh(&app, &begun).await), "in");
    let mut log = Log::mark(&app).await;
    let id = account(&app, SUPPORT).await.id.encode();
    let done = mutate(&admin, "userUnlock", "id lockedUntil failedLoginCount", json!({ "id": id })).await;
    assert_eq!(done.done(), &json!({ "id": id, "lockedUntil": null, "failedLoginCount": 0 }));
    let event = log.one(&app, "USER_UNLOCKED").await;
    assert_eq!((event.resource_id, event.actor_id), (Some(id), Some(account(&app, ADMIN).await.id)));
    sign_in(&anonymous, SUPPORT, PASSWORD, None).await.ok();
    let theirs = account(&app, "support@globex.example").await.id.encode();
    mutate(&admin, "userUnlock", "id", json!({ "id": theirs })).await.failed("NOT_FOUND");
}

async fn instances(app: TestApp) {
    let (_, other) = app.instance(|_| {}).await;
    let (here, there) = (app.anonymous(), app.anonymous().at(&other));
    for client in [&here, &there, &here, &there, &here] {
        assert_eq!(outcome(&sign_in(client, SUPPORT, "wrong", None).await), "UNAUTHENTICATED");
    }
    assert_eq!(outcome(&sign_in(&there, SUPPORT, PASSWORD, None).await), "RATE_LIMITED");
    // Four failures today and one tomorrow are no guessing.
    app.clock.advance(TimeDelta::days(1));
    for _ in 0..4 {
        assert_eq!(outcome(&sign_in(&here, SUPPORT, "wrong", None).await), "UNAUTHENTICATED");
    }
    app.clock.advance(TimeDelta::days(1));
    assert_eq!(outcome(&sign_in(&here, SUPPORT, "wrong", None).await), "UNAUTHENTICATED");
    sign_in(&here, SUPPORT, PASSWORD, None).await.ok();

    // What no longer counts is not kept.
    app.clock.advance(TimeDelta::days(2));
    custodian::accounts::forget_attempts(app.service.db(), &app.clock).await.unwrap();
    assert_eq!(sign_in_attempt::Entity::find().all(app.db()).await.unwrap(), []);
}

async fn times(app: TestApp) {
    const ROUNDS: usize = 15;
    let (_, router) = app
        .instance(|config| {
            config.sign_in.account_failures = 100;
            config.sign_in.address_failures = 1000;
        })
        .await;
    let client = Client::new(router, None);
    let mut took: [Vec<Duration>; 2] = Default::default();
    for _ in 0..ROUNDS {
        for (username, took) in [SUPPORT, "nobody@acme.example"].into_iter().zip(&mut took) {
            let started = Instant::now();
            let answer = sign_in(&client, username, "wrong", None).await;
            took.push(started.elapsed());
            assert_eq!(outcome(&answer), "UNAUTHENTICATED");
        }
    }
    let [known, unknown] = took.map(|mut took| {
        took.sort();
        took[ROUNDS / 2].as_secs_f64()
    });
    let ratio = known.max(unknown) / known.min(unknown);
    assert!(ratio < 1.6, "a wrong password takes {known:.4} s, an unknown user {unknown:.4} s");
}

async fn aliased(app: TestApp) {
    let document = "mutation { a: login(username: \"x\", password: \"y\") { tokenType } \
                    b: login(username: \"x\", password: \"z\") { tokenType } }";
    let answer = app.anonymous().query(document, Value::Null).await;
    assert!(answer.data().is_null() && answer.code() != Some("UNAUTHENTICATED"), "{}", answer.text);
    assert_eq!(all::<sign_in_attempt::Entity>(&app).await, []);
}
