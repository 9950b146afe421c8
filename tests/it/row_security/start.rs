//! Who serves: not the owner of the tables in production, and nobody before they are up to date.

use std::path::Path;

use custodian::app::{App, StartError};
use custodian::config::{Config, DatabaseUrl};
use sea_orm::ConnectionTrait;

use crate::app::TestApp;
use crate::commands::run;
use crate::scanner::up_to_date;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.postgres("row_security::production does not serve as who passes by the policies", owner);
    suite.postgres("row_security::serve asks for migrations that are missing", pending);
    suite.postgres("row_security::the doctor looks at role, policies and grants", doctor);
}

async fn refusal(app: &TestApp, config: Config) -> StartError {
    match App::start(config, app.clock.clone()).await {
        Ok(_) => panic!("it starts"),
        Err(error) => error,
    }
}

async fn owner(app: TestApp) {
    let config = app.database().production();
    assert!(App::start(config.clone(), app.clock.clone()).await.is_ok(), "the service's role serves");
    let database_url = DatabaseUrl::parse(&app.database().owner_url).unwrap();
    let refused = refusal(&app, Config { database_url, ..config }).await;
    assert!(refused.is_configuration() && refused.to_string().contains("is a superuser"), "{refused}");
}

async fn pending(app: TestApp) {
    let forget = "DELETE FROM seaql_migrations WHERE version = 'm20261122_000003_row_security'";
    app.db().execute_unprepared(forget).await.unwrap();
    let refused = refusal(&app, app.database().config()).await;
    assert!(refused.is_configuration(), "{refused}");
    assert!(refused.to_string().contains("m20261122_000003_row_security"), "{refused}");
    assert!(refused.to_string().contains("run custodian migrate"), "{refused}");
}

/// The lines and the status.
async fn examine(app: &TestApp, url: &str, profile: &str) -> (String, Option<i32>) {
    let scanner = up_to_date().await.to_string();
    let data: &Path = app.database().folder.path();
    let master_key = std::fs::read_to_string(data.join("master.key")).unwrap();
    let variables = [
        ("CUSTODIAN_DATABASE_URL", url),
        ("CUSTODIAN_PROFILE", profile),
        ("CUSTODIAN_MASTER_KEY", &master_key),
        ("CUSTODIAN_DATA_DIR", data.to_str().unwrap()),
        ("CUSTODIAN_CLAMD_URL", &scanner),
        ("CUSTODIAN_SMTP_URL", "smtps://user:planted@mail.example"),
        ("CUSTODIAN_PORTAL_URL", "https://my.isp.example/"),
        ("CUSTODIAN_TRUSTED_PROXIES", "10.0.0.7"),
        ("CUSTODIAN_LOG", "error"),
    ];
    let output = run(data, &["doctor"], &variables);
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

async fn doctor(app: TestApp) {
    let database = app.database();
    let (text, status) = examine(&app, &database.url, "production").await;
    assert_eq!(status, Some(1), "{text}");
    let failed: Vec<&str> = text.lines().filter(|line| line.starts_with("fail")).collect();
    assert!(matches!(failed[..], [line] if line.starts_with("fail  demo accounts: ")), "{text}");
    // As a provider's own are.
    app.db()
        .execute_unprepared("UPDATE tenant SET domain = replace(domain, '.example', '.isp')")
        .await
        .unwrap();
    let (text, status) = examine(&app, &database.url, "production").await;
    assert_eq!(status, Some(0), "{text}");
    for line in ["ok    migrations: all are applied", "ok    row-level security: on for all 53 tables"] {
        assert!(text.contains(line), "{text}");
    }
    // Documents and signed heads are in folders of this machine, which one server may do with.
    let is_fine = |line: &str| {
        ["ok ", "warn  documents: ", "warn  audit heads: "].iter().any(|start| line.starts_with(start))
    };
    assert!(text.lines().take_while(|line| !line.is_empty()).all(is_fine), "{text}");
    assert!(text.contains("IN ROLE custodian_app;"), "{text}");

    let (text, status) = examine(&app, &database.owner_url, "production").await;
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("fail  database role: ") && text.contains("is a superuser"), "{text}");
    let (text, status) = examine(&app, &database.owner_url, "development").await;
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("warn  database role: "), "{text}");

    for statement in [
        "ALTER TABLE contact DISABLE ROW LEVEL SECURITY",
        "DROP POLICY reach ON payment",
        "GRANT DELETE ON audit_event TO custodian_app",
        "GRANT CREATE ON SCHEMA public TO custodian_app",
    ] {
        app.db().execute_unprepared(statement).await.unwrap();
    }
    let (text, status) = examine(&app, &database.url, "production").await;
    assert_eq!(status, Some(1), "{text}");
    for line in [
        "fail  row-level security: off for contact, payment;",
        "fail  append-only tables: audit_event may be changed;",
        "fail  no right to create: ",
    ] {
        assert!(text.contains(line), "no {line:?} in {text}");
    }
}
