//! Rate limits: of addresses, viewers, credentials, operations and cost, in this process and in Redis (abuse cases DO3, FA5).

mod addresses;
mod buckets;
mod operations;
mod recorded;
mod shared;
mod sign_in;
mod sockets;

use std::sync::Arc;

use axum::Router;
use chrono::TimeDelta;
use custodian::app::App;
use custodian::config::Rates;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    buckets::register(suite);
    addresses::register(suite);
    operations::register(suite);
    sign_in::register(suite);
    sockets::register(suite);
    recorded::register(suite);
    shared::register(suite);
}

const VIEWER: &str = "{ viewer { id } }";

/// An instance with these limits, where all others are out of reach.
async fn limited(app: &TestApp, change: impl FnOnce(&mut Rates)) -> (Arc<App>, Router) {
    app.instance(|config| change(&mut config.rates)).await
}

async fn ask(client: &Client) -> Answer {
    client.query(VIEWER, Value::Null).await
}

/// That so many can be had now, and no more; what the next is told.
async fn exactly(client: &Client, times: usize) -> Answer {
    for time in 0..times {
        let answer = ask(client).await;
        assert_eq!(answer.status, 200, "the request {time} of {times}: {}", answer.text);
    }
    let answer = ask(client).await;
    refused(&answer);
    answer
}

/// That it was refused as what came too often; in how many seconds it is worth trying again.
#[track_caller]
fn refused(answer: &Answer) -> i64 {
    assert_eq!((answer.status.as_u16(), answer.code()), (429, Some("RATE_LIMITED")), "{}", answer.text);
    assert!(answer.body.get("data").is_none(), "{}", answer.text);
    let extensions = &answer.errors()[0]["extensions"];
    let wait = &extensions["retryAfter"];
    assert_eq!(answer.headers["retry-after"].to_str().unwrap(), wait.to_string());
    assert!(extensions["requestId"].is_string(), "{}", answer.text);
    wait.as_i64().filter(|wait| *wait >= 1).unwrap_or_else(|| panic!("{}", answer.text))
}

fn advance(app: &TestApp, seconds: i64) {
    app.clock.advance(TimeDelta::seconds(seconds));
}

/// The lines of a header.
fn lines<'a>(answer: &'a Answer, name: &str) -> Vec<&'a str> {
    answer.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

/// Tries to sign in.
async fn sign_in(client: &Client, username: &str, password: &str) -> Answer {
    let document = "mutation($name: String!, $password: String!) { \
                    login(username: $name, password: $password) { expiresIn } }";
    client.query(document, json!({ "name": username, "password": password })).await
}
