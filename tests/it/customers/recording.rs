//! Mutations and the audit log: one event each, in the transaction of the change, fields by name and never by value.

use custodian_entity::audit_event;
use custodian_entity::choice::Outcome;
use custodian_entity::id::TypedId;
use custodian_entity::personal::IpAddress;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::{new_customer, with};
use crate::app::TestApp;
use crate::fixture::{ADMIN, Log, MARIA, SUPPORT, account, all, customer, mutate, text};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("customers::an event says who, what, where and which fields", event);
    suite.both("customers::an event holds no value", no_value);
    suite.both("customers::what cannot be recorded is not done", fails_closed);
}

async fn event(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let mut log = Log::mark(&app).await;
    let input = with(&new_customer("event@new.example"), json!({ "phone": "020 7946 0958" }));
    let outcome = mutate(&client, "customerCreate", "id", input).await;
    let created = log.one(&app, "CUSTOMER_CREATED").await;
    let who = account(&app, SUPPORT).await;
    let row = super::stored(&app, &outcome.done()["id"]).await;
    assert_eq!((created.actor_id, created.actor_role.as_deref()), (Some(who.id), Some("support_agent")));
    assert_eq!(
        (created.tenant_id, created.customer_id, created.reseller_id),
        (Some(who.tenant_id), Some(row.id), None)
    );
    assert_eq!(
        (created.resource_type.as_deref(), created.resource_id),
        (Some("Customer"), Some(row.id.encode()))
    );
    assert_eq!((created.action.as_str(), created.outcome), ("customerCreate", Outcome::Success));
    assert_eq!(created.occurred_at, app.clock.now());
    assert_eq!(created.ip.as_ref().map(IpAddress::expose), Some("127.0.0.***"));
    assert_eq!(Some(created.request_id.as_str()), outcome.answer.headers["x-request-id"].to_str().ok());
    let mut fields: Vec<&str> = created.details["fields"].as_array().unwrap().iter().map(text).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["displayName", "email", "phone"], "the fields that were given, and no others");

    let maria = customer(&app, MARIA).await;
    let input = json!({ "id": maria.id.encode(), "version": maria.version, "language": "fr", "phone": null });
    mutate(&client, "customerUpdate", "id", input).await.done();
    let updated = log.one(&app, "CUSTOMER_UPDATED").await;
    assert_eq!((updated.customer_id, updated.reseller_id), (Some(maria.id), maria.reseller_id));
    assert!(updated.reseller_id.is_some(), "María came through a reseller, whose own log this is too");
    let mut fields: Vec<&str> = updated.details["fields"].as_array().unwrap().iter().map(text).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["language", "phone"]);

    let admin = app.login(ADMIN).await;
    log.gained(&app).await;
    mutate(&admin, "tenantUpdate", "slug", json!({ "timezone": "Europe/Paris" })).await.done();
    let event = log.one(&app, "TENANT_UPDATED").await;
    assert_eq!(
        (event.resource_type.as_deref(), event.details),
        (Some("Tenant"), json!({ "fields": ["timezone"] }))
    );
}

async fn no_value(app: TestApp) {
    let client = app.login(ADMIN).await;
    let mut log = Log::mark(&app).await;
    let planted = json!({
        "type": "COMPANY", "displayName": "Plantedname", "firstName": "Plantedfirst", "lastName": "Plantedlast",
        "companyName": "Plantedcompany", "email": "planted@plantedmail.example", "billingEmail": "b@plantedbill.example",
        "phone": "020 7946 0957", "dateOfBirth": "1971-07-13", "governmentIdNumber": "PLANTED90210",
        "taxId": "PLANTEDTAX77", "externalReference": "Plantedreference", "creditLimit": 31_415_926, "riskScore": 77,
    });
    let made = mutate(&client, "customerCreate", "id", planted).await;
    let id = made.done()["id"].clone();
    let address = json!({
        "customerId": id, "type": "SERVICE", "line1": "Plantedstreet 5", "line2": "Plantedfloor", "city": "Plantedtown",
        "postalCode": "PLANT 1", "countryCode": "GB", "latitude": 51.123_456, "accessInstructions": "Plantedkey",
    });
    mutate(&client, "addressCreate", "id", address).await.done();
    let contact = json!({
        "customerId": id, "kinds": ["BILLING"], "name": "Plantedcontact", "jobTitle": "Plantedjob",
        "email": "c@plantedcontact.example", "phone": "020 7946 0956",
    });
    mutate(&client, "contactCreate", "id", contact).await.done();
    let ticket = json!({
        "customerId": id, "category": "GENERAL", "subject": "Plantedsubject", "description": "Planteddescription",
    });
    let made = mutate(&client, "ticketCreate", "id", ticket).await;
    let reply =
        json!({ "ticketId": made.done()["id"], "body": "Plantedbody", "internalBody": "Plantednote" });
    mutate(&client, "ticketReply", "id", reply).await.done();
    let events = log.gained(&app).await;
    assert_eq!(events.len(), 5, "{events:?}");
    for event in &events {
        let text = format!("{} {} {event:?}", event.details, event.action).to_lowercase();
        for value in ["planted", "794609", "7946 09", "1971-07-13", "31415926", "51.123"] {
            assert!(!text.contains(value), "{}: the event holds {value}: {text}", event.event_type);
        }
    }
    let logs = app.logs().to_lowercase();
    for value in ["plantedname", "plantedmail", "plantedstreet", "plantedbody", "plantednote", "planted90210"]
    {
        assert!(!logs.contains(value), "{value} was logged");
    }
}

async fn fails_closed(app: TestApp) {
    let client = app.login(ADMIN).await;
    let before = (customer(&app, MARIA).await, all::<custodian_entity::customer::Entity>(&app).await.len());
    let events = all::<audit_event::Entity>(&app).await.len();
    app.db().execute_unprepared("ALTER TABLE audit_event RENAME TO audit_event_away").await.unwrap();
    let input = json!({ "id": before.0.id.encode(), "version": before.0.version, "firstName": "Unseen" });
    let outcomes = [
        mutate(&client, "customerUpdate", "id", input).await,
        mutate(&client, "customerCreate", "id", new_customer("unseen@new.example")).await,
    ];
    for outcome in outcomes {
        outcome.failed("INTERNAL");
        let text = outcome.answer.text.to_lowercase();
        for internal in ["audit_event", "table", "sql", "relation"] {
            assert!(!text.contains(internal), "the answer tells of {internal}: {text}");
        }
    }
    app.db().execute_unprepared("ALTER TABLE audit_event_away RENAME TO audit_event").await.unwrap();
    let after = (customer(&app, MARIA).await, all::<custodian_entity::customer::Entity>(&app).await.len());
    assert_eq!(after, before, "a change was made that is not on record");
    assert_eq!(all::<audit_event::Entity>(&app).await.len(), events);
    let next = mutate(&client, "customerCreate", "customerNumber", new_customer("seen@new.example")).await;
    assert_eq!(next.done()["customerNumber"], "C-000041", "the change that was undone took a number");
}
