//! Bad input: each a stable code in good time, nothing of the inside, nothing repeated, nothing changed, and the
//! service goes on (abuse cases DO1, DO6, DO11, HT6).

mod cards;
mod documents;
mod paging;
mod values;

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use custodian_entity::{audit_event, customer, invoice, ticket, user};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{ADMIN, all};
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    cards::register(suite);
    documents::register(suite);
    paging::register(suite);
    values::register(suite);
}

/// Part of every value that an answer must not repeat.
const PLANTED: &str = "planted-9417";

/// What is malformed is the client's fault.
const BAD: &[&str] = &["BAD_USER_INPUT"];
/// Too much of something that would be right.
const MUCH: &[&str] = &["QUERY_TOO_COMPLEX"];
/// Which of the two is noticed first does not matter.
const EITHER: &[&str] = &["BAD_USER_INPUT", "QUERY_TOO_COMPLEX"];

/// How long a refusal may take.
const IN_TIME: Duration = Duration::from_secs(3);

/// What only the inside knows, in lower case.
const INSIDE: [&str; 13] = [
    "sqlite",
    "postgres",
    "sqlx",
    "sea_orm",
    "select \"",
    "insert into",
    "constraint failed",
    "async_graphql",
    "panicked",
    "backtrace",
    ".rs:",
    "/src/",
    "custodian_entity",
];

/// A service, somebody who sends nonsense, and what must stay as it is.
struct Bench {
    app: TestApp,
    client: Client,
    before: Vec<String>,
    wrong: Vec<String>,
}

impl Bench {
    async fn new(app: TestApp) -> Self {
        let client = app.login(ADMIN).await;
        let before = state(&app).await;
        Self { app, client, before, wrong: Vec::new() }
    }

    /// An operation that must be refused with one of these codes.
    async fn refuses(&mut self, codes: &[&str], document: &str, variables: Value) {
        let body = json!({ "query": document, "variables": variables }).to_string();
        self.refuses_body(codes, body.into_bytes()).await;
    }

    /// A body that must be refused with one of these codes.
    async fn refuses_body(&mut self, codes: &[&str], body: Vec<u8>) {
        let shown: String = String::from_utf8_lossy(&body).chars().take(200).collect();
        let (answer, took) = self.send(body).await;
        let code = answer.code().unwrap_or("no error");
        if !codes.contains(&code) {
            self.wrong.push(format!("{shown}\n    {code} instead of {codes:?}: {}", answer.text));
        }
        self.check(&shown, &answer, took);
        if answer.data().as_object().is_some_and(|data| data.values().any(|value| !value.is_null())) {
            self.wrong.push(format!("{shown}\n    has data: {}", answer.text));
        }
    }

    /// An operation that may be answered or refused, as long as the fault is not ours.
    async fn survives(&mut self, document: &str, variables: Value) {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let shown: String = body.chars().take(200).collect();
        let (answer, took) = self.send(body.into_bytes()).await;
        let ours = ["INTERNAL", "UNAVAILABLE", "TIMEOUT"];
        if answer.code().is_some_and(|code| ours.contains(&code)) {
            self.wrong.push(format!("{shown}\n    is answered as a fault of ours: {}", answer.text));
        }
        self.check(&shown, &answer, took);
    }

    async fn send(&self, body: Vec<u8>) -> (Answer, Duration) {
        let request = Request::post("/graphql")
            .header("content-type", "application/json")
            .header("accept", "application/graphql-response+json")
            .body(Body::from(body))
            .unwrap();
        let started = Instant::now();
        (self.client.send(request).await, started.elapsed())
    }

    fn check(&mut self, shown: &str, answer: &Answer, took: Duration) {
        // Ids are random, and may hold any digits.
        let ids = answer.errors().iter().filter_map(|error| error["extensions"]["requestId"].as_str());
        let text = ids.fold(answer.text.clone(), |text, id| text.replace(id, "")).to_lowercase();
        let mut wrong = |what: String| self.wrong.push(format!("{shown}\n    {what}: {}", answer.text));
        for inside in INSIDE {
            if text.contains(inside) {
                wrong(format!("tells of {inside}"));
            }
        }
        // Names that are not in the schema are the client's own; what it gives as a value is never repeated.
        if text.contains("9417") {
            wrong("repeats the value".to_owned());
        }
        if answer.status == StatusCode::INTERNAL_SERVER_ERROR || took > IN_TIME {
            wrong(format!("status {} after {took:?}", answer.status));
        }
        for error in answer.errors() {
            if !error["extensions"]["code"].is_string() || !error["extensions"]["requestId"].is_string() {
                wrong("an error without code or request id".to_owned());
            }
        }
    }

    /// Nothing was changed, nothing of it was logged, and the service answers as before.
    async fn finish(self) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
        self.client.query("{ viewer { id } customers(first: 1) { nodes { id } } }", json!({})).await.ok();
        assert_eq!(state(&self.app).await, self.before, "bad input changed something");
        assert!(!self.app.logs().contains(PLANTED), "a value was logged");
    }
}

/// Everything that bad input could have changed, as text. (Personal data print redacted: their rows have versions.)
async fn state(app: &TestApp) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    rows.extend(all::<customer::Entity>(app).await.iter().map(|row| format!("{row:?}")));
    rows.extend(all::<invoice::Entity>(app).await.iter().map(|row| format!("{row:?}")));
    rows.extend(all::<ticket::Entity>(app).await.iter().map(|row| format!("{row:?}")));
    rows.extend(all::<user::Entity>(app).await.iter().map(|row| format!("{row:?}")));
    rows.extend(all::<audit_event::Entity>(app).await.iter().map(|row| format!("{row:?}")));
    rows.sort_unstable();
    rows
}
