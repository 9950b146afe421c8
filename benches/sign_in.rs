//! What 100 sign-ins at the same moment do to everybody else: `cargo bench --bench sign_in`.
//!
//! Hashing takes 19 MiB and tens of milliseconds of a core each time; a semaphore lets through as many at once as there
//! are cores. So other requests are answered in under a second meanwhile, and memory grows by a few hashes, not by 100.

#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures: it calls the service as a client does, and prints"
)]

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use custodian::app::{App, STACK_BYTES};
use custodian::clock::Clock;
use custodian::config::Config;
use custodian::http::router;
use serde_json::{Value, json};
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tower::ServiceExt;

/// How many sign in at once.
const AT_ONCE: usize = 100;
/// How long another request may take meanwhile.
const BAR: Duration = Duration::from_secs(1);
/// By how much memory may grow: a hash for each of 16 cores, and room.
const MEMORY_BAR_MIB: u64 = 16 * 19 + 64;

const LOGIN: &str = "mutation($username: String!, $password: String!) { \
                     login(username: $username, password: $password) { accessToken } }";
const LIST: &str = "{ customers(first: 25) { nodes { id displayName email } } }";

fn main() {
    let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build();
    runtime.expect("the system gives threads").block_on(measure());
}

async fn measure() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("custodian.db").display());
    let mut config = Config::for_tests(url, folder.path().to_owned());
    config.request_timeout_seconds = 60;
    let app = App::start(config, Clock::System).await.expect("the service starts");
    let router = router(app);
    let admin = json!({ "username": "tenant-admin@acme.example", "password": "Custodian-Demo-1" });
    let answer = ask(&router, None, LOGIN, admin).await;
    let token =
        answer["data"]["login"]["accessToken"].as_str().expect("the demo account signs in").to_owned();

    let before = peak_memory_mib();
    let started = Instant::now();
    let mut attempts = JoinSet::new();
    for number in 0..AT_ONCE {
        let router = router.clone();
        // Each another name: one account would be locked after five.
        let who = json!({ "username": format!("nobody-{number}@acme.example"), "password": "wrong" });
        attempts.spawn(async move { ask(&router, None, LOGIN, who).await });
    }
    let mut slowest = Duration::ZERO;
    let mut others = 0;
    while !attempts.is_empty() {
        let asked = Instant::now();
        let answer = ask(&router, Some(&token), LIST, Value::Null).await;
        assert!(answer["errors"].is_null(), "{answer}");
        slowest = slowest.max(asked.elapsed());
        others += 1;
        while let Some(attempt) = attempts.try_join_next() {
            let code = attempt.expect("a client does not panic")["errors"][0]["extensions"]["code"].clone();
            assert_eq!(code, "UNAUTHENTICATED");
        }
    }
    println!("{AT_ONCE} sign-ins at once took {:.1?}", started.elapsed());
    println!("{others} other requests meanwhile, the slowest in {slowest:.1?} (bar {BAR:.0?})");
    match (before, peak_memory_mib()) {
        (Some(before), Some(after)) => {
            println!("memory at most {} MiB more (bar {MEMORY_BAR_MIB} MiB)", after - before);
        }
        _ => println!("memory: not told by this system"),
    }
}

async fn ask(router: &Router, token: Option<&str>, document: &str, variables: Value) -> Value {
    let mut request = Request::post("/graphql").header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = json!({ "query": document, "variables": variables }).to_string();
    let request = request.body(Body::from(body)).expect("these headers are valid");
    let Ok(response) = router.clone().oneshot(request).await;
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("the answer can be read");
    serde_json::from_slice(&bytes).expect("an answer is JSON")
}

/// The most memory this process has had so far, where the system tells (Linux).
fn peak_memory_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? / 1024)
}
