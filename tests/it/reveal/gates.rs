//! What stands before a value: the right to each field, the reach of the row, a ground, and the record of it.

use chrono::TimeDelta;
use custodian_entity::choice::Outcome::Denied;
use custodian_entity::choice::TicketStatus;
use custodian_entity::id::{CustomerId, IdentityCheckId, TypedId};
use custodian_entity::{customer, identity_check, ticket};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend, IntoActiveModel, Set};
use serde_json::{Value, json};

use super::{maria, reveal};
use crate::app::TestApp;
use crate::client::Answer;
use crate::fixture::{self, ADMIN, BILLING, Log, SUPPORT, absent, all, mutate, text};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("reveal::fields without the right are all named before anything is looked up", rights);
    suite.both("reveal::only staff unmask", only_staff);
    suite.both("reveal::a request that is none is refused", malformed);
    suite.both("reveal::a row out of reach is a row that is not there", reach);
    suite.both("reveal::support needs an open ticket of the customer", tickets);
    suite.both("reveal::or a check of its own, passed within 15 minutes", checks);
    suite.both("reveal::what cannot be recorded is not shown", fails_closed);
}

/// The fields that an answer refuses, in its order; nothing else went wrong, and nothing came. One that the schema does
/// not know is not named.
fn refused(answer: &Answer) -> Vec<&str> {
    assert!(answer.data()["fieldReveal"].is_null(), "{}", answer.text);
    let field = |error: &'_ Value| error["extensions"]["code"] == "FORBIDDEN";
    assert!(answer.errors().iter().all(field), "{}", answer.text);
    answer.errors().iter().map(|error| error["extensions"]["field"].as_str().unwrap_or("?")).collect()
}

async fn rights(app: TestApp) {
    let (client, billing) = (app.login(SUPPORT).await, app.login(BILLING).await);
    let who = fixture::account(&app, SUPPORT).await;
    let mut log = Log::mark(&app).await;
    let fields = ["taxId", "planted", "email", "Contact.phone", "Customer.planted"];
    // Of a row in reach, of one of others, and of none: the row is not looked at.
    let others = fixture::customer(&app, "emily.carter@mail.example").await.id.encode();
    for id in [maria(&app).await, others, absent::<CustomerId>()] {
        let outcome =
            reveal(&client, &id, &fields, json!({ "ticketId": "tick_01h455vb4pex5vsknk084sn02q" })).await;
        assert_eq!(refused(&outcome.answer), ["Customer.taxId", "?", "Contact.phone"]);
        assert_eq!(outcome.answer.errors()[1]["message"], "a field that does not exist cannot be revealed");
        assert!(!outcome.answer.text.contains("planted"), "repeated: {}", outcome.answer.text);

        let event = log.one(&app, "REVEAL_DENIED").await;
        assert_eq!((event.actor_id, event.outcome), (Some(who.id), Denied));
        assert_eq!((event.tenant_id, event.action.as_str()), (Some(who.tenant_id), "fieldReveal"));
        assert!(event.customer_id.is_none() && event.resource_id.is_none(), "it was not looked at");
        let details = json!({ "fields": ["Customer.taxId", "Contact.phone"], "purpose": "CUSTOMER_REQUEST" });
        assert_eq!(event.details, details);

        let logs = app.logs();
        let told: Vec<&str> = logs.lines().filter(|line| line.contains(&event.request_id)).collect();
        let told = told.iter().find(|line| line.contains("reveal refused")).expect("a line for the operator");
        for part in [r#"fields=["Customer.taxId", "Contact.phone"]"#, "support_agent", &who.id.encode()] {
            assert!(told.contains(part), "no {part} in {told}");
        }
        assert!(!told.contains("planted"), "{told}");
    }
    // What is read in clear without it is not unmasked: there is no right to.
    let outcome = reveal(&client, &maria(&app).await, &["displayName", "id", "addresses"], json!({})).await;
    assert_eq!(refused(&outcome.answer), ["Customer.displayName", "Customer.id", "Customer.addresses"]);
    // Another's right is nobody else's.
    let outcome =
        reveal(&billing, &maria(&app).await, &["email", "billingEmail", "dateOfBirth"], json!({})).await;
    assert_eq!(refused(&outcome.answer), ["Customer.billingEmail", "Customer.dateOfBirth"]);
    let events = log.gained(&app).await;
    assert!(events.iter().all(|event| event.event_type == "REVEAL_DENIED"), "{events:?}");
    assert_eq!(events.len(), 2);
}

