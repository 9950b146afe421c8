//! Addresses and contacts of a customer.

use custodian_entity::id::{AddressId, ContactId, TypedId};
use custodian_entity::personal::{AddressLine, Confidential, Coordinate, Email, Name, Phone, PostalCode};
use custodian_entity::{address, contact, subscription};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::fixture::{ADMIN, BILLING, Log, MARIA, SUPPORT, absent, all, customer, mutate, text};
use crate::past::{all_open, open};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("customers::an address is added, changed and removed", address_life);
    suite.both("customers::an address that a service is delivered to stays", address_in_use);
    suite.both("customers::a place lies on Earth", coordinates);
    suite.both("customers::the mask of a street does not come back as one", masked_street);
    suite.both("customers::a contact is added, changed and removed", contact_life);
    suite.both("customers::a contact is of some kind", kinds);
}

async fn stored_address(app: &TestApp, id: &Value) -> Option<address::Model> {
    let id = AddressId::decode(text(id)).unwrap();
    let found = address::Entity::find_by_id(id).all(app.db()).await.unwrap();
    open::<address::Entity>(app, found).await.pop()
}

async fn stored_contact(app: &TestApp, id: &Value) -> Option<contact::Model> {
    let id = ContactId::decode(text(id)).unwrap();
    let found = contact::Entity::find_by_id(id).all(app.db()).await.unwrap();
    open::<contact::Entity>(app, found).await.pop()
}

async fn address_life(app: TestApp) {
    // The customer itself may add and change its addresses; removing them is for administrators.
    let client = app.login("customer@acme.example").await;
    let admin = app.login(ADMIN).await;
    let maria = customer(&app, MARIA).await;
    let mut log = Log::mark(&app).await;
    let input = json!({
        "customerId": maria.id.encode(), "type": "MAILING", "line1": "Gran Vía 1", "line2": "Ático", "postalCode": "28013",
        "city": "Madrid", "countryCode": "ES", "accessInstructions": "Ring twice",
    });
    let outcome = mutate(&client, "addressCreate", "id type line1 isPrimary", input).await;
    let id = outcome.done()["id"].clone();
    assert_eq!(outcome.done()["isPrimary"], false);
    let event = log.one(&app, "ADDRESS_CREATED").await;
    assert_eq!((event.customer_id, event.resource_id.as_deref()), (Some(maria.id), Some(text(&id))));
    let row = stored_address(&app, &id).await.unwrap();
    assert_eq!(
        (row.tenant_id, row.reseller_id, row.customer_id),
        (maria.tenant_id, maria.reseller_id, maria.id)
    );
    assert_eq!(row.created_at, app.clock.now());

    let input =
        json!({ "id": id, "line2": null, "city": "Sevilla", "postalCode": "41001", "isPrimary": true });
    mutate(&client, "addressUpdate", "id", input).await.done();
    assert_eq!(log.one(&app, "ADDRESS_UPDATED").await.resource_id.as_deref(), Some(text(&id)));
    let changed = stored_address(&app, &id).await.unwrap();
    let expected = address::Model {
        line2: None,
        city: Some("Sevilla".to_owned()),
        postal_code: Some(PostalCode::new("41001")),
        is_primary: true,
        ..row
    };
    assert_eq!(changed, expected);
    assert_eq!(changed.line1, AddressLine::new("Gran Vía 1"));
    assert_eq!(changed.access_instructions, Some(Confidential::new("Ring twice")));

    let outcome = mutate(&admin, "addressDelete", "id line1", json!({ "id": id })).await;
    assert_eq!(outcome.done()["line1"], "Gran Vía 1", "the answer shows what is gone");
    let events = log.gained(&app).await;
    assert!(events.iter().any(|event| event.event_type == "ADDRESS_DELETED"), "{events:?}");
    assert!(stored_address(&app, &id).await.is_none());
    mutate(&admin, "addressDelete", "id", json!({ "id": id })).await.failed("NOT_FOUND");
    mutate(&client, "addressUpdate", "id", json!({ "id": id, "city": "Madrid" })).await.failed("NOT_FOUND");
    log.none(&app).await;
}

async fn address_in_use(app: TestApp) {
    let client = app.login(ADMIN).await;
    let maria = customer(&app, MARIA).await;
    let used = all::<subscription::Entity>(&app).await;
    let used = used.iter().find(|row| row.customer_id == maria.id).and_then(|row| row.service_address_id);
    let id = json!(used.expect("María's service is delivered somewhere").encode());
    let mut log = Log::mark(&app).await;
    mutate(&client, "addressDelete", "id", json!({ "id": id })).await.failed("CONFLICT");
    log.none(&app).await;
    assert!(stored_address(&app, &id).await.is_some());
}

