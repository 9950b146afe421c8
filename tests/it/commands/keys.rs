//! `custodian keys status`, `rotate` and `rewrap`, with the program itself: also when it is killed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use custodian::app::open_vault;
use custodian::vault::{Owner, Place, Retention};
use custodian_entity::id::{CustomerId, TypedId};
use serde_json::Value;
use uuid::Uuid;

use super::{Server, assert_refused, custodian, run};
use crate::app::TestApp;
use crate::fixture::{ADMIN, account};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("commands::keys are rotated and rewrapped, and their status is told", rotation);
    suite.both("commands::a new master key takes the place of the former while both are there", master_key);
    suite.both("commands::a rotation that is killed loses nothing, and another finishes it", killed);
    suite.both("commands::the doctor looks at the keys of stored data", doctor);
}

/// What every command is told; nothing but what it prints goes to standard error.
fn variables(app: &TestApp) -> [(&str, &str); 3] {
    let database = app.database();
    [
        ("CUSTODIAN_DATABASE_URL", &database.url),
        ("CUSTODIAN_DATA_DIR", database.folder.path().to_str().unwrap()),
        ("CUSTODIAN_LOG", "off"),
    ]
}

/// Runs `custodian keys …` as the service's role.
fn keys(app: &TestApp, arguments: &[&str]) -> Output {
    run(app.database().folder.path(), &[&["keys"], arguments].concat(), &variables(app))
}

