//! Values that do not open: moved, changed, or without their keys. It is told by the key, counted and logged; nothing is
//! shown, and nothing is written over them.

use custodian::app::App;
use custodian::config::Config;
use custodian_entity::customer::{Column, Entity};
use custodian_entity::id::{CustomerId, TypedId};
use custodian_entity::{address, contact, tenant};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, ModelTrait, QueryFilter, Value};
use serde_json::json;

use super::{failures, store, stored};
use crate::app::TestApp;
use crate::client::Client;
use crate::database::connect;
use crate::fixture::{ADMIN, MARIA, all, customer, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("sealing::a value that was moved or changed is not shown, and not written over", moved);
    suite.both("sealing::without its keys a value is not shown, and not written over", keys_gone);
    suite.both("sealing::a start under another master key changes nothing", other_master);
}

const EMAIL: &str = "query($id: ID!) { customer(id: $id) { id email } }";

/// The key that a text names, or what is said of one that names none.
fn key_of(text: &str) -> String {
    let id = text.split('.').nth(1).and_then(|id| id.parse::<uuid::Uuid>().ok());
    id.map_or_else(|| "not a sealed value".to_owned(), |id| id.to_string())
}

/// A customer whose address does not open, as `told` in the log and as `kind` in the metric.
async fn assert_damaged(
    app: &TestApp,
    admin: &Client,
    metrics: &PrometheusHandle,
    id: CustomerId,
    kind: &str,
    told: &str,
) {
    let damaged = stored(app, id, Column::Email).await;
    let before = failures(metrics, kind);
    let answer = admin.query(EMAIL, json!({ "id": id.encode() })).await;
    assert_eq!(answer.code(), Some("INTERNAL"), "{kind}: {}", answer.text);
    assert!(answer.data()["customer"].is_null() && !answer.text.contains('@'), "{kind}: {}", answer.text);
    assert!(!answer.text.contains(told), "{kind}: {}", answer.text);
    assert!(failures(metrics, kind) > before, "{kind} is not counted");
    let logs = app.logs();
    let is_told =
        |line: &&str| line.contains("the vault fails") && line.contains(kind) && line.contains(told);
    let line = logs.lines().find(is_told).unwrap_or_else(|| panic!("{kind} of {told} is not logged"));
    assert!(!line.contains('@'), "{line}");

    // A page with it is not shown either, and without the field it is.
    let page = |field: &str| format!("{{ customers(first: 100) {{ nodes {{ id {field} }} }} }}");
    let answer = admin.query(&page("email"), ().into()).await;
    assert_eq!(answer.code(), Some("INTERNAL"), "{kind}: {}", answer.text);
    assert!(!answer.text.contains('@'), "{kind}: {}", answer.text);
    admin.query(&page("customerNumber"), ().into()).await.ok();

    // Whether or not another field can be changed, and whatever is made of this one.
    for change in [json!({ "language": "fr" }), json!({ "billingEmail": "new@mail.example" })] {
        let row = Entity::find_by_id(id).one(app.db()).await.unwrap().unwrap();
        let mut input = json!({ "id": id.encode(), "version": row.version });
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        mutate(admin, "customerUpdate", "id", input).await;
        assert_eq!(stored(app, id, Column::Email).await, damaged, "{kind}: it was written over");
    }
}

