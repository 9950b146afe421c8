//! `/oauth/token`, `/oauth/revoke`, `/oauth/introspect` and the metadata, as the RFCs have them.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, PRAGMA, WWW_AUTHENTICATE};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use custodian_entity::id::{ApiClientId, TypedId};
use custodian_entity::{api_client, revoked_token};
use serde_json::{Value, json};

use super::{Portal, RESELLER, is_dead, lives, post};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{ADMIN, Log, SUPPORT, absent, account, all, text};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("clients::a client gets a token for its scopes or some of them", token);
    suite.sqlite("clients::whatever is wrong with a request is told as RFC 6749 has it", errors);
    suite.both("clients::an unknown client and a wrong secret look alike", no_oracle);
    suite.both("clients::a token is taken back by its client, and by no other", revocation);
    suite.both("clients::a client learns of its own tokens only", introspection);
    suite.sqlite("clients::metadata say where everything is", metadata);
}

fn claims(token: &str) -> Value {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).expect("three parts")).expect("base64url");
    serde_json::from_slice(&payload).expect("claims are JSON")
}

async fn token(app: TestApp) {
    let portal = Portal::of(&app, RESELLER, &["customers:read", "tickets:write"]).await;
    let mut log = Log::mark(&app).await;
    let answer = portal.ask(&[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.headers[CONTENT_TYPE], "application/json;charset=UTF-8");
    assert_eq!(
        (&answer.headers[CACHE_CONTROL], &answer.headers[PRAGMA]),
        (&"no-store".parse().unwrap(), &"no-cache".parse().unwrap())
    );
    let members: BTreeSet<&str> = answer.body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, BTreeSet::from(["access_token", "expires_in", "scope", "token_type"]));
    assert_eq!((&answer.body["token_type"], &answer.body["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(answer.body["scope"], "customers:read tickets:write");
    let event = log.one(&app, "API_TOKEN_ISSUED").await;
    let owner = account(&app, RESELLER).await;
    assert_eq!(
        (event.actor_id, event.api_client_id.map(TypedId::encode)),
        (Some(owner.id), Some(portal.id.clone()))
    );
    assert_eq!((event.tenant_id, event.reseller_id), (Some(owner.tenant_id), owner.reseller_id));

    let said = claims(text(&answer.body["access_token"]));
    assert_eq!((&said["sub"], &said["client_id"]), (&json!(portal.id), &json!(portal.id)));
    assert_eq!((&said["scope"], &said["role"]), (&answer.body["scope"], &json!("reseller")));
    let row = all::<api_client::Entity>(&app).await.remove(0);
    assert_eq!(row.last_used_at, Some(app.clock.now()));

    // In the body, and narrowed.
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &portal.id),
        ("client_secret", &portal.secret),
        ("scope", "tickets:write"),
    ];
    let narrowed = post(&app, "/oauth/token", None, &form).await;
    assert_eq!(narrowed.body["scope"], "tickets:write", "{}", narrowed.text);
    let caller = Client::new(app.router.clone(), Some(text(&narrowed.body["access_token"]).to_owned()));
    assert_eq!(caller.query("{ customers { totalCount } }", Value::Null).await.code(), Some("FORBIDDEN"));
    // To ask for nothing is not to leave it open.
    for scope in [
        "",
        "invoices:read",
        "customers:write",
        "nothing:at-all",
        "customers:read invoices:read",
        " ",
        "CUSTOMERS:READ",
    ] {
        let refused = portal.ask(&[("scope", scope)]).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["error"]),
            (400, &json!("invalid_scope")),
            "{scope:?}"
        );
    }
    // A client's last token ends with it.
    app.clock
        .advance("2026-05-31T23:59:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap() - app.clock.now());
    assert_eq!(portal.ask(&[]).await.body["expires_in"], 60);
}

#[track_caller]
fn is_error(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status.as_u16(), &answer.body["error"]), (status, &json!(error)), "{}", answer.text);
    let members: BTreeSet<&str> = answer.body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, BTreeSet::from(["error", "error_description"]));
    assert_eq!(answer.headers[CACHE_CONTROL], "no-store");
    assert_eq!(answer.headers.contains_key(WWW_AUTHENTICATE), status == 401);
}

/// Address, credentials in the header, form, and the status and error that come of it.
type Case<'a> = (&'a str, Option<(&'a str, &'a str)>, Vec<(&'a str, &'a str)>, u16, &'a str);

