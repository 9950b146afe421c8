//! Where keys come from: the configured address, asked seldom, believed carefully, and remembered while it is away.

use axum::http::StatusCode;
use chrono::TimeDelta;
use custodian::config::{Config, Sources};
use serde_json::{Value, json};

use super::issuer::{Partner, Signer, serve};
use crate::app::TestApp;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.sqlite(
        "external::keys are asked for once, and again for one that is not known, once a minute",
        asked_seldom,
    );
    suite.sqlite("external::keys come though the client whose token asked for them hangs up", hung_up);
    suite.sqlite("external::no keys are asked for on account of what no key can sign", not_asked);
    suite.sqlite("external::keys count for a day while their address is away", away);
    suite.sqlite("external::what is no key set, too large, or elsewhere changes nothing", believed_carefully);
    suite.sqlite("external::keys of another purpose are passed over", other_keys);
    suite.pure("external::an issuer is configured as a whole, with keys by HTTPS", configured);
    suite.pure(
        "external::issuers are told apart, also from us, and production has an HTTPS address",
        told_apart,
    );
}

fn token(partner: &Partner, signer: &Signer, kid: &str) -> String {
    let now = partner.app.clock.now().timestamp();
    let mut claims = partner.claims.clone();
    (claims["iat"], claims["exp"]) = (json!(now), json!(now + 300));
    signer.token(&json!({ "alg": "EdDSA", "kid": kid }), &claims)
}

async fn asked_seldom(app: TestApp) {
    let partner = Partner::new(app, Signer::ed(), "EdDSA", |_| ()).await;
    assert_eq!(partner.page.asked(), 0, "nothing is asked before there is a token");
    for _ in 0..3 {
        partner.accepts("k1", &token(&partner, &partner.signer, "k1")).await;
    }
    assert_eq!(partner.page.asked(), 1);
    // A new key, a moment later: it has to wait for the minute.
    let new = Signer::ed();
    partner.page.set(&[partner.signer.published("k1"), new.published("k2")]);
    for kid in ["k2", "k3", "k4"] {
        partner.refuses(kid, &token(&partner, &new, kid)).await;
    }
    assert_eq!(partner.page.asked(), 1);
    partner.app.clock.advance(TimeDelta::seconds(60));
    partner.accepts("k2", &token(&partner, &new, "k2")).await;
    assert_eq!(partner.page.asked(), 2);
    // Whatever names are made up, one question a minute.
    for kid in 0..20 {
        partner.refuses("made up", &token(&partner, &new, &kid.to_string())).await;
    }
    assert_eq!(partner.page.asked(), 2);
    // A key that was taken out counts no longer once the set is asked for again.
    partner.page.set(&[new.published("k2")]);
    partner.accepts("still known", &token(&partner, &partner.signer, "k1")).await;
    partner.app.clock.advance(TimeDelta::minutes(10));
    partner.refuses("taken out", &token(&partner, &partner.signer, "k1")).await;
    partner.accepts("k2", &token(&partner, &new, "k2")).await;
    // At once, and only one of them asks.
    partner.app.clock.advance(TimeDelta::minutes(10));
    let asked = partner.page.asked();
    let good = token(&partner, &new, "k2");
    let callers: Vec<_> = (0..8).map(|_| partner.caller.bringing(&good)).collect();
    let asking = callers.iter().map(|caller| caller.query("{ viewer { id } }", Value::Null));
    for answer in futures_util::future::join_all(asking).await {
        answer.ok();
    }
    assert_eq!(partner.page.asked(), asked + 1);
}

async fn hung_up(app: TestApp) {
    let partner = Partner::new(app, Signer::ed(), "EdDSA", |_| ()).await;
    let good = token(&partner, &partner.signer, "k1");
    let closed = partner.page.gate.write().await;
    tokio::select! {
        answer = partner.ask(&good) => panic!("answered without keys: {}", answer.text),
        () = partner.page.arrived.notified() => {}
    }
    // The request is dropped by now. Others wait for the same answer.
    let waiting = futures_util::future::join_all((0..3).map(|_| partner.ask(&good)));
    let (answers, ()) = futures_util::future::join(waiting, async { drop(closed) }).await;
    for answer in answers {
        answer.ok();
    }
    assert_eq!(partner.page.asked(), 1);
}

