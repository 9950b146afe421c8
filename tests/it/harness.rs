//! The harness holds what the other tests rely on.

use std::path::Path;

use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::app::TestApp;
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("harness::every file here is part of the binary", every_file_is_a_module);
    suite.both("harness::a service has its own database", own_database);
    suite.both("harness::an account signs in once for a service", one_token);
    suite.both("harness::events are kept", events_are_kept);
}

fn every_file_is_a_module() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for file in folder.read_dir().unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "main") {
            // Without the line, the file's tests would never run.
            assert!(
                include_str!("main.rs").contains(&format!("\nmod {module};\n")),
                "main.rs lacks `mod {module};`"
            );
        }
    }
}

async fn own_database(app: TestApp) {
    let other = app.another().await;
    app.db().execute_unprepared("CREATE TABLE harness_probe (n INTEGER)").await.unwrap();
    app.db().execute_unprepared("INSERT INTO harness_probe VALUES (1)").await.unwrap();
    let seen = other.db().execute_unprepared("SELECT n FROM harness_probe").await;
    assert!(seen.is_err(), "a table made in one database exists in another");
    assert_ne!(app.database().url, other.database().url);
    assert_ne!(app.database().folder.path(), other.database().folder.path());
}

async fn one_token(app: TestApp) {
    let first = app.token("support@acme.example").await;
    assert_eq!(first, app.token("support@acme.example").await);
    assert_ne!(first, app.token("billing@acme.example").await);
    let document = "{ viewer { id } }";
    let answer = app.login("support@acme.example").await.query(document, json!({})).await;
    assert!(answer.ok()["viewer"]["id"].is_string());
    assert!(answer.headers.contains_key("content-type"));
    let refused = app.anonymous().query(document, json!({})).await;
    assert_eq!(refused.code(), Some("UNAUTHENTICATED"), "{}", refused.text);
}

async fn events_are_kept(app: TestApp) {
    let value = format!("planted-{}", app.clock.new_uuid());
    tracing::trace!(target: "custodian::harness", field = value, "an event");
    tracing::debug_span!(target: "library", "a span", value);
    let logs = app.logs();
    assert_eq!(logs.matches(&value).count(), 3, "one event, and the beginning and end of one span");
}
