//! Customers found by a tag come in the order of their ids from the index alone: without the id in it, SQLite walks all
//! customers of the provider in that order instead.

use sea_orm_migration::prelude::*;

/// The tags of `customer`.
const TAGS: [&str; 3] = ["email_index", "phone_index", "government_id_index"];

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000018_tag_indexes"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "`async_trait` wants the signature letter by letter as in the trait"
)]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for tag in TAGS {
            let name = format!("ix_customer_tenant_id_{tag}");
            manager.drop_index(Index::drop().name(&name).table("customer").to_owned()).await?;
            let mut index = Index::create();
            index.name(format!("{name}_id")).table("customer").col("tenant_id").col(tag).col("id");
            manager.create_index(index).await?;
        }
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