async fn coordinates(app: TestApp) {
    let client = app.login(ADMIN).await;
    let maria = customer(&app, MARIA).await;
    let new =
        json!({ "customerId": maria.id.encode(), "type": "MAILING", "line1": "Pole", "countryCode": "NO" });
    let edge = super::with(&new, json!({ "latitude": -90.0, "longitude": 180.0 }));
    let made = mutate(&client, "addressCreate", "id", edge).await;
    let id = made.done()["id"].clone();
    let row = stored_address(&app, &id).await.unwrap();
    assert_eq!((row.latitude, row.longitude), (Some(Coordinate::new(-90.0)), Some(Coordinate::new(180.0))));
    let mut log = Log::mark(&app).await;
    for (member, value) in
        [("latitude", 90.000_001), ("latitude", -1e300), ("longitude", 180.5), ("longitude", -181.0)]
    {
        let given = json!({ member: value });
        let expected = format!("{member} INVALID");
        for (mutation, base) in [("addressCreate", &new), ("addressUpdate", &json!({ "id": id }))] {
            let refusals = mutate(&client, mutation, "id", super::with(base, given.clone())).await.refusals();
            assert!(refusals.iter().all(|reason| *reason == expected), "{mutation} {given}: {refusals:?}");
        }
    }
    log.none(&app).await;
}

async fn masked_street(app: TestApp) {
    // Billing managers change streets that they see masked.
    let client = app.login(BILLING).await;
    let maria = customer(&app, MARIA).await;
    let before =
        all_open::<address::Entity>(&app).await.into_iter().find(|row| row.customer_id == maria.id).unwrap();
    let id = before.id.encode();
    let answer = client
        .query(
            "query($id: ID!) { node(id: $id) { ... on Address { line1 postalCode } } }",
            json!({ "id": id }),
        )
        .await;
    let seen = &answer.ok()["node"];
    let mut log = Log::mark(&app).await;
    for field in ["line1", "postalCode"] {
        assert!(text(&seen[field]).contains('*'), "{seen}");
        let input = json!({ "id": id, field: seen[field] });
        let outcome = mutate(&client, "addressUpdate", "id", input).await;
        outcome.failed("MASKED_VALUE_ROUNDTRIP");
        assert_eq!(outcome.answer.body["errors"][0]["extensions"]["field"], format!("Address.{field}"));
    }
    log.none(&app).await;
    assert_eq!(stored_address(&app, &json!(id)).await.unwrap(), before);
    mutate(&client, "addressUpdate", "id", json!({ "id": id, "line1": "Calle Mayor 2" })).await.done();
}

async fn contact_life(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let maria = customer(&app, MARIA).await;
    let mut log = Log::mark(&app).await;
    let input = json!({
        "customerId": maria.id.encode(), "kinds": ["TECHNICAL", "BILLING", "TECHNICAL"], "name": " Jo Doe ",
        "email": "Jo@EXAMPLE.org", "phone": "020 7946 0958", "jobTitle": "Clerk",
    });
    let outcome = mutate(&client, "contactCreate", "id kinds name email isPrimary isAuthorized", input).await;
    let made = outcome.done();
    assert_eq!(made["kinds"], json!(["BILLING", "TECHNICAL"]), "each kind once");
    assert_eq!((&made["isPrimary"], &made["isAuthorized"]), (&json!(false), &json!(false)));
    assert_eq!(made["email"], "***@example.org", "who sees it masked, sees it masked after writing it too");
    log.one(&app, "CONTACT_CREATED").await;
    let row = stored_contact(&app, &made["id"]).await.unwrap();
    assert_eq!(
        (row.tenant_id, row.reseller_id, row.customer_id),
        (maria.tenant_id, maria.reseller_id, maria.id)
    );
    assert_eq!((&row.name, &row.email), (&Name::new("Jo Doe"), &Some(Email::new("Jo@example.org"))));
    assert_eq!(row.phone, Some(Phone::new("+442079460958")));

    let input = json!({ "id": made["id"], "kinds": ["EMERGENCY"], "phone": null, "isAuthorized": true });
    mutate(&client, "contactUpdate", "id", input).await.done();
    log.one(&app, "CONTACT_UPDATED").await;
    let expected = contact::Model { kinds: "EMERGENCY".to_owned(), phone: None, is_authorized: true, ..row };
    assert_eq!(stored_contact(&app, &made["id"]).await.unwrap(), expected);

    mutate(&client, "contactDelete", "id", json!({ "id": made["id"] })).await.done();
    log.one(&app, "CONTACT_DELETED").await;
    assert!(stored_contact(&app, &made["id"]).await.is_none());
    mutate(&client, "contactDelete", "id", json!({ "id": made["id"] })).await.failed("NOT_FOUND");
    mutate(&client, "contactUpdate", "id", json!({ "id": absent::<ContactId>(), "name": "X" }))
        .await
        .failed("NOT_FOUND");
    log.none(&app).await;
}

async fn kinds(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let maria = customer(&app, MARIA).await;
    let before = all::<contact::Entity>(&app).await;
    let of_maria = before.iter().find(|row| row.customer_id == maria.id).unwrap();
    let mut log = Log::mark(&app).await;
    let five = json!(["GENERAL", "BILLING", "TECHNICAL", "EMERGENCY", "GENERAL"]);
    for kinds in [json!([]), five] {
        let new = json!({ "customerId": maria.id.encode(), "kinds": kinds, "name": "Jo" });
        let change = json!({ "id": of_maria.id.encode(), "kinds": kinds });
        for (mutation, input) in [("contactCreate", new), ("contactUpdate", change)] {
            let refusals = mutate(&client, mutation, "id", input).await.refusals();
            assert!(refusals.iter().all(|reason| reason.starts_with("kinds ")), "{mutation}: {refusals:?}");
        }
    }
    log.none(&app).await;
    assert_eq!(all::<contact::Entity>(&app).await.len(), before.len());
}
