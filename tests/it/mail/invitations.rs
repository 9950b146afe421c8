//! Inviting somebody: an account that is his once he has chosen a password, and holds no more than who invited him.

use chrono::TimeDelta;
use custodian_entity::choice::{Scope, UserKind, UserStatus};
use custodian_entity::{reseller, role_grant};
use serde_json::{Value, json};

use super::{NEW, confirm, found, only, post, request, token};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{ADMIN, Log, all, mutate, text};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("mail::an invitation makes an account that its user opens", accepted);
    suite.both("mail::an invitation ends, and is not asked for again by a reset", unaccepted);
    suite.both("mail::an invitation is sent again, and the one before is dead", again);
    suite.both("mail::nobody invites to more than he holds", beyond);
    suite.both("mail::a reseller invites to itself", resellers);
}

const NAME: &str = "jo@acme.example";
const EMAIL: &str = "jo.private@mail.example";

fn input(username: &str, role: &str) -> Value {
    json!({ "username": username, "displayName": "Jo", "email": EMAIL, "role": role })
}

async fn invite(client: &Client, input: Value) -> String {
    mutate(client, "userInvite", "id status", input).await.summary()
}

async fn login(app: &TestApp, password: &str) -> Result<Client, String> {
    let document = format!(
        "mutation {{ login(username: \"{NAME}\", password: \"{password}\") {{ accessToken viewer {{ role }} }} }}"
    );
    let answer = app.anonymous().query(&document, Value::Null).await;
    match answer.code() {
        Some(code) => Err(code.to_owned()),
        None => {
            Ok(Client::new(app.router.clone(), Some(text(&answer.ok()["login"]["accessToken"]).to_owned())))
        }
    }
}

async fn accepted(app: TestApp) {
    let client = app.login(ADMIN).await;
    let mut log = Log::mark(&app).await;
    let made =
        mutate(&client, "userInvite", "id status kind", input(" Jo@ACME.example", "support_agent")).await;
    assert_eq!((text(&made.done()["status"]), text(&made.done()["kind"])), ("INVITED", "STAFF"));
    let event = log.one(&app, "USER_INVITED").await;
    assert_eq!(
        (&event.details["role"], &event.details["scope"]),
        (&json!("support_agent"), &json!("TENANT"))
    );
    let letter = only(post(&app).await, EMAIL);
    assert!(letter.contains("/accept-invitation#token="), "{letter}");
    let row = found(&app, NAME).await.expect("the account");
    assert!(row.password_hash.is_none() && row.status == UserStatus::Invited);
    assert_eq!(login(&app, NEW).await.err().as_deref(), Some("UNAUTHENTICATED"));
    assert_eq!(confirm(&app.anonymous(), &token(&letter), NEW).await, "done");
    assert_eq!(found(&app, NAME).await.unwrap().status, UserStatus::Active);
    log.gained(&app).await;
    let jo = login(&app, NEW).await.expect("he signs in");
    let viewer = jo.query("{ viewer { role displayName } }", Value::Null).await;
    assert_eq!(viewer.ok()["viewer"], json!({ "role": "support_agent", "displayName": "Jo" }));
    assert_eq!(confirm(&app.anonymous(), &token(&letter), "Another-Quorum-83").await, "TOKEN_USED");
    assert!(post(&app).await.is_empty(), "a first password is no change");
}

async fn unaccepted(app: TestApp) {
    let client = app.login(ADMIN).await;
    assert_eq!(invite(&client, input(NAME, "support_agent")).await, "done");
    let link = token(&only(post(&app).await, EMAIL));
    request(&app.anonymous(), NAME).await.ok();
    assert!(post(&app).await.is_empty(), "a reset opened an account that nobody accepted");
    app.clock.advance(TimeDelta::days(7));
    assert_eq!(confirm(&app.anonymous(), &link, NEW).await, "TOKEN_EXPIRED");
    assert_eq!(found(&app, NAME).await.unwrap().status, UserStatus::Invited);
}

async fn resend(client: &Client, id: &str, email: Option<&str>) -> String {
    let input = match email {
        Some(email) => json!({ "id": id, "email": email }),
        None => json!({ "id": id }),
    };
    mutate(client, "userInvitationResend", "id", input).await.summary()
}

