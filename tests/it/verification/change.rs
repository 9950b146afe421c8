//! Another e-mail address takes effect once it is confirmed from there, and the one before is told (DOMAIN, rule 5).

use custodian_entity::choice::{Outcome, VerificationStatus};
use custodian_entity::email_verification;
use custodian_entity::id::TypedId;
use serde_json::json;

use super::{address, asked, confirm, new_customer, one, received, stored};
use crate::app::TestApp;
use crate::fixture::{ADMIN, Log, MARIA, SUPPORT, account, all, customer, mutate};
use crate::past::plain;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("verification::another address takes effect when it is confirmed", takes_effect);
    suite.both("verification::a customer changes its own address", own);
    suite.both("verification::the letter is sent again to the address that waits", again_to_pending);
    suite.both(
        "verification::an address in use is told to who could find it, and to who reads its mail",
        taken,
    );
    suite.both("verification::what is no address changes nothing", malformed);
}

const NEW: &str = "maria.nueva@mail.example";

async fn takes_effect(app: TestApp) {
    let before = customer(&app, MARIA).await;
    let support = app.login(SUPPORT).await;
    let mut log = Log::mark(&app).await;
    let input = json!({ "id": before.id.encode(), "email": NEW });
    let outcome = mutate(&support, "customerEmailChange", "id email version", input).await;
    let mask = "m**********a@mail.example";
    assert_eq!(
        outcome.done(),
        &json!({ "id": before.id.encode(), "email": mask, "version": before.version }),
        "nothing has changed yet"
    );
    let event = log.one(&app, "EMAIL_CHANGE_REQUESTED").await;
    assert_eq!(event.details, json!({ "fields": ["email"] }));
    assert_eq!(customer(&app, MARIA).await, before);
    let letter = one(&app).await;
    assert!(letter.to.contains(NEW));
    let shown = address(&support, before.id).await;
    let waits = shown["emailVerifications"].as_array().unwrap().last().unwrap();
    assert_eq!((&waits["status"], &waits["email"]), (&json!("PENDING"), &json!("m*********a@mail.example")));

    confirm(&app, &letter.token()).await.done();
    log.one(&app, "EMAIL_CHANGED").await;
    let after = customer(&app, NEW).await;
    assert_eq!((after.id, after.version), (before.id, before.version + 1));
    assert_eq!(after.email_verified_at, Some(app.clock.now()));
    assert_eq!(after.updated_at, app.clock.now());
    let notice = one(&app).await;
    assert!(notice.to.contains(MARIA), "the old address is told: {}", notice.to);
    assert!(!notice.whole.contains("nueva"), "not the new one: {}", notice.whole);
    assert!(!notice.whole.contains("#token="), "{}", notice.subject);
    for value in [NEW, MARIA] {
        assert!(!app.logs().contains(value), "{value} is in the log");
    }
}

async fn own(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let client = app.login("customer@acme.example").await;
    let input = json!({ "id": maria.id.encode(), "email": NEW });
    let outcome = mutate(&client, "customerEmailChange", "email", input).await;
    assert_eq!(outcome.done()["email"], MARIA);
    let waits = asked(&app, maria.id).await.pop().unwrap();
    assert_eq!((plain(waits.email.expose()), waits.status), (NEW, VerificationStatus::Pending));
    let named = account(&app, "customer@acme.example").await;
    confirm(&app, &one(&app).await.token()).await.done();
    assert_eq!(customer(&app, NEW).await.id, maria.id);
    // That account has an address of its own, which stays.
    assert_eq!(account(&app, "customer@acme.example").await, named);
}

async fn again_to_pending(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let admin = app.login(ADMIN).await;
    let input = json!({ "id": maria.id.encode(), "email": NEW });
    mutate(&admin, "customerEmailChange", "id", input).await.done();
    let older = one(&app).await.token();
    let input = json!({ "customerId": maria.id.encode() });
    let sent = mutate(&admin, "emailVerificationSend", "email status", input).await;
    assert_eq!(sent.done(), &json!({ "email": NEW, "status": "PENDING" }));
    let newer = one(&app).await;
    assert!(newer.to.contains(NEW));
    confirm(&app, &older).await.refused(&["token TOKEN_EXPIRED"]);
    confirm(&app, &newer.token()).await.done();
    assert_eq!(plain(stored(&app, maria.id).await.email.unwrap().expose()), NEW);
}

