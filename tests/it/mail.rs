//! Letters: what they say, how they are sent, and what their links do (abuse case SE10).

mod invitations;
mod letters;
mod notices;
mod outbox;
mod resets;
pub mod smtp;

use std::path::PathBuf;

use custodian_entity::choice::LetterStatus;
use custodian_entity::{letter, user};
use serde_json::json;

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::all;
use crate::past::{all_open, plain};
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    letters::register(suite);
    outbox::register(suite);
    resets::register(suite);
    invitations::register(suite);
    notices::register(suite);
}

/// A password that the rules allow.
const NEW: &str = "Planted-Quorum-83-teapot";

/// Asks for a link.
async fn request(client: &Client, username: &str) -> Answer {
    const REQUEST: &str = "mutation($username: String!) {
        passwordResetRequest(username: $username) { requestedAt userErrors { field code message } } }";
    client.query(REQUEST, json!({ "username": username })).await
}

/// Uses a link, and says what came of it: `done`, the code of the refusal, or of the error.
async fn confirm(client: &Client, token: &str, password: &str) -> String {
    const CONFIRM: &str = "mutation($token: String!, $password: String!) {
        passwordResetConfirm(token: $token, newPassword: $password) { changedAt userErrors { field code } } }";
    let answer = client.query(CONFIRM, json!({ "token": token, "password": password })).await;
    if let Some(code) = answer.code() {
        return code.to_owned();
    }
    let payload = &answer.ok()["passwordResetConfirm"];
    match payload["userErrors"][0]["code"].as_str() {
        Some(code) => {
            assert!(payload["changedAt"].is_null(), "refused and done: {}", answer.text);
            code.to_owned()
        }
        None => "done".to_owned(),
    }
}

/// Where letters become files.
fn folder(app: &TestApp) -> PathBuf {
    app.database().folder.path().join("mail")
}

/// Sends what is due, and takes the letters that became files, oldest first.
pub async fn post(app: &TestApp) -> Vec<String> {
    while app.service.deliver().await.expect("the database answers") {}
    let Ok(entries) = std::fs::read_dir(folder(app)) else { return Vec::new() };
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("a folder can be listed").path()).collect();
    paths.sort();
    let take = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a letter can be read");
        std::fs::remove_file(&path).expect("a letter can be removed");
        decoded(&text)
    };
    paths.into_iter().map(take).collect()
}

/// A letter whose parts are quoted-printable (RFC 2045, 6.7), as it is read.
fn decoded(letter: &str) -> String {
    letter.replace("=\r\n", "").replace("=3D", "=")
}

/// The one letter that is due; it goes to this address.
#[track_caller]
fn only(letters: Vec<String>, to: &str) -> String {
    assert_eq!(letters.len(), 1, "{letters:#?}");
    let letter = letters.into_iter().next().expect("there is one");
    assert!(letter.contains(&format!("\r\nTo: {to}\r\n")), "{letter}");
    letter
}

/// The token of the link in a letter.
#[track_caller]
fn token(letter: &str) -> String {
    let (_, rest) = letter.split_once("#token=").expect("a link");
    let token: String =
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    assert_eq!(token.len(), 43, "256 bits in base64url: {letter}");
    token
}

/// Each letter's state and the attempts made, oldest first.
async fn states(app: &TestApp) -> Vec<(LetterStatus, i32)> {
    let mut rows = all::<letter::Entity>(app).await;
    rows.sort_by_key(|row| (row.created_at, row.id));
    for row in &rows {
        let is_pending = row.status == LetterStatus::Pending;
        assert_eq!(row.content.is_some(), is_pending, "address and text are kept as long as they are needed");
    }
    rows.iter().map(|row| (row.status, row.attempts)).collect()
}

/// The account of this name, if there is one.
async fn found(app: &TestApp, username: &str) -> Option<user::Model> {
    let is_named = |user: &user::Model| plain(user.username.expose()) == username;
    all_open::<user::Entity>(app).await.into_iter().find(is_named)
}
