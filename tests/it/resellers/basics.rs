//! `resellerCreate`, `resellerUpdate`: what is stored, what is refused, and what a reseller's own people may.

use custodian_entity::choice::{ResellerDataRole, ResellerStatus};
use custodian_entity::id::{ResellerId, TypedId};
use custodian_entity::personal::{Confidential, Email, Name, Phone, TaxId};
use custodian_entity::reseller::{Entity, Model};
use serde_json::{Value, json};

use super::{NORTH, reseller};
use crate::app::TestApp;
use crate::fixture::{ADMIN, Log, absent, mutate, text};
use crate::past::all_open;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("resellers::a new one is stored as it was given, and is its provider's", created);
    suite.both("resellers::a code is in use once within a provider", taken);
    suite.both("resellers::what cannot be is refused, and nothing is stored", refused);
    suite.both("resellers::its own people change whom to ask, and nothing else", own_contact);
    suite.both("resellers::what is not given stays, and null removes", updated);
}

fn everything() -> Value {
    json!({
        "code": "EAST", "name": " Eastgate ", "dataRole": "CONTROLLER", "legalName": "Eastgate Ltd",
        "contactName": "Jo Doe", "contactEmail": "jo@EAST.example", "contactPhone": "020 7946 0123",
        "taxId": "GB 123-456", "commissionRate": "0.0525",
    })
}

async fn created(app: TestApp) {
    let (admin, mut log) = (app.login(ADMIN).await, Log::mark(&app).await);
    log.gained(&app).await;
    let outcome = mutate(&admin, "resellerCreate", "id code status commissionRate", everything()).await;
    let answer = outcome.done();
    assert_eq!((&answer["code"], &answer["status"]), (&json!("EAST"), &json!("ACTIVE")));
    assert_eq!(answer["commissionRate"], "0.0525");
    let stored = reseller(&app, "EAST").await;
    let north = reseller(&app, "NORTH").await;
    let expected = Model {
        id: ResellerId::decode(text(&answer["id"])).unwrap(),
        tenant_id: north.tenant_id,
        code: "EAST".to_owned(),
        name: "Eastgate".to_owned(),
        status: ResellerStatus::Active,
        data_role: ResellerDataRole::Controller,
        legal_name: Some(Confidential::new("Eastgate Ltd")),
        contact_name: Some(Name::new("Jo Doe")),
        contact_email: Some(Email::new("jo@east.example")),
        contact_phone: Some(Phone::new("+442079460123")),
        tax_id: Some(TaxId::new("GB123456")),
        commission_rate: Some(525),
        created_at: app.clock.now(),
    };
    assert_eq!(stored, expected);
    let event = log.one(&app, "RESELLER_CREATED").await;
    assert_eq!((event.reseller_id, event.tenant_id), (Some(stored.id), Some(stored.tenant_id)));
    assert_eq!(event.details["fields"].as_array().unwrap().len(), 9, "{}", event.details);
    assert!(!event.details.to_string().contains("Eastgate"), "{}", event.details);
}

async fn taken(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let (before, mut log) = (all_open::<Entity>(&app).await, Log::mark(&app).await);
    let input = json!({ "code": "NORTH", "name": "N", "dataRole": "PROCESSOR" });
    mutate(&admin, "resellerCreate", "id", input).await.refused(&["code TAKEN"]);
    let south = reseller(&app, "SOUTH").await.id.encode();
    let input = json!({ "id": south, "code": "NORTH" });
    mutate(&admin, "resellerUpdate", "id", input).await.refused(&["code TAKEN"]);
    log.none(&app).await;
    assert_eq!(all_open::<Entity>(&app).await, before);
}

