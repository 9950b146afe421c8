//! Rules over the audit log: each is raised from its threshold on and not before, once, and told of.

mod contained;
mod raised;
mod rules;
mod told;
mod webhook;

use std::sync::Arc;

use custodian::app::App;
use custodian::config::{ActorRule, AlertRule, Alerts, RuleContainment};
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
    contained::register(suite);
    webhook::register(suite);
}

/// Of the demo accounts.
const PASSWORD: &str = "Custodian-Demo-1";

/// A threshold of three, within ten minutes.
const THREE: ActorRule =
    ActorRule { enabled: true, threshold: 3, window_minutes: 10, contain: RuleContainment::None };

/// The same, of what anybody can set off.
const THREE_OF_ANYBODY: AlertRule = AlertRule { enabled: true, threshold: 3, window_minutes: 10 };

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

/// Who signed in just now.
async fn signed_in(app: &TestApp, username: &str) -> Client {
    let begun = sign_in(&app.anonymous(), username, PASSWORD).await;
    let token = begun.ok()["login"]["accessToken"].as_str().expect("there is a token").to_owned();
    Client::new(app.router.clone(), Some(token))
}
