//! API clients, their tokens that were taken back, and whom other issuers' people sign in as.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::{choice, table};
use crate::wall::{self, provider_rows};

/// Who is about to be found out is found with the scope `all`; what a client is told and asks for is noted under its
/// owner's.
const TABLES: [wall::Table; 3] = [
    wall::Table {
        reseller: "reseller_id = $reseller",
        own: "owner_id = $user",
        ..provider_rows(
            "api_client",
            "ApiClient",
            "SELECT, INSERT, UPDATE (status, secret_hash, token_prefix, token_version, last_used_at, last_used_ip, \
             revoked_at, revoked_by)",
        )
    },
    wall::Table {
        own: "owner_id = $user",
        ..provider_rows("revoked_token", "ApiClient", "SELECT, INSERT, DELETE")
    },
    // The operator says who is who, with the owner's connection.
    wall::Table { own: "user_id = $user", ..provider_rows("external_identity", "User", "SELECT") },
];

/// Whoever ends all his sessions ends what other issuers gave him too.
const SIGN_OUT: &str = r#"GRANT UPDATE (tokens_valid_after) ON "user" TO custodian_app"#;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000007_api_clients"
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
        api_client(manager).await?;
        revoked_token(manager).await?;
        external_identity(manager).await?;
        let mut user = Table::alter();
        user.table("user").add_column(timestamp_with_time_zone_null("tokens_valid_after"));
        manager.alter_table(user).await?;
        let mut audit = Table::alter();
        audit.table("audit_event").add_column(uuid_null("api_client_id"));
        manager.alter_table(audit).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            manager.get_connection().execute_unprepared(SIGN_OUT).await?;
            for table in &TABLES {
                manager.get_connection().execute_unprepared(&table.protect()).await?;
            }
        }
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn api_client(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("api_client")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid("owner_id"),
            uuid("role_id"),
            string_len("name", 100),
            choice("status"),
            text("scopes"),
            text("allowed_ips"),
            choice("rate_tier"),
            string_len("secret_hash", 64),
            string_len("token_prefix", 16),
            integer("token_version"),
            timestamp_with_time_zone("created_at"),
            timestamp_with_time_zone("expires_at"),
            timestamp_with_time_zone_null("last_used_at"),
            text_null("last_used_ip"),
            timestamp_with_time_zone_null("revoked_at"),
            uuid_null("revoked_by"),
        ])
        .one_of("status", &["ACTIVE", "REVOKED"])
        .one_of("rate_tier", &["LOW", "STANDARD", "HIGH"])
        .check("revoked", "(status = 'REVOKED') = (revoked_at IS NOT NULL)")
        .check("expires_at", "expires_at > created_at")
        .references("tenant_id", "tenant")
        .references_within("tenant_id", "reseller_id", "reseller")
        .references_within("tenant_id", "owner_id", "user")
        .references("revoked_by", "user")
        .keyset(&[&["tenant_id"], &["reseller_id"], &["owner_id"]], &[])
        .create(manager)
        .await
}

async fn revoked_token(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("revoked_token")
        .columns([
            pk_uuid("jti"),
            uuid("tenant_id"),
            uuid("api_client_id"),
            uuid("owner_id"),
            timestamp_with_time_zone("expires_at"),
        ])
        .references("tenant_id", "tenant")
        .references("api_client_id", "api_client")
        .references("owner_id", "user")
        .index(&["owner_id", "expires_at"])
        .create(manager)
        .await
}

async fn external_identity(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("external_identity")
        .columns([
            string_len("issuer", 255),
            string_len("subject", 255),
            uuid("tenant_id"),
            uuid("user_id"),
            timestamp_with_time_zone("created_at"),
        ])
        .primary_key(&["issuer", "subject"])
        .references("tenant_id", "tenant")
        .references_within("tenant_id", "user_id", "user")
        .index(&["user_id"])
        .create(manager)
        .await
}
