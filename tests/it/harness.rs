//! The harness holds what the other tests rely on.

use std::path::Path;

use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as Key;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload};
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::app::TestApp;
use crate::s3::{ACCESS_KEY, S3, SECRET_KEY};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("harness::every file here is part of the binary", every_file_is_a_module);
    suite.both("harness::a service has its own database", own_database);
    suite.both("harness::an account signs in once for a service", one_token);
    suite.both("harness::events are kept", events_are_kept);
    suite.s3("harness::a store takes an object once, and gives all of it or a part", store);
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

/// What is relied on where documents are stored.
async fn store(s3: S3) {
    let store = s3.start();
    let folder = store.bucket("documents");
    let open = |secret: &str| -> AmazonS3 {
        let builder = AmazonS3Builder::new().with_endpoint(store.endpoint()).with_allow_http(true);
        let builder = builder.with_bucket_name("documents").with_region("us-east-1");
        builder.with_access_key_id(ACCESS_KEY).with_secret_access_key(secret).build().unwrap()
    };
    let bucket = open(SECRET_KEY);
    let key = Key::from("objects/0001");
    let object: Vec<u8> = (0..5_000_000).map(|n: u32| n.to_le_bytes()[1]).collect();
    bucket.put(&key, object.clone().into()).await.unwrap();
    assert_eq!(bucket.get(&key).await.unwrap().bytes().await.unwrap(), object);
    assert_eq!(bucket.get_range(&key, 70_000..70_010).await.unwrap(), object[70_000..70_010]);
    let again = bucket.put_opts(&key, PutPayload::from_static(b"other"), PutMode::Create.into()).await;
    assert!(matches!(again, Err(Error::AlreadyExists { .. })), "{again:?}");
    let found: Vec<_> = bucket.list(Some(&Key::from("objects"))).try_collect().await.unwrap();
    assert_eq!((found.len(), &found[0].location, found[0].size), (1, &key, 5_000_000));
    assert!(folder.join("objects/0001").is_file());
    assert!(open("wrong").get(&key).await.is_err(), "anybody may read");
    bucket.delete(&key).await.unwrap();
    assert!(matches!(bucket.get(&key).await, Err(Error::NotFound { .. })));
}
