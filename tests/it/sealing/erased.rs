//! The erasure of what one class of retention keeps of a customer: also in backups of the data from before.

use custodian::vault::{Owner, Retention};
use custodian_entity::id::TypedId;
use custodian_entity::{address, customer};
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{ADMIN, MARIA, all, customer, mutate};
use crate::past::open;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("sealing::what was erased opens in no backup, what is to be kept does", restored);
}

const EVERYTHING: &str = "query($id: ID!) { customer(id: $id) {
    displayName firstName lastName email billingEmail phone dateOfBirth creditLimit { amount } riskScore
    taxId governmentIdNumber contacts { name email phone jobTitle } addresses { line1 latitude accessInstructions }
    notes { body } emailVerifications { email } paymentMethods { holderName iban }
    callLogs(first: 5) { nodes { subject counterpartyNumber } } tickets(first: 5) { nodes { subject description } }
    changes(first: 50) { nodes { field oldValue newValue } } } }";

async fn everything(client: &Client, id: &str) -> Value {
    client.query(EVERYTHING, json!({ "id": id })).await.ok()["customer"].clone()
}

/// Every text and number of a value.
fn leaves(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.values().for_each(|value| leaves(value, into)),
        Value::Array(items) => items.iter().for_each(|value| leaves(value, into)),
        Value::Null | Value::Bool(_) => {}
        Value::String(text) => into.push(text.clone()),
        Value::Number(number) => into.push(number.to_string()),
    }
}

/// What an erasure takes out of the data besides columns of the customer.
const REMOVED: [&str; 3] = ["contact", "call_log", "change_record"];

/// A backup of the data.
async fn back_up(app: &TestApp) {
    for table in ["customer"].iter().chain(&REMOVED) {
        let copy = format!("CREATE TABLE backup_{table} AS SELECT * FROM {table}");
        app.db().execute_unprepared(&copy).await.unwrap();
    }
}

/// The same data again after they were erased.
async fn restore(app: &TestApp) {
    let columns = "email, phone, first_name, date_of_birth";
    for table in REMOVED {
        app.db().execute_unprepared(&format!("DELETE FROM {table}")).await.unwrap();
        let insert = format!("INSERT INTO {table} SELECT * FROM backup_{table}");
        app.db().execute_unprepared(&insert).await.unwrap();
    }
    for values in [
        "NULL, NULL, NULL, NULL".to_owned(),
        format!("{columns} FROM backup_customer WHERE id = customer.id"),
    ] {
        let update = format!("UPDATE customer SET ({columns}) = (SELECT {values})");
        app.db().execute_unprepared(&update).await.unwrap();
    }
}

async fn restored(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let maria = customer(&app, MARIA).await;
    let (id, owner) = (maria.id.encode(), |retention| Owner::Customer(maria.id, retention));
    let input = json!({ "id": id, "version": maria.version, "phone": "+34 612 345 678", "billingEmail": "b@mail.example" });
    mutate(&admin, "customerUpdate", "id", input).await.done();
    let whole = everything(&admin, &id).await;
    back_up(&app).await;
    app.service.vault.destroy(maria.tenant_id, owner(Retention::General)).await.unwrap();
    restore(&app).await;

    let left = everything(&admin, &id).await;
    for field in ["displayName", "firstName", "lastName", "email", "billingEmail", "phone", "dateOfBirth"] {
        assert_eq!(left[field], "***", "{field}");
    }
    assert!(left["creditLimit"].is_null() && left["riskScore"].is_null(), "{left}");
    // What is to be kept for longer, and what is erased apart.
    for field in ["taxId", "governmentIdNumber", "callLogs"] {
        assert!(!whole[field].is_null() && whole[field] != "***", "{field} was empty");
        assert_eq!(left[field], whole[field], "{field}");
    }
    // Of all the rest nothing is shown that was sealed.
    let kept = |customer: &Value| {
        let mut customer = customer.clone();
        for field in ["taxId", "governmentIdNumber", "callLogs", "changes"] {
            customer.as_object_mut().unwrap().remove(field);
        }
        let mut texts = Vec::new();
        leaves(&customer, &mut texts);
        texts
    };
    let (before, after) = (kept(&whole), kept(&left));
    assert!(before.len() > 10, "{before:?}");
    let shown: Vec<&String> = after.iter().filter(|text| *text != "***").collect();
    assert!(shown.is_empty(), "still shown: {shown:?}");
    let values = |customer: &Value| {
        let changes = customer["changes"]["nodes"].as_array().unwrap().clone();
        changes.iter().filter(|change| !change["oldValue"].is_null() || !change["newValue"].is_null()).count()
    };
    assert!(values(&whole) > 0);
    assert_eq!(values(&left), 0, "the history tells it: {}", left["changes"]);

    // Nothing is sealed for it again.
    let version = customer::Entity::find_by_id(maria.id).one(app.db()).await.unwrap().unwrap().version;
    let input = json!({ "id": id, "version": version, "phone": "+34 612 345 679" });
    let refused = mutate(&admin, "customerUpdate", "id", input).await;
    refused.failed("CONFLICT");
    assert!(refused.answer.text.contains("was erased for good"), "{}", refused.answer.text);

    // Each class by itself.
    for (retention, field) in [(Retention::Fiscal, "taxId"), (Retention::Kyc, "governmentIdNumber")] {
        app.service.vault.destroy(maria.tenant_id, owner(retention)).await.unwrap();
        assert_eq!(everything(&admin, &id).await[field], "***", "{field}");
    }
    app.service.vault.destroy(maria.tenant_id, owner(Retention::RequestLog)).await.unwrap();
    let calls = everything(&admin, &id).await["callLogs"]["nodes"].clone();
    assert!(calls.as_array().unwrap().iter().all(|call| call["counterpartyNumber"] == "***"), "{calls}");

    // A neighbour's are as they were.
    let others = all::<address::Entity>(&app).await;
    let others: Vec<_> = others.into_iter().filter(|row| row.customer_id != maria.id).collect();
    assert!(open::<address::Entity>(&app, others).await.iter().all(|row| row.line1.expose().is_some()));
}
