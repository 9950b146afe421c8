//! The link of a letter: good once, for a day, until there is a newer one (abuse case SE10).

use std::collections::BTreeSet;

use chrono::TimeDelta;
use custodian_entity::choice::{Outcome, VerificationStatus};
use custodian_entity::id::TypedId;
use custodian_entity::letter;
use serde_json::json;

use super::{address, again, asked, confirm, new_customer, one, received, stored};
use crate::app::TestApp;
use crate::arguments::without_request_id;
use crate::fixture::{ADMIN, Log, MARIA, SUPPORT, all, at_once, customer, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("verification::a link verifies the address, once", once);
    suite.both("verification::of twelve at once one verifies", twelve);
    suite.both("verification::a link is good for a day", a_day);
    suite.both("verification::a newer link ends the older", newer);
    suite.both("verification::what is no good is answered alike, and on record", alike);
    suite.both("verification::who tries many tokens has to wait", guessing);
    suite.both("verification::five letters an hour", five);
    suite.both("verification::there is nothing to verify", nothing);
}

async fn send(app: &TestApp, customer: custodian_entity::id::CustomerId) -> crate::fixture::Outcome {
    let client = again(app, SUPPORT).await;
    let fields = "status email requestedAt expiresAt verifiedAt attemptCount";
    mutate(&client, "emailVerificationSend", fields, json!({ "customerId": customer.encode() })).await
}

async fn once(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let id = new_customer(&admin, "jo.doe@new.example").await;
    assert!(received(&app).await.is_empty(), "who has no account is not written to unasked");
    let support = app.login(SUPPORT).await;
    let mut log = Log::mark(&app).await;
    let outcome = mutate(
        &support,
        "emailVerificationSend",
        "status email requestedAt expiresAt verifiedAt attemptCount",
        json!({ "customerId": id.encode() }),
    )
    .await;
    assert_eq!(
        outcome.done(),
        &json!({
            "status": "PENDING", "email": "j****e@new.example", "requestedAt": "2026-03-01T12:00:00.000Z",
            "expiresAt": "2026-03-02T12:00:00.000Z", "verifiedAt": null, "attemptCount": 0,
        })
    );
    let event = log.one(&app, "EMAIL_VERIFICATION_SENT").await;
    assert_eq!((event.customer_id, event.resource_id), (Some(id), Some(id.encode())));
    let letter = one(&app).await;
    assert!(letter.to.contains("jo.doe@new.example"), "{}", letter.to);
    let token = letter.token();
    assert_eq!(token.len(), 43, "256 random bits");
    let row = asked(&app, id).await.remove(0);
    assert!(row.token_hash != token && row.token_hash.len() == 43, "the token itself is stored nowhere");
    assert!(!outcome.answer.text.contains(&token), "the token is in the letter alone");

    app.clock.advance(TimeDelta::minutes(5));
    let confirmed = confirm(&app, &token).await;
    assert_eq!(confirmed.done(), "2026-03-01T12:05:00.000Z");
    let event = log.one(&app, "EMAIL_VERIFIED").await;
    assert_eq!((event.customer_id, event.outcome, event.actor_id), (Some(id), Outcome::Success, None));
    assert_eq!(event.action, "emailVerificationConfirm");
    let shown = address(&app.login(ADMIN).await, id).await;
    assert_eq!((&shown["isEmailVerified"], &shown["email"]), (&json!(true), &json!("jo.doe@new.example")));
    assert_eq!(shown["emailVerifiedAt"], "2026-03-01T12:05:00.000Z");
    assert_eq!(shown["version"], 2);
    let verification = &shown["emailVerifications"][0];
    assert_eq!((&verification["status"], &verification["attemptCount"]), (&json!("VERIFIED"), &json!(1)));
    assert_eq!(verification["verifiedAt"], shown["emailVerifiedAt"]);
    assert!(received(&app).await.is_empty(), "nobody is told that his address is the same");

    log.gained(&app).await;
    confirm(&app, &token).await.refused(&["token TOKEN_EXPIRED"]);
    let event = log.one(&app, "EMAIL_VERIFIED").await;
    assert_eq!((event.customer_id, event.outcome), (Some(id), Outcome::Failure));
    let row = asked(&app, id).await.remove(0);
    assert_eq!((row.status, row.attempt_count), (VerificationStatus::Verified, 2));
    assert_eq!(stored(&app, id).await.version, 2, "what was used changes nothing");
}

async fn twelve(app: TestApp) {
    let id = new_customer(&app.login(ADMIN).await, "jo@new.example").await;
    send(&app, id).await.done();
    let token = one(&app).await.token();
    let inputs = vec![json!({ "token": token }); 12];
    let outcomes = at_once(&app.anonymous(), "emailVerificationConfirm", "", inputs).await;
    let mut summaries: Vec<String> = outcomes.iter().map(crate::fixture::Outcome::summary).collect();
    summaries.sort();
    assert_eq!(summaries[0], "done");
    assert!(summaries[1..].iter().all(|summary| summary == "token TOKEN_EXPIRED"), "{summaries:?}");
    let row = asked(&app, id).await.remove(0);
    assert_eq!((row.status, row.attempt_count), (VerificationStatus::Verified, 12));
    assert_eq!(stored(&app, id).await.version, 2, "it was changed once");
}

