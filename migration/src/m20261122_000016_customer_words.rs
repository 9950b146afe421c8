//! By what customers' names are found: tags of the beginnings of their words.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::follow::follows_customer;
use crate::table::{table, tag};
use crate::wall::customer_rows;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000016_customer_words"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "`async_trait` wants the signature letter by letter as in the trait"
)]
impl MigrationTrait for Migration {
    #[expect(clippy::disallowed_methods, reason = "policies have no builder")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table("customer_word")
            .columns([uuid("customer_id"), tag("tag"), uuid("tenant_id"), uuid_null("reseller_id")])
            .primary_key(&["customer_id", "tag"])
            .owned_by_customer()
            // A tag is of one provider.
            .index(&["tag", "customer_id"])
            .create(manager)
            .await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            // Reached as the customer whose name it is.
            let words = customer_rows("customer_word", "Customer", "SELECT, INSERT, DELETE");
            manager.get_connection().execute_unprepared(&words.protect()).await?;
        }
        follows_customer(manager, "customer_word").await
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