#[track_caller]
fn printed(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The keys of the provider `acme`, as `status` tells them.
fn status(app: &TestApp) -> Value {
    let status: Value = serde_json::from_str(&printed(keys(app, &["status", "--json"]))).unwrap();
    let tenants = status["tenants"].as_array().unwrap();
    tenants.iter().find(|tenant| tenant["domain"] == "acme.example").unwrap().clone()
}

/// How many keys a rewrapping would wrap anew.
fn left(app: &TestApp) -> u64 {
    let rewrap = &status(app)["rewrap"];
    rewrap["tenantKeys"].as_u64().unwrap() + rewrap["dataKeys"].as_u64().unwrap()
}

/// A value of each of so many customers of `acme`.
async fn values(app: &TestApp, count: u128) -> Vec<(Place<'static>, String)> {
    let tenant = account(app, ADMIN).await.tenant_id;
    let place = |row| Place { tenant, table: "customer", column: "email", row };
    let places: Vec<_> = (1..=count).map(|row| place(Uuid::from_u128(row))).collect();
    let owner = |row| Owner::Customer(CustomerId::from_uuid(row), Retention::General);
    let given: Vec<_> = places.iter().map(|place| (*place, owner(place.row), b"ada".as_slice())).collect();
    let sealed = app.service.vault.open_keys().seal(&given).await.unwrap();
    places.into_iter().zip(sealed).collect()
}

/// To an instance that starts now, and to the one that has been running.
async fn all_open(app: &TestApp, values: &[(Place<'static>, String)]) {
    let started = open_vault(&app.database().config(), &app.clock).await.unwrap();
    for vault in [&started, &app.service.vault] {
        let asked: Vec<_> = values.iter().map(|(place, sealed)| (*place, sealed.as_str())).collect();
        for opened in vault.open_keys().open(&asked).await.unwrap() {
            assert_eq!(opened.unwrap().as_slice(), b"ada");
        }
    }
}

async fn rotation(app: TestApp) {
    let values = values(&app, 40).await;
    let before = status(&app);
    let wrapped = before["versions"][0]["dataKeys"].as_u64().unwrap();
    assert!(wrapped >= 40 && left(&app) == 0, "{before}");

    printed(keys(&app, &["rotate", "--tenant", "ACME.example", "--no-rewrap"]));
    let rotated = status(&app);
    let numbers: Vec<_> = rotated["versions"].as_array().unwrap().iter().map(|one| &one["version"]).collect();
    assert_eq!(numbers, [2, 1], "the newest first");
    assert_eq!(rotated["versions"][0]["dataKeys"], 0);
    assert_eq!((left(&app), &rotated["rewrap"]["versionsRemoved"]), (wrapped, &Value::from(1)));
    let shown = printed(keys(&app, &["status"]));
    let expected = format!("rewrap would wrap {wrapped} keys anew and remove 1 versions");
    assert!(shown.contains("acme.example\n  version 2 of ") && shown.contains(&expected), "{shown}");
    all_open(&app, &values).await;

    let done = printed(keys(&app, &["rewrap"]));
    assert!(done.starts_with(&format!("{wrapped} keys are wrapped anew\n")), "{done}");
    let after = status(&app);
    assert_eq!(after["versions"].as_array().unwrap().len(), 1, "{after}");
    assert_eq!((&after["versions"][0]["version"], left(&app)), (&Value::from(2), 0));
    all_open(&app, &values).await;
    assert!(printed(keys(&app, &["rewrap"])).starts_with("0 keys "), "what was done is not done again");

    app.service
        .vault
        .destroy(
            values[0].0.tenant,
            Owner::Customer(CustomerId::from_uuid(values[0].0.row), Retention::General),
        )
        .await
        .unwrap();
    assert_eq!(
        status(&app)["destroyedDataKeys"].as_u64().unwrap(),
        before["destroyedDataKeys"].as_u64().unwrap() + 1
    );
    printed(keys(&app, &["rotate"]));
    all_open(&app, &values[1..]).await;
    let by_id = status(&app)["id"].as_str().unwrap().to_owned();
    printed(keys(&app, &["rotate", "--tenant", &by_id]));
    assert_eq!(status(&app)["versions"][0]["version"], 4);
    assert_refused(&keys(&app, &["rotate", "--tenant", "nobody.example"]), "nobody.example has no keys");
}

async fn master_key(app: TestApp) {
    let values = values(&app, 5).await;
    let file = app.database().folder.path().join("master.key");
    let former = fs::read_to_string(&file).unwrap();
    let new = STANDARD.encode((1..=32).collect::<Vec<u8>>());
    fs::write(&file, format!("{new}\n{former}\n")).unwrap();
    assert!(left(&app) > 0);
    all_open(&app, &values).await;
    assert!(printed(keys(&app, &["rewrap"])).contains("no other is needed\n"));
    fs::write(&file, &new).unwrap();
    assert_eq!(left(&app), 0);
    let started = open_vault(&app.database().config(), &app.clock).await.unwrap();
    let opened = started.open_keys().open(&[(values[0].0, &values[0].1)]).await.unwrap();
    assert!(opened[0].is_ok());
    // The former alone opens nothing any more, and nothing is made in the place of what it cannot open.
    fs::write(&file, &former).unwrap();
    assert_refused(&keys(&app, &["status"]), "is wrapped by the master key");
    assert_refused(&keys(&app, &["rotate"]), "is wrapped by the master key");
    fs::write(&file, &new).unwrap();
    assert_eq!(left(&app), 0);
}

async fn killed(app: TestApp) {
    let values = values(&app, 2_400).await;
    let folder = app.database().folder.path();
    let mut cut_off = 0;
    // At once, when the new key is there, and after so many lines of progress.
    for point in 0..5 {
        let mut command = custodian(folder, &["keys", "rotate"], &variables(&app));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut rotating = Server(child);
        if point > 0 {
            let mut lines = BufReader::new(rotating.0.stdout.take().unwrap()).lines();
            assert!(lines.next().unwrap().unwrap().ends_with("have a new key"));
            let lines = BufReader::new(rotating.0.stderr.take().unwrap()).lines();
            for line in lines.take(point - 1) {
                assert!(line.unwrap().ends_with(" keys"));
            }
        }
        rotating.0.kill().unwrap();
        rotating.0.wait().unwrap();
        all_open(&app, &values).await;
        let left = left(&app);
        cut_off += usize::from(left > 0);
    }
    assert!(cut_off > 0, "none was killed in the middle");
    printed(keys(&app, &["rewrap"]));
    let after = status(&app);
    assert_eq!((after["versions"].as_array().unwrap().len(), left(&app)), (1, 0), "{after}");
    all_open(&app, &values).await;
}

async fn doctor(app: TestApp) {
    values(&app, 3).await;
    let folder: &Path = app.database().folder.path();
    let doctor = |more: &[(&str, &str)]| {
        let output = run(folder, &["doctor"], &[&variables(&app), more].concat());
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    };
    let has = |text: &str, part: &str| assert!(text.contains(part), "no {part:?} in {text}");
    let (text, status) = doctor(&[]);
    assert_eq!(status, Some(0), "{text}");
    for part in [
        "ok    master key: ",
        "ok    key store: ",
        "ok    key store migrations: all",
        "ok    keys of stored data: ",
    ] {
        has(&text, part);
    }
    if app.database().url.starts_with("postgres") {
        has(&text, "pg_dump --exclude-schema=custodian_keys");
    }
    printed(keys(&app, &["rotate", "--no-rewrap"]));
    has(&doctor(&[]).0, "are under older ones; run custodian keys rewrap");

    // In production keys lie apart from data, and nothing makes them.
    let (text, _) = doctor(&[("CUSTODIAN_PROFILE", "production")]);
    has(&text, "fail  master key: no master key: name its file");
    let file = folder.join("master.key");
    let named = [("CUSTODIAN_PROFILE", "production"), ("CUSTODIAN_MASTER_KEY_FILE", file.to_str().unwrap())];
    let (text, _) = doctor(&named);
    has(&text, "warn  master key: ");
    if app.database().url.starts_with("sqlite") {
        has(&text, "warn  key store: ");
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o604)).unwrap();
    has(&doctor(&named).0, "others can read this key");

    let other = STANDARD.encode((1..=32).collect::<Vec<u8>>());
    let (text, status) = doctor(&[("CUSTODIAN_MASTER_KEY", &other)]);
    assert_eq!(status, Some(1), "{text}");
    has(&text, "from the environment wraps");
    has(&text, "fail  keys of stored data: the tenant key ");
    assert!(!text.contains(&other), "{text}");
}
