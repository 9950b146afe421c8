//! Sessions: how long they last, how they are prolonged, and how soon they end (abuse cases SE1, SE2, SE4-SE6).

mod ending;
mod instances;
mod refresh;

use axum::Router;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::text;
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    refresh::register(suite);
    ending::register(suite);
    instances::register(suite);
}

const LOGIN: &str = "mutation($name: String!) { login(username: $name, password: \"Custodian-Demo-1\") {
    accessToken refreshToken tokenType expiresIn viewer { role } } }";
const REFRESH: &str = "mutation($token: String!) { tokenRefresh(refreshToken: $token) {
    accessToken refreshToken tokenType expiresIn viewer { role } } }";

/// What somebody who signed in holds.
#[derive(Clone, Debug)]
struct Held {
    access: String,
    refresh: String,
}

impl Held {
    #[track_caller]
    fn of(answer: &Answer, operation: &str) -> Self {
        let payload = &answer.ok()[operation];
        let token = |name: &str| text(&payload[name]).to_owned();
        Self { access: token("accessToken"), refresh: token("refreshToken") }
    }
}

/// Signs an account in anew.
async fn sign_in(app: &TestApp, username: &str) -> Held {
    Held::of(&app.anonymous().query(LOGIN, json!({ "name": username })).await, "login")
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.anonymous().query(REFRESH, json!({ "token": token })).await
}

/// What a refresh token is exchanged for.
async fn refreshed(app: &TestApp, token: &str) -> Held {
    Held::of(&refresh(app, token).await, "tokenRefresh")
}

fn client(router: &Router, held: &Held) -> Client {
    Client::new(router.clone(), Some(held.access.clone()))
}

/// Whether an access token is accepted; else it must be refused like any other.
async fn is_accepted(router: &Router, held: &Held) -> bool {
    let answer = client(router, held).query("{ viewer { id } }", Value::Null).await;
    match answer.status.as_u16() {
        200 => true,
        401 => {
            assert_eq!(answer.code(), Some("UNAUTHENTICATED"), "{}", answer.text);
            assert!(answer.data().is_null(), "{}", answer.text);
            false
        }
        _ => panic!("{}", answer.text),
    }
}

#[track_caller]
fn assert_code(answer: &Answer, operation: &str, code: &str) {
    assert_eq!(answer.code(), Some(code), "{}", answer.text);
    assert!(answer.data()[operation].is_null() && !answer.text.contains("Token\":\""), "{}", answer.text);
}
