//! Resellers: creating, changing and suspending them, and customers that move between them. One file a subject.

mod basics;
mod moves;
mod races;
mod standing;

use custodian_entity::id::{ResellerId, TypedId};
use custodian_entity::reseller::{Column, Entity, Model};
use sea_orm::prelude::Uuid;
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::past::open;
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    basics::register(suite);
    standing::register(suite);
    moves::register(suite);
    races::register(suite);
}

/// Sells as `NORTH`, through whom `MARIA` came.
const NORTH: &str = "reseller@acme.example";
/// Sells as `SOUTH`.
const SOUTH: &str = "reseller2@acme.example";

/// The reseller of `acme` with this code.
async fn reseller(app: &TestApp, code: &str) -> Model {
    let found =
        Entity::find().filter(Column::Code.eq(code)).all(app.db()).await.expect("the database answers");
    open::<Entity>(app, found)
        .await
        .pop()
        .unwrap_or_else(|| panic!("no reseller is called {code}: compare src/seed/demo.rs"))
}

async fn sign_in(app: &TestApp, username: &str) -> Answer {
    let document = "mutation($name: String!) { login(username: $name, password: \"Custodian-Demo-1\") {
        accessToken refreshToken } }";
    app.anonymous().query(document, json!({ "name": username })).await
}

async fn refreshed(app: &TestApp, token: &Value) -> Answer {
    let document = "mutation($token: String!) { tokenRefresh(refreshToken: $token) { accessToken } }";
    app.anonymous().query(document, json!({ "token": token })).await
}

/// A caller with the access token of an answer.
fn holder(app: &TestApp, payload: &Value) -> Client {
    Client::new(app.router.clone(), payload["accessToken"].as_str().map(str::to_owned))
}

async fn is_accepted(client: &Client) -> bool {
    let answer = client.query("{ viewer { id } }", Value::Null).await;
    assert!(answer.errors().is_empty() || answer.code() == Some("UNAUTHENTICATED"), "{}", answer.text);
    answer.errors().is_empty()
}

/// One number that the database works out.
async fn number(app: &TestApp, sql: &str) -> i64 {
    let ask = Statement::from_string(app.db().get_database_backend(), sql);
    app.db().query_one_raw(ask).await.expect(sql).expect("a row").try_get("", "n").expect("a number")
}

/// An id as SQL has it.
fn literal(app: &TestApp, id: Uuid) -> String {
    match app.db().get_database_backend() {
        DbBackend::Sqlite => format!("X'{}'", id.simple()),
        _ => format!("'{id}'"),
    }
}

/// Every table whose rows carry a customer and its reseller, but the log.
async fn carriers(app: &TestApp) -> Vec<String> {
    let sql = match app.db().get_database_backend() {
        DbBackend::Sqlite => {
            "SELECT m.name AS name FROM sqlite_master m JOIN pragma_table_info(m.name) c
             WHERE m.type = 'table' AND c.name IN ('customer_id', 'reseller_id')
             GROUP BY m.name HAVING count(*) = 2 ORDER BY 1"
        }
        _ => {
            "SELECT table_name::text AS name FROM information_schema.columns
             WHERE table_schema = current_schema() AND column_name IN ('customer_id', 'reseller_id')
             GROUP BY table_name HAVING count(*) = 2 ORDER BY 1"
        }
    };
    let rows = app.db().query_all_raw(Statement::from_string(app.db().get_database_backend(), sql)).await;
    let names = rows.expect(sql).into_iter().map(|row| row.try_get::<String>("", "name").expect("a name"));
    names.filter(|name| name != "audit_event").collect()
}

/// Rows of a customer that carry another reseller than this one, by table.
async fn left_behind(app: &TestApp, customer: Uuid, reseller: Option<ResellerId>) -> Vec<(String, i64)> {
    let reseller = reseller.map_or("NULL".to_owned(), |id| literal(app, id.uuid()));
    let customer = literal(app, customer);
    let mut left = Vec::new();
    for table in carriers(app).await {
        let sql = format!(
            "SELECT count(*) AS n FROM \"{table}\" WHERE customer_id = {customer}
             AND reseller_id IS DISTINCT FROM {reseller}"
        );
        let count = number(app, &sql).await;
        if count > 0 {
            left.push((table, count));
        }
    }
    left
}