async fn taken(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let (first, second) =
        (new_customer(&admin, "one@new.example").await, new_customer(&admin, "two@new.example").await);
    let input = json!({ "id": second.encode(), "email": "one@new.example" });
    // Who can ask for customers by their address is told at once.
    mutate(&admin, "customerEmailChange", "id", input.clone()).await.refused(&["email TAKEN"]);
    assert!(asked(&app, second).await.is_empty());
    // Who sees masks is not, nor is a customer of other customers.
    mutate(&app.login(SUPPORT).await, "customerEmailChange", "id", input).await.done();
    let token = one(&app).await.token();
    let before = stored(&app, second).await;
    let mut log = Log::mark(&app).await;
    confirm(&app, &token).await.refused(&["- TAKEN"]);
    assert_eq!(log.one(&app, "EMAIL_VERIFIED").await.outcome, Outcome::Failure);
    assert_eq!(stored(&app, second).await, before, "nothing was changed");
    let row = asked(&app, second).await.remove(0);
    assert_eq!((row.status, row.attempt_count), (VerificationStatus::Pending, 1));
    assert!(received(&app).await.is_empty(), "nobody is told of what did not happen");

    // Once the address is free, the same link is good.
    let input = json!({ "id": first.encode(), "email": "free@new.example" });
    mutate(&admin, "customerEmailChange", "id", input).await.done();
    confirm(&app, &one(&app).await.token()).await.done();
    confirm(&app, &token).await.done();
    assert_eq!(received(&app).await.len(), 2, "both addresses before are told");
    assert_eq!(plain(stored(&app, second).await.email.unwrap().expose()), "one@new.example");

    let xiaoming = account(&app, "customer2@acme.example").await.customer_id.unwrap();
    let input = json!({ "id": xiaoming.encode(), "email": MARIA });
    mutate(&app.login("customer2@acme.example").await, "customerEmailChange", "id", input).await.done();
    assert!(one(&app).await.to.contains(MARIA));
    // Another provider's customers, and another partner's, may have the same address.
    let globex = app.login("support@globex.example").await;
    let theirs = new_customer(&globex, "three@new.example").await;
    let input = json!({ "id": theirs.encode(), "email": "one@new.example" });
    mutate(&globex, "customerEmailChange", "id", input).await.done();
    confirm(&app, &one(&app).await.token()).await.done();
    assert_eq!(plain(stored(&app, theirs).await.email.unwrap().expose()), "one@new.example");
}

async fn malformed(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let (admin, support) = (app.login(ADMIN).await, app.login(SUPPORT).await);
    let rows = all::<email_verification::Entity>(&app).await.len();
    let mut log = Log::mark(&app).await;
    let id = maria.id.encode();
    let input = json!({ "id": id, "email": "no address" });
    mutate(&admin, "customerEmailChange", "id", input).await.refused(&["email INVALID"]);
    let input = json!({ "id": id, "email": "a\r\nBcc: b@new.example" });
    mutate(&admin, "customerEmailChange", "id", input).await.refused(&["email INVALID"]);
    let input = json!({ "id": id, "email": "m**********a@mail.example" });
    let outcome = mutate(&support, "customerEmailChange", "id", input).await;
    assert_eq!(outcome.answer.code(), Some("MASKED_VALUE_ROUNDTRIP"), "{}", outcome.answer.text);
    assert!(outcome.answer.text.contains("Customer.email"), "{}", outcome.answer.text);
    log.none(&app).await;
    assert_eq!(all::<email_verification::Entity>(&app).await.len(), rows);
    assert_eq!(customer(&app, MARIA).await, maria);
}
