//! How a start comes by its keys: which it makes, which it refuses, and who may do what with the key store.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use custodian::app::{App, StartError, migrate, open_vault};
use custodian::config::{Config, DatabaseUrl, Profile};
use sea_orm::ConnectionTrait;
use tempfile::TempDir;

use super::{Keys, customer, open, place, seal, tenant};
use crate::app::TestApp;
use crate::commands::run;
use crate::database::connect;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("vault::a service has keys of its own, apart from the data", own_keys);
    suite.both("vault::a start with another master key is refused, and changes nothing", other_master);
    suite.sqlite("vault::production makes no master key, and takes none that others can read", production);
    suite
        .sqlite("vault::a key store that was lost is not made anew beside data that somebody migrates", lost);
    suite.both("vault::a key store without keys is refused beside data, and gets none", empty);
    suite.postgres("vault::the service's role does with keys what it needs, and no more", role);
    suite.postgres("vault::the owner of the tables makes the key store, and the service uses it", owner);
}

fn refusal(started: Result<std::sync::Arc<App>, StartError>) -> String {
    let Err(error) = started else { panic!("it starts") };
    assert!(error.is_configuration(), "{error}");
    error.to_string()
}

async fn own_keys(app: TestApp) {
    let sealed = seal(&app.service.vault.open_keys(), place(1, 1), customer(1), "ada").await.unwrap();
    let (instance, _) = app.instance(|_| {}).await;
    assert_eq!(open(&instance.vault, place(1, 1), &sealed).await.unwrap(), "ada", "instances share them");
    let other = app.another().await;
    assert!(open(&other.service.vault, place(1, 1), &sealed).await.is_err());

    let folder = app.database().folder.path();
    let mode = |name: &str| fs::metadata(folder.join(name)).map(|file| file.permissions().mode() & 0o777);
    assert_eq!(mode("master.key").unwrap(), 0o600);
    match app.database().url.starts_with("sqlite") {
        true => assert_eq!(mode("keys.db").unwrap(), 0o600),
        false => assert!(mode("keys.db").is_err(), "the database holds them"),
    }
    let of_data = app.db().execute_unprepared("SELECT 1 FROM data_key").await;
    assert!(of_data.is_err(), "the key store is no part of the data");
}

async fn other_master(app: TestApp) {
    let sealed = seal(&app.service.vault.open_keys(), place(1, 1), customer(1), "ada").await.unwrap();
    let text = STANDARD.encode((1..=32).collect::<Vec<u8>>());
    let other =
        || Config { master_key: Some(text.clone().into()), master_key_file: None, ..app.database().config() };
    let said = refusal(App::start(other(), app.clock.clone()).await);
    assert!(said.contains("the tenant key ") && said.contains("is wrapped by the master key"), "{said}");
    assert!(!said.contains(&text), "{said}");
    assert_eq!(open(&app.service.vault, place(1, 1), &sealed).await.unwrap(), "ada");
    // Beside the right one it is taken, and opens nothing by itself.
    let right = fs::read_to_string(app.database().folder.path().join("master.key")).unwrap();
    let both = Config { master_key: Some(format!("{text},{right}").into()), ..other() };
    let both = open_vault(&both, &app.clock).await.unwrap();
    assert_eq!(open(&both, place(1, 1), &sealed).await.unwrap(), "ada");
}

async fn production(app: TestApp) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a folder/master.key");
    let config =
        |profile| Config { profile, master_key_file: Some(path.clone()), ..app.database().production() };
    let said = refusal(App::start(config(Profile::Production), app.clock.clone()).await);
    assert!(said.contains("master.key: no such key"), "{said}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "production made a key");
    let none = Config { master_key_file: None, ..config(Profile::Production) };
    let said = refusal(App::start(none, app.clock.clone()).await);
    assert!(said.contains("master_key_file") && said.contains("CUSTODIAN_MASTER_KEY"), "{said}");

    let right = app.database().folder.path().join("master.key");
    fs::create_dir(path.parent().unwrap()).unwrap();
    fs::copy(&right, &path).unwrap();
    assert!(App::start(config(Profile::Production), app.clock.clone()).await.is_ok(), "a good one is taken");
    for mode in [0o604, 0o644, 0o660, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        for profile in [Profile::Production, Profile::Development] {
            let said = refusal(App::start(config(profile), app.clock.clone()).await);
            assert!(said.contains("master.key: others can read this key"), "{mode:o}: {said}");
        }
    }
}