async fn only_staff(app: TestApp) {
    let maria = maria(&app).await;
    for name in ["reseller", "customer"] {
        let client = app.login(&format!("{name}@acme.example")).await;
        let outcome = reveal(&client, &maria, &["email"], json!({})).await;
        assert_eq!(refused(&outcome.answer), ["Mutation.fieldReveal"], "{name}");
    }
    let outcome = reveal(&app.anonymous(), &maria, &["email"], json!({})).await;
    assert_eq!(outcome.answer.code(), Some("UNAUTHENTICATED"), "{}", outcome.answer.text);
}

async fn malformed(app: TestApp) {
    let (client, maria) = (app.login(BILLING).await, maria(&app).await);
    let six = ["email", "phone", "email", "phone", "email", "phone"];
    let long = "x".repeat(101);
    for (id, fields, more) in [
        (maria.as_str(), &[][..], json!({})),
        (&maria, &six, json!({})),
        (&maria, &[&long], json!({})),
        (&maria, &["email"], json!({ "purpose": "CURIOSITY" })),
        (&maria, &["email"], json!({ "purpose": null })),
        (&maria, &["email"], json!({ "ticketId": maria })),
        ("nobody", &["email"], json!({})),
        ("cust_0", &["email"], json!({})),
    ] {
        let outcome = reveal(&client, id, fields, more).await;
        assert_eq!(outcome.answer.code(), Some("BAD_USER_INPUT"), "{}", outcome.answer.text);
        assert!(outcome.answer.data()["fieldReveal"].is_null());
    }
}

async fn reach(app: TestApp) {
    let others = fixture::customer(&app, "emily.carter@mail.example").await.id.encode();
    let maria = maria(&app).await;
    for (account, field) in [(BILLING, "phone"), (SUPPORT, "phone"), (ADMIN, "dateOfBirth")] {
        let client = app.login(account).await;
        for id in [&others, &absent::<CustomerId>()] {
            let outcome = reveal(&client, id, &[field], json!({})).await;
            outcome.failed("NOT_FOUND");
            assert_eq!(outcome.answer.errors()[0]["message"], "not found");
        }
    }
    // Whoever acts for the installation reaches both.
    let client = app.login("admin@acme.example").await;
    let mut log = Log::mark(&app).await;
    for id in [&others, &maria] {
        reveal(&client, id, &["dateOfBirth"], json!({})).await.done();
    }
    assert_eq!(log.gained(&app).await.len(), 2);
}

async fn tickets(app: TestApp) {
    let (client, maria) = (app.login(SUPPORT).await, maria(&app).await);
    let billing = app.login(BILLING).await;
    let mut log = Log::mark(&app).await;
    reveal(&client, &maria, &["email"], json!({})).await.refused(&["ticketId REQUIRED"]);
    for status in [TicketStatus::Resolved, TicketStatus::Closed] {
        let over = super::ticket(&app, status).await;
        reveal(&client, &maria, &["email"], json!({ "ticketId": over })).await.refused(&["ticketId INVALID"]);
    }
    // Nobody names a ticket that proves nothing.
    let other =
        all::<ticket::Entity>(&app).await.into_iter().find(|ticket| ticket.customer_id.encode() != maria);
    let other = other.unwrap().id.encode();
    reveal(&client, &maria, &["email"], json!({ "ticketId": other })).await.failed("NOT_FOUND");
    reveal(&billing, &maria, &["email"], json!({ "ticketId": other })).await.failed("NOT_FOUND");
    log.none(&app).await;
    for status in [TicketStatus::New, TicketStatus::InProgress, TicketStatus::Pending] {
        let open = super::ticket(&app, status).await;
        reveal(&client, &maria, &["email"], json!({ "ticketId": open })).await.done();
    }
    // Others give a purpose, and that is enough.
    reveal(&billing, &maria, &["email"], json!({})).await.done();
    let network = app.login("network@acme.example").await;
    reveal(&network, &maria, &["phone"], json!({})).await.done();
}

