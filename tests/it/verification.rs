//! E-mail addresses of customers: verified by whoever reads their mail, changed no other way; and the accounts of new
//! customers. One file a subject.

mod account;
mod change;
mod link;

use custodian_entity::choice::LetterStatus;
use custodian_entity::email_verification::{Entity, Model};
use custodian_entity::id::{CustomerId, TypedId};
use custodian_entity::{customer, letter};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{Outcome, all, mutate, text};
use crate::past::{all_open, open};
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    link::register(suite);
    change::register(suite);
    account::register(suite);
}

/// The password of every demo account.
const PASSWORD: &str = "Custodian-Demo-1";

/// A letter as whoever reads the mail sees it.
struct Received {
    to: String,
    subject: String,
    whole: String,
}

impl Received {
    /// What the link in it brings back.
    #[track_caller]
    fn token(&self) -> String {
        let (_, token) = self.whole.split_once("#token=").expect("the letter has a link");
        token.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect()
    }
}

/// The letters that were queued since the last call, and are sent now.
async fn received(app: &TestApp) -> Vec<Received> {
    let mut rows = all::<letter::Entity>(app).await;
    rows.retain(|row| row.status == LetterStatus::Pending);
    while app.service.deliver().await.expect("letters can be sent") {}
    let folder = app.database().config().mail_dir;
    let read = |row: letter::Model| {
        let file = folder.join(format!("{}.eml", row.id.encode()));
        let message = std::fs::read_to_string(file).expect("each letter is a file");
        // RFC 2045, 6.7, as far as a link needs it.
        let whole = message.replace("=\r\n", "").replace("=3D", "=");
        let header = |name: &str| {
            let line = whole.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
            line.unwrap_or_default().to_owned()
        };
        Received { to: header("To"), subject: header("Subject"), whole }
    };
    rows.into_iter().map(read).collect()
}

/// The one letter among them.
async fn one(app: &TestApp) -> Received {
    let mut letters = received(app).await;
    assert_eq!(letters.len(), 1, "letters");
    letters.remove(0)
}

/// Brings a token, without signing in.
async fn confirm(app: &TestApp, token: &str) -> Outcome {
    mutate(&app.anonymous(), "emailVerificationConfirm", "", json!({ "token": token })).await
}

/// The confirmations asked of a customer, oldest first.
async fn asked(app: &TestApp, customer: CustomerId) -> Vec<Model> {
    let mut rows = all_open::<Entity>(app).await;
    rows.retain(|row| row.customer_id == customer);
    rows.sort_by_key(|row| row.requested_at);
    rows
}

/// A customer as it is stored.
async fn stored(app: &TestApp, id: CustomerId) -> customer::Model {
    let found = customer::Entity::find_by_id(id).all(app.db()).await.expect("the database answers");
    open::<customer::Entity>(app, found).await.pop().expect("the customer is there")
}

/// A new customer with this address, not yet verified.
async fn new_customer(client: &Client, email: &str) -> CustomerId {
    let input = json!({ "type": "INDIVIDUAL", "displayName": "Jo Doe", "email": email });
    let made = mutate(client, "customerCreate", "id", input).await;
    CustomerId::decode(text(&made.done()["id"])).expect("an answer's id is one")
}

/// An attempt to sign in.
async fn sign_in(app: &TestApp, username: &str, password: &str) -> Answer {
    const LOGIN: &str = "mutation($username: String!, $password: String!) {
        login(username: $username, password: $password) { accessToken viewer { id role displayName } }
    }";
    app.anonymous().query(LOGIN, json!({ "username": username, "password": password })).await
}

/// An account, signed in anew: for when time has passed.
async fn again(app: &TestApp, username: &str) -> Client {
    let answer = sign_in(app, username, PASSWORD).await;
    Client::new(app.router.clone(), Some(text(&answer.ok()["login"]["accessToken"]).to_owned()))
}

/// What a customer's address says of itself.
async fn address(client: &Client, id: CustomerId) -> Value {
    const CUSTOMER: &str = "query($id: ID!) { customer(id: $id) {
        email isEmailVerified emailVerifiedAt version
        emailVerifications { status email requestedAt expiresAt verifiedAt attemptCount }
    } }";
    client.query(CUSTOMER, json!({ "id": id.encode() })).await.ok()["customer"].clone()
}
