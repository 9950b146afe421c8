//! What was changed about customers: what is recorded, and who is told what of it.

mod names;
pub mod reach;
mod recording;
mod values;

use custodian_entity::change_record::Model;
use custodian_entity::choice::AuthorKind;
use custodian_entity::customer;
use custodian_entity::id::{ChangeRecordId, TypedId};
use custodian_entity::personal::PastValue;
use sea_orm::prelude::Uuid;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{SUPPORT, account};
use crate::past::add;
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    names::register(suite);
    recording::register(suite);
    values::register(suite);
    reach::register(suite);
}

/// Adds a record about a row of a customer, past the service: that a field held this value, and another since.
async fn plant(
    app: &TestApp,
    owner: &customer::Model,
    source: (&str, Uuid),
    field: &str,
    old: &str,
) -> String {
    let row = Model {
        id: ChangeRecordId::from_uuid(app.clock.new_uuid()),
        tenant_id: owner.tenant_id,
        reseller_id: owner.reseller_id,
        customer_id: owner.id,
        entity_type: source.0.to_owned(),
        entity_id: source.1,
        field: field.to_owned(),
        changed_at: app.clock.now(),
        actor_kind: AuthorKind::Staff,
        changed_by: Some(account(app, SUPPORT).await.id),
        api_client_id: None,
        reason: None,
        version: 2,
        old_value: Some(PastValue::new(old)),
        new_value: None,
    };
    let id = row.id.encode();
    add(app, row).await;
    id
}

/// All that a caller is told of a customer's changes, by pages, newest first; with each answer.
async fn told(client: &Client, owner: &customer::Model, fields: &str) -> (Vec<Value>, Vec<Answer>) {
    let document = format!(
        "query ($id: ID!, $after: String) {{ changeHistory(customerId: $id, first: 50, after: $after) \
         {{ totalCount nodes {{ id {fields} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    );
    let (mut found, mut answers, mut after) = (Vec::new(), Vec::new(), Value::Null);
    loop {
        let answer = client.query(&document, json!({ "id": owner.id.encode(), "after": after })).await;
        let page = answer.data()["changeHistory"].clone();
        found.extend(page["nodes"].as_array().unwrap_or_else(|| panic!("{}", answer.text)).iter().cloned());
        answers.push(answer);
        if page["pageInfo"]["hasNextPage"] != true {
            assert_eq!(page["totalCount"], found.len(), "what is not told of is not counted");
            return (found, answers);
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}
