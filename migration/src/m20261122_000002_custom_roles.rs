//! Roles of a tenant's own: their rules as casbin keeps them, and the version that tells every instance of a change.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, string_len, string_len_null, uuid};

use crate::table::{choice, table};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000002_custom_roles"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "`async_trait` wants the signature letter by letter as in the trait"
)]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table("casbin_rule")
            .columns([
                uuid("tenant_id"),
                uuid("role_id"),
                integer("position"),
                choice("ptype"),
                string_len("v1", 200),
                string_len_null("v2", 64),
                string_len_null("v3", 16),
            ])
            .one_of("ptype", &["g", "p"])
            .check("shape", "(ptype = 'g') = (v2 IS NULL) AND (v2 IS NULL) = (v3 IS NULL)")
            .references("tenant_id", "tenant")
            .references("role_id", "role")
            .primary_key(&["role_id", "position"])
            .create(manager)
            .await?;
        table("policy_version")
            .columns([integer("id").primary_key().take(), big_integer("version")])
            .check("single", "id = 1")
            .create(manager)
            .await?;
        manager
            .execute(
                Query::insert()
                    .into_table("policy_version")
                    .columns(["id", "version"])
                    .values_panic([1.into(), 1.into()])
                    .to_owned(),
            )
            .await
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
