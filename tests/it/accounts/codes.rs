//! Codes of a second factor: each is good once, for a short while, and cannot be guessed at.

use chrono::TimeDelta;
use serde_json::json;

use super::{Authenticator, PASSWORD, VERIFY, outcome, sign_in, wrong_code};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{SUPPORT, account};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("accounts::a code is good for its step and the two beside it, once", steps);
    suite.both("accounts::a recovery code is good once", recovery);
    suite.both("accounts::of one code used many times at once one is accepted", at_once);
    suite.both("accounts::false codes lock an account, missing ones do not", counted);
    suite.both("accounts::codes of a session that is open cannot be guessed at", open_session);
}

async fn steps(app: TestApp) {
    let authenticator = Authenticator::of(&app, &app.login(SUPPORT).await).await;
    let anonymous = app.anonymous();
    let attempt = async |code: &str| {
        let answer = sign_in(&anonymous, SUPPORT, PASSWORD, Some(code)).await;
        outcome(&answer).to_owned()
    };
    app.clock.advance(TimeDelta::minutes(5));
    assert_eq!(attempt(&authenticator.code(&app, -2)).await, "UNAUTHENTICATED", "older");
    assert_eq!(attempt(&authenticator.code(&app, 2)).await, "UNAUTHENTICATED", "to come");
    assert_eq!(attempt(&authenticator.code(&app, -1)).await, "in");
    assert_eq!(attempt(&authenticator.code(&app, -1)).await, "UNAUTHENTICATED", "twice");
    let code = authenticator.code(&app, 0);
    assert_eq!(attempt(&format!(" {} {} ", &code[..3], &code[3..])).await, "in", "as authenticators show it");
    assert_eq!(attempt(&authenticator.code(&app, 1)).await, "in");
    // Neither the last one again nor one before it.
    assert_eq!(attempt(&code).await, "UNAUTHENTICATED");
    app.clock.advance(TimeDelta::seconds(30));
    assert_eq!(attempt(&authenticator.code(&app, 0)).await, "UNAUTHENTICATED");
    app.clock.advance(TimeDelta::seconds(30));
    assert_eq!(attempt(&authenticator.code(&app, 0)).await, "in");
}

async fn recovery(app: TestApp) {
    let authenticator = Authenticator::of(&app, &app.login(SUPPORT).await).await;
    let anonymous = app.anonymous();
    for (number, code) in authenticator.recovery.iter().enumerate() {
        let written = if number % 2 == 0 { code.clone() } else { code.to_lowercase().replace('-', " ") };
        sign_in(&anonymous, SUPPORT, PASSWORD, Some(&written)).await.ok();
        let again = sign_in(&anonymous, SUPPORT, PASSWORD, Some(code)).await;
        assert_eq!(again.errors()[0]["extensions"]["secondFactor"], "REQUIRED");
    }
    // Where they are used up there is still the factor.
    sign_in(&anonymous, SUPPORT, PASSWORD, Some(&authenticator.code(&app, 1))).await.ok();
}

async fn at_once(app: TestApp) {
    let authenticator = Authenticator::of(&app, &app.login(SUPPORT).await).await;
    let (_, router) = app.instance(|config| config.sign_in.account_failures = 100).await;
    for code in [authenticator.code(&app, 1), authenticator.recovery[0].clone()] {
        let sent: Vec<_> = (0..12)
            .map(|number| {
                let router = if number % 2 == 0 { app.router.clone() } else { router.clone() };
                let (client, code) = (Client::new(router, None), code.clone());
                tokio::spawn(async move { sign_in(&client, SUPPORT, PASSWORD, Some(&code)).await })
            })
            .collect();
        let mut accepted = 0;
        for answer in sent {
            let answer = answer.await.unwrap();
            assert!(["in", "UNAUTHENTICATED", "RATE_LIMITED"].contains(&outcome(&answer)), "{}", answer.text);
            accepted += usize::from(outcome(&answer) == "in");
        }
        assert_eq!(accepted, 1, "{code}");
        app.clock.advance(TimeDelta::hours(2));
    }
}

async fn counted(app: TestApp) {
    let authenticator = Authenticator::of(&app, &app.login(SUPPORT).await).await;
    let anonymous = app.anonymous();
    for number in 0..5 {
        // Between guesses the password alone: neither counted nor a new beginning.
        for _ in 0..3 {
            let asked = sign_in(&anonymous, SUPPORT, PASSWORD, None).await;
            assert_eq!(
                asked.errors()[0]["extensions"]["secondFactor"],
                "REQUIRED",
                "{number}: {}",
                asked.text
            );
        }
        let wrong = sign_in(&anonymous, SUPPORT, PASSWORD, Some("000000")).await;
        assert_eq!(outcome(&wrong), "UNAUTHENTICATED");
    }
    let right = sign_in(&anonymous, SUPPORT, PASSWORD, Some(&authenticator.code(&app, 1))).await;
    assert_eq!((right.status.as_u16(), outcome(&right)), (429, "RATE_LIMITED"));
    assert!(account(&app, SUPPORT).await.locked_until.is_some());
}

async fn open_session(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let authenticator = Authenticator::of(&app, &client).await;
    for _ in 0..5 {
        let wrong = client.query(VERIFY, json!({ "code": "000000" })).await;
        assert_eq!(wrong.ok()["mfaVerify"]["userErrors"], wrong_code());
    }
    let code = authenticator.code(&app, 1);
    let limited = client.query(VERIFY, json!({ "code": code })).await;
    assert_eq!((limited.status.as_u16(), outcome(&limited)), (429, "RATE_LIMITED"));
    // The user himself is not locked out by who has his session.
    sign_in(&app.anonymous(), SUPPORT, PASSWORD, Some(&code)).await.ok();
}
