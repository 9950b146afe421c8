//! Faults of what the service needs (abuse cases FA1-FA13): each part away, silent, slow or cut, on its own. What needs it is
//! refused in time and told so, what does not goes on, and all of it is back by itself.

mod commit;
mod crashed;
mod killed;
mod mailing;
mod panics;
mod postgres;
mod proxy;
mod redis;
mod scanner;
mod stopped;
mod stored;
mod vanished;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::header::RETRY_AFTER;
use axum::http::{Request, StatusCode};
use custodian::app::App;
use custodian::config::{Config, DatabaseUrl};
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use tokio::time::timeout;

use self::proxy::{Proxy, Upstream};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    postgres::register(suite);
    vanished::register(suite);
    commit::register(suite);
    redis::register(suite);
    scanner::register(suite);
    stored::register(suite);
    mailing::register(suite);
    panics::register(suite);
    crashed::register(suite);
    killed::register(suite);
    stopped::register(suite);
}

/// By when every request is answered, whatever is away.
const HANG: Duration = Duration::from_secs(10);

/// By when a part that is there again is used again.
const BACK: Duration = Duration::from_secs(30);

/// A question that needs the database.
const ASKED: &str = "{ customers(first: 3) { nodes { id status } } }";

/// What must come within the time in which nothing hangs.
async fn prompt<T>(what: &str, work: impl Future<Output = T>) -> T {
    let done = timeout(HANG, work).await;
    done.unwrap_or_else(|_| {
        panic!("{what}: no answer within {HANG:?}: something waits without a limit of its own")
    })
}

/// Asks until the answer is yes.
async fn back(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !ask().await {
        assert!(begun.elapsed() < BACK, "{what}: not back by itself within {BACK:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// An instance of the service whose way to PostgreSQL is a proxy's, and which does not wait for long.
async fn behind(app: &TestApp, change: impl FnOnce(&mut Config)) -> (Proxy, Arc<App>, Router) {
    let options: PgConnectOptions = app.database().url.parse().expect("an address of PostgreSQL");
    let upstream = match options.get_socket() {
        Some(folder) => Upstream::Unix(folder.join(format!(".s.PGSQL.{}", options.get_port()))),
        None => Upstream::Tcp(format!("{}:{}", options.get_host(), options.get_port())),
    };
    let proxy = Proxy::to(upstream);
    let (user, database) = DatabaseUrl::parse(&app.database().url)
        .and_then(|url| url.user_and_database())
        .expect("an address of PostgreSQL names both");
    // The password of who serves in tests is his name.
    let url = format!("postgres://{user}:{user}@{}/{database}?sslmode=disable", proxy.address);
    let (service, router) = app
        .instance(|config| {
            let through = Config::for_tests(url, config.data_dir.clone());
            (config.database_url, config.key_store_url) = (through.database_url, through.key_store_url);
            hasty(config);
            change(config);
        })
        .await;
    (proxy, service, router)
}

/// With little patience.
fn hasty(config: &mut Config) {
    config.request_timeout_seconds = 3;
    config.connections.max = 4;
    config.connections.acquire_timeout_seconds = 1;
    config.connections.statement_timeout_seconds = 2;
    config.connections.lock_timeout_seconds = 1;
}

/// A request that was refused whole because a part is away: 503, when to come back, and nothing of what is behind it.
#[track_caller]
fn assert_away(answer: &Answer, secrets: &[&str]) {
    assert_eq!(
        (answer.status, answer.code()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("UNAVAILABLE")),
        "what is away is told as UNAVAILABLE with status 503 (src/error.rs, From<DbErr>): {}",
        answer.text
    );
    assert!(answer.headers.contains_key(RETRY_AFTER), "when to come back is not said: {}", answer.text);
    let id = &answer.errors()[0]["extensions"]["requestId"];
    assert!(id.is_string(), "the error does not name its request: {}", answer.text);
    assert_discreet(answer, secrets);
}

/// Nothing of what is behind the service is in an answer.
#[track_caller]
fn assert_discreet(answer: &Answer, secrets: &[&str]) {
    let text = answer.text.to_lowercase();
    let internal =
        ["127.0.0.1", "select ", "sqlx", "os error", "timed out while", "postgres", "redis", "clamd", "s3"];
    for telling in internal.iter().chain(secrets) {
        assert!(
            !text.contains(&telling.to_lowercase()),
            "{telling:?} is told to the client: {}",
            answer.text
        );
    }
}

/// What a page answers.
async fn page(client: &Client, path: &str) -> (u16, String) {
    let answer = client.send(Request::get(path).body(Body::empty()).expect("a path")).await;
    (answer.status.as_u16(), answer.text)
}

/// Whether this is answered in full.
async fn works(client: &Client, document: &str) -> bool {
    let answer = prompt("while it comes back", client.query(document, Value::Null)).await;
    let is_done = answer.status == StatusCode::OK && answer.errors().is_empty();
    assert!(
        is_done || answer.code() == Some("UNAVAILABLE") || answer.code() == Some("TIMEOUT"),
        "{}",
        answer.text
    );
    is_done
}