async fn lost(app: TestApp) {
    let file = app.database().folder.path().join("keys.db");
    fs::remove_file(&file).unwrap();
    // Somebody else migrates here: `serve` makes nothing.
    let migration_database_url = DatabaseUrl::parse(&app.database().url);
    let config = Config { migration_database_url, ..app.database().config() };
    let Err(error) = App::start(config, app.clock.clone()).await else { panic!("it starts") };
    assert!(error.to_string().contains("key store sqlite: "), "{error}");
    assert!(!file.exists(), "it was made again");
}

async fn empty(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let (database, clock) = (keys.app.database(), &keys.app.clock);
    // A second time as the first: it is no start that makes a key.
    for _ in 0..2 {
        let said = refusal(App::start(database.config(), clock.clone()).await);
        assert!(
            said.starts_with("key store ") && said.contains(" is empty, and the database is not"),
            "{said}"
        );
    }
    // Neither does what commands begin with.
    let refused = migrate(&database.config()).await;
    assert!(matches!(refused, Err(StartError::KeysLost { .. })), "{refused:?}");
    assert!(keys.rows("SELECT 1 FROM tenant_key ").await.is_empty(), "it has a key");
}

async fn role(app: TestApp) {
    seal(&app.service.vault.open_keys(), place(1, 1), customer(1), "ada").await.unwrap();
    app.service.vault.destroy(tenant(1), customer(1)).await.unwrap();
    let service = connect(&app.database().url).await.unwrap();
    for statement in [
        "DELETE FROM custodian_keys.data_key",
        "TRUNCATE custodian_keys.data_key, custodian_keys.tenant_key",
        "UPDATE custodian_keys.data_key SET owner_id = tenant_id",
        "UPDATE custodian_keys.data_key SET retention = 'KYC'",
        "UPDATE custodian_keys.tenant_key SET tenant_id = id",
        "DELETE FROM custodian_keys.destroyed_keys",
        "INSERT INTO custodian_keys.destroyed_keys VALUES (2, 0)",
        "DROP TABLE custodian_keys.data_key",
        "CREATE TABLE custodian_keys.more (n integer)",
        "DELETE FROM custodian_keys.seaql_migrations",
    ] {
        assert!(service.execute_unprepared(statement).await.is_err(), "{statement}");
    }
    app.db().execute_unprepared("DELETE FROM custodian_keys.seaql_migrations").await.unwrap();
    let said = refusal(App::start(app.database().config(), app.clock.clone()).await);
    let lacking =
        "key store lacks m20261122_000001_key_store, m20261122_000002_destroyed_keys: run custodian migrate";
    assert!(said.contains(lacking), "{said}");
}

/// With the roles of production, in a database of their own.
async fn owner(app: TestApp) {
    let database = app.database();
    let parsed = DatabaseUrl::parse(&database.url).unwrap();
    let (service, own) = parsed.user_and_database().unwrap();
    let (name, owner) = (format!("{own}_p"), format!("{own}_o"));
    let url = |template: &str| template.replace(&own, &name);
    // The role that serves has the name of the template, which is not that of this test's database.
    let owner_url = url(&database.url).replace(&service, &owner);
    for statement in [
        format!("CREATE ROLE {owner} LOGIN PASSWORD '{owner}'"),
        format!("CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8'"),
        format!("REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC"),
    ] {
        app.db().execute_unprepared(&statement).await.unwrap();
    }
    let folder = TempDir::new().unwrap();
    let key = STANDARD.encode((1..=32).collect::<Vec<u8>>());
    let service_url = url(&database.url);
    let variables = [
        ("CUSTODIAN_PROFILE", "production"),
        ("CUSTODIAN_DATABASE_URL", service_url.as_str()),
        ("CUSTODIAN_MIGRATION_DATABASE_URL", owner_url.as_str()),
        ("CUSTODIAN_MASTER_KEY", key.as_str()),
        ("CUSTODIAN_LOG", "off"),
    ];
    let migrated = run(folder.path(), &["migrate"], &variables);
    let doctor = run(folder.path(), &["doctor"], &variables);
    let keys = run(folder.path(), &["keys", "status"], &variables);
    app.db().execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
    app.db().execute_unprepared(&format!("DROP ROLE {owner}")).await.unwrap();
    assert!(migrated.status.success(), "{migrated:?}");
    let text = String::from_utf8(doctor.stdout).unwrap();
    for part in ["ok    key store: ", "ok    key store migrations: all", "ok    row-level security: on"] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    assert!(String::from_utf8(keys.stdout).unwrap().contains("no provider has keys yet"));
}
