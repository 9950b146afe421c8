//! What was written before a set of customers was kept once is carried over.

use std::collections::BTreeSet;

use custodian_entity::{disclosed_customer, disclosed_list, disclosed_set};
use custodian_migration::Migrator;
use sea_orm::{ConnectionTrait, DbBackend};
use sea_orm_migration::MigratorTrait;
use serde_json::Value;

use super::{told, verified};
use crate::app::TestApp;
use crate::fixture::{ADMIN, all};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("audit::whom entries were about before sets were kept once is carried over", carried);
}

/// The tables as they were: each entry with its customers in one piece, and each customer of an entry, where it was listed.
/// The first entry is from before there were pieces.
const BEFORE: &str = "
CREATE TABLE list_before AS SELECT list.chain, list.sequence, list.event_id, shown.customers
    FROM disclosed_list AS list JOIN disclosed_set AS shown USING (chain, digest);
CREATE TABLE customer_before AS SELECT list.event_id, listed.customer_id, listed.tenant_id
    FROM disclosed_list AS list JOIN disclosed_cursor AS cursor USING (chain)
    JOIN disclosed_customer AS listed ON listed.tenant_id = list.chain AND listed.digest = list.digest
    WHERE list.sequence <= cursor.sequence;
DROP TABLE disclosed_list;
DROP TABLE disclosed_customer;
DROP TABLE disclosed_set;
ALTER TABLE list_before RENAME TO disclosed_list;
ALTER TABLE customer_before RENAME TO disclosed_customer;
DELETE FROM disclosed_list WHERE sequence = (SELECT min(sequence) FROM disclosed_list);
DELETE FROM seaql_migrations WHERE version = 'm20261123_000026_disclosed_sets';";

async fn carried(app: TestApp) {
    let client = app.login(ADMIN).await;
    let show = async |customers: u32| {
        let list = format!("{{ customers(first: {customers}) {{ nodes {{ email }} }} }}");
        client.query(&list, Value::Null).await.ok();
    };
    for customers in [3, 2, 3, 1] {
        show(customers).await;
    }
    app.service.list_disclosures().await.unwrap();
    // Not listed yet: one set anew, and one that is.
    for customers in [4, 2] {
        show(customers).await;
    }
    let is_postgres = app.db().get_database_backend() == DbBackend::Postgres;
    if is_postgres {
        app.db().execute_unprepared("DROP POLICY disclosure ON audit_event").await.unwrap();
    }
    app.db().execute_unprepared(BEFORE).await.unwrap();
    if is_postgres {
        let policy = "CREATE POLICY disclosure ON audit_event FOR SELECT USING (false)";
        app.db().execute_unprepared(policy).await.unwrap();
    }
    Migrator::up(app.db(), None).await.unwrap();
    assert_eq!(all::<disclosed_set::Entity>(&app).await.len(), 4);
    assert_eq!(all::<disclosed_list::Entity>(&app).await.len(), 6);
    assert_eq!(all::<disclosed_customer::Entity>(&app).await.len(), 3 + 2 + 1, "what was listed is");
    assert_eq!(verified(&app, &[]).await.fault, None);
    assert_eq!(told(&app).await.into_iter().collect::<BTreeSet<_>>().len(), 3 + 2 + 3 + 1 + 4 + 2);
    show(2).await;
    assert_eq!(all::<disclosed_set::Entity>(&app).await.len(), 4, "what is shown again is known");
    assert_eq!(verified(&app, &[]).await.fault, None);
}
