//! Invoices and payments.

mod invoices;
mod methods;
mod payments;
mod refunds;
mod voids;

use custodian_entity::id::{InvoiceId, TypedId};
use custodian_entity::invoice;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{MARIA, customer, mutate, text};
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    invoices::register(suite);
    methods::register(suite);
    payments::register(suite);
    refunds::register(suite);
    voids::register(suite);
}

/// A line of one thing at this price, without tax.
fn line(price: i64) -> Value {
    json!({ "description": "Router", "quantity": "1", "unitPrice": price, "taxRate": "0" })
}

/// A draft for María.
async fn draft(app: &TestApp, client: &Client, lines: Value) -> String {
    let maria = customer(app, MARIA).await;
    let input = json!({ "customerId": maria.id.encode(), "lines": lines });
    let outcome = mutate(client, "invoiceCreate", "id", input).await;
    text(&outcome.done()["id"]).to_owned()
}

/// An invoice for María that can be paid.
async fn issued(app: &TestApp, client: &Client, total: i64) -> String {
    let id = draft(app, client, json!([line(total)])).await;
    mutate(client, "invoiceIssue", "id", json!({ "id": id })).await.done();
    id
}

async fn stored(app: &TestApp, id: &str) -> invoice::Model {
    invoice::Entity::find_by_id(InvoiceId::decode(id).unwrap()).one(app.db()).await.unwrap().unwrap()
}

/// A payment on an invoice of María's, by its id.
async fn paid(app: &TestApp, client: &Client, invoice: &str, amount: i64, key: &str) -> String {
    let maria = customer(app, MARIA).await;
    let input = json!({
        "customerId": maria.id.encode(), "invoiceId": invoice, "amount": amount, "idempotencyKey": key,
    });
    text(&mutate(client, "paymentCreate", "id", input).await.done()["id"]).to_owned()
}

/// What María owes.
async fn balance(app: &TestApp) -> i64 {
    customer(app, MARIA).await.balance
}
