//! Everything the database holds, to see that a refused operation changed none of it.

use std::collections::BTreeSet;

use custodian_entity::*;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, IdenStatic, Iterable, Statement};

use crate::app::TestApp;
use crate::fixture::READING;

/// Every row of every table, as text.
pub struct State(BTreeSet<String>);

impl State {
    /// As it is now.
    pub async fn of(app: &TestApp) -> Self {
        let mut rows = BTreeSet::new();
        macro_rules! tables {
            ($($module:ident)*) => { $(table::<$module::Entity>(app, &mut rows).await;)* };
        }
        tables! {
            tenant reseller user role role_grant session refresh_token customer address contact customer_note service_plan subscription network_service
            invoice invoice_line payment ticket ticket_message call_log identity_check document document_link email_verification change_record number_series
            audit_event
        }
        assert!(rows.len() > 500, "the demo data are missing");
        // What was denied, and shown, is on record: tests/it/audit.
        rows.retain(|row| {
            !(row.starts_with("audit_event: ") && READING.iter().any(|kind| row.contains(kind)))
        });
        Self(rows)
    }

    /// What is different now; nothing when nothing was changed.
    pub async fn changes(&self, app: &TestApp) -> Vec<String> {
        Self::of(app).await.0.symmetric_difference(&self.0).cloned().collect()
    }
}

async fn table<E: EntityTrait>(app: &TestApp, rows: &mut BTreeSet<String>) {
    let backend = app.db().get_database_backend();
    let columns: Vec<String> = (E::Column::iter())
        .map(|column| match backend {
            // Ids are bytes to SQLite.
            DbBackend::Sqlite => format!("quote(\"{}\")", column.as_str()),
            _ => format!("COALESCE(CAST(\"{}\" AS TEXT), 'NULL')", column.as_str()),
        })
        .collect();
    let name = E::default().table_name().to_owned();
    let statement = format!("SELECT {} AS line FROM \"{name}\"", columns.join(" || ', ' || "));
    let found = app.db().query_all_raw(Statement::from_string(backend, statement)).await;
    for row in found.expect("the database answers") {
        let line: String = row.try_get("", "line").expect("a text");
        rows.insert(format!("{name}: {line}"));
    }
}
