//! What somebody has who has the disks or a dump: nothing of what is sealed.
//!
//! Each test ends by storing one of the values in clear, where no check of the database hinders it, and has to find it
//! there: what it did not find before was not there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use custodian::app::App;
use custodian::config::RedisUrl;
use custodian_entity::{customer, letter};
use futures_util::StreamExt;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement};

use super::search::Search;
use crate::app::TestApp;
use crate::fixture::{ADMIN, MARIA, all, customer};
use crate::leaks;
use crate::leaks::marker::Marker;
use crate::redis::Redis;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("sealing::a dump, the log of writes and the data folder hold no sealed value", dump);
    suite.redis("sealing::redis holds no sealed value", redis);
}

/// Which fields have a value in clear, by place.
type Found = BTreeMap<String, BTreeSet<&'static str>>;

fn note(found: &mut Found, place: String, fields: BTreeSet<&'static str>) {
    if !fields.is_empty() {
        found.insert(place, fields);
    }
}

/// Looks through a file, or the files of a folder.
fn look_through(search: &Search, path: &Path, found: &mut Found) {
    if let Ok(entries) = fs::read_dir(path) {
        for entry in entries {
            look_through(search, &entry.unwrap().path(), found);
        }
    } else if let Ok(bytes) = fs::read(path) {
        note(found, path.display().to_string(), search.within(&bytes));
    }
}

async fn texts(app: &TestApp, sql: impl Into<String>) -> Vec<String> {
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let rows = app.db().query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// Looks through all there is of a database.
async fn look(app: &TestApp, search: &Search, since: &str) -> Found {
    let mut found = Found::new();
    look_through(search, app.database().folder.path(), &mut found);
    if app.db().get_database_backend() == DbBackend::Sqlite {
        return found;
    }
    let tables = "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables \
                  WHERE table_schema IN ('public', 'custodian_keys') AND table_type = 'BASE TABLE'";
    let tables = texts(app, tables).await;
    for table in ["public.customer", "custodian_keys.data_key", "public.change_record"] {
        assert!(tables.iter().any(|known| known == table), "{table} is not among {tables:?}");
    }
    for table in tables {
        let rows = texts(app, format!("SELECT t::text FROM {table} AS t")).await;
        note(&mut found, table, search.within(rows.join("\n").as_bytes()));
    }
    // The server's own files, where they can be read: on a machine of its own they cannot.
    app.db().execute_unprepared("CHECKPOINT").await.unwrap();
    let data = texts(app, "SELECT current_setting('data_directory')").await.remove(0);
    let own = texts(app, "SELECT oid::text FROM pg_database WHERE datname = current_database()").await;
    look_through(search, &Path::new(&data).join("base").join(&own[0]), &mut found);
    let segments =
        format!("SELECT pg_walfile_name('{since}') UNION ALL SELECT pg_walfile_name(pg_current_wal_lsn())");
    let segments = texts(app, segments).await;
    for entry in fs::read_dir(Path::new(&data).join("pg_wal")).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if (segments[0].as_str()..=segments[1].as_str()).contains(&name.as_str()) {
            look_through(search, &path, &mut found);
        }
    }
    found
}

/// A value of a field that is to be sealed.
fn one_of<'m>(markers: &'m [Marker], field: &str) -> &'m str {
    let marker = markers.iter().find(|marker| marker.places.iter().any(|place| place.field == field));
    &marker.unwrap().value
}

async fn dump(app: TestApp) {
    let since = match app.db().get_database_backend() {
        DbBackend::Sqlite => String::new(),
        _ => texts(&app, "SELECT pg_current_wal_lsn()::text").await.remove(0),
    };
    let admin = app.login(ADMIN).await;
    let markers = leaks::stored(&app, &admin).await;
    let search = Search::of_sealed(&markers);
    assert!(search.fields().len() >= 40, "values of these fields only: {:?}", search.fields());
    assert!(all::<letter::Entity>(&app).await.iter().any(|letter| letter.content.is_some()), "none waits");
    let found = look(&app, &search, &since).await;
    assert!(found.is_empty(), "in clear: {found:#?}");

    // A letter that was sent went to whom it names; as a file it is what a mail server would have.
    while app.service.deliver().await.unwrap() {}
    let found = look(&app, &search, &since).await;
    assert!(!found.is_empty(), "letters name who they are for");
    assert!(found.keys().all(|place| place.ends_with(".eml")), "in clear: {found:#?}");
    fs::remove_dir_all(app.database().folder.path().join("mail")).unwrap();

    let maria = customer(&app, MARIA).await.id;
    let clear = Expr::value(one_of(&markers, "Customer.billingEmail"));
    let update = customer::Entity::update_many().col_expr(customer::Column::CompanyName, clear);
    update.filter(customer::Column::Id.eq(maria)).exec(app.db()).await.unwrap();
    let found = look(&app, &search, &since).await;
    assert!(!found.is_empty(), "what is in clear is not found");
    assert!(found.values().all(|fields| fields.iter().eq([&"Customer.billingEmail"])), "{found:#?}");
}

async fn redis(app: TestApp, redis: Redis) {
    let mut place = redis.place();
    place.start();
    let url = RedisUrl::parse(&place.url()).unwrap();
    let start = async || app.instance(|config| config.redis_url = Some(url.clone())).await;
    let ((one, at_one), (other, _)) = (start().await, start().await);
    for app in [&one, &other] {
        let app: Arc<App> = app.clone();
        tokio::spawn(async move { app.follow().await });
    }
    while one.news.is_up() != Some(true) || other.news.is_up() != Some(true) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let heard = Arc::new(Mutex::new(Vec::new()));
    let client = redis::Client::open(place.url()).unwrap();
    let mut listening = client.get_async_pubsub().await.unwrap();
    listening.psubscribe("*").await.unwrap();
    let hearing = heard.clone();
    tokio::spawn(async move {
        let mut messages = listening.into_on_message();
        while let Some(message) = messages.next().await {
            let text = [message.get_channel_name().as_bytes(), message.get_payload_bytes()].concat();
            hearing.lock().unwrap().extend(text);
        }
    });
    let markers = leaks::stored(&app, &app.login(ADMIN).await.at(&at_one)).await;
    app.login("billing@acme.example").await.at(&at_one).query("mutation { logout }", ().into()).await.ok();
    while heard.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut stored = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut stored).await.unwrap();
    assert!(!keys.is_empty(), "nothing was stored");
    let search = Search::of_sealed(&markers);
    let mut held = heard.lock().unwrap().clone();
    for key in keys {
        // Whatever its type.
        let value: Vec<u8> = redis::cmd("DUMP").arg(&key).query_async(&mut stored).await.unwrap();
        held.extend(key.into_bytes());
        held.extend(value);
    }
    assert!(search.within(&held).is_empty(), "in clear: {:?}", search.within(&held));
    held.extend(one_of(&markers, "Customer.email").as_bytes());
    assert!(search.within(&held).contains("Customer.email"), "what is in clear is not found");
}