async fn errors(app: TestApp) {
    let portal = Portal::of(&app, RESELLER, &["customers:read"]).await;
    let basic = Some((portal.id.as_str(), portal.secret.as_str()));
    let grant = ("grant_type", "client_credentials");
    let in_body = [("client_id", portal.id.as_str()), ("client_secret", portal.secret.as_str())];
    let cases: [Case<'_>; 12] = [
        ("/oauth/token", basic, vec![], 400, "invalid_request"),
        ("/oauth/token", basic, vec![grant, grant], 400, "invalid_request"),
        ("/oauth/token", basic, vec![("grant_type", "")], 400, "invalid_request"),
        ("/oauth/token", basic, vec![("grant_type", "password")], 400, "unsupported_grant_type"),
        ("/oauth/token", basic, vec![("grant_type", "refresh_token")], 400, "unauthorized_client"),
        ("/oauth/token", None, vec![grant], 401, "invalid_client"),
        ("/oauth/token", None, vec![grant, in_body[0]], 401, "invalid_client"),
        ("/oauth/token", basic, vec![grant, in_body[1]], 400, "invalid_request"),
        ("/oauth/token", basic, vec![grant, ("client_id", "client_other")], 400, "invalid_request"),
        ("/oauth/token", Some((&portal.id, "wrong")), vec![grant], 401, "invalid_client"),
        ("/oauth/revoke", basic, vec![], 400, "invalid_request"),
        ("/oauth/introspect", None, vec![("token", "x")], 401, "invalid_client"),
    ];
    for (path, basic, fields, status, error) in cases {
        is_error(&post(&app, path, basic, &fields).await, status, error);
    }
    // The client's own id beside its header says nothing new.
    assert_eq!(portal.ask(&[in_body[0]]).await.status, 200);

    let send = async |request: Request<Body>| app.anonymous().send(request).await;
    let form = "application/x-www-form-urlencoded";
    let body = "grant_type=client_credentials";
    for kind in ["application/json", "text/plain", "application/x-www-form-urlencoded; charset=latin1"] {
        let request =
            Request::post("/oauth/token").header(CONTENT_TYPE, kind).body(Body::from(body)).unwrap();
        is_error(&send(request).await, 415, "invalid_request");
    }
    let bare = Request::post("/oauth/token").body(Body::from(body)).unwrap();
    is_error(&send(bare).await, 415, "invalid_request");
    let large = Request::post("/oauth/token")
        .header(CONTENT_TYPE, form)
        .body(Body::from(format!("a={}", "x".repeat(20_000))));
    is_error(&send(large.unwrap()).await, 413, "invalid_request");
    for credentials in ["Bearer x", "Basic", "Basic !!!", "Basic eA==", "Digest a"] {
        let request =
            Request::post("/oauth/token").header(CONTENT_TYPE, form).header(AUTHORIZATION, credentials);
        is_error(&send(request.body(Body::from(body)).unwrap()).await, 401, "invalid_client");
    }
    let twice = Request::post("/oauth/token")
        .header(CONTENT_TYPE, form)
        .header(AUTHORIZATION, "Basic eDp5")
        .header(AUTHORIZATION, "Basic eDp5");
    is_error(&send(twice.body(Body::from(body)).unwrap()).await, 400, "invalid_request");
    let get =
        send(Request::get("/oauth/token?grant_type=client_credentials").body(Body::empty()).unwrap()).await;
    assert_eq!(get.status, 405);
    assert_eq!(get.headers[ALLOW], "POST");
}

