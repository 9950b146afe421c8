//! The audit log: what is in it, and that it can be proved.

mod asked;
mod carried;
mod chain;
mod denials;
mod disclosures;
pub mod entries;
mod every;
mod files;
mod heads;
mod shipping;
mod tampered;

use custodian::audit::{self, Head, Span, Verification};
use custodian::database::{Settings, begin};
use custodian_entity::id::{AuditEventId, CustomerId, TypedId};
use custodian_entity::{disclosed_customer, disclosed_list};
use sea_orm::AccessMode;

use crate::app::TestApp;
use crate::database::connect;
use crate::fixture::all;
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    asked::register(suite);
    carried::register(suite);
    chain::register(suite);
    denials::register(suite);
    disclosures::register(suite);
    every::register(suite);
    files::register(suite);
    heads::register(suite);
    shipping::register(suite);
    tampered::register(suite);
}

/// What verifying the whole log finds, as the service's role.
pub async fn verified(app: &TestApp, heads: &[Head]) -> Verification {
    let db = connect(&app.database().url).await.unwrap();
    let reading = begin(&db, AccessMode::ReadOnly, &Settings::of_audit()).await.unwrap();
    audit::verify(&reading, Span::default(), heads, |_| ()).await.unwrap()
}

/// The customers that each entry is told to be about.
async fn told(app: &TestApp) -> Vec<(AuditEventId, CustomerId)> {
    app.service.list_disclosures().await.expect("what was disclosed can be listed");
    let (lists, rows) =
        (all::<disclosed_list::Entity>(app).await, all::<disclosed_customer::Entity>(app).await);
    let is_of = |list: &disclosed_list::Model, row: &disclosed_customer::Model| {
        (list.chain, &list.digest) == (row.tenant_id.uuid(), &row.digest)
    };
    let of =
        |list| rows.iter().filter(move |row| is_of(list, row)).map(|row| (list.event_id, row.customer_id));
    lists.iter().flat_map(of).collect()
}