async fn again(app: TestApp) {
    let client = app.login(ADMIN).await;
    assert_eq!(invite(&client, input(NAME, "support_agent")).await, "done");
    let id = custodian_entity::id::TypedId::encode(found(&app, NAME).await.unwrap().id);
    let first = token(&only(post(&app).await, EMAIL));
    app.clock.advance(TimeDelta::days(7));
    // Who signed in before is signed out by now.
    let client = app.login("admin@acme.example").await;
    let mut log = Log::mark(&app).await;
    assert_eq!(resend(&client, &id, None).await, "done");
    log.one(&app, "USER_INVITED").await;
    let second = token(&only(post(&app).await, EMAIL));
    assert_eq!(confirm(&app.anonymous(), &first, NEW).await, "INVALID");
    assert_eq!(resend(&client, &id, Some("not one")).await, "email INVALID");
    assert_eq!(resend(&client, &id, Some("jo@other.example")).await, "done");
    let third = token(&only(post(&app).await, "jo@other.example"));
    assert_eq!(confirm(&app.anonymous(), &second, NEW).await, "INVALID", "it went to another address");
    // Who holds less does not say where an invitation goes: he would choose the password.
    let reseller = app.login("reseller@acme.example").await;
    assert_eq!(resend(&reseller, &id, Some("me@other.example")).await, "FORBIDDEN");
    assert_eq!(resend(&reseller, &id, None).await, "NOT_FOUND");
    assert_eq!(confirm(&app.anonymous(), &third, NEW).await, "done");
    assert_eq!(resend(&client, &id, None).await, "id INVALID", "it was accepted");

    let mine = input("kim@acme.example", "reseller");
    assert_eq!(invite(&reseller, mine).await, "done");
    let id = custodian_entity::id::TypedId::encode(found(&app, "kim@acme.example").await.unwrap().id);
    post(&app).await;
    assert_eq!(resend(&reseller, &id, None).await, "done");
    let link = token(&only(post(&app).await, EMAIL));
    mutate(&client, "userDeactivate", "id", json!({ "id": id })).await.done();
    assert_eq!(confirm(&app.anonymous(), &link, NEW).await, "INVALID", "the account was ended");
}

async fn beyond(app: TestApp) {
    let client = app.login(ADMIN).await;
    for (input, expected) in [
        (input(NAME, "system_admin"), "role INVALID"),
        (input(NAME, "no_such_role"), "role INVALID"),
        (input("jo@globex.example", "support_agent"), "username INVALID"),
        (input("jo@nowhere.example", "support_agent"), "username INVALID"),
        (input("jo", "support_agent"), "username INVALID"),
        (input("support@acme.example", "support_agent"), "username TAKEN"),
        (
            json!({ "username": NAME, "displayName": "J\r\no", "email": EMAIL, "role": "support_agent" }),
            "displayName INVALID",
        ),
        (
            json!({ "username": NAME, "displayName": "Jo", "email": "a@b.example\r\nBcc: x@y.example", "role": "support_agent" }),
            "email INVALID",
        ),
    ] {
        let refused = invite(&client, input.clone()).await;
        assert_eq!(refused, expected, "{input}");
    }
    assert!(post(&app).await.is_empty() && found(&app, NAME).await.is_none());
    for username in ["support@acme.example", "customer@acme.example"] {
        let client = app.login(username).await;
        assert_eq!(invite(&client, input(NAME, "customer")).await, "FORBIDDEN", "{username}");
    }
}

async fn resellers(app: TestApp) {
    let client = app.login("reseller@acme.example").await;
    assert_eq!(invite(&client, input(NAME, "support_agent")).await, "role INVALID");
    assert_eq!(invite(&client, input(NAME, "tenant_admin")).await, "role INVALID");
    let own = found(&app, "reseller@acme.example").await.unwrap();
    let other =
        all::<reseller::Entity>(&app).await.into_iter().find(|row| Some(row.id) != own.reseller_id).unwrap();
    let mut foreign = input(NAME, "reseller");
    foreign["resellerId"] = json!(custodian_entity::id::TypedId::encode(other.id));
    assert_eq!(invite(&client, foreign).await, "FORBIDDEN", "the reseller is the server's to say");
    assert_eq!(invite(&client, input(NAME, "reseller")).await, "done");
    let made = found(&app, NAME).await.unwrap();
    assert_eq!((made.kind, made.reseller_id), (UserKind::Reseller, own.reseller_id));
    let grants = all::<role_grant::Entity>(&app).await;
    let grant = grants.iter().find(|grant| grant.user_id == made.id).unwrap();
    assert_eq!((grant.scope, grant.granted_by, grant.is_primary), (Scope::Reseller, Some(own.id), true));
    let link = token(&only(post(&app).await, EMAIL));
    assert_eq!(confirm(&app.anonymous(), &link, NEW).await, "done");
    let jo = login(&app, NEW).await.expect("he signs in");
    let seen = |client: Client| async move {
        client.query("{ customers { totalCount } }", Value::Null).await.ok()["customers"].clone()
    };
    assert_eq!(seen(jo).await, seen(client).await, "he sees the rows of his reseller");
}
