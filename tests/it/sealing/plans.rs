//! How the databases carry out what looks for customers: by an index, whatever their number.

use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};

use super::add_customers;
use crate::app::TestApp;
use crate::database::connect;
use crate::fixture::ADMIN;
use crate::rows::observed::Observed;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("sealing::customers are found by an index, and never row by row", by_index);
}

/// What is asked for, and the column whose index has to find it.
const DOCUMENTS: [(&str, &str); 7] = [
    ("{ customers(first: 25) { nodes { id } } }", "tenant_id"),
    ("{ customers(last: 25) { nodes { id email } } }", "tenant_id"),
    (
        "{ customers(first: 25, orderBy: { field: CREATED_AT, direction: DESC }) { nodes { id } } }",
        "tenant_id",
    ),
    ("{ customers(filter: { email: { eq: \"s7@sealing.example\" } }) { nodes { id } } }", "email_index"),
    ("{ customers(filter: { phone: { eq: \"+34655000007\" } }) { nodes { id } } }", "phone_index"),
    ("{ customerLookup(by: { email: \"s7@sealing.example\" }) { id } }", "email_index"),
    ("{ customerLookup(by: { governmentId: \"12345678Z\" }) { id } }", "government_id_index"),
];

/// Enough for a planner to see that reading all of them is dear.
const CUSTOMERS: usize = 2_000;

async fn by_index(app: TestApp) {
    add_customers(&app, CUSTOMERS).await;
    app.db().execute_unprepared("ANALYZE").await.unwrap();
    let observed = Observed::of(&app).await;
    // As the service's role: on PostgreSQL, behind row-level security.
    let db = connect(&app.database().url).await.unwrap();
    let mut otherwise = Vec::new();
    for (document, column) in DOCUMENTS {
        let (response, statements) = observed.run(ADMIN, "tenant_admin", document).await;
        assert!(response.errors.is_empty(), "{document}: {:?}", response.errors);
        let transaction = db.begin().await.unwrap();
        let mut plans = 0;
        for statement in statements {
            if statement.sql.contains("set_config") {
                transaction.query_all_raw(statement).await.unwrap();
            } else if statement.sql.starts_with("SELECT") && statement.sql.contains("FROM \"customer\"") {
                let plan = plan(&transaction, &statement).await;
                plans += 1;
                let is_found = |step: &String| {
                    (step.starts_with("SEARCH customer") || step.trim().starts_with("Index Cond"))
                        && step.contains(column)
                };
                if !plan.iter().any(is_found) {
                    otherwise.push(format!("{document}\n  {}\n  {}", plan.join("\n  "), statement.sql));
                }
            }
        }
        transaction.rollback().await.unwrap();
        assert!(plans > 0, "{document}: no statement was looked at");
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
}

async fn plan(db: &impl ConnectionTrait, statement: &Statement) -> Vec<String> {
    let (explain, column) = match statement.db_backend {
        DbBackend::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
        _ => ("EXPLAIN", "QUERY PLAN"),
    };
    let explain = Statement {
        sql: format!("{explain} {}", statement.sql),
        values: statement.values.clone(),
        db_backend: statement.db_backend,
    };
    let rows = db.query_all_raw(explain).await.unwrap();
    rows.iter().map(|row| row.try_get("", column).unwrap()).collect()
}
