//! Rows past the service: written with their personal data sealed, read with them open.

use std::collections::BTreeMap;

use custodian::authz::{Rows, sealing};
use custodian_entity::id::TypedId;
use custodian_entity::{
    address, call_log, change_record, contact, customer, customer_note, document, email_verification,
    incident_notification, network_service, payment_method, refund, reseller, security_incident,
    subscription, ticket, ticket_message, user,
};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, EntityTrait, Iden, IntoActiveModel, ModelTrait, QueryFilter, Value,
};

use crate::app::TestApp;
use crate::fixture::all;

/// Every row of an entity, its personal data open.
pub async fn all_open<E: Rows>(app: &TestApp) -> Vec<E::Model> {
    open::<E>(app, all::<E>(app).await).await
}

/// These rows with their personal data open.
pub async fn open<E: Rows>(app: &TestApp, mut rows: Vec<E::Model>) -> Vec<E::Model> {
    let columns: Vec<E::Column> = sealing::sealed_columns::<E>().collect();
    let opened = sealing::open::<E>(&app.service.vault.open_keys(), &mut rows, &columns).await;
    opened.expect("what was sealed opens");
    rows
}

/// The text of a value, which must be open.
#[track_caller]
pub fn plain(value: Option<&String>) -> &str {
    value.expect("the value is sealed: read the row by `open`, `all_open`, `customer` or `account`")
}

/// Adds a row.
pub async fn add<M>(app: &TestApp, row: M)
where
    M: ModelTrait<Entity: Rows> + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel>,
    <M::Entity as EntityTrait>::ActiveModel:
        ActiveModelTrait<Entity = M::Entity> + ActiveModelBehavior + Send,
{
    let rows = vec![row.into_active_model()];
    let sealed = sealing::sealed::<M::Entity>(&app.service.vault.open_keys(), rows).await;
    let sealed = sealed.expect("it can be sealed");
    M::Entity::insert_many(sealed).exec_without_returning(app.db()).await.expect("the row can be added");
}

/// Changes a row.
pub async fn change<M>(app: &TestApp, row: &M, how: impl FnOnce(&mut <M::Entity as EntityTrait>::ActiveModel))
where
    M: ModelTrait<Entity: Rows + EntityTrait<Model = M>>,
    <M::Entity as EntityTrait>::ActiveModel: ActiveModelTrait<Entity = M::Entity> + Default + Send,
{
    use sea_orm::{ColumnTrait, QueryFilter};
    let mut change = Default::default();
    how(&mut change);
    let keys = app.service.vault.open_keys();
    let sealed = sealing::sealed_change::<M::Entity>(&keys, row, change).await.expect("it can be sealed");
    let this = M::Entity::id_column().eq(M::Entity::id(row));
    let changed = M::Entity::update_many().set(sealed).filter(this).exec(app.db()).await;
    assert_eq!(changed.expect("the row can be changed").rows_affected, 1, "there is such a row");
}

/// Those that hold personal data.
const TABLES: [&str; 18] = [
    "address",
    "call_log",
    "change_record",
    "contact",
    "customer",
    "customer_note",
    "document",
    "email_verification",
    "network_service",
    "payment_method",
    "refund",
    "incident_notification",
    "reseller",
    "security_incident",
    "subscription",
    "ticket",
    "ticket_message",
    "user",
];

