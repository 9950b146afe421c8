//! The keys: how they follow each other, who may know which half, and what is refused as one (abuse cases JW10, JW14).

use std::fs;
use std::path::Path;

use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use custodian::app::{App, StartError};
use custodian::config::Config;
use custodian::crypto::{KeyRing, Keys};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::app::TestApp;
use crate::client::Client;
use crate::commands::run;
use crate::fixture::{BILLING, SUPPORT};
use crate::suite::Suite;
use crate::tokens::key_files;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.sqlite("keys::the newest signs, older ones verify until they are gone", rotation);
    suite.sqlite("keys::cursors outlive the key that signed when they were given", cursors);
    suite.sqlite("keys::the public halves are there for all, and nothing else", published);
    suite.sqlite("keys::production makes no key and takes no bad one", bad_keys);
    suite.pure("keys::a generated key is the newest, and its owner's alone", generated);
    suite.pure("keys::the command makes keys and says which signs", command);
}

fn kid(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

async fn is_accepted(app: &TestApp, token: &str) -> bool {
    let client = Client::new(app.router.clone(), Some(token.to_owned()));
    client.query("{ viewer { id } }", Value::Null).await.status.as_u16() == 200
}

async fn rotation(app: TestApp) {
    let folder = app.database().folder.path().join("keys");
    let old = app.token(SUPPORT).await;
    let ring = KeyRing::generate(&folder, app.clock.now()).unwrap();
    let new_kid = ring.signing().id().to_owned();
    assert_ne!(kid(&old), new_kid);
    // As `serve` does each second.
    app.service.tokens.refresh().unwrap();
    let new = app.token(BILLING).await;
    assert_eq!(kid(&new), new_kid);
    assert!(is_accepted(&app, &old).await && is_accepted(&app, &new).await, "both keys verify");

    // A third that cannot be read changes nothing.
    fs::write(folder.join("99991231T235959.000Z-0000000000000000.p8"), "no key").unwrap();
    assert!(app.service.tokens.refresh().is_err());
    assert!(is_accepted(&app, &old).await && is_accepted(&app, &new).await);
    fs::remove_file(folder.join("99991231T235959.000Z-0000000000000000.p8")).unwrap();

    let oldest = key_files(&folder).into_iter().min().unwrap();
    assert!(oldest.to_str().unwrap().ends_with(&format!("-{}.p8", kid(&old))), "names are in order of age");
    fs::remove_file(oldest).unwrap();
    app.service.tokens.refresh().unwrap();
    assert!(!is_accepted(&app, &old).await, "a key that is gone verifies nothing");
    assert!(is_accepted(&app, &new).await);
    for file in key_files(&folder) {
        fs::remove_file(file).unwrap();
    }
    assert!(app.service.tokens.refresh().is_err());
    assert!(is_accepted(&app, &new).await, "a folder that was emptied by mistake takes no key away");
}

async fn cursors(app: TestApp) {
    let folder = app.database().folder.path().join("keys");
    let list = "query($after: String) { customers(first: 1, after: $after) { nodes { id } pageInfo { endCursor } } }";
    let token = app.token(SUPPORT).await;
    let first = Client::new(app.router.clone(), Some(token)).query(list, Value::Null).await;
    let cursor = first.ok()["customers"]["pageInfo"]["endCursor"].clone();
    fs::remove_file(&key_files(&folder)[0]).unwrap();
    let (_, router) = app.instance(|_| {}).await;
    let login = format!(
        "mutation {{ login(username: {}, password: \"Custodian-Demo-1\") {{ accessToken }} }}",
        json!(SUPPORT)
    );
    let answer = Client::new(router.clone(), None).query(&login, Value::Null).await;
    let token = answer.ok()["login"]["accessToken"].as_str().unwrap().to_owned();
    let second = Client::new(router, Some(token)).query(list, json!({ "after": cursor })).await;
    assert_eq!(second.ok()["customers"]["nodes"].as_array().map(Vec::len), Some(1));
    assert_ne!(second.ok()["customers"]["nodes"], first.ok()["customers"]["nodes"]);
}

async fn published(app: TestApp) {
    let folder = app.database().folder.path().join("keys");
    app.clock.advance(TimeDelta::hours(1));
    let ring = KeyRing::generate(&folder, app.clock.now()).unwrap();
    app.service.tokens.refresh().unwrap();
    let request = Request::get("/.well-known/jwks.json").body(Body::empty()).unwrap();
    let answer = app.anonymous().send(request).await;
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(answer.headers["content-type"], "application/jwk-set+json");
    assert_eq!(answer.headers["cache-control"], "public, max-age=300");
    let expected: Vec<Value> = ring
        .verifying()
        .map(|key| {
            let x = URL_SAFE_NO_PAD.encode(key.public());
            json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": key.id(), "use": "sig", "alg": "EdDSA" })
        })
        .collect();
    assert_eq!(expected.len(), 2);
    assert_eq!(answer.body, json!({ "keys": expected }));
}

fn refusal(started: Result<std::sync::Arc<App>, StartError>) -> String {
    match started {
        Ok(_) => panic!("it starts"),
        Err(error) => {
            assert!(error.is_configuration(), "{error}");
            error.to_string()
        }
    }
}

async fn bad_keys(app: TestApp) {
    let production =
        |folder: &Path| Config { signing_keys_dir: folder.to_owned(), ..app.database().production() };
    let own = app.database().folder.path().join("keys");
    let nowhere = own.join("nowhere");
    let said = refusal(App::start(production(&nowhere), app.clock.clone()).await);
    assert!(said.contains("custodian keys generate"), "{said}");
    assert!(!nowhere.exists(), "production made a folder of keys");
    assert!(App::start(production(&own), app.clock.clone()).await.is_ok(), "good keys are taken");

    let good = key_files(&own).remove(0);
    let key = fs::read(&good).unwrap();
    let good = good.file_name().unwrap().to_str().unwrap().to_owned();
    let sealing = fs::read(own.join("sealing.key")).unwrap();
    let cases: [(&str, &[u8]); 11] = [
        (&good, b""),
        (&good, b"secret"),
        (&good, &key[..key.len() - 1]),
        (&good, &[0; 32]),
        ("signing.p8", &key),
        ("20260101T000000.000Z-0123456789abcdef.p8", &key),
        ("20269999T000000.000Z-0123456789abcdef.p8", &key),
        ("sealing.key", b""),
        ("sealing.key", b"changeme"),
        ("sealing.key", &[0; 32]),
        ("sealing.key", &sealing[..31]),
    ];
    for (name, content) in cases {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join(&good), &key).unwrap();
        fs::write(folder.path().join("sealing.key"), &sealing).unwrap();
        fs::write(folder.path().join(name), content).unwrap();
        let said = refusal(App::start(production(folder.path()), app.clock.clone()).await);
        assert!(said.contains(name) && !said.contains('\n'), "{name}: {said}");
    }
    for missing in [&good, "sealing.key"] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join(&good), &key).unwrap();
        fs::write(folder.path().join("sealing.key"), &sealing).unwrap();
        fs::remove_file(folder.path().join(missing)).unwrap();
        let said = refusal(App::start(production(folder.path()), app.clock.clone()).await);
        assert!(said.contains("custodian keys generate"), "{missing}: {said}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "production made a key");
    }
}

