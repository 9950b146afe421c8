//! Sessions, and the tokens that prolong them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::{choice_null, table};
use crate::wall::{Table, filled, provider_rows};

const ENDS: [&str; 7] = [
    "SIGNED_OUT",
    "SIGNED_OUT_EVERYWHERE",
    "REVOKED",
    "TOKEN_REUSED",
    "PASSWORD_CHANGED",
    "LOCKED",
    "DISABLED",
];

const TABLES: [Table; 2] = [
    Table {
        own: "user_id = $user",
        ..provider_rows("session", "Session", "SELECT, INSERT, UPDATE (last_used_at, ended_at, ended_for)")
    },
    // No role reaches any; all are read to find out whose one is.
    Table {
        tenant: "false",
        command: "SELECT",
        ..provider_rows("refresh_token", "RefreshToken", "SELECT, INSERT, UPDATE (used_at), DELETE")
    },
];

/// One's own are begun, prolonged and ended whatever the role reaches; at sign-in there is none yet.
const OWN: [&str; 2] = [
    "CREATE POLICY own_account ON session TO custodian_app USING (user_id = $user)",
    "CREATE POLICY own_account ON refresh_token TO custodian_app USING (user_id = $user)",
];

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000005_sessions"
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
        session(manager).await?;
        refresh_token(manager).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let db = manager.get_connection();
            for table in TABLES {
                db.execute_unprepared(&table.protect()).await?;
            }
            for policy in OWN {
                db.execute_unprepared(&filled(policy)).await?;
            }
        }
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn session(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("session")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid("user_id"),
            string_len("role", 100),
            integer("token_version"),
            text("ip"),
            string_len("user_agent", 120),
            timestamp_with_time_zone("created_at"),
            timestamp_with_time_zone("last_used_at"),
            timestamp_with_time_zone("expires_at"),
            timestamp_with_time_zone_null("ended_at"),
            choice_null("ended_for"),
        ])
        .one_of("ended_for", &ENDS)
        .check("ended", "(ended_at IS NULL) = (ended_for IS NULL)")
        .references("tenant_id", "tenant")
        .references_within("tenant_id", "user_id", "user")
        .keyset(&[&["tenant_id"], &["user_id"]], &[])
        .create(manager)
        .await
}

async fn refresh_token(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("refresh_token")
        .columns([
            string_len("hash", 43).primary_key().take(),
            uuid("session_id"),
            uuid("user_id"),
            timestamp_with_time_zone("issued_at"),
            timestamp_with_time_zone("expires_at"),
            timestamp_with_time_zone_null("used_at"),
        ])
        .references("session_id", "session")
        .references("user_id", "user")
        .index(&["session_id", "expires_at"])
        .create(manager)
        .await
}
