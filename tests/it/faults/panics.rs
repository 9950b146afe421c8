//! Something panics in the middle of an operation (FA12). What panics here is what watches the statements of the database, so
//! that no way to panic is in the service.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::StatusCode;
use custodian::app::App;
use custodian_entity::disclosed_customer;
use serde_json::{Value, json};

use super::{ASKED, back, page, prompt};
use crate::app::TestApp;
use crate::client::Client;
use crate::database::connect;
use crate::fixture::{ADMIN, BILLING, SUPPORT, all};
use crate::live::socket::{Place, serve};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("faults::a resolver that panics ends its request, and nothing else", request);
    suite.both("faults::a resolver that panics on a socket ends its operation, and nothing else", socket);
    suite.both("faults::a panic does not end what the service does by itself", upkeep);
}

/// What a panic says, which nobody is to read.
const SAID: &str = "planted-panic-4711";

/// Reads of invoices, which [`ASKED`] has none of.
const PANICS: &str = "{ invoices(first: 1) { nodes { id } } }";

/// The service, and whether statements on this table panic.
async fn brittle(app: &TestApp, table: &'static str) -> (Arc<App>, Arc<AtomicBool>) {
    let is_armed: Arc<AtomicBool> = Arc::default();
    let armed = is_armed.clone();
    let mut db = connect(&app.database().url).await.expect("the address made the database");
    db.set_metric_callback(move |info| {
        let is_meant = info.statement.sql.contains(table);
        if is_meant && armed.load(Ordering::SeqCst) {
            // As a panic goes on, without the line that the first of it prints.
            resume_unwind(Box::new(SAID));
        }
    });
    let service = App::on(app.database().config(), app.clock.clone(), db).await.expect("it starts");
    (service, is_armed)
}

async fn request(app: TestApp) {
    let (service, is_armed) = brittle(&app, "\"invoice\"").await;
    let router = custodian::http::router(service);
    let client = Client::new(router, Some(app.token(SUPPORT).await));
    let billing = client.bringing(&app.token(BILLING).await);
    is_armed.store(true, Ordering::SeqCst);
    // More often than there are connections: each is given back.
    for _ in 0..6 {
        let (panicked, other) = tokio::join!(
            prompt("what panics", billing.query(PANICS, Value::Null)),
            prompt("another", client.query(ASKED, Value::Null)),
        );
        other.ok();
        assert_eq!(
            (panicked.status, panicked.code()),
            (StatusCode::INTERNAL_SERVER_ERROR, Some("INTERNAL")),
            "{}",
            panicked.text
        );
        assert!(panicked.body.get("data").is_none() && !panicked.text.contains(SAID), "{}", panicked.text);
        let id =
            panicked.errors()[0]["extensions"]["requestId"].as_str().expect("the error names its request");
        assert_eq!(Some(id), panicked.headers["x-request-id"].to_str().ok());
        let logs = app.logs();
        let is_told = |line: &str| line.contains(id) && line.contains("a handler panicked");
        assert!(logs.lines().any(is_told), "the operator is not told which request it was");
    }
    is_armed.store(false, Ordering::SeqCst);
    prompt("afterwards", billing.query(PANICS, Value::Null)).await.ok();
    assert_eq!(page(&client, "/readyz").await.0, 200);
}

async fn socket(app: TestApp) {
    let (service, is_armed) = brittle(&app, "\"invoice\"").await;
    let place = Place { address: serve(custodian::http::router(service)).await };
    let mut socket = place.signed_in(&app, BILLING).await;
    is_armed.store(true, Ordering::SeqCst);
    // The same id again: it was given back.
    for _ in 0..3 {
        socket.ask("1", PANICS, Value::Null).await;
        let told = socket.message().await;
        assert_eq!((&told["id"], &told["type"]), (&json!("1"), &json!("error")), "{told}");
        let error = &told["payload"][0];
        assert_eq!(error["extensions"]["code"], "INTERNAL", "{told}");
        assert!(error["extensions"]["requestId"].is_string() && !told.to_string().contains(SAID), "{told}");
        socket.ask("2", "{ viewer { id } }", Value::Null).await;
        assert_eq!(socket.message().await["type"], "next", "the socket goes on");
        assert_eq!(socket.message().await["type"], "complete");
    }
    is_armed.store(false, Ordering::SeqCst);
    socket.ask("1", PANICS, Value::Null).await;
    assert_eq!(socket.message().await["type"], "next");
}

async fn upkeep(app: TestApp) {
    let (service, is_armed) = brittle(&app, "\"disclosed_cursor\"").await;
    is_armed.store(true, Ordering::SeqCst);
    let working = tokio::spawn({
        let service = service.clone();
        async move { service.keep_up().await }
    });
    back("a panic", async || app.logs().contains("a panic ended what the service does by itself")).await;
    assert!(!working.is_finished(), "a panic of one part ended the others");
    is_armed.store(false, Ordering::SeqCst);
    // The other instance writes, and this one lists it.
    let admin = app.login(ADMIN).await;
    admin.query("{ customers(first: 1) { nodes { id email } } }", Value::Null).await.ok();
    back("what it does by itself", async || {
        let listed = all::<disclosed_customer::Entity>(&app).await;
        !listed.is_empty()
    })
    .await;
    working.abort();
}
