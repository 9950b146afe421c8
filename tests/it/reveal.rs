//! Unmasking: `fieldReveal` (DOMAIN, rule 4).

mod gates;
mod quota;
mod values;

use custodian_entity::choice::TicketStatus;
use custodian_entity::id::TypedId;
use custodian_entity::ticket;
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{MARIA, Outcome, all, customer, mutate};
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    values::register(suite);
    gates::register(suite);
    quota::register(suite);
}

/// Asks for these fields of a row, with more of the input.
async fn reveal(client: &Client, id: &str, fields: &[&str], more: Value) -> Outcome {
    let mut input = json!({ "id": id, "fields": fields, "purpose": "CUSTOMER_REQUEST" });
    input.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    mutate(client, "fieldReveal", "field value", input).await
}

async fn maria(app: &TestApp) -> String {
    customer(app, MARIA).await.id.encode()
}

/// María's ticket, in this status.
async fn ticket(app: &TestApp, status: TicketStatus) -> String {
    let maria = customer(app, MARIA).await.id;
    let row = all::<ticket::Entity>(app).await.into_iter().find(|ticket| ticket.customer_id == maria);
    let mut row = row.expect("she has one").into_active_model();
    row.status = Set(status);
    row.update(app.db()).await.unwrap().id.encode()
}
