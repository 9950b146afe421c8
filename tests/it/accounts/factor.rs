//! The second factor: set up, asked for, taken away.

use custodian_entity::choice::Outcome;
use custodian_entity::{recovery_code, second_factor};
use serde_json::{Value, json};

use super::{Authenticator, CONFIRM, DISABLE, ENROL, PASSWORD, outcome, sign_in, signed_in, wrong_code};
use crate::app::TestApp;
use crate::client::Answer;
use crate::fixture::{BILLING, Log, SUPPORT, account, all, text};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("accounts::a second factor is asked for once its first code was seen", asked_for);
    suite.both("accounts::what is stored of a second factor gives nobody a code", stored);
    suite.both("accounts::a second factor is taken away by one of its codes", taken_away);
    suite.both("accounts::a second factor is asked for after the right password alone", after_the_password);
}

/// Refused for lack of a code.
#[track_caller]
fn assert_asked(answer: &Answer) {
    assert_eq!(outcome(answer), "UNAUTHENTICATED", "{}", answer.text);
    assert_eq!(answer.errors()[0]["extensions"]["secondFactor"], "REQUIRED", "{}", answer.text);
    assert!(answer.data()["login"].is_null(), "{}", answer.text);
}

async fn asked_for(app: TestApp) {
    let (anonymous, client) = (app.anonymous(), app.login(SUPPORT).await);
    let mut log = Log::mark(&app).await;
    let first = Authenticator::enrolled(&client).await;
    log.one(&app, "SECOND_FACTOR_ENROLLED").await;
    let second = Authenticator::enrolled(&client).await;
    log.one(&app, "SECOND_FACTOR_ENROLLED").await;
    // Not before it is confirmed: nobody is locked out by a secret that he did not keep.
    sign_in(&anonymous, SUPPORT, PASSWORD, None).await.ok();
    log.one(&app, "SIGN_IN_SUCCEEDED").await;
    let superseded = client.query(CONFIRM, json!({ "code": first.code(&app, 0) })).await;
    assert_eq!(superseded.ok()["mfaConfirm"], json!({ "recoveryCodes": null, "userErrors": wrong_code() }));
    assert_eq!(log.one(&app, "SECOND_FACTOR_ENABLED").await.outcome, Outcome::Failure);
    let confirmed = client.query(CONFIRM, json!({ "code": second.code(&app, 0) })).await;
    let codes = confirmed.ok()["mfaConfirm"]["recoveryCodes"].as_array().unwrap();
    let mut distinct: Vec<&str> = codes.iter().map(text).collect();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 10);
    assert_eq!(log.one(&app, "SECOND_FACTOR_ENABLED").await.outcome, Outcome::Success);
    assert!(account(&app, SUPPORT).await.mfa_enabled);

    assert_asked(&sign_in(&anonymous, SUPPORT, PASSWORD, None).await);
    log.one(&app, "SIGN_IN_CHALLENGED").await;
    assert_asked(&sign_in(&anonymous, SUPPORT, PASSWORD, Some("000000")).await);
    log.one(&app, "SIGN_IN_FAILED").await;
    // The code that confirmed it is used up.
    assert_asked(&sign_in(&anonymous, SUPPORT, PASSWORD, Some(&second.code(&app, 0))).await);
    sign_in(&anonymous, SUPPORT, PASSWORD, Some(&second.code(&app, 1))).await.ok();
    // Others need none.
    sign_in(&anonymous, BILLING, PASSWORD, None).await.ok();
    sign_in(&anonymous, BILLING, PASSWORD, Some("000000")).await.ok();

    let again = client.query(ENROL, Value::Null).await;
    assert_eq!(
        again.ok()["mfaEnrol"],
        json!({ "enrolment": null, "userErrors": [{ "field": null, "code": "INVALID" }] })
    );
}

async fn stored(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let mut log = Log::mark(&app).await;
    let authenticator = Authenticator::of(&app, &client).await;
    let secret = authenticator.totp.secret().to_base32();
    let factors = format!("{:?}", all::<second_factor::Entity>(&app).await);
    let codes = format!("{:?}", all::<recovery_code::Entity>(&app).await);
    let events = format!("{:?}", log.gained(&app).await);
    let logs = app.logs();
    for told in authenticator.recovery.iter().chain([&secret]) {
        for place in [&factors, &codes, &events, &logs] {
            assert!(!place.contains(told.as_str()), "{told} can be read");
        }
    }
    // Sealed for its user: in another's row it opens for nobody.
    let sealed = all::<second_factor::Entity>(&app).await.remove(0);
    let billing = app.login(BILLING).await;
    let of_billing = Authenticator::of(&app, &billing).await;
    use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
    let row = second_factor::Entity::find_by_id(account(&app, BILLING).await.id);
    let mut row = row.one(app.db()).await.unwrap().unwrap().into_active_model();
    row.secret = Set(sealed.secret);
    let _: second_factor::Model = row.update(app.db()).await.unwrap();
    for code in [authenticator.code(&app, 1), of_billing.code(&app, 1)] {
        let answer = sign_in(&app.anonymous(), BILLING, PASSWORD, Some(&code)).await;
        assert_eq!(outcome(&answer), "INTERNAL", "{}", answer.text);
    }
}

async fn taken_away(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let authenticator = Authenticator::of(&app, &client).await;
    let refused = client.query(DISABLE, json!({ "code": "123" })).await;
    assert_eq!(refused.ok()["mfaDisable"]["userErrors"], wrong_code());
    let mut log = Log::mark(&app).await;
    let done = client.query(DISABLE, json!({ "code": authenticator.code(&app, 1) })).await;
    assert_eq!(done.ok()["mfaDisable"]["userErrors"], json!([]));
    log.one(&app, "SECOND_FACTOR_DISABLED").await;
    sign_in(&app.anonymous(), SUPPORT, PASSWORD, None).await.ok();
    assert_eq!(all::<recovery_code::Entity>(&app).await, []);
    assert_eq!(all::<second_factor::Entity>(&app).await, []);
    assert!(!account(&app, SUPPORT).await.mfa_enabled);
    // And set up anew.
    let again = Authenticator::of(&app, &client).await;
    let recovered = client.query(DISABLE, json!({ "code": again.recovery[3] })).await;
    assert_eq!(recovered.ok()["mfaDisable"]["userErrors"], json!([]));
}

async fn after_the_password(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let authenticator = Authenticator::of(&app, &client).await;
    let anonymous = app.anonymous();
    let mut told = Vec::new();
    for (username, code) in [
        (SUPPORT, None),
        (SUPPORT, Some("000000".to_owned())),
        (SUPPORT, Some(authenticator.code(&app, 1))),
        (BILLING, None),
        ("nobody@acme.example", Some("000000".to_owned())),
    ] {
        let mut answer = sign_in(&anonymous, username, "wrong", code.as_deref()).await;
        answer.body["errors"][0]["extensions"]["requestId"] = Value::Null;
        told.push(answer.body);
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
    // A wrong password uses up no code.
    let answer = sign_in(&anonymous, SUPPORT, PASSWORD, Some(&authenticator.code(&app, 1))).await;
    signed_in(&app, &answer).query("{ viewer { id } }", Value::Null).await.ok();
}