async fn moved(app: TestApp) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    // The test runs on this thread, and so does what it calls.
    let _guard = metrics::set_default_local_recorder(&recorder);
    let admin = app.login(ADMIN).await;
    let maria = customer(&app, MARIA).await;
    let whole = stored(&app, maria.id, Column::Email).await.unwrap();
    let others = all::<Entity>(&app).await;
    let own = others.iter().find(|row| row.id == maria.id).unwrap();
    let has_address =
        |row: &&custodian_entity::customer::Model| matches!(row.get(Column::Email), Value::String(Some(_)));
    let globex =
        tenant::Entity::find().filter(tenant::Column::Slug.eq("globex")).one(app.db()).await.unwrap();
    let globex = globex.unwrap().id;
    let mut others_with = others.iter().filter(has_address).filter(|row| row.id != maria.id);
    let of_another = others_with.clone().find(|row| row.tenant_id == maria.tenant_id).unwrap();
    let of_another_tenant = others_with.find(|row| row.tenant_id == globex).unwrap();
    let contacts = all::<contact::Entity>(&app).await;
    let contact = contacts.iter().find(|row| row.customer_id == maria.id).unwrap();
    let addresses = all::<address::Entity>(&app).await;
    let address = addresses.iter().find(|row| row.customer_id == maria.id).unwrap();
    let text = |value: Value| match value {
        Value::String(Some(text)) => text,
        other => panic!("not a sealed value: {other:?}"),
    };
    let last = if whole.ends_with('A') { "B" } else { "A" };
    let cases = [
        // Another row, another tenant, another column, other tables.
        ("value", text(of_another.get(Column::Email))),
        ("value", text(of_another_tenant.get(Column::Email))),
        ("value", text(own.get(Column::DisplayName))),
        ("value", text(contact.get(contact::Column::Name))),
        ("value", text(address.get(address::Column::Line1))),
        // A letter changed, cut off, another key's name before it, no sealed value at all.
        ("value", flipped(&whole)),
        ("value", whole[..whole.len() - 3].to_owned()),
        (
            "value",
            format!(
                "{}.{}",
                text(of_another.get(Column::Email)).rsplit_once('.').unwrap().0,
                whole.rsplit_once('.').unwrap().1
            ),
        ),
        ("malformed", format!("v1.{last}")),
    ];
    for (kind, harm) in cases {
        store(&app, maria.id, Column::Email, Some(harm.clone())).await;
        assert_damaged(&app, &admin, &metrics, maria.id, kind, &key_of(&harm)).await;
    }
    // What belongs there opens again: nothing else was spoilt.
    store(&app, maria.id, Column::Email, Some(whole)).await;
    assert_eq!(admin.query(EMAIL, json!({ "id": maria.id.encode() })).await.ok()["customer"]["email"], MARIA);
}

/// The text with one letter in the middle changed.
fn flipped(text: &str) -> String {
    let at = text.len() - 20;
    let letter = if text[at..].starts_with('A') { "B" } else { "A" };
    format!("{}{letter}{}", &text[..at], &text[at + 1..])
}

/// Changes the key store, past the service and its foreign keys.
async fn in_key_store(app: &TestApp, sql: &str) -> u64 {
    let database = app.database();
    let (url, before) = match database.url.starts_with("sqlite:") {
        true => (
            format!("sqlite://{}", database.folder.path().join("keys.db").display()),
            "PRAGMA foreign_keys = OFF",
        ),
        false => (
            database.owner_url.clone(),
            "SET session_replication_role = replica; SET search_path = custodian_keys",
        ),
    };
    let db = connect(&url).await.unwrap();
    let changed = db.execute_unprepared(&format!("{before}; {sql}")).await.unwrap().rows_affected();
    db.close().await.unwrap();
    changed
}

async fn keys_gone(app: TestApp) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let admin = app.login(ADMIN).await;
    let maria = customer(&app, MARIA).await;
    let whole = stored(&app, maria.id, Column::Email).await.unwrap();
    let data_key = key_of(&whole);
    in_key_store(&app, "UPDATE data_key SET wrapped = replace(wrapped, substr(wrapped, 30, 4), 'AAAA')")
        .await;
    assert_damaged(&app, &admin, &metrics, maria.id, "data_key", &data_key).await;
    in_key_store(&app, "DELETE FROM tenant_key").await;
    assert_damaged(&app, &admin, &metrics, maria.id, "tenant_key_missing", "the tenant key ").await;
    in_key_store(&app, "DELETE FROM data_key").await;
    assert_damaged(&app, &admin, &metrics, maria.id, "data_key_missing", &data_key).await;
}

async fn other_master(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let before = all::<Entity>(&app).await;
    let folder = app.database().folder.path();
    let keys = std::fs::read(folder.join("keys.db")).ok();
    let text = "BwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSY=";
    let config = Config { master_key: Some(text.into()), master_key_file: None, ..app.database().config() };
    let Err(error) = App::start(config, app.clock.clone()).await else { panic!("it starts") };
    let said = error.to_string();
    assert!(error.is_configuration() && said.contains("the tenant key "), "{said}");
    assert!(!said.contains(text), "{said}");
    assert!(all::<Entity>(&app).await == before, "the data were changed");
    assert!(std::fs::read(folder.join("keys.db")).ok() == keys, "the keys were changed");
    let admin = app.login(ADMIN).await;
    assert_eq!(admin.query(EMAIL, json!({ "id": maria.id.encode() })).await.ok()["customer"]["email"], MARIA);
}
