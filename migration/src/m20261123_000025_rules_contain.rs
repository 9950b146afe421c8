//! Rules contain too: nobody applied what a rule did, and the alert that it answers says which.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::{choice, table};

const POSTGRES: &str = "
ALTER TABLE containment
    ALTER COLUMN applied_by DROP NOT NULL,
    DROP CONSTRAINT ck_containment_lifted,
    ADD CONSTRAINT ck_containment_lifted CHECK (lifted_at IS NOT NULL OR lifted_by IS NULL),
    ADD CONSTRAINT ck_containment_applied CHECK (applied_by IS NOT NULL OR alert_id IS NOT NULL)";

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261123_000025_rules_contain"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "`async_trait` wants the signature letter by letter as in the trait"
)]
impl MigrationTrait for Migration {
    #[expect(clippy::disallowed_methods, reason = "a table is changed, not rows of it")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Postgres {
            db.execute_unprepared(POSTGRES).await?;
            return Ok(());
        }
        // SQLite changes no column. Nothing refers to these rows.
        db.execute_unprepared("CREATE TABLE containment_before AS SELECT * FROM containment").await?;
        db.execute_unprepared("DROP TABLE containment").await?;
        containment(manager).await?;
        db.execute_unprepared("INSERT INTO containment SELECT * FROM containment_before").await?;
        db.execute_unprepared("DROP TABLE containment_before").await?;
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn containment(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("containment")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            choice("kind"),
            uuid("target_id"),
            string_len("reason", 500),
            timestamp_with_time_zone("applied_at"),
            uuid_null("applied_by"),
            timestamp_with_time_zone_null("lifted_at"),
            uuid_null("lifted_by"),
            string_len_null("lift_reason", 500),
            uuid_null("alert_id"),
        ])
        .one_of("kind", &["SUSPEND_USER", "REVOKE_TOKENS", "LOCK_API_CLIENT", "FREEZE_RESELLER"])
        .check("lifted", "lifted_at IS NOT NULL OR lifted_by IS NULL")
        .check("applied", "applied_by IS NOT NULL OR alert_id IS NOT NULL")
        .references("tenant_id", "tenant")
        .references("applied_by", "user")
        .references("lifted_by", "user")
        .references("alert_id", "security_alert")
        // At each request it is asked whether one is in force.
        .unique_where(&["target_id", "kind"], "lifted_at IS NULL")
        .keyset(&[&[], &["tenant_id"]], &[])
        .create(manager)
        .await
}
