//! A new password by a link: for who has the account's e-mail, once, and telling nobody else anything.

use chrono::TimeDelta;
use custodian_entity::choice::{Outcome, SessionEnd, UserStatus};
use custodian_entity::{account_token, session};
use sea_orm::Set;
use serde_json::{Value, json};

use super::{NEW, confirm, only, post, request, token};
use crate::app::TestApp;
use crate::arguments::without_request_id;
use crate::client::Client;
use crate::fixture::{BILLING, Log, SUPPORT, account, all};
use crate::past::change;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("mail::a link gives a new password, and ends what was", reset);
    suite.both("mail::who asks for a link learns nothing", silent);
    suite.both("mail::links are asked for only so often, and lock nobody out", limited);
    suite.both("mail::a link is good once, and of many uses at once one succeeds (SE10)", once);
    suite.both("mail::a link ends, and dies of a newer one or a new password (SE10)", ended);
}

const PASSWORD: &str = "Custodian-Demo-1";

async fn sign_in(client: &Client, username: &str, password: &str) -> String {
    const LOGIN: &str = "mutation($username: String!, $password: String!) {
        login(username: $username, password: $password) { accessToken } }";
    let answer = client.query(LOGIN, json!({ "username": username, "password": password })).await;
    answer.code().unwrap_or("in").to_owned()
}

/// A link for this account.
async fn link(app: &TestApp, username: &str) -> String {
    request(&app.anonymous(), username).await.ok();
    token(&only(post(app).await, username))
}

async fn reset(app: TestApp) {
    let (anonymous, client) = (app.anonymous(), app.login(SUPPORT).await);
    change(&app, &account(&app, SUPPORT).await, |row| row.mfa_enabled = Set(true)).await;
    let before = account(&app, SUPPORT).await;
    let mut log = Log::mark(&app).await;
    request(&anonymous, " SUPPORT@acme.example").await.ok();
    let token = token(&only(post(&app).await, SUPPORT));
    let event = log.one(&app, "PASSWORD_RESET_REQUESTED").await;
    assert_eq!((event.actor_id, event.outcome), (Some(before.id), Outcome::Success));
    assert_eq!(event.details, json!({}));
    // A password that is not allowed leaves the link as it was.
    assert_eq!(confirm(&anonymous, &token, "Support-1").await, "PASSWORD_TOO_WEAK");
    client.query("{ viewer { id } }", Value::Null).await.ok();
    log.none(&app).await;
    assert_eq!(confirm(&anonymous, &token, NEW).await, "done");
    let event = log.one(&app, "PASSWORD_RESET").await;
    assert_eq!(
        (event.actor_id, event.outcome, event.details),
        (Some(before.id), Outcome::Success, json!({}))
    );
    let after = account(&app, SUPPORT).await;
    assert_eq!((after.token_version, after.mfa_enabled), (before.token_version + 1, true));
    assert_eq!(after.password_changed_at, Some(app.clock.now()));
    assert_eq!(client.query("{ viewer { id } }", Value::Null).await.code(), Some("UNAUTHENTICATED"));
    let sessions = all::<session::Entity>(&app).await;
    assert!(
        sessions.iter().all(|session| session.ended_for == Some(SessionEnd::PasswordChanged)),
        "{sessions:?}"
    );
    let told = only(post(&app).await, SUPPORT);
    assert!(told.contains("Subject: Your password was changed") && !told.contains("#token"), "{told}");
    assert!(!app.logs().contains(NEW), "a password was logged");
}

async fn silent(app: TestApp) {
    let disabled = account(&app, BILLING).await;
    change(&app, &disabled, |row| row.status = Set(UserStatus::Disabled)).await;
    let anonymous = app.anonymous();
    let known = request(&anonymous, SUPPORT).await;
    let mut log = Log::mark(&app).await;
    assert_eq!(post(&app).await.len(), 1);
    for username in ["nobody@acme.example", "nobody", BILLING, "'; --", ""] {
        let answer = request(&anonymous, username).await;
        assert_eq!(without_request_id(&answer), without_request_id(&known), "{username}");
        assert!(post(&app).await.is_empty(), "{username} was written to");
        assert_eq!(log.one(&app, "PASSWORD_RESET_REQUESTED").await.outcome, Outcome::Failure);
    }
    assert_eq!(confirm(&anonymous, "", NEW).await, "INVALID");
    assert_eq!(confirm(&anonymous, &"A".repeat(43), NEW).await, "INVALID");
}

async fn limited(app: TestApp) {
    let anonymous = app.anonymous();
    for username in [SUPPORT, "nobody@acme.example"] {
        for _ in 0..5 {
            request(&anonymous, username).await.ok();
        }
        let refused = request(&anonymous, username).await;
        assert_eq!((refused.code(), refused.status.as_u16()), (Some("RATE_LIMITED"), 429), "{username}");
        assert_eq!(request(&anonymous.from("198.51.100.7"), username).await.code(), Some("RATE_LIMITED"));
    }
    assert_eq!(sign_in(&anonymous, SUPPORT, PASSWORD).await, "in", "asking for links locks somebody out");
    assert_eq!(post(&app).await.len(), 5);
    assert_eq!(all::<account_token::Entity>(&app).await.len(), 1, "of several links the newest is left");
}

async fn once(app: TestApp) {
    let token = link(&app, SUPPORT).await;
    let tries: Vec<_> = (0..12)
        .map(|n| {
            let (client, token) = (app.anonymous(), token.clone());
            tokio::spawn(async move { (n, confirm(&client, &token, &format!("{NEW}-{n}")).await) })
        })
        .collect();
    let mut done = Vec::new();
    for tried in tries {
        match tried.await.unwrap() {
            (n, outcome) if outcome == "done" => done.push(n),
            (_, outcome) => assert_eq!(outcome, "TOKEN_USED"),
        }
    }
    let [n] = done[..] else { panic!("{done:?} of 12 uses succeeded") };
    let anonymous = app.anonymous();
    assert_eq!(sign_in(&anonymous, SUPPORT, &format!("{NEW}-{n}")).await, "in");
    let mut log = Log::mark(&app).await;
    assert_eq!(confirm(&anonymous, &token, NEW).await, "TOKEN_USED");
    assert_eq!(log.one(&app, "PASSWORD_RESET").await.outcome, Outcome::Failure);
    assert_eq!(post(&app).await.len(), 1, "one notice of one change");
}

async fn ended(app: TestApp) {
    let anonymous = app.anonymous();
    let older = link(&app, SUPPORT).await;
    let newer = link(&app, SUPPORT).await;
    let others = link(&app, BILLING).await;
    assert_eq!(confirm(&anonymous, &older, NEW).await, "INVALID");
    app.clock.advance(TimeDelta::minutes(60));
    assert_eq!(confirm(&anonymous, &newer, NEW).await, "TOKEN_EXPIRED");
    assert_eq!(confirm(&anonymous, &others, NEW).await, "TOKEN_EXPIRED");
    let link = link(&app, SUPPORT).await;
    let change = json!({ "currentPassword": PASSWORD, "newPassword": NEW });
    let client = app.login(SUPPORT).await;
    crate::fixture::mutate(&client, "passwordChange", "", change).await.done();
    assert_eq!(
        confirm(&anonymous, &link, &format!("{NEW}-2")).await,
        "INVALID",
        "a link outlived the password"
    );
}