async fn a_day(app: TestApp) {
    let id = new_customer(&app.login(ADMIN).await, "jo@new.example").await;
    send(&app, id).await.done();
    let token = one(&app).await.token();
    app.clock.advance(TimeDelta::hours(24));
    confirm(&app, &token).await.refused(&["token TOKEN_EXPIRED"]);
    assert_eq!(stored(&app, id).await.email_verified_at, None);
    let shown = address(&again(&app, ADMIN).await, id).await;
    let verification = &shown["emailVerifications"][0];
    assert_eq!((&verification["status"], &verification["attemptCount"]), (&json!("EXPIRED"), &json!(1)));

    send(&app, id).await.done();
    let statuses: Vec<_> = asked(&app, id).await.into_iter().map(|row| row.status).collect();
    assert_eq!(statuses, [VerificationStatus::Expired, VerificationStatus::Pending]);
    let token = one(&app).await.token();
    app.clock.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    confirm(&app, &token).await.done();
}

async fn newer(app: TestApp) {
    let id = new_customer(&app.login(ADMIN).await, "jo@new.example").await;
    send(&app, id).await.done();
    let older = one(&app).await.token();
    app.clock.advance(TimeDelta::seconds(1));
    send(&app, id).await.done();
    let newer = one(&app).await.token();
    assert_ne!(older, newer);
    confirm(&app, &older).await.refused(&["token TOKEN_EXPIRED"]);
    assert_eq!(stored(&app, id).await.email_verified_at, None);
    confirm(&app, &newer).await.done();
    let rows: Vec<_> = asked(&app, id).await.into_iter().map(|row| (row.status, row.attempt_count)).collect();
    assert_eq!(rows, [(VerificationStatus::Superseded, 1), (VerificationStatus::Verified, 1)]);
}

async fn alike(app: TestApp) {
    let id = new_customer(&app.login(ADMIN).await, "jo@new.example").await;
    let mut tokens = vec!["no-such-token".to_owned(), "A".repeat(43), String::new()];
    for _ in 0..2 {
        send(&app, id).await.done();
        tokens.push(one(&app).await.token());
    }
    confirm(&app, &tokens[4]).await.done();
    let expired = new_customer(&app.login(ADMIN).await, "ex@new.example").await;
    send(&app, expired).await.done();
    tokens.push(one(&app).await.token());
    app.clock.advance(TimeDelta::hours(25));
    let mut log = Log::mark(&app).await;
    let mut answers = BTreeSet::new();
    for token in &tokens {
        answers.insert(without_request_id(&confirm(&app, token).await.answer));
        assert_eq!(log.one(&app, "EMAIL_VERIFIED").await.outcome, Outcome::Failure);
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    for token in &tokens[3..] {
        assert!(!app.logs().contains(token), "a token is in the log");
    }
}

async fn guessing(app: TestApp) {
    let id = new_customer(&app.login(ADMIN).await, "jo@new.example").await;
    send(&app, id).await.done();
    let token = one(&app).await.token();
    let stranger = app.anonymous().from("203.0.113.9");
    let attempt = async |token: &str| {
        mutate(&stranger, "emailVerificationConfirm", "", json!({ "token": token })).await
    };
    for n in 0..app.service.config.sign_in.address_failures {
        attempt(&format!("guess-{n}")).await.refused(&["token TOKEN_EXPIRED"]);
    }
    attempt(&token).await.failed("RATE_LIMITED");
    // Others are not kept waiting.
    confirm(&app, &token).await.done();
}

async fn five(app: TestApp) {
    let id = new_customer(&app.login(ADMIN).await, "jo@new.example").await;
    for _ in 0..5 {
        send(&app, id).await.done();
        app.clock.advance(TimeDelta::minutes(1));
    }
    let mut log = Log::mark(&app).await;
    let refused = send(&app, id).await;
    refused.failed("RATE_LIMITED");
    // The first of them is an hour old in 55 minutes.
    assert_eq!(refused.answer.errors()[0]["extensions"]["retryAfter"], 55 * 60);
    let types: Vec<String> = log.gained(&app).await.into_iter().map(|event| event.event_type).collect();
    assert!(types.contains(&"RATE_LIMITED".to_owned()), "{types:?}");
    assert_eq!(asked(&app, id).await.len(), 5);
    let change = json!({ "id": id.encode(), "email": "other@new.example" });
    mutate(&app.login(SUPPORT).await, "customerEmailChange", "id", change).await.failed("RATE_LIMITED");
    let another = new_customer(&again(&app, ADMIN).await, "another@new.example").await;
    send(&app, another).await.done();
    app.clock.advance(TimeDelta::minutes(55));
    send(&app, id).await.done();
}

async fn nothing(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    send(&app, maria.id).await.refused(&["- INVALID"]);
    let admin = app.login(ADMIN).await;
    let made = json!({ "type": "INDIVIDUAL", "displayName": "Jo Doe" });
    let made = mutate(&admin, "customerCreate", "id", made).await;
    let input = json!({ "customerId": made.done()["id"] });
    mutate(&admin, "emailVerificationSend", "id", input).await.refused(&["- REQUIRED"]);
    assert!(all::<letter::Entity>(&app).await.is_empty());
}
