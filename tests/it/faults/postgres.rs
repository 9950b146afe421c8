//! PostgreSQL refuses, is silent, slow, cut, or stopped by its administrator (FA4).

use std::time::Duration;

use axum::http::StatusCode;
use custodian_entity::customer;
use custodian_entity::id::TypedId;
use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect, TransactionTrait};
use serde_json::{Value, json};

use super::proxy::Fate;
use super::{ASKED, assert_away, assert_discreet, back, behind, page, prompt, works};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{ADMIN, MARIA, SUPPORT, customer, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.postgres(
        "faults::without PostgreSQL requests are refused as such, and answered once it is back",
        away,
    );
    suite.postgres(
        "faults::a PostgreSQL that is slow or cut makes no request hang, and none fail as ours",
        slow,
    );
    suite.postgres("faults::a PostgreSQL that is told to stop is away, and no fault of ours", told_to_stop);
    suite.postgres("faults::a PostgreSQL with no connection left is away, and no fault of ours", full);
}

/// More at a time than there are connections.
const MANY: usize = 12;

const LOGIN: &str =
    "mutation { login(username: \"support@acme.example\", password: \"Custodian-Demo-1\") { accessToken } }";

/// So many questions at once.
async fn many(client: &Client) -> Vec<crate::client::Answer> {
    let asked = (0..MANY).map(|_| client.query(ASKED, Value::Null));
    prompt("many at once", futures_util::future::join_all(asked)).await
}

async fn away(app: TestApp) {
    let (mut proxy, _service, router) = behind(&app, |_| {}).await;
    let (client, anybody) = (app.login(SUPPORT).await.at(&router), app.anonymous().at(&router));
    let database = app.database().url.clone();
    let secrets = [database.rsplit('/').next().unwrap_or_default().split('?').next().unwrap_or_default()];
    for how in ["refuses", "is silent"] {
        many(&client).await.iter().for_each(|answer| {
            answer.ok();
        });
        match how {
            "refuses" => proxy.refuse(),
            _ => proxy.blackhole(),
        }
        for answer in many(&client).await {
            assert_away(&answer, &secrets);
        }
        let refused = prompt("a change", client.query("mutation { logout }", Value::Null)).await;
        assert_away(&refused, &secrets);
        let login = prompt("a sign-in", anybody.query(LOGIN, Value::Null)).await;
        assert_eq!(login.code(), Some("UNAVAILABLE"), "{how}: {}", login.text);
        assert_discreet(&login, &secrets);
        let (status, said) = prompt("whether it is ready", page(&anybody, "/readyz")).await;
        assert_eq!((status, said.as_str()), (503, "not ready\n"), "{how}: it must not be sent requests");
        for path in ["/healthz", "/.well-known/jwks.json", "/graphiql"] {
            let (status, _) = prompt(path, page(&anybody, path)).await;
            assert_eq!(status, 200, "{how}: {path} needs no database");
        }
        proxy.pass();
        back("requests", async || works(&client, ASKED).await).await;
        back("readiness", async || page(&anybody, "/readyz").await.0 == 200).await;
        back("sign-ins", async || works(&anybody, LOGIN).await).await;
    }
    // What was not done is not: the session of who asked to sign out goes on.
    client.query(ASKED, Value::Null).await.ok();
}

async fn slow(app: TestApp) {
    let (mut proxy, _service, router) = behind(&app, |_| {}).await;
    let client = app.login(SUPPORT).await.at(&router);
    proxy.slow(Duration::from_millis(60));
    // As it is, and cut while many are under way: as they begin, while they say who asks, and as they end.
    for word in ["", "BEGIN", "set_config", "ROLLBACK", "COMMIT"] {
        if !word.is_empty() {
            proxy.cut();
            proxy.trap(word, Fate::CutAfter, 5);
        }
        for answer in many(&client).await {
            let code = answer.code();
            assert!(
                answer.status == StatusCode::OK && code.is_none()
                    || matches!(code, Some("UNAVAILABLE" | "TIMEOUT")),
                "the network's faults are told as ours: {}",
                answer.text
            );
            assert_discreet(&answer, &[]);
        }
    }
    proxy.disarm();
    let alive = prompt("whether it is alive", page(&client, "/healthz")).await;
    assert_eq!(alive.0, 200);
    proxy.pass();
    back("requests", async || works(&client, ASKED).await).await;
    // A cut that nobody saw costs nobody his request.
    proxy.cut();
    for answer in many(&client).await {
        answer.ok();
    }
}

/// Ends all connections of the service, as a restart of the server does (57P01).
async fn terminate(app: &TestApp) {
    let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND usename LIKE 'custodian_test%'";
    app.db().execute_unprepared(end).await.expect("who owns the database may end what goes on there");
}

async fn told_to_stop(app: TestApp) {
    let (_proxy, _service, router) = behind(&app, |config| {
        // Longer than the test takes to end what waits.
        config.connections.lock_timeout_seconds = 60;
        config.connections.statement_timeout_seconds = 60;
        config.request_timeout_seconds = 60;
    })
    .await;
    let admin = app.login(ADMIN).await.at(&router);
    let maria = customer(&app, MARIA).await;
    let held = app.db().begin().await.expect("the database answers");
    customer::Entity::find_by_id(maria.id).lock_exclusive().one(&held).await.expect("the row can be locked");
    let input = json!({ "id": maria.id.encode(), "version": maria.version, "language": "fr" });
    let changing = tokio::spawn(async move { mutate(&admin, "customerUpdate", "version", input).await });
    let waiting =
        "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let waiting = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, waiting);
    back("a statement that waits", async || {
        app.db().query_one_raw(waiting.clone()).await.expect("the database answers").is_some()
    })
    .await;
    terminate(&app).await;
    let outcome = prompt("what was ended", changing).await.expect("a client does not panic");
    outcome.failed("UNAVAILABLE");
    assert_discreet(&outcome.answer, &["57P01", "administrator"]);
    held.rollback().await.expect("the database answers");
    assert_eq!(customer(&app, MARIA).await.version, maria.version, "it was refused, and done");
    let support = app.login(SUPPORT).await.at(&router);
    // Others' connections ended as well: nobody is told.
    support.query(ASKED, Value::Null).await.ok();
}

async fn full(app: TestApp) {
    let (mut proxy, _service, router) = behind(&app, |_| {}).await;
    let client = app.login(SUPPORT).await.at(&router);
    let database = app.database().url.parse::<sqlx::postgres::PgConnectOptions>().expect("an address");
    let (role, database) = (database.get_username().to_owned(), database.get_database().map(str::to_owned));
    let database = database.expect("it names a database");
    // Of the role others serve by in the same run nothing may be changed: the database is this test's own.
    let limit = async |limit: i32| {
        let limit = format!("ALTER DATABASE {database} CONNECTION LIMIT {limit}");
        app.db().execute_unprepared(&limit).await.expect("who owns the database may limit it");
    };
    limit(0).await;
    proxy.cut();
    let answer = prompt("a question", client.query(ASKED, Value::Null)).await;
    assert_away(&answer, &[&role, "too many connections"]);
    limit(-1).await;
    back("requests", async || works(&client, ASKED).await).await;
    proxy.pass();
}
