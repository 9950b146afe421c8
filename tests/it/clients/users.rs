//! Tokens of users at the addresses of OAuth 2: the same sessions by other means (RFC 6749, 6; RFC 7009; SE1, SE2).

use std::collections::BTreeSet;

use axum::http::header::CACHE_CONTROL;
use chrono::TimeDelta;
use custodian_entity::choice::{Outcome, SessionEnd};
use custodian_entity::{refresh_token, session};
use serde_json::{Value, json};

use super::{Portal, RESELLER, is_dead, lives, post, send};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{Log, SUPPORT, account, all, text};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("clients::a user's refresh token is exchanged as tokenRefresh does it", exchanged);
    suite.both("clients::of twelve who exchange one token at once one goes on at most", at_once);
    suite.both("clients::what is no refresh token of a user's is refused alike", refused);
    suite.both("clients::who has a token of a session can end it", ended);
}

/// What somebody holds who signed in.
struct Held {
    caller: Client,
    access: String,
    refresh: String,
}

impl Held {
    async fn of(app: &TestApp, username: &str) -> Self {
        let document = format!(
            "mutation {{ login(username: \"{username}\", password: \"Custodian-Demo-1\") {{ accessToken refreshToken }} }}"
        );
        let answer = app.anonymous().query(&document, Value::Null).await;
        let payload = &answer.ok()["login"];
        Self::with(app, text(&payload["accessToken"]), text(&payload["refreshToken"]))
    }

    fn with(app: &TestApp, access: &str, refresh: &str) -> Self {
        let caller = app.anonymous().bringing(access);
        Self { caller, access: access.to_owned(), refresh: refresh.to_owned() }
    }

    #[track_caller]
    fn given(app: &TestApp, answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.text);
        Self::with(app, text(&answer.body["access_token"]), text(&answer.body["refresh_token"]))
    }
}

async fn exchange(app: &TestApp, token: &str, more: &[(&str, &str)]) -> Answer {
    let form = [&[("grant_type", "refresh_token"), ("refresh_token", token)], more].concat();
    post(app, "/oauth/token", None, &form).await
}

#[track_caller]
fn is_refused(answer: &Answer, error: &str) {
    assert_eq!((answer.status.as_u16(), &answer.body["error"]), (400, &json!(error)), "{}", answer.text);
    assert!(answer.body["access_token"].is_null(), "{}", answer.text);
}

