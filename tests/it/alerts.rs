//! Rules over the audit log: each is raised from its threshold on and not before, once, and told of.

mod raised;
mod rules;
mod told;

use std::sync::Arc;

use custodian::app::App;
use custodian::config::{AlertRule, Alerts};
use custodian_entity::security_alert::{Entity, Model};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::all;
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    rules::register(suite);
    raised::register(suite);
    told::register(suite);
}

/// A threshold of three, within ten minutes.
const THREE: AlertRule = AlertRule { enabled: true, threshold: 3, window_minutes: 10 };

/// An instance with rules of its own, and a caller of it.
async fn watching(app: &TestApp, change: impl FnOnce(&mut Alerts)) -> (Arc<App>, Client) {
    let (service, router) = app.instance(|config| change(&mut config.alerts)).await;
    (service, Client::new(router, None))
}

/// Watches until there is nothing left to read.
async fn watch(service: &App) {
    while service.watch_alerts().await.expect("the database answers") {}
}

/// The alerts of a rule, oldest first.
async fn alerts(app: &TestApp, rule: &str) -> Vec<Model> {
    let mut found = all::<Entity>(app).await;
    found.retain(|alert| alert.rule == rule);
    found.sort_by_key(|alert| (alert.first_seen_at, alert.id));
    found
}

/// Asks for a field that support is denied.
async fn denied(client: &Client) {
    let answer = client.query("{ customers(first: 1) { nodes { riskScore } } }", Value::Null).await;
    assert_eq!(answer.code(), Some("FORBIDDEN"), "{}", answer.text);
}

/// An attempt to sign in.
async fn sign_in(client: &Client, username: &str, password: &str) -> Answer {
    let document = format!(
        "mutation {{ login(username: {}, password: {}) {{ accessToken refreshToken }} }}",
        json!(username),
        json!(password)
    );
    client.query(&document, Value::Null).await
}