async fn no_oracle(app: TestApp) {
    let portal = Portal::of(&app, SUPPORT, &["tickets:read"]).await;
    let absent = absent::<ApiClientId>();
    let mut log = Log::mark(&app).await;
    let mut answers = Vec::new();
    for (id, secret) in [
        (portal.id.as_str(), "cst_wrong"),
        (&absent, "cst_wrong"),
        (&absent, &portal.secret),
        ("x", "y"),
        (&portal.id, ""),
    ] {
        let basic = Some((id, secret));
        let answer = post(&app, "/oauth/token", basic, &[("grant_type", "client_credentials")]).await;
        answers.push((answer.status, answer.text, answer.headers.get(WWW_AUTHENTICATE).cloned()));
        let event = log.one(&app, "API_TOKEN_REFUSED").await;
        let is_known = id == portal.id;
        assert_eq!((event.api_client_id.is_some(), event.tenant_id.is_some()), (is_known, is_known));
        assert!(!format!("{event:?}").contains("cst_"), "a secret is in the log");
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
}

async fn revocation(app: TestApp) {
    let (portal, other) = (
        Portal::of(&app, RESELLER, &["customers:read"]).await,
        Portal::of(&app, RESELLER, &["customers:read"]).await,
    );
    let (first, second) = (portal.token().await, portal.token().await);
    let caller = |token: &str| app.anonymous().bringing(token);
    let mut log = Log::mark(&app).await;
    for token in [first.as_str(), "nonsense", &app.token(SUPPORT).await] {
        assert_eq!(other.post("/oauth/revoke", &[("token", token)]).await.status, 200);
    }
    lives(&caller(&first)).await;
    lives(&app.login(SUPPORT).await).await;
    log.gained(&app).await;

    for _ in 0..2 {
        let answer =
            portal.post("/oauth/revoke", &[("token", &first), ("token_type_hint", "refresh_token")]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let event = log.one(&app, "API_TOKEN_REVOKED").await;
    assert_eq!(event.api_client_id.map(TypedId::encode), Some(portal.id.clone()));
    is_dead(&caller(&first), "taken back").await;
    lives(&caller(&second)).await;
    let (_, router) = app.instance(|_| ()).await;
    is_dead(&caller(&first).at(&router), "at another instance").await;

    // The list does not grow: what has ended by itself is taken off.
    app.clock.advance(TimeDelta::minutes(16));
    assert_eq!(portal.post("/oauth/revoke", &[("token", &second)]).await.status, 200);
    let third = portal.token().await;
    portal.post("/oauth/revoke", &[("token", &third)]).await;
    assert_eq!(all::<revoked_token::Entity>(&app).await.len(), 1);
    is_dead(&caller(&third), "taken back").await;
}

async fn introspection(app: TestApp) {
    let (portal, other) = (
        Portal::of(&app, RESELLER, &["customers:read"]).await,
        Portal::of(&app, ADMIN, &["customers:read"]).await,
    );
    let token = portal.token().await;
    let ask =
        async |asker: &Portal, token: &str| asker.post("/oauth/introspect", &[("token", token)]).await.body;
    let said = ask(&portal, &token).await;
    let claims = claims(&token);
    for name in ["iss", "aud", "sub", "client_id", "exp", "iat", "nbf", "jti", "scope"] {
        assert_eq!(said[name], claims[name], "{name}");
    }
    assert_eq!((&said["active"], &said["token_type"]), (&json!(true), &json!("Bearer")));

    let inactive = json!({ "active": false });
    assert_eq!(ask(&other, &token).await, inactive, "another's");
    assert_eq!(ask(&portal, "nonsense").await, inactive);
    assert_eq!(ask(&portal, &app.token(RESELLER).await).await, inactive, "its owner's own");
    assert_eq!(ask(&portal, &format!("{token}x")).await, inactive);
    portal.post("/oauth/revoke", &[("token", &token)]).await;
    assert_eq!(ask(&portal, &token).await, inactive, "taken back");
    let late = portal.token().await;
    app.clock.advance(TimeDelta::seconds(900));
    assert_eq!(ask(&portal, &late).await, inactive, "ended");
}

async fn metadata(app: TestApp) {
    let (_, router) = app
        .instance(|config| {
            config.public_url = serde_json::from_value(json!("https://api.provider.example")).unwrap()
        })
        .await;
    let request = Request::get("/.well-known/oauth-authorization-server").header("host", "evil.example");
    let answer = app.anonymous().at(&router).send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200);
    let url = "https://api.provider.example";
    assert_eq!(answer.body["issuer"], url);
    assert_eq!(answer.body["jwks_uri"], format!("{url}/.well-known/jwks.json"));
    // Users' tokens come without credentials, and nothing is told about them.
    let with_secret = ["client_secret_basic", "client_secret_post"];
    let of_anybody = json!(["client_secret_basic", "client_secret_post", "none"]);
    for (name, path, methods) in [
        ("token", "token", of_anybody.clone()),
        ("revocation", "revoke", of_anybody),
        ("introspection", "introspect", json!(with_secret)),
    ] {
        assert_eq!(answer.body[format!("{name}_endpoint")], format!("{url}/oauth/{path}"));
        assert_eq!(answer.body[format!("{name}_endpoint_auth_methods_supported")], methods);
    }
    assert_eq!(answer.body["grant_types_supported"], json!(["client_credentials", "refresh_token"]));
    let scopes = answer.body["scopes_supported"].as_array().unwrap();
    assert!(
        scopes.contains(&json!("customers:read:masked")) && !scopes.contains(&json!("scopes")),
        "{scopes:?}"
    );
    assert!(!answer.text.contains("evil"));
    // Tokens name the issuer that the metadata do (RFC 8414, 2; RFC 9068, 4).
    let request = Request::get("/.well-known/oauth-authorization-server").body(Body::empty()).unwrap();
    let issuer = app.anonymous().send(request).await.body["issuer"].clone();
    assert_eq!(claims(&app.token(SUPPORT).await)["iss"], issuer);
    assert_eq!(claims(&Portal::of(&app, SUPPORT, &["tickets:read"]).await.token().await)["iss"], issuer);
    is_dead(&app.login(SUPPORT).await.at(&router), "another issuer's").await;
}
