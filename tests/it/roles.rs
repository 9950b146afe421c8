//! Roles of a provider's own, who holds which role, and changes of the policy without a restart.

mod custom;
mod grants;
mod holding;
mod reload;

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{Outcome, account, mutate, text};
use crate::suite::Suite;
use custodian_entity::id::TypedId;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    custom::register(suite);
    grants::register(suite);
    holding::register(suite);
    reload::register(suite);
}

/// A rule as a client writes it.
fn rule(object: &str, right: &str, effect: &str) -> Value {
    json!({ "object": object, "right": right, "effect": effect })
}

/// Support that neither sees nor sets telephone numbers.
fn discreet(name: &str) -> Value {
    json!({
        "name": name,
        "basedOn": "support_agent",
        "permissions": [
            rule("Customer.phone", "READ", "DENY"),
            rule("Customer.phone", "READ_MASKED", "DENY"),
            rule("Customer.phone", "LOOKUP", "DENY"),
            rule("Customer.phone", "REVEAL", "DENY"),
            rule("Customer.phone", "CREATE", "DENY"),
            rule("Customer.phone", "UPDATE", "DENY"),
        ],
    })
}

/// The id of a new role.
async fn created(client: &Client, input: Value) -> String {
    text(&mutate(client, "roleCreate", "id", input).await.done()["id"]).to_owned()
}

/// Gives a role to an account, at the reach of the provider.
async fn granted(app: &TestApp, client: &Client, role: &str, username: &str, more: Value) -> Outcome {
    let mut input = json!({
        "userId": account(app, username).await.id.encode(), "roleId": role, "scope": "TENANT",
        "justification": "stands in during the holidays",
    });
    if let (Some(input), Some(more)) = (input.as_object_mut(), more.as_object()) {
        input.extend(more.clone());
    }
    mutate(client, "roleGrant", "id scope role { name } user { id } expiresAt justification", input).await
}

/// What a caller is told about the telephone number of a customer: a value, or the code of an error.
async fn phone(client: &Client) -> String {
    let answer = client.query("{ customers(first: 1) { nodes { phone } } }", Value::Null).await;
    match answer.code() {
        Some(code) => code.to_owned(),
        None => answer.data()["customers"]["nodes"][0]["phone"].to_string(),
    }
}
