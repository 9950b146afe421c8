//! What cannot be used is not: the secret of before goes on, and log and metrics say so.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use custodian::app::{SECRET_REFUSED, SECRET_RELOADS};
use custodian::config::{ClamdUrl, Profile};
use metrics_exporter_prometheus::PrometheusBuilder;
use sea_orm::ConnectionTrait;
use serde_json::Value;

use super::{Files, Role, counted, instance, password};
use crate::app::TestApp;
use crate::fixture::SUPPORT;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.postgres("secrets::what is no use is not taken, told once, and never shown", refused);
    suite.postgres("secrets::in production no role is taken that row-level security does not hold", unheld);
}

const READS: &str = "{ customers(first: 3) { nodes { id email } } }";
const SECRET: &str = "secret=\"database_url\"";

async fn refused(app: TestApp) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let (files, role) = (Files::new(), Role::create(&app).await);
    let good = role.url(&app);
    files.write("database_url", &good);
    let (service, router) = instance(&app, &files, |config| {
        config.connections.max_lifetime_seconds = 1;
        config.connections.acquire_timeout_seconds = 2;
    })
    .await;
    let client = app.login(SUPPORT).await.at(&router);
    service.refresh_secrets().await;
    assert_eq!(counted(&metrics, SECRET_RELOADS, &[]), 0.0, "nothing was changed");

    let planted = password();
    let name = &role.name;
    let wrong = Role { name: name.clone(), password: planted.clone() };
    let elsewhere =
        good.replace(app.database().url.split('?').next().unwrap().rsplit('/').next().unwrap(), "planted");
    assert_ne!(elsewhere, good, "another database");
    for (number, (content, problem)) in [
        (String::new(), "it is empty"),
        (format!("{good}\n{good}"), "it has more than one line"),
        (planted.clone(), "database_url: expected sqlite://"),
        (format!("mysql://{name}:{planted}@localhost/planted"), "database_url: expected sqlite://"),
        (elsewhere, "it leads elsewhere"),
        (
            format!("postgres://{name}:{planted}@planted.invalid/planted?sslmode=disable"),
            "it leads elsewhere",
        ),
        (format!("sqlite://{planted}.db"), "it leads elsewhere"),
        (wrong.url(&app), "the server refuses the credentials"),
    ]
    .into_iter()
    .enumerate()
    {
        let before = counted(&metrics, SECRET_RELOADS, &[SECRET, "outcome=\"failed\""]);
        let mark = app.logs().len();
        files.write("database_url", &content);
        for _ in 0..2 {
            service.refresh_secrets().await;
        }
        let told = app.logs();
        let told: Vec<&str> =
            told[mark..].lines().filter(|line| line.contains("was in use before")).collect();
        assert!(told.iter().any(|line| line.contains(problem)), "{number}: {problem:?} is not in {told:#?}");
        assert!(told.iter().all(|line| !line.contains("planted")), "{number}: {told:#?}");
        assert!(told.iter().all(|line| line.contains("ERROR")), "{number}: {told:#?}");
        let failed = counted(&metrics, SECRET_RELOADS, &[SECRET, "outcome=\"failed\""]) - before;
        // By the database and by the key store, which is the same; each once, however often it is looked at.
        assert!((1.0..=2.0).contains(&failed), "{number}: counted {failed} times");
        assert_eq!(counted(&metrics, SECRET_REFUSED, &[SECRET]), 1.0, "{number}");
        client.query(READS, Value::Null).await.ok();
    }
    // A file that is not there, or not ours to read.
    fs::remove_file(files.path("database_url")).unwrap();
    service.refresh_secrets().await;
    assert_eq!(counted(&metrics, SECRET_REFUSED, &[SECRET]), 1.0);
    client.query(READS, Value::Null).await.ok();

    // The one in use is there again, and nothing is refused.
    files.write("database_url", &good);
    fs::set_permissions(files.path("database_url"), fs::Permissions::from_mode(0o600)).unwrap();
    service.refresh_secrets().await;
    assert_eq!(counted(&metrics, SECRET_REFUSED, &[SECRET]), 0.0);
    assert_eq!(counted(&metrics, SECRET_RELOADS, &["outcome=\"applied\""]), 0.0);
    client.query(READS, Value::Null).await.ok();
}

async fn unheld(app: TestApp) {
    let (files, role, superuser) = (Files::new(), Role::create(&app).await, Role::create(&app).await);
    let grant = format!("ALTER ROLE {} BYPASSRLS", superuser.name);
    app.db().execute_unprepared(&grant).await.expect("the server's own user changes roles");
    files.write("database_url", &role.url(&app));
    let (service, router) = instance(&app, &files, |config| {
        config.profile = Profile::Production;
        config.clamd_url = ClamdUrl::parse("unix:///nowhere/clamd.ctl");
    })
    .await;
    let mark = app.logs().len();
    files.write("database_url", &superuser.url(&app));
    service.refresh_secrets().await;
    let told = app.logs();
    assert!(
        told[mark..].lines().any(|line| line.contains("was in use before") && line.contains("has BYPASSRLS")),
        "it is not said why"
    );
    app.login(SUPPORT).await.at(&router).query(READS, Value::Null).await.ok();
    let who = "SELECT current_user::text";
    let row = service
        .db()
        .query_one_raw(sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, who))
        .await
        .expect("the database answers")
        .expect("a row");
    assert_eq!(row.try_get_by_index::<String>(0).unwrap(), role.name);
}
