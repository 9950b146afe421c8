//! Passwords: changed by their user, chosen by rules, and replaced where an import left a weaker hash.

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use custodian::config::PasswordPolicy;
use custodian_entity::choice::{Outcome, SessionEnd};
use custodian_entity::{session, user};
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use serde_json::{Value, json};

use super::{PASSWORD, outcome, refresh, sign_in, signed_in};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{BILLING, Log, SUPPORT, account, all, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("accounts::a changed password ends every session", changed);
    suite.both("accounts::a wrong current password changes nothing, and is counted", wrong_current);
    suite.both("accounts::a password is chosen by the configured rules", rules);
    suite.both("accounts::a hash of bcrypt verifies whole passwords and is replaced", bcrypt_hashes);
    suite.both("accounts::a weaker hash of Argon2 is replaced, one of ours stays", argon2_hashes);
}

const NEW: &str = "Planted-Quorum-83-teapot";

fn change(current: &str, new: &str) -> Value {
    json!({ "currentPassword": current, "newPassword": new })
}

async fn changed(app: TestApp) {
    let anonymous = app.anonymous();
    let first = signed_in(&app, &sign_in(&anonymous, SUPPORT, PASSWORD, None).await);
    let begun = sign_in(&anonymous, SUPPORT, PASSWORD, None).await;
    let second = signed_in(&app, &begun);
    let other = app.login(BILLING).await;
    let mut log = Log::mark(&app).await;
    let before = account(&app, SUPPORT).await;
    mutate(&first, "passwordChange", "", change(PASSWORD, NEW)).await.done();
    let event = log.one(&app, "PASSWORD_CHANGED").await;
    assert_eq!(
        (event.actor_id, event.outcome, event.details),
        (Some(before.id), Outcome::Success, json!({}))
    );
    for client in [&first, &second] {
        let answer = client.query("{ viewer { id } }", Value::Null).await;
        assert_eq!(answer.code(), Some("UNAUTHENTICATED"), "a session outlived the password");
    }
    assert_eq!(outcome(&refresh(&app, &begun).await), "UNAUTHENTICATED", "a session outlived the password");
    for session in all::<session::Entity>(&app).await {
        let ended_for = (session.user_id == before.id).then_some(SessionEnd::PasswordChanged);
        assert_eq!(session.ended_for, ended_for, "{session:?}");
    }
    other.query("{ viewer { id } }", Value::Null).await.ok();
    assert_eq!(outcome(&sign_in(&anonymous, SUPPORT, PASSWORD, None).await), "UNAUTHENTICATED");
    sign_in(&anonymous, SUPPORT, NEW, None).await.ok();
    let after = account(&app, SUPPORT).await;
    assert_eq!(after.password_changed_at, Some(app.clock.now()));
    assert_eq!((after.token_version, after.must_change_password), (before.token_version + 1, false));
    assert!(after.password_hash.is_some_and(|hash| hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")));
    assert!(!app.logs().contains(NEW), "a password was logged");
}

async fn wrong_current(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let mut log = Log::mark(&app).await;
    for _ in 0..5 {
        mutate(&client, "passwordChange", "", change("Custodian-Demo-2", NEW))
            .await
            .refused(&["currentPassword INVALID"]);
        assert_eq!(log.one(&app, "PASSWORD_CHANGED").await.outcome, Outcome::Failure);
    }
    // Who has somebody's session guesses at his password no better than who has not.
    let limited = mutate(&client, "passwordChange", "", change(PASSWORD, NEW)).await;
    limited.failed("RATE_LIMITED");
    assert_eq!(
        (limited.answer.status.as_u16(), &limited.answer.headers["retry-after"]),
        (429, &"60".parse().unwrap())
    );
    log.none(&app).await;
    // He locks nobody out by it.
    sign_in(&app.anonymous(), SUPPORT, PASSWORD, None).await.ok();
    app.clock.advance(chrono::TimeDelta::seconds(60));
    mutate(&client, "passwordChange", "", change(PASSWORD, NEW)).await.done();
}

async fn rules(app: TestApp) {
    let (_, nist) = app.instance(|config| config.passwords.policy = PasswordPolicy::Nist).await;
    let token = app.token(SUPPORT).await;
    let (classic, nist) = (app.login(SUPPORT).await, Client::new(nist, Some(token)));
    let long = format!("{}Aa1", "quartz lantern ".repeat(40));
    for (client, password, expected) in [
        (&classic, "Tz4-wqk", "newPassword PASSWORD_TOO_WEAK"),
        (&classic, "tz4-wqkpm", "newPassword PASSWORD_TOO_WEAK"),
        (&classic, "TZ4-WQKPM", "newPassword PASSWORD_TOO_WEAK"),
        (&classic, "Tzx-wqkpm", "newPassword PASSWORD_TOO_WEAK"),
        // Common ones, and those made of the user's own names.
        (&classic, "Password1", "newPassword PASSWORD_TOO_WEAK"),
        (&classic, "Qwertyuiop1", "newPassword PASSWORD_TOO_WEAK"),
        (&classic, "Okafor11", "newPassword PASSWORD_TOO_WEAK"),
        (&classic, "Support@acme.example1", "newPassword PASSWORD_TOO_WEAK"),
        (&classic, "Aa111111111111111111", "newPassword PASSWORD_TOO_WEAK"),
        (&nist, "fourteen chars", "newPassword PASSWORD_TOO_WEAK"),
        (&nist, "Tz4-wqkpmx", "newPassword PASSWORD_TOO_WEAK"),
        (&nist, "passwordpasswordpassword", "newPassword PASSWORD_TOO_WEAK"),
        (&classic, long.as_str(), "BAD_USER_INPUT"),
    ] {
        let refused = mutate(client, "passwordChange", "", change(PASSWORD, password)).await;
        assert_eq!(refused.summary(), expected, "{password}");
        let again = sign_in(&app.anonymous(), SUPPORT, PASSWORD, None).await;
        assert_eq!(outcome(&again), "in", "{password} was put in place");
    }
}

/// Puts a hash in place as an import does.
async fn import(app: &TestApp, hash: String) {
    let mut row = account(app, SUPPORT).await.into_active_model();
    row.password_hash = Set(Some(hash));
    let _: user::Model = row.update(app.db()).await.unwrap();
}

async fn stored(app: &TestApp) -> String {
    account(app, SUPPORT).await.password_hash.unwrap()
}

async fn bcrypt_hashes(app: TestApp) {
    let anonymous = app.anonymous();
    let whole = "x1Y-".repeat(18);
    let cut = format!("{whole}z");
    assert_eq!(whole.len(), 72);
    for (version, password, wrong) in [
        (bcrypt::Version::TwoA, "Vellum-7", "Vellum-8"),
        (bcrypt::Version::TwoB, "Vellum-7", ""),
        (bcrypt::Version::TwoY, "pässwörd-9", "password-9"),
        // bcrypt reads 72 bytes: what is longer would pass for what it begins with.
        (bcrypt::Version::TwoB, whole.as_str(), cut.as_str()),
    ] {
        let hash = bcrypt::hash_with_result(password, 4).unwrap().format_for_version(version);
        import(&app, hash.clone()).await;
        assert_eq!(outcome(&sign_in(&anonymous, SUPPORT, wrong, None).await), "UNAUTHENTICATED", "{wrong}");
        assert_eq!(stored(&app).await, hash, "a failure replaces nothing");
        sign_in(&anonymous, SUPPORT, password, None).await.ok();
        let replaced = stored(&app).await;
        assert!(replaced.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{replaced}");
        sign_in(&anonymous, SUPPORT, password, None).await.ok();
        assert_eq!(stored(&app).await, replaced, "once");
    }
    // A longer password never worked by its hash alone.
    import(&app, bcrypt::hash(&cut, 4).unwrap()).await;
    assert_eq!(outcome(&sign_in(&anonymous, SUPPORT, &cut, None).await), "UNAUTHENTICATED");
}

async fn argon2_hashes(app: TestApp) {
    let anonymous = app.anonymous();
    sign_in(&anonymous, SUPPORT, PASSWORD, None).await.ok();
    let ours = stored(&app).await;
    sign_in(&anonymous, SUPPORT, PASSWORD, None).await.ok();
    assert_eq!(stored(&app).await, ours, "a hash of today is replaced by nothing");
    for (algorithm, memory, passes) in [
        (Algorithm::Argon2id, 8 * 1024, 2),
        (Algorithm::Argon2id, 19 * 1024, 1),
        (Algorithm::Argon2i, 19 * 1024, 2),
    ] {
        let hasher = Argon2::new(algorithm, Version::V0x13, Params::new(memory, passes, 1, None).unwrap());
        let hash = hasher.hash_password(b"Vellum-7").unwrap().to_string();
        import(&app, hash).await;
        assert_eq!(outcome(&sign_in(&anonymous, SUPPORT, PASSWORD, None).await), "UNAUTHENTICATED");
        sign_in(&anonymous, SUPPORT, "Vellum-7", None).await.ok();
        let replaced = stored(&app).await;
        assert!(replaced.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{algorithm:?}: {replaced}");
    }
}