/// A check of this customer's identity, made now over the service; its id.
async fn checked(app: &TestApp, account: &str, customer: &str, outcome: &str) -> String {
    let input = json!({ "customerId": customer, "method": "CALL_BACK", "outcome": outcome });
    let made = mutate(&app.login(account).await, "identityCheckPerform", "id", input).await;
    text(&made.done()["id"]).to_owned()
}

async fn checks(app: TestApp) {
    let (client, maria) = (app.login(SUPPORT).await, maria(&app).await);
    let needed =
        async || reveal(&client, &maria, &["email"], json!({})).await.refused(&["ticketId REQUIRED"]);
    // Not of another customer, not by somebody else, not one that was not passed.
    let others = all::<customer::Entity>(&app).await;
    let mine = fixture::customer(&app, fixture::MARIA).await.tenant_id;
    let other = others.iter().find(|row| row.tenant_id == mine && row.id.encode() != maria).unwrap();
    checked(&app, SUPPORT, &other.id.encode(), "SUCCESS").await;
    checked(&app, ADMIN, &maria, "SUCCESS").await;
    checked(&app, SUPPORT, &maria, "FAILURE").await;
    checked(&app, SUPPORT, &maria, "DENIED").await;
    needed().await;

    let check = checked(&app, SUPPORT, &maria, "SUCCESS").await;
    let mut log = Log::mark(&app).await;
    reveal(&client, &maria, &["email"], json!({})).await.done();
    let event = log.one(&app, "FIELD_REVEALED").await;
    let details = json!({
        "fields": ["Customer.email"], "purpose": "CUSTOMER_REQUEST", "identityCheck": check,
    });
    assert_eq!(event.details, details);

    let put = async |age: TimeDelta| {
        let row = all::<identity_check::Entity>(&app).await;
        let row = row.into_iter().find(|row| row.id == IdentityCheckId::decode(&check).unwrap()).unwrap();
        let mut row = row.into_active_model();
        row.performed_at = Set(app.clock.now() - age);
        row.valid_until = Set(app.clock.now() - age + TimeDelta::minutes(15));
        row.update(app.db()).await.unwrap();
    };
    put(TimeDelta::minutes(15)).await;
    reveal(&client, &maria, &["email"], json!({})).await.done();
    put(TimeDelta::minutes(15) + TimeDelta::milliseconds(1)).await;
    needed().await;
}

async fn fails_closed(app: TestApp) {
    let (client, maria) = (app.login(BILLING).await, maria(&app).await);
    let refuse = match app.db().get_database_backend() {
        DbBackend::Sqlite => {
            "CREATE TRIGGER never BEFORE INSERT ON audit_event WHEN NEW.event_type = 'FIELD_REVEALED' \
             BEGIN SELECT RAISE(ABORT, 'never'); END"
        }
        _ => "ALTER TABLE audit_event ADD CONSTRAINT never CHECK (event_type <> 'FIELD_REVEALED')",
    };
    app.db().execute_unprepared(refuse).await.unwrap();
    let outcome = reveal(&client, &maria, &["email", "phone"], json!({})).await;
    outcome.failed("INTERNAL");
    for value in [fixture::MARIA, "+34612345678"] {
        assert!(!outcome.answer.text.contains(value), "shown, and not on record: {}", outcome.answer.text);
    }
}