fn generated() {
    let folder = TempDir::new().unwrap();
    let keys = folder.path().join("keys");
    let now = crate::app::fixed_clock().now();
    Keys::complete(&keys, now).unwrap();
    // Even where the clock stands still, or goes back.
    let mut made = vec![KeyRing::open(&keys).unwrap().signing().id().to_owned()];
    for now in [now, now, now - TimeDelta::days(1), now + TimeDelta::days(1)] {
        made.insert(0, KeyRing::generate(&keys, now).unwrap().signing().id().to_owned());
    }
    let ring = KeyRing::open(&keys).unwrap();
    assert_eq!(ring.verifying().map(|key| key.id()).collect::<Vec<_>>(), made);
    Keys::complete(&keys, now).unwrap();
    assert_eq!(key_files(&keys).len(), made.len(), "what is there is not made again");
    use std::os::unix::fs::PermissionsExt;
    for file in fs::read_dir(&keys).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
    }
}

fn command() {
    let folder = TempDir::new().unwrap();
    let arguments = ["keys", "generate", "--profile", "production"];
    let mut kids = Vec::new();
    for turn in 0..2 {
        let output = run(folder.path(), &arguments, &[("CUSTODIAN_SIGNING_KEYS_DIR", "ring")]);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), turn + 1, "{text}");
        kids.push(lines[0].strip_suffix(" signs from now on").unwrap().to_owned());
        if turn == 1 {
            assert!(
                lines[1].starts_with(&format!("{} verifies until its file is removed", kids[0])),
                "{text}"
            );
        }
    }
    let ring = KeyRing::open(&folder.path().join("ring")).unwrap();
    assert_eq!(ring.signing().id(), kids[1]);
    let doctor = run(folder.path(), &["doctor"], &[("CUSTODIAN_SIGNING_KEYS_DIR", "ring")]);
    let text = String::from_utf8(doctor.stdout).unwrap();
    assert!(text.contains(&format!("ok    keys: {} signs, 1 verify", kids[1])), "{text}");
}
