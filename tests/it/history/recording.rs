//! What a change leaves on record.

use chrono::TimeDelta;
use custodian_entity::change_record::{Entity, Model};
use custodian_entity::choice::AuthorKind;
use custodian_entity::id::TypedId;
use custodian_entity::personal::PastValue;
use serde_json::json;

use super::told;
use crate::app::TestApp;
use crate::fixture::{ADMIN, MARIA, SUPPORT, account, all, customer, mutate};
use crate::past::all_open;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("history::a change is recorded field by field, with who made it", fields);
    suite.both("history::what is refused, or changes nothing, leaves no record", nothing);
    suite.both("history::rows without a version are counted, newest first", counted);
}

/// The records that were added since.
async fn added(app: &TestApp, before: &[Model]) -> Vec<Model> {
    let mut rows = all_open::<Entity>(app).await;
    rows.retain(|row| !before.iter().any(|known| known.id == row.id));
    rows.sort_by_key(|row| row.id);
    rows
}

fn value(of: &Option<PastValue>) -> Option<&str> {
    of.as_ref().and_then(PastValue::expose).map(String::as_str)
}

async fn fields(app: TestApp) {
    let (maria, before) = (customer(&app, MARIA).await, all::<Entity>(&app).await);
    let client = app.login(SUPPORT).await;
    let input = json!({ "id": maria.id.encode(), "version": maria.version, "phone": "+442079460958",
        "language": "pt-BR", "lastName": null });
    let changed = mutate(&client, "customerUpdate", "version", input).await;
    let rows = added(&app, &before).await;
    let mut seen: Vec<_> =
        rows.iter().map(|row| (row.field.as_str(), value(&row.old_value), value(&row.new_value))).collect();
    seen.sort();
    let old = |text: Option<&String>| text.cloned();
    let (phone, last_name) = (
        old(maria.phone.as_ref().and_then(|it| it.expose())),
        old(maria.last_name.as_ref().and_then(|it| it.expose())),
    );
    assert_eq!(
        seen,
        [
            ("language", maria.language.as_deref(), Some("pt-BR")),
            ("lastName", last_name.as_deref(), None),
            ("phone", phone.as_deref(), Some("+442079460958")),
        ]
    );
    let me = account(&app, SUPPORT).await;
    for row in rows {
        assert_eq!(
            (row.tenant_id, row.reseller_id, row.customer_id),
            (maria.tenant_id, maria.reseller_id, maria.id)
        );
        assert_eq!((row.entity_type.as_str(), row.entity_id), ("Customer", maria.id.uuid()));
        assert_eq!(
            (row.actor_kind, row.changed_by, row.api_client_id),
            (AuthorKind::Staff, Some(me.id), None)
        );
        assert_eq!((row.changed_at, row.reason), (app.clock.now(), None));
        assert_eq!(changed.done()["version"], row.version, "the version that the row has since");
    }
}

async fn nothing(app: TestApp) {
    let (maria, before) = (customer(&app, MARIA).await, all::<Entity>(&app).await);
    let client = app.login(SUPPORT).await;
    let update = |version: i32, language: &str| json!({ "id": maria.id.encode(), "version": version, "language": language });
    mutate(&client, "customerUpdate", "id", update(maria.version + 1, "pt-BR")).await.failed("CONFLICT");
    mutate(&client, "customerUpdate", "id", update(maria.version, "no language")).await;
    assert!(added(&app, &before).await.is_empty());
    let same = maria.language.clone().unwrap();
    mutate(&client, "customerUpdate", "id", update(maria.version, &same)).await.done();
    assert!(added(&app, &before).await.is_empty(), "the same value is no change");
}

async fn counted(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let admin = app.login(ADMIN).await;
    let own = app.login("customer@acme.example").await;
    let input = json!({ "customerId": maria.id.encode(), "kinds": ["BILLING"], "name": "Ada Byron", "email": "ada@mail.example" });
    let contact = mutate(&own, "contactCreate", "id", input).await.done()["id"].clone();
    for (client, input) in [
        (&own, json!({ "id": contact, "name": "Ada Lovelace" })),
        (&admin, json!({ "id": contact, "kinds": ["BILLING", "EMERGENCY"], "email": null })),
    ] {
        app.clock.advance(TimeDelta::seconds(1));
        mutate(client, "contactUpdate", "id", input).await.done();
    }
    let fields =
        "entityType entityId field version oldValue newValue changedAt changedBy { kind displayName userId }";
    let (found, answers) = told(&admin, &maria, fields).await;
    assert!(answers.iter().all(|answer| answer.errors().is_empty()));
    let of_contact: Vec<_> = found.iter().filter(|row| row["entityId"] == contact).collect();
    let versions: Vec<_> = of_contact.iter().map(|row| row["version"].as_i64().unwrap()).collect();
    assert_eq!(versions, [2, 2, 1], "{found:?}");
    assert!(of_contact.iter().all(|row| row["entityType"] == "Contact"));
    let last = of_contact.last().unwrap();
    assert_eq!(
        (&last["field"], &last["oldValue"], &last["newValue"]),
        (&json!("name"), &json!("Ada Byron"), &json!("Ada Lovelace"))
    );
    // A customer is not named where it changes something: who may know its name reads it elsewhere.
    assert_eq!(last["changedBy"], json!({ "kind": "CUSTOMER", "displayName": null, "userId": null }));
    let me = account(&app, ADMIN).await;
    let first = json!({ "kind": "STAFF", "displayName": me.display_name, "userId": me.id.encode() });
    assert_eq!(of_contact[0]["changedBy"], first);
    let by_id = "query ($id: ID!) { changeHistory(entityId: $id) { totalCount } }";
    assert_eq!(admin.query(by_id, json!({ "id": contact })).await.ok()["changeHistory"]["totalCount"], 3);
    // Staff whom a customer does not reach are not named to it.
    let (found, _) = told(&own, &maria, "changedBy { kind displayName userId }").await;
    assert_eq!(found[0]["changedBy"], json!({ "kind": "STAFF", "displayName": null, "userId": null }));
}
