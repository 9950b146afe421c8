//! Notices: the owner of an account is told what happened to it (47 CFR 64.2010(f)), and never what it is now.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{NEW, only, post};
use crate::app::TestApp;
use crate::fixture::{SUPPORT, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("mail::a changed password is told to its user", password_changed);
    suite.both("mail::a locked account is told to its user, once a day", locked);
}

async fn password_changed(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let change = |current: &str| json!({ "currentPassword": current, "newPassword": NEW });
    mutate(&client, "passwordChange", "", change("Custodian-Demo-2"))
        .await
        .refused(&["currentPassword INVALID"]);
    assert!(post(&app).await.is_empty(), "nothing was changed");
    mutate(&client, "passwordChange", "", change("Custodian-Demo-1")).await.done();
    let letter = only(post(&app).await, SUPPORT);
    assert!(letter.contains("Subject: Your password was changed") && !letter.contains(NEW), "{letter}");
}

async fn locked(app: TestApp) {
    let guess = async |username: &str| {
        let document =
            format!("mutation {{ login(username: \"{username}\", password: \"x\") {{ accessToken }} }}");
        app.anonymous().query(&document, Value::Null).await.code().map(str::to_owned)
    };
    for _ in 0..4 {
        guess(SUPPORT).await;
        guess("nobody@acme.example").await;
    }
    assert!(post(&app).await.is_empty(), "he may try again");
    guess("nobody@acme.example").await;
    guess(SUPPORT).await;
    let letter = only(post(&app).await, SUPPORT);
    assert!(letter.contains("Subject: Signing in is paused for your account"), "{letter}");
    app.clock.advance(TimeDelta::minutes(2));
    guess(SUPPORT).await;
    assert!(post(&app).await.is_empty(), "he knows");
}
