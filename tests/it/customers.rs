//! Customers: creating and changing them, who may, and what is refused. One file a subject.

mod access;
mod basics;
mod lifecycle;
mod notes;
mod parts;
mod races;
mod recording;
mod search;
mod validation;

use custodian_entity::customer::{Entity, Model};
use custodian_entity::id::CustomerId;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::fixture::text;
use crate::past::open;
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    access::register(suite);
    basics::register(suite);
    lifecycle::register(suite);
    notes::register(suite);
    parts::register(suite);
    races::register(suite);
    recording::register(suite);
    search::register(suite);
    validation::register(suite);
}

/// The least that makes a customer.
fn new_customer(email: &str) -> Value {
    json!({ "type": "INDIVIDUAL", "displayName": "Jo Doe", "email": email })
}

/// An input with some members more, or others.
fn with(base: &Value, members: Value) -> Value {
    let mut input = base.clone();
    if let (Value::Object(input), Value::Object(members)) = (&mut input, members) {
        input.extend(members);
    }
    input
}

/// The row behind the id of an answer, past the service.
async fn stored(app: &TestApp, id: &Value) -> Model {
    use custodian_entity::id::TypedId;

    let id = CustomerId::decode(text(id)).expect("an answer's id is one");
    let found = Entity::find_by_id(id).all(app.db()).await.expect("the database answers");
    open::<Entity>(app, found).await.pop().expect("the row is there")
}
