//! The password of the database is exchanged under load, and no request fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use custodian::app::SECRET_RELOADS;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{Files, Role, counted, instance};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{ADMIN, MARIA, SUPPORT, customer, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.postgres("secrets::a password is exchanged under load, and no request fails", under_load);
    suite.postgres("secrets::connections from before are closed, those that nobody uses too", drained);
}

/// Who ask at a time.
const CLIENTS: usize = 6;
/// How long the service may take to have put a secret in use.
const SOON: Duration = Duration::from_secs(20);

/// Reads what is sealed: both the database and the key store are asked.
const READS: &str = "{ customers(first: 3) { nodes { id email } } }";

async fn soon(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !ask().await {
        assert!(begun.elapsed() < SOON, "{what}: not within {SOON:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Requests without end, until they are told to stop.
struct Load {
    asked: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    clients: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn begin(client: &Client) -> Self {
        let (asked, is_over) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let ask = |_| {
            let (client, asked, is_over) = (client.clone(), asked.clone(), is_over.clone());
            tokio::spawn(async move {
                while !is_over.load(Ordering::SeqCst) {
                    client.query(READS, Value::Null).await.ok();
                    asked.fetch_add(1, Ordering::SeqCst);
                }
            })
        };
        let clients = (0..CLIENTS).map(ask).collect();
        Self { asked, is_over, clients }
    }

    /// Waits until each client has asked twice more.
    async fn goes_on(&self) {
        let before = self.asked.load(Ordering::SeqCst);
        soon("requests", async || {
            let has_failed = self.clients.iter().any(tokio::task::JoinHandle::is_finished);
            has_failed || self.asked.load(Ordering::SeqCst) >= before + 2 * CLIENTS
        })
        .await;
    }

    async fn end(self) -> usize {
        self.is_over.store(true, Ordering::SeqCst);
        for client in self.clients {
            client.await.expect("no request fails while a password is exchanged");
        }
        self.asked.load(Ordering::SeqCst)
    }
}

fn applied(metrics: &PrometheusHandle) -> f64 {
    counted(metrics, SECRET_RELOADS, &["secret=\"database_url\"", "outcome=\"applied\""])
}

async fn under_load(app: TestApp) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let (files, role) = (Files::new(), Role::create(&app).await);
    files.write("database_url", &role.url(&app));
    let (service, router) = instance(&app, &files, |config| {
        config.connections.max = 4;
        // So that new ones begin all the time, and before the service knows the new password.
        config.connections.max_lifetime_seconds = 1;
    })
    .await;
    // In this task, so that what it counts is counted here.
    tokio::select! {
        () = service.follow() => panic!("it follows for as long as the service runs"),
        () = rounds(&app, &files, role, &router, &metrics) => {}
    }
}

async fn rounds(app: &TestApp, files: &Files, mut role: Role, router: &Router, metrics: &PrometheusHandle) {
    let load = Load::begin(&app.login(SUPPORT).await.at(router));
    load.goes_on().await;

    // The server first: what begins in between is tried again.
    let before = role.url(app);
    role.rotate(app).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    files.write("database_url", &role.url(app));
    assert_ne!(before, role.url(app));
    soon("the new password", async || applied(metrics) >= 2.0).await;
    load.goes_on().await;

    // The file first: what it holds is of no use yet, and not taken.
    let Role { name, .. } = &role;
    let next = Role { name: name.clone(), password: super::password() };
    files.write("database_url", &next.url(app));
    let failed = ["secret=\"database_url\"", "outcome=\"failed\""];
    soon("the refusal", async || counted(metrics, SECRET_RELOADS, &failed) > 0.0).await;
    load.goes_on().await;
    let alter = format!("ALTER ROLE {} PASSWORD '{}'", next.name, next.password);
    app.db().execute_unprepared(&alter).await.expect("the server's own user changes roles");
    soon("the password that came later", async || applied(metrics) >= 4.0).await;
    load.goes_on().await;

    // Another role, as who hands out roles for a time does; the one before is not let in any more.
    let other = Role::create(app).await;
    files.write("database_url", &other.url(app));
    soon("the other role", async || applied(metrics) >= 6.0).await;
    soon("the end of the first", async || next.connections(app).await == 0).await;
    app.db().execute_unprepared(&format!("DROP ROLE {}", next.name)).await.expect("nothing is its own");
    load.goes_on().await;

    // What writes goes on as well.
    let maria = customer(app, MARIA).await;
    let admin = app.login(ADMIN).await.at(router);
    let input = json!({ "id": custodian_entity::id::TypedId::encode(maria.id), "version": maria.version, "language": "fr" });
    mutate(&admin, "customerUpdate", "version", input).await.done();
    let asked = load.end().await;
    assert!(asked >= 5 * 2 * CLIENTS, "{asked} requests");
    println!("secrets::rotation: {asked} requests, none failed");

    let logs = app.logs();
    for secret in [&role.password, &other.password, &before] {
        let ours = logs.lines().filter(|line| line.contains("custodian::") && line.contains(secret.as_str()));
        assert_eq!(ours.collect::<Vec<_>>(), Vec::<&str>::new(), "the log has a password");
    }
    assert!(logs.contains("a secret was taken anew"));
}

async fn drained(app: TestApp) {
    let (files, role) = (Files::new(), Role::create(&app).await);
    files.write("database_url", &role.url(&app));
    let (service, router) = instance(&app, &files, |config| {
        config.connections.max = 4;
    })
    .await;
    let client = app.login(SUPPORT).await.at(&router);
    let asked = futures_util::future::join_all((0..8).map(|_| client.query(READS, Value::Null))).await;
    asked.iter().for_each(|answer| drop(answer.ok().clone()));
    assert!(role.connections(&app).await >= 2, "both pools have connections");
    let other = Role::create(&app).await;
    files.write("database_url", &other.url(&app));
    service.refresh_secrets().await;
    // Nobody asks, and they live for half an hour.
    soon("the end of the first", async || role.connections(&app).await == 0).await;
    assert!(other.connections(&app).await >= 2);
    client.query(READS, Value::Null).await.ok();
    assert_eq!(role.connections(&app).await, 0);
}
