//! Personal data at rest, with the whole service: what a dump tells, which keys a document opens, what becomes of values
//! that do not open and of those that were erased, and that nothing is looked for row by row.

mod damaged;
mod dump;
mod erased;
mod opened;
mod plans;
pub mod search;

use custodian::vault;
use custodian_entity::customer;
use custodian_entity::id::{CustomerId, TypedId};
use custodian_entity::personal::{Email, GovernmentId, Phone};
use metrics_exporter_prometheus::PrometheusHandle;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter, Value};

use crate::app::TestApp;
use crate::fixture::{MARIA, customer};
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    search::register(suite);
    dump::register(suite);
    opened::register(suite);
    damaged::register(suite);
    erased::register(suite);
    plans::register(suite);
}

/// Adds customers of `acme` that have a value in every column, and come behind all others in order of creation.
pub async fn add_customers(app: &TestApp, count: usize) {
    let keys = app.service.vault.open_keys();
    let model = customer(app, MARIA).await;
    // Of the year 2100: the seed makes some up to the time of the tests.
    let time = uuid::Timestamp::from_unix(uuid::NoContext, 4_102_444_800, 0);
    let rows: Vec<_> = (0..count)
        .map(|n| {
            let row = customer::Model {
                id: CustomerId::from_uuid(uuid::Uuid::new_v7(time)),
                customer_number: format!("S-{n:06}"),
                external_reference: None,
                email: Some(Email::new(format!("s{n}@sealing.example"))),
                phone: Some(Phone::new(format!("+34655{n:06}"))),
                government_id_number: Some(GovernmentId::new(format!("S{n:08}"))),
                ..model.clone()
            };
            row.into_active_model()
        })
        .collect();
    for rows in rows.chunks(500) {
        let sealed =
            custodian::authz::sealing::sealed::<customer::Entity>(&keys, rows.to_vec()).await.unwrap();
        customer::Entity::insert_many(sealed).exec_without_returning(app.db()).await.unwrap();
    }
}

/// What is stored of a customer in a sealed column.
async fn stored(app: &TestApp, id: CustomerId, column: customer::Column) -> Option<String> {
    let row = customer::Entity::find_by_id(id).one(app.db()).await.unwrap().unwrap();
    match row.get(column) {
        Value::String(text) => text,
        other => panic!("not a sealed value: {other:?}"),
    }
}

/// Stores a text in a sealed column of a customer, past the service.
async fn store(app: &TestApp, id: CustomerId, column: customer::Column, text: Option<String>) {
    let update = customer::Entity::update_many().col_expr(column, text.into());
    let changed = update.filter(customer::Column::Id.eq(id)).exec(app.db()).await.unwrap();
    assert_eq!(changed.rows_affected, 1);
}

/// What the service has counted.
fn counted(metrics: &PrometheusHandle, name: &str) -> u64 {
    let metrics = metrics.render();
    let counts = metrics.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    counts.map(|count| count.parse::<u64>().unwrap()).sum()
}

/// Keys and values that were opened, and statements that the key store was sent.
fn opened(metrics: &PrometheusHandle) -> [u64; 3] {
    [vault::KEYS_OPENED, vault::VALUES_OPENED, vault::STATEMENTS].map(|name| counted(metrics, name))
}

/// Failures of this kind.
fn failures(metrics: &PrometheusHandle, kind: &str) -> u64 {
    counted(metrics, &format!("{}{{kind=\"{kind}\"}}", vault::ERRORS))
}