/// Does something with the entity of a table that holds personal data.
macro_rules! entity_of {
    ($table:expr, $run:ident($($argument:expr),*) $(. $await:tt)?) => {
        match $table {
            "address" => $run::<address::Entity>($($argument),*)$(.$await)?,
            "call_log" => $run::<call_log::Entity>($($argument),*)$(.$await)?,
            "change_record" => $run::<change_record::Entity>($($argument),*)$(.$await)?,
            "contact" => $run::<contact::Entity>($($argument),*)$(.$await)?,
            "customer" => $run::<customer::Entity>($($argument),*)$(.$await)?,
            "customer_note" => $run::<customer_note::Entity>($($argument),*)$(.$await)?,
            "document" => $run::<document::Entity>($($argument),*)$(.$await)?,
            "email_verification" => $run::<email_verification::Entity>($($argument),*)$(.$await)?,
            "network_service" => $run::<network_service::Entity>($($argument),*)$(.$await)?,
            "payment_method" => $run::<payment_method::Entity>($($argument),*)$(.$await)?,
            "refund" => $run::<refund::Entity>($($argument),*)$(.$await)?,
            "incident_notification" => $run::<incident_notification::Entity>($($argument),*)$(.$await)?,
            "security_incident" => $run::<security_incident::Entity>($($argument),*)$(.$await)?,
            "reseller" => $run::<reseller::Entity>($($argument),*)$(.$await)?,
            "subscription" => $run::<subscription::Entity>($($argument),*)$(.$await)?,
            "ticket" => $run::<ticket::Entity>($($argument),*)$(.$await)?,
            "ticket_message" => $run::<ticket_message::Entity>($($argument),*)$(.$await)?,
            "user" => $run::<user::Entity>($($argument),*)$(.$await)?,
            other => panic!("past.rs does not know that {other} holds personal data"),
        }
    };
}

/// Whether a column of a table is sealed.
pub fn is_sealed(table: &str, column: &str) -> bool {
    fn has<E: Rows>(column: &str) -> bool {
        sealing::sealed_columns::<E>().any(|sealed| sealed.to_string() == column)
    }
    TABLES.contains(&table) && entity_of!(table, has(column))
}

/// What a sealed column of a table holds, as text, by id.
pub async fn texts(app: &TestApp, table: &str, column: &str) -> BTreeMap<Uuid, Option<String>> {
    async fn read<E: Rows>(app: &TestApp, column: &str) -> BTreeMap<Uuid, Option<String>> {
        let column = sealing::sealed_columns::<E>().find(|sealed| sealed.to_string() == column);
        let column = column.expect("the column is sealed");
        all_open::<E>(app).await.iter().map(|row| (E::id(row).uuid(), text_of(row.get(column)))).collect()
    }
    entity_of!(table, read(app, column).await)
}

/// Changes the texts of a sealed column in rows that a condition in SQL lets through, and says how many.
pub async fn rewrite(
    app: &TestApp,
    table: &str,
    column: &str,
    condition: &str,
    how: impl Fn(Option<String>) -> String,
) -> usize {
    async fn write<E>(
        app: &TestApp,
        column: &str,
        condition: String,
        how: impl Fn(Option<String>) -> String,
    ) -> usize
    where
        E: Rows,
        E::ActiveModel: ActiveModelTrait<Entity = E> + Default + Send,
    {
        let column = sealing::sealed_columns::<E>().find(|sealed| sealed.to_string() == column);
        let column = column.expect("the column is sealed");
        let rows = E::find().filter(Expr::cust(condition)).all(app.db()).await.expect("the database answers");
        let rows = open::<E>(app, rows).await;
        for row in &rows {
            let text = how(text_of(row.get(column)));
            change(app, row, |change| change.set(column, Value::Bytes(Some(text.into_bytes())))).await;
        }
        rows.len()
    }
    let condition = by_name(app, condition).await;
    entity_of!(table, write(app, column, condition, how).await)
}

fn text_of(value: Value) -> Option<String> {
    match value {
        Value::Bytes(bytes) => bytes.map(|bytes| String::from_utf8(bytes).expect("it is a text")),
        Value::String(None) => None,
        other => panic!("a value that is not open: {other:?}"),
    }
}

/// A statement that finds accounts by `username = 'name'` or `username IN (…)` as the database does: by their tags.
pub async fn by_name(app: &TestApp, statement: &str) -> String {
    let mut written = String::new();
    let tagged = ["=", "IN", "NOT IN"].iter().fold(format!(" {statement}"), |statement, is| {
        statement.replace(&format!(" username {is} "), &format!(" username_index {is} "))
    });
    for (n, part) in tagged.split('\'').enumerate() {
        // Every other part stands between quotes.
        let is_name = n % 2 == 1 && part.contains('@') && part.ends_with(".example");
        written += if n == 0 { "" } else { "'" };
        written += &match is_name {
            true => app.service.vault.open_keys().user_name(part).await.expect("the key store answers"),
            false => part.to_owned(),
        };
    }
    written
}
