//! Letters on their way, the tokens that some of them carry, and accounts that are made by inviting somebody.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::{choice, table};
use crate::wall::{Table, filled, provider_rows};

/// No role reaches any. Letters are carried, and tokens looked up, by the service itself.
const TABLES: [Table; 2] = [
    Table {
        tenant: "false",
        ..provider_rows(
            "letter",
            "Letter",
            "SELECT, INSERT, UPDATE (status, content, attempts, due_at, settled_at), DELETE",
        )
    },
    Table {
        tenant: "false",
        command: "SELECT",
        ..provider_rows("account_token", "AccountToken", "SELECT, INSERT, UPDATE (used_at), DELETE")
    },
];

/// Whoever acts may cause a letter of his provider's, also before he signs in; reading it back he may not. A token is its
/// account's, or comes with an invitation to one that the same transaction makes (`xmin`), as its first role does.
const FURTHER: [&str; 4] = [
    "CREATE POLICY queue ON letter FOR INSERT TO custodian_app WITH CHECK (
         CASE $role WHEN 'anonymous' THEN true
         ELSE $user IS NOT NULL AND (tenant_id = $tenant OR (SELECT custodian_scope('Tenant')) = 'all') END)",
    "CREATE POLICY own_account ON account_token TO custodian_app USING (user_id = $user)",
    r#"CREATE POLICY invite ON account_token FOR INSERT TO custodian_app WITH CHECK (
         purpose = 'INVITATION'
         AND EXISTS (
             SELECT FROM "user" AS account WHERE account.id = user_id AND account.status = 'INVITED'
                 AND account.xmin = pg_current_xact_id()::xid))"#,
    r#"CREATE POLICY invite ON role_grant FOR INSERT TO custodian_app WITH CHECK (
         granted_by = $user
         AND EXISTS (
             SELECT FROM "user" AS account WHERE account.id = user_id AND account.status = 'INVITED'
                 AND account.xmin = pg_current_xact_id()::xid))"#,
];

/// Who is invited has no password yet, and is active once he has chosen one.
const ACCOUNTS: &str = r#"
GRANT INSERT (id, tenant_id, reseller_id, customer_id, kind, status, display_name, username, username_index, email, token_version,
    mfa_enabled, must_change_password, failed_login_count, created_at), UPDATE (status) ON "user" TO custodian_app"#;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000008_mail"
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
        letter(manager).await?;
        account_token(manager).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let db = manager.get_connection();
            for table in TABLES {
                db.execute_unprepared(&table.protect()).await?;
            }
            for policy in FURTHER {
                db.execute_unprepared(&filled(policy)).await?;
            }
            db.execute_unprepared(ACCOUNTS).await?;
        }
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn letter(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("letter")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            string_len("notice", 32),
            choice("status"),
            text_null("content"),
            integer("attempts"),
            timestamp_with_time_zone_null("due_at"),
            timestamp_with_time_zone("give_up_at"),
            timestamp_with_time_zone("created_at"),
            timestamp_with_time_zone_null("settled_at"),
        ])
        .one_of("status", &["PENDING", "SENT", "FAILED"])
        .check("content", "(status = 'PENDING') = (content IS NOT NULL)")
        .check("due_at", "(status = 'PENDING') = (due_at IS NOT NULL)")
        .check("settled_at", "(status = 'PENDING') = (settled_at IS NULL)")
        .check("attempts", "attempts >= 0")
        .references("tenant_id", "tenant")
        .index(&["status", "due_at"])
        .index(&["settled_at"])
        .create(manager)
        .await
}

async fn account_token(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("account_token")
        .columns([
            string_len("hash", 43).primary_key().take(),
            uuid("user_id"),
            choice("purpose"),
            timestamp_with_time_zone("issued_at"),
            timestamp_with_time_zone("expires_at"),
            timestamp_with_time_zone_null("used_at"),
        ])
        .one_of("purpose", &["PASSWORD_RESET", "INVITATION"])
        .references("user_id", "user")
        .index(&["user_id"])
        .create(manager)
        .await
}