async fn not_asked(app: TestApp) {
    let partner = Partner::new(app, Signer::ed(), "EdDSA", |issuer| {
        issuer.algorithms = vec![custodian::config::SignatureAlgorithm::EdDsa];
    })
    .await;
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "ES256" }),
        json!({ "kid": null }),
        json!({ "crit": ["exp"] }),
        json!({ "typ": "logout+jwt" }),
    ] {
        partner.refuses(&header.to_string(), &partner.with_header(header)).await;
    }
    assert_eq!(partner.page.asked(), 0);
}

async fn away(app: TestApp) {
    let partner = Partner::new(app, Signer::ed(), "EdDSA", |_| ()).await;
    partner.page.answer(StatusCode::INTERNAL_SERVER_ERROR, String::new());
    let answer = partner.ask(&token(&partner, &partner.signer, "k1")).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, Some("UNAVAILABLE")), "{}", answer.text);
    partner.page.set(&[partner.signer.published("k1")]);
    let answer = partner.ask(&token(&partner, &partner.signer, "k1")).await;
    assert_eq!(answer.code(), Some("UNAVAILABLE"), "not asked again within the minute");
    partner.app.clock.advance(TimeDelta::minutes(1));
    partner.accepts("k1", &token(&partner, &partner.signer, "k1")).await;

    partner.page.answer(StatusCode::SERVICE_UNAVAILABLE, String::new());
    partner.app.clock.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    partner.accepts("a day", &token(&partner, &partner.signer, "k1")).await;
    partner.app.clock.advance(TimeDelta::minutes(1));
    let answer = partner.ask(&token(&partner, &partner.signer, "k1")).await;
    assert_eq!(answer.code(), Some("UNAVAILABLE"), "{}", answer.text);
}

async fn believed_carefully(app: TestApp) {
    let partner = Partner::new(app, Signer::ed(), "EdDSA", |_| ()).await;
    let good = async || partner.ask(&token(&partner, &partner.signer, "k1")).await.status;
    assert_eq!(good().await, 200);
    let (elsewhere, url) = serve().await;
    let other = Signer::ed();
    elsewhere.set(&[other.published("k1")]);
    let large = json!({ "keys": [other.published("k1")], "more": "x".repeat(300_000) }).to_string();
    for (status, body) in [
        (StatusCode::OK, "not JSON".to_owned()),
        (StatusCode::OK, json!([other.published("k1")]).to_string()),
        (StatusCode::OK, large),
        (StatusCode::CREATED, json!({ "keys": [other.published("k1")] }).to_string()),
        (StatusCode::FOUND, url.clone()),
    ] {
        partner.page.answer(status, body);
        let asked = partner.page.asked();
        partner.app.clock.advance(TimeDelta::minutes(11));
        assert_eq!(good().await, 200, "{status}");
        assert_eq!(partner.page.asked(), asked + 1, "{status}");
        partner.refuses("a key from nowhere", &token(&partner, &other, "k1")).await;
    }
    assert_eq!(elsewhere.asked(), 0, "a redirect was followed");
}

async fn other_keys(app: TestApp) {
    let partner = Partner::new(app, Signer::rsa(), "RS256", |_| ()).await;
    let good = partner.signer.published("k1");
    let with = |changes: Value| {
        let mut key = good.clone();
        for (name, value) in changes.as_object().unwrap() {
            key[name] = value.clone();
        }
        key
    };
    let ask = async |keys: Vec<Value>| {
        partner.page.set(&keys);
        partner.app.clock.advance(TimeDelta::minutes(11));
        let now = partner.app.clock.now().timestamp();
        let mut claims = partner.claims.clone();
        (claims["iat"], claims["exp"]) = (json!(now), json!(now + 300));
        partner.ask(&partner.signer.token(&partner.header, &claims)).await.status
    };
    for changes in
        [json!({}), json!({ "alg": "RS256" }), json!({ "key_ops": ["verify"] }), json!({ "x5c": ["junk"] })]
    {
        assert_eq!(ask(vec![json!(7), with(changes.clone())]).await, 200, "{changes}");
    }
    for changes in [
        json!({ "use": "enc" }),
        json!({ "key_ops": ["encrypt"] }),
        json!({ "key_ops": [] }),
        json!({ "alg": "PS256" }),
        json!({ "alg": "RSA-OAEP" }),
        json!({ "kty": "EC" }),
        json!({ "kty": "oct", "k": "AAAA" }),
        json!({ "e": "AQ" }),
        json!({ "e": "Aw" }),
        json!({ "n": "AAAA" }),
        json!({ "kid": "k2" }),
    ] {
        assert_eq!(ask(vec![with(changes.clone())]).await, 401, "{changes}");
    }
    // Which of two is meant?
    assert_eq!(ask(vec![good.clone(), good.clone()]).await, 401);
}

