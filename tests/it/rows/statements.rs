//! How many statements a document takes, and how SQLite carries out those of lists.

use custodian_entity::id::TypedId;
use custodian_entity::{contact, customer};
use sea_orm::{ConnectionTrait, EntityTrait, Statement};

use super::observed::Observed;
use crate::app::TestApp;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("rows::statements of nested lists do not grow with the rows", nested);
    suite.both("rows::statements of nodes do not grow with the ids", nodes);
    suite.sqlite("rows::no list is sorted in memory", sorted_by_index);
}

/// Documents with a place for the size of the outer list.
const NESTED: [&str; 5] = [
    "{ customers(first: SIZE) { totalCount nodes { id balance { currency } subscriptions(first: 5) { totalCount nodes \
     { plan { name } serviceAddress { city } networkService { id subscription { id } } customer { id } } } } } }",
    "{ customers(last: SIZE) { nodes { reseller { name } accountManager { displayName } addresses { id } \
     contacts { id customer { id } } payments(last: 2) { nodes { invoice { number } } } } } }",
    "{ invoices(first: SIZE) { totalCount nodes { number lines { amount { amount } } payments { id } \
     customer { customerNumber invoices(first: 3) { totalCount } } } } }",
    "{ tickets(first: SIZE) { totalCount nodes { subject subscription { id } assignee { displayName } \
     messages(first: 50) { totalCount nodes { body author { displayName } } } } } }",
    "{ tickets(first: SIZE) { nodes { a: messages(first: 1) { totalCount nodes { id } } \
     b: messages(last: 1) { nodes { id } } } } }",
];

async fn nested(app: TestApp) {
    // More rows of each kind than the demo data have.
    custodian::seed::customers(app.db(), &app.service.vault, 200, &|_| {}).await.unwrap();
    let observed = Observed::of(&app).await;
    let mut growing = Vec::new();
    for (username, role) in [("support@acme.example", "support_agent"), ("reseller@acme.example", "reseller")]
    {
        for document in NESTED {
            let mut counts = Vec::new();
            for size in [20, 40, 60, 120] {
                let sized = document.replace("SIZE", &size.to_string());
                let (response, statements) = observed.run(username, role, &sized).await;
                let failed = response.errors.iter().find(|error| !error.message.contains("withheld"));
                assert!(failed.is_none(), "{username}: {document}: {failed:?}");
                counts.push(statements.len());
            }
            assert!(counts[0] > 1, "{document}: no statement was noted");
            if counts.iter().any(|count| *count != counts[0]) {
                growing
                    .push(format!("{role}: {counts:?} statements for 20, 40, 60 and 120 rows: {document}"));
            }
        }
    }
    // A link that is followed row by row, or a loader that starts before all rows have asked (graphql/batch.rs).
    assert!(growing.is_empty(), "{}", growing.join("\n"));
}

async fn nodes(app: TestApp) {
    let observed = Observed::of(&app).await;
    let customers = customer::Entity::find().all(app.db()).await.unwrap();
    let contacts = contact::Entity::find().all(app.db()).await.unwrap();
    let mut counts = Vec::new();
    for size in [3, 20] {
        let ids = customers.iter().take(size).map(|row| row.id.encode());
        let ids: Vec<String> = ids.chain(contacts.iter().take(size).map(|row| row.id.encode())).collect();
        let document =
            format!("{{ nodes(ids: {ids:?}) {{ id ... on Customer {{ version addresses {{ id }} }} }} }}");
        let (_, statements) = observed.run("admin@acme.example", "system_admin", &document).await;
        counts.push(statements.len());
    }
    assert!(counts[0] > 1, "no statement was noted");
    assert_eq!(counts[0], counts[1], "each id is fetched by a statement of its own: load them by type");
}

/// The lists with their orders.
const LISTS: [(&str, &[&str]); 13] = [
    ("resellers", &["CODE", "NAME", "CREATED_AT"]),
    ("users", &["CREATED_AT", "DISPLAY_NAME"]),
    ("roles", &[]),
    ("customers", &["CREATED_AT", "UPDATED_AT", "CUSTOMER_NUMBER"]),
    ("servicePlans", &["CODE", "NAME"]),
    ("subscriptions", &["START_DATE"]),
    ("networkServices", &[]),
    ("invoices", &["ISSUE_DATE", "DUE_DATE", "NUMBER", "TOTAL"]),
    ("payments", &["AMOUNT"]),
    ("tickets", &["CREATED_AT", "NUMBER"]),
    ("callLogs", &["STARTED_AT"]),
    ("documents", &["UPLOADED_AT"]),
    ("auditEvents", &[]),
];

/// Rows of two owners come from two indexes: so what is `assigned`, and the roles, which are the product's and the
/// provider's own. Of roles there are few.
const SORTED: [&str; 1] = ["roles"];

/// A role of each scope but `assigned`.
const VIEWERS: [(&str, &str); 4] = [
    ("admin@acme.example", "system_admin"),
    ("support@acme.example", "support_agent"),
    ("reseller@acme.example", "reseller"),
    ("customer@acme.example", "customer"),
];

async fn sorted_by_index(app: TestApp) {
    custodian::seed::customers(app.db(), &app.service.vault, 200, &|_| {}).await.unwrap();
    crate::audit::entries::add(&app).await;
    let observed = Observed::of(&app).await;
    let mut sorted = Vec::new();
    let mut plans = 0;
    for (list, orders) in LISTS {
        for order in [""].iter().chain(orders) {
            for direction in ["ASC", "DESC"] {
                for (username, role) in VIEWERS {
                    for paging in ["first: 2", "last: 2"] {
                        let order = match order.is_empty() {
                            true => String::new(),
                            false => format!(", orderBy: {{ field: {order}, direction: {direction} }}"),
                        };
                        let ask = |paging: &str| {
                            format!(
                                "{{ {list}({paging}{order}) {{ nodes {{ id }} pageInfo {{ startCursor endCursor }} }} }}"
                            )
                        };
                        let (response, mut statements) = observed.run(username, role, &ask(paging)).await;
                        let data = response.data.into_json().unwrap();
                        let info = &data[list]["pageInfo"];
                        if info.is_null() {
                            continue; // An order or a list the role may not use.
                        }
                        if info["endCursor"].is_string() {
                            for further in [
                                format!("{paging}, after: {}", info["startCursor"]),
                                format!("{paging}, before: {}", info["endCursor"]),
                            ] {
                                statements.extend(observed.run(username, role, &ask(&further)).await.1);
                            }
                        }
                        for statement in statements {
                            plans += 1;
                            let plan = plan(&app, &statement).await;
                            if plan.contains("TEMP B-TREE") && !SORTED.contains(&list) {
                                sorted.push(format!(
                                    "{role}: {list}({paging}{order}): {plan}\n  {}",
                                    statement.sql
                                ));
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(plans > 300, "only {plans} statements were looked at");
    sorted.sort();
    sorted.dedup();
    // An index is missing: its columns are the scope's, the order's, and the id (migration, `keyset`).
    assert!(sorted.is_empty(), "{} lists are sorted in memory:\n{}", sorted.len(), sorted.join("\n"));
}

async fn plan(app: &TestApp, statement: &Statement) -> String {
    let explain = Statement {
        sql: format!("EXPLAIN QUERY PLAN {}", statement.sql),
        values: statement.values.clone(),
        db_backend: statement.db_backend,
    };
    let rows = app.db().query_all_raw(explain).await.unwrap();
    let steps: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
    assert!(!steps.is_empty());
    steps.join("; ")
}