async fn exchanged(app: TestApp) {
    let first = Held::of(&app, SUPPORT).await;
    let mut log = Log::mark(&app).await;
    app.clock.advance(TimeDelta::minutes(10));
    let answer = exchange(&app, &first.refresh, &[]).await;
    let second = Held::given(&app, &answer);
    let members: BTreeSet<&str> = answer.body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, BTreeSet::from(["access_token", "expires_in", "refresh_token", "token_type"]));
    assert_eq!((&answer.body["token_type"], &answer.body["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(answer.headers[CACHE_CONTROL], "no-store");
    lives(&second.caller).await;
    let event = log.one(&app, "TOKEN_REFRESHED").await;
    assert_eq!((event.action.as_str(), event.outcome), ("oauth/token", Outcome::Success));
    assert_eq!((event.actor_id, event.api_client_id), (Some(account(&app, SUPPORT).await.id), None));

    // The next one is good for either way, and one that was used for neither.
    let document =
        "mutation($token: String!) { tokenRefresh(refreshToken: $token) { accessToken refreshToken } }";
    let third = app.anonymous().query(document, json!({ "token": second.refresh })).await;
    let third = Held::with(
        &app,
        text(&third.ok()["tokenRefresh"]["accessToken"]),
        text(&third.ok()["tokenRefresh"]["refreshToken"]),
    );
    log.one(&app, "TOKEN_REFRESHED").await;
    is_refused(&exchange(&app, &second.refresh, &[]).await, "invalid_grant");
    let event = log.one(&app, "REFRESH_TOKEN_REUSED").await;
    assert_eq!((event.action.as_str(), event.outcome), ("oauth/token", Outcome::Denied));
    for held in [&first, &second, &third] {
        is_dead(&held.caller, "a token of the family was used twice").await;
        is_refused(&exchange(&app, &held.refresh, &[]).await, "invalid_grant");
    }
    log.none(&app).await;
}

async fn at_once(app: TestApp) {
    let first = Held::of(&app, SUPPORT).await;
    let sent: Vec<_> = (0..12)
        .map(|_| {
            let (app, token) = (app.clone(), first.refresh.clone());
            tokio::spawn(async move { exchange(&app, &token, &[]).await })
        })
        .collect();
    let mut given = 0;
    for answer in sent {
        let answer = answer.await.unwrap();
        if answer.status == 200 {
            given += 1;
        } else {
            is_refused(&answer, "invalid_grant");
        }
    }
    assert_eq!(given, 1);
    let unused = all::<refresh_token::Entity>(&app).await.into_iter().filter(|row| row.used_at.is_none());
    assert_eq!(unused.count(), 1);
}

async fn refused(app: TestApp) {
    let held = Held::of(&app, SUPPORT).await;
    let portal = Portal::of(&app, RESELLER, &["customers:read"]).await;
    let of_client = portal.token().await;
    let mut log = Log::mark(&app).await;
    let unknown = "A".repeat(43);
    let mut texts = BTreeSet::new();
    for token in ["x", &unknown, &held.access, &of_client, &held.refresh[1..], &portal.secret] {
        let answer = exchange(&app, token, &[]).await;
        is_refused(&answer, "invalid_grant");
        texts.insert(answer.text);
    }
    is_refused(&exchange(&app, "", &[]).await, "invalid_request");
    // Tokens of users have no scopes; one without a name counts as left out.
    is_refused(&exchange(&app, &held.refresh, &[("scope", "customers:read")]).await, "invalid_scope");
    // Nor have API clients refresh tokens, whoever they say they are.
    let form = [("grant_type", "refresh_token"), ("refresh_token", held.refresh.as_str())];
    is_refused(&portal.post("/oauth/token", &form).await, "unauthorized_client");
    is_refused(&exchange(&app, &held.refresh, &[("client_id", &portal.id)]).await, "unauthorized_client");
    log.none(&app).await;
    let held = Held::given(&app, &exchange(&app, &held.refresh, &[]).await);
    app.clock.advance(TimeDelta::days(14));
    let late = exchange(&app, &held.refresh, &[]).await;
    is_refused(&late, "invalid_grant");
    texts.insert(late.text);
    assert_eq!(texts.len(), 1, "{texts:?}");
}

async fn ended(app: TestApp) {
    let revoke = async |token: &str| {
        let answer = post(&app, "/oauth/revoke", None, &[("token", token)]).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &json!({})), "{}", answer.text);
    };
    let portal = Portal::of(&app, RESELLER, &["customers:read"]).await;
    let of_client = portal.caller().await;
    let other = Held::of(&app, SUPPORT).await;
    let mut log = Log::mark(&app).await;
    for token in ["nonsense", &"A".repeat(43), &portal.secret, &portal.token().await] {
        revoke(token).await;
    }
    log.one(&app, "API_TOKEN_ISSUED").await;
    let (_, router) = app.instance(|_| ()).await;
    for by_refresh_token in [true, false] {
        let held = Held::of(&app, SUPPORT).await;
        log.gained(&app).await;
        // An API client ends and learns nothing of it.
        for token in [&held.access, &held.refresh] {
            let token = [("token", token.as_str())];
            assert_eq!(portal.post("/oauth/revoke", &token).await.body, json!({}));
            assert_eq!(portal.post("/oauth/introspect", &token).await.body, json!({ "active": false }));
        }
        lives(&held.caller).await;
        log.none(&app).await;
        for _ in 0..2 {
            revoke(if by_refresh_token { &held.refresh } else { &held.access }).await;
        }
        let event = log.one(&app, "SIGNED_OUT").await;
        assert_eq!(
            (event.action.as_str(), event.resource_type.as_deref()),
            ("oauth/revoke", Some("Session"))
        );
        assert_eq!(event.actor_id, Some(account(&app, SUPPORT).await.id));
        is_dead(&held.caller, "it was ended").await;
        is_dead(&held.caller.at(&router), "at another instance").await;
        is_refused(&exchange(&app, &held.refresh, &[]).await, "invalid_grant");
    }
    // A token that was exchanged long ago belongs to the session as well.
    let held = Held::of(&app, SUPPORT).await;
    let next = Held::given(&app, &exchange(&app, &held.refresh, &[]).await);
    revoke(&held.refresh).await;
    is_dead(&next.caller, "its session was ended").await;
    let ended = all::<session::Entity>(&app).await.into_iter().filter_map(|row| row.ended_for);
    assert!(ended.eq([SessionEnd::SignedOut; 3]));
    for caller in [&other.caller, &of_client] {
        lives(caller).await;
    }
    let missing = send(&app.anonymous(), "/oauth/revoke", None, &[]).await;
    is_refused(&missing, "invalid_request");
}
