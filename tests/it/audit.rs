//! The audit log: what is in it, and that it can be proved.

mod asked;
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
use sea_orm::AccessMode;

use crate::app::TestApp;
use crate::database::connect;
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    asked::register(suite);
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
