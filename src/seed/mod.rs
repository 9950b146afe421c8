//! Demo data: two providers with accounts, customers and everything that hangs off them, the same on every machine.
//!
//! Seeding runs before any viewer exists: it writes rows directly, past row scope, policy and audit, and is called by
//! nothing but the commands. What it writes is made up. E-mail addresses lie in domains reserved for examples
//! (RFC 2606, RFC 6761), IP addresses in ranges reserved for documentation or carrier-grade NAT (RFC 5737, RFC 3849,
//! RFC 6598), telephone numbers in ranges reserved for fiction where a country has one.
//!
//! Invariants: equal calls on equal databases give equal rows, ids and times included; the system's time, its random
//! numbers and the order of a hash table are never asked, but for keys and the names of objects. Numbers, sums and references are as the service would make
//! them.

mod accounts;
mod batch;
mod billing;
mod calls;
mod changes;
mod contacts;
mod countries;
mod customers;
mod demo;
mod documents;
mod methods;
mod names;
mod network;
mod notes;
mod numbers;
mod places;
mod plans;
mod rows;
mod setting;
mod showcase;
mod source;
mod texts;
mod tickets;
mod verifications;

use custodian_entity::tenant;
use sea_orm::{
    AccessMode, ColumnTrait, DatabaseConnection, DbErr, PaginatorTrait, QueryFilter, TransactionTrait,
};

use batch::Batch;
use numbers::Numbers;
use rows::select;
use setting::Setting;

use crate::database::{self, Settings};
use crate::error::Error;
use crate::store::{Store, StoreError};
use crate::vault::Vault;

pub use accounts::DEMO_ACCOUNTS;

/// How many customers are written in one transaction: few enough to hold in memory, enough to make the transaction's
/// own cost disappear.
const BATCH_SIZE: u64 = 500;

/// What [`demo()`] found or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoSummary {
    /// False when the demo data were there already and nothing was written.
    pub created: bool,
    /// Providers written.
    pub tenants: usize,
    /// Accounts written.
    pub accounts: usize,
    /// Customers written.
    pub customers: usize,
}

/// What [`customers()`] made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomersSummary {
    /// Customers written.
    pub customers: u64,
    /// The number of the last one; 0 when there was none to write.
    pub last_number: i64,
}

/// Why [`customers()`] could not go on. The batches written before stay.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The database refused.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// Keys cannot be made or opened.
    #[error("personal data cannot be sealed")]
    Sealing(#[source] Error),
    /// The contents of documents cannot be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no demo provider to add customers to, or a part of it is gone.
    #[error("{0} is missing: create the demo data first")]
    Incomplete(&'static str),
}

/// Writes the demo data in one transaction, unless the provider `acme` exists: then nothing is changed.
/// `password_hash` (PHC form) is given to every account.
///
/// # Errors
/// When the database refuses, or has not been migrated.
pub async fn demo(
    db: &DatabaseConnection,
    vault: &Vault,
    store: &Store,
    password_hash: &str,
) -> Result<DemoSummary, SeedError> {
    let transaction = db.begin().await?;
    if select::<tenant::Entity>().filter(tenant::Column::Slug.eq(demo::ACME)).count(&transaction).await? > 0 {
        return Ok(DemoSummary { created: false, tenants: 0, accounts: 0, customers: 0 });
    }
    let summary = demo::write(&transaction, &vault.open_keys(), store, password_hash).await?;
    transaction.commit().await?;
    Ok(summary)
}

/// Whether a database holds the demo data, whose passwords everybody knows.
///
/// # Errors
/// When the database is away, or has not been migrated.
pub async fn is_there(db: &DatabaseConnection) -> Result<bool, DbErr> {
    let transaction = database::begin(db, AccessMode::ReadOnly, &Settings::of_sign_in()).await?;
    let found =
        select::<tenant::Entity>().filter(tenant::Column::Domain.eq(demo::DOMAIN)).count(&transaction);
    let found = found.await?;
    transaction.rollback().await?;
    Ok(found > 0)
}

/// Adds `count` customers with addresses, services, invoices, payments and tickets to the provider `acme`, continuing
/// its numbers. Each batch is one transaction; `progress` is called after it with the number of customers done.
///
/// # Errors
/// [`SeedError::Incomplete`] without demo data; [`SeedError::Database`] when the database refuses.
pub async fn customers(
    db: &DatabaseConnection,
    vault: &Vault,
    count: u64,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<CustomersSummary, SeedError> {
    let setting = Setting::load(db, &vault.open_keys()).await?;
    let mut done = 0;
    let mut last_number = 0;
    while done < count {
        let size = BATCH_SIZE.min(count - done);
        let transaction = db.begin().await?;
        let mut numbers = Numbers::lock(&transaction, setting.tenant).await?;
        let mut batch = Batch::default();
        for _ in 0..size {
            customers::add_imported(&mut batch, &setting, numbers.next_customer());
        }
        numbers.number(&mut batch);
        // New ones for each batch: what is open grows with the customers.
        batch.insert(&transaction, &vault.open_keys()).await?;
        numbers.save(&transaction, setting.tenant).await?;
        transaction.commit().await?;
        done += size;
        last_number = numbers.customer;
        progress(done);
    }
    Ok(CustomersSummary { customers: done, last_number })
}