async fn refused(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let (before, mut log) = (all_open::<Entity>(&app).await, Log::mark(&app).await);
    let south = reseller(&app, "SOUTH").await.id.encode();
    for (member, value, reason) in [
        ("code", json!("two\nlines"), "code INVALID"),
        ("code", json!("x".repeat(65)), "code TOO_LONG"),
        ("name", json!(" "), "name INVALID"),
        ("legalName", json!("x".repeat(201)), "legalName TOO_LONG"),
        ("contactName", json!("\u{0}"), "contactName INVALID"),
        ("contactEmail", json!("nobody"), "contactEmail INVALID"),
        ("contactPhone", json!("12"), "contactPhone INVALID"),
        ("taxId", json!("12"), "taxId INVALID"),
        ("commissionRate", json!("1.0001"), "commissionRate INVALID"),
        ("commissionRate", json!("-0.1"), "commissionRate INVALID"),
        ("commissionRate", json!("0.00001"), "commissionRate INVALID"),
        ("commissionRate", json!("79228162514264337593543950335"), "commissionRate INVALID"),
    ] {
        let mut create = everything();
        create[member] = value.clone();
        for (mutation, input) in
            [("resellerCreate", create), ("resellerUpdate", json!({ "id": south, member: value }))]
        {
            let outcome = mutate(&admin, mutation, "id", input).await;
            // A scalar may refuse by itself what is none.
            match outcome.answer.code() {
                Some(code) => assert_eq!(code, "BAD_USER_INPUT", "{}", outcome.answer.text),
                None => outcome.refused(&[reason]),
            }
        }
    }
    log.none(&app).await;
    assert_eq!(all_open::<Entity>(&app).await, before);
}

async fn own_contact(app: TestApp) {
    let own = app.login(NORTH).await;
    let (before, mut log) = (reseller(&app, "NORTH").await, Log::mark(&app).await);
    let id = before.id.encode();
    let contact = json!({
        "id": id, "contactName": "Ann Lee", "contactEmail": "ann@north.example", "contactPhone": "+442079460999",
    });
    mutate(&own, "resellerUpdate", "contactEmail", contact).await.done();
    let expected = Model {
        contact_name: Some(Name::new("Ann Lee")),
        contact_email: Some(Email::new("ann@north.example")),
        contact_phone: Some(Phone::new("+442079460999")),
        ..before
    };
    assert_eq!(reseller(&app, "NORTH").await, expected);
    let event = log.one(&app, "RESELLER_UPDATED").await;
    assert_eq!(event.details, json!({ "fields": ["contactName", "contactEmail", "contactPhone"] }));
    for (member, value) in [
        ("code", json!("MINE")),
        ("name", json!("Mine")),
        ("dataRole", json!("CONTROLLER")),
        ("legalName", json!("Mine Ltd")),
        ("taxId", json!("GB999999")),
        ("commissionRate", json!("1")),
    ] {
        let input = json!({ "id": id, "contactName": "Jo Doe", member: value });
        let outcome = mutate(&own, "resellerUpdate", "id", input).await;
        outcome.failed_before_running();
        let field = &outcome.answer.body["errors"][0]["extensions"]["field"];
        assert_eq!(field, &json!(format!("Reseller.{member}")), "{}", outcome.answer.text);
    }
    for other in [reseller(&app, "SOUTH").await.id.encode(), absent::<ResellerId>()] {
        let input = json!({ "id": other, "contactName": "Jo Doe" });
        mutate(&own, "resellerUpdate", "id", input).await.failed("NOT_FOUND");
    }
    log.none(&app).await;
    assert_eq!(reseller(&app, "NORTH").await, expected);
}

async fn updated(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let before = reseller(&app, "SOUTH").await;
    let input = json!({ "id": before.id.encode(), "legalName": null, "commissionRate": "0", "taxId": null });
    mutate(&admin, "resellerUpdate", "id", input).await.done();
    let expected = Model { legal_name: None, commission_rate: Some(0), tax_id: None, ..before };
    assert_eq!(reseller(&app, "SOUTH").await, expected);
    let input = json!({ "id": expected.id.encode() });
    mutate(&admin, "resellerUpdate", "id", input).await.done();
    assert_eq!(reseller(&app, "SOUTH").await, expected, "nothing given, nothing changed");
}