fn configured() {
    let folder = tempfile::TempDir::new().unwrap();
    let load = |profile: &str, changes: &str| {
        let path = folder.path().join("custodian.toml");
        let mut issuer = toml_lines();
        for change in changes.lines() {
            let name = change.split(' ').next().unwrap();
            issuer.retain(|line| !line.starts_with(&format!("{name} ")));
            issuer.push(change.to_owned());
        }
        std::fs::write(&path, format!("profile = '{profile}'\n[[issuers]]\n{}\n", issuer.join("\n")))
            .unwrap();
        Config::load(Sources { file: Some((path, true)), ..Sources::default() })
    };
    let config = load("production", "").unwrap();
    assert_eq!(config.issuers[0].roles["isp-support"], "support_agent");
    load("development", "jwks_url = 'http://127.0.0.1:9/keys'").unwrap();
    for (profile, changes, part) in [
        ("production", "jwks_url = 'http://127.0.0.1:9/keys'", "issuers.jwks_url"),
        ("development", "jwks_url = 'http://login.example/keys'", "jwks_url"),
        ("development", "jwks_url = 'keys'", "jwks_url"),
        ("development", "algorithms = ['HS256']", "algorithms"),
        ("development", "algorithms = ['none']", "algorithms"),
        ("development", "algorithms = []", "algorithms"),
        ("development", "audience = ''", "audience"),
        ("development", "tenant = ' '", "tenant"),
        ("development", "audienc = 'x'", "audienc"),
        ("development", "max_token_life_seconds = 0", "max_token_life_seconds"),
        ("development", "max_token_life_seconds = 86401", "max_token_life_seconds"),
    ] {
        let error = load(profile, changes).unwrap_err().to_string();
        assert!(error.contains(part) && error.lines().count() == 1, "{changes}: {error}");
    }
}

fn told_apart() {
    let folder = tempfile::TempDir::new().unwrap();
    let load = |head: &str, issuers: &[&str]| {
        let path = folder.path().join("custodian.toml");
        let mut text = head.to_owned();
        for name in issuers {
            let mut lines = toml_lines();
            lines[0] = format!("issuer = '{name}'");
            text.push_str(&format!("\n[[issuers]]\n{}\n", lines.join("\n")));
        }
        std::fs::write(&path, text).unwrap();
        Config::load(Sources { file: Some((path, true)), ..Sources::default() })
    };
    let (one, other) = ("https://login.example", "https://login.other.example");
    let (ours, production) = ("public_url = 'https://api.example'", "profile = 'production'");
    load(ours, &[one, other]).unwrap();
    load(&format!("{production}\n{ours}"), &[]).unwrap();
    load("listen = '0.0.0.0:8080'", &[]).unwrap();
    for (head, issuers, key) in [
        (ours, vec![one, other, one], "issuers.issuer: "),
        (ours, vec!["https://api.example"], "issuers.issuer: "),
        ("listen = '127.0.0.1:7'", vec!["http://127.0.0.1:7"], "issuers.issuer: "),
        (&format!("{production}\npublic_url = 'http://api.example'"), vec![], "public_url: "),
        (&format!("{production}\nlisten = '0.0.0.0:8080'"), vec![], "public_url: "),
    ] {
        let error = load(head, &issuers).unwrap_err().to_string();
        assert!(error.starts_with(key) && error.lines().count() == 1, "{head}: {error}");
    }
}

fn toml_lines() -> Vec<String> {
    [
        "issuer = 'https://login.example'",
        "audience = 'custodian'",
        "algorithms = ['RS256', 'EdDSA']",
        "jwks_url = 'https://login.example/keys'",
        "tenant = 'acme.example'",
        "role_claim = 'groups'",
        "roles = { 'isp-support' = 'support_agent' }",
    ]
    .map(str::to_owned)
    .to_vec()
}
