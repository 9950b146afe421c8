//! The key store: the keys of tenants, and the data keys that they wrap.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::{choice, table};

/// What the service needs where there are roles. It takes no data key away but by destroying it, which leaves the row.
const SERVICE: &str = "
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'custodian_app') THEN
        CREATE ROLE custodian_app NOLOGIN;
    END IF;
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', current_schema());
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO custodian_app', current_schema());
END $$;
GRANT SELECT ON seaql_migrations TO custodian_app;
GRANT SELECT, INSERT, UPDATE (master_key_id, wrapped), DELETE ON tenant_key TO custodian_app;
GRANT SELECT, INSERT, UPDATE (tenant_key_id, wrapped, destroyed_at) ON data_key TO custodian_app";

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000001_key_store"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "`async_trait` wants the signature letter by letter as in the trait"
)]
impl MigrationTrait for Migration {
    #[expect(clippy::disallowed_methods, reason = "grants have no builder")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tenant_key(manager).await?;
        data_key(manager).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            manager.get_connection().execute_unprepared(SERVICE).await?;
        }
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn tenant_key(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("tenant_key")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            integer("version"),
            text("master_key_id"),
            text("wrapped"),
            timestamp_with_time_zone("created_at"),
        ])
        .check("version", "version > 0")
        .unique(&["tenant_id", "version"])
        .create(manager)
        .await
}

async fn data_key(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("data_key")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            choice("owner_kind"),
            uuid("owner_id"),
            choice("retention"),
            uuid_null("tenant_key_id"),
            text_null("wrapped"),
            timestamp_with_time_zone("created_at"),
            timestamp_with_time_zone_null("destroyed_at"),
        ])
        .one_of("owner_kind", &["TENANT", "RESELLER", "USER", "CUSTOMER"])
        .one_of("retention", &["GENERAL", "FISCAL", "KYC", "REQUEST_LOG"])
        // Of a destroyed key nothing is left but that there was one.
        .check("wrapped", "(wrapped IS NULL) = (destroyed_at IS NOT NULL)")
        .check("tenant_key_id", "(wrapped IS NULL) = (tenant_key_id IS NULL)")
        .references("tenant_key_id", "tenant_key")
        .unique(&["tenant_id", "owner_kind", "owner_id", "retention"])
        .index(&["tenant_key_id", "id"])
        .create(manager)
        .await
}
