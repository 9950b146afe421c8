//! The first schema: tenants, accounts, customers, services, billing, tickets and the audit log.
//!
//! Each file creates the tables of one subject, parents before children. Three decisions run through all of them:
//! - Personal data that is to be sealed at rest is `text` without a length: the sealed form is longer than the value.
//! - References between rows of a tenant or of a customer carry its id along (`(tenant_id, customer_id)`,
//!   `(customer_id, invoice_id)`), so that no row can ever point into another tenant or at another customer.
//!   References to accounts are by id alone: a system administrator acts in every tenant.
//! - Every order of a list has an index that ends in `id`, once for each scope that lists the table. A page is read
//!   from the index and never sorted in memory.

mod audit;
mod billing;
mod customers;
mod services;
mod tenancy;
mod tickets;

use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        // Not that of the file: a database whose personal data are in clear, from before this, is refused.
        "m20261122_000001_initial_sealed"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "`async_trait` wants the signature letter by letter as in the trait"
)]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tenancy::up(manager).await?;
        customers::up(manager).await?;
        services::up(manager).await?;
        billing::up(manager).await?;
        tickets::up(manager).await?;
        audit::up(manager).await
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
