//! What the rules find in the audit log, and what is done about it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::{choice, table};
use crate::wall::{filled, provider_rows};

/// The rules read by themselves, whosever entries they are.
const CURSORS: &str = "
ALTER TABLE alert_cursor ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE (sequence) ON alert_cursor TO custodian_app;
CREATE TRIGGER alert_cursor_forward BEFORE UPDATE ON alert_cursor
    FOR EACH ROW EXECUTE FUNCTION custodian_forward();
CREATE POLICY reach ON alert_cursor TO custodian_app USING ($role = 'anonymous');";

const FORWARD: &str = "CREATE TRIGGER alert_cursor_forward BEFORE UPDATE ON alert_cursor
    WHEN NEW.sequence <= OLD.sequence
    BEGIN SELECT RAISE(ABORT, 'a chain goes forward only'); END";

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261123_000023_alerts"
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
        cursor(manager).await?;
        alert(manager).await?;
        containment(manager).await?;
        // Counting by network; counting by account has an index already.
        let mut by_network = Index::create();
        by_network.name("ix_audit_event_chain_ip_occurred_at").table("audit_event");
        for column in ["chain", "ip", "occurred_at"] {
            by_network.col(column);
        }
        manager.create_index(by_network.take()).await?;
        let db = manager.get_connection();
        // What was there before the rules were raises nothing.
        db.execute_unprepared(
            "INSERT INTO alert_cursor (chain, sequence) SELECT chain, sequence FROM audit_head",
        )
        .await?;
        if manager.get_database_backend() != DbBackend::Postgres {
            db.execute_unprepared(FORWARD).await?;
            return Ok(());
        }
        db.execute_unprepared(&filled(CURSORS)).await?;
        for table in [
            provider_rows(
                "security_alert",
                "SecurityAlert",
                "SELECT, INSERT, UPDATE (severity, status, summary, last_seen_at, count, acknowledged_by, acknowledged_at)",
            ),
            provider_rows(
                "containment",
                "Containment",
                "SELECT, INSERT, UPDATE (lifted_at, lifted_by, lift_reason)",
            ),
        ] {
            db.execute_unprepared(&table.protect()).await?;
        }
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn cursor(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("alert_cursor")
        .columns([pk_uuid("chain"), big_integer("sequence")])
        .check("sequence", "sequence >= 0")
        .create(manager)
        .await
}

async fn alert(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("security_alert")
        .columns([
            pk_uuid("id"),
            uuid_null("tenant_id"),
            uuid("chain"),
            string_len("rule", 64),
            choice("severity"),
            choice("status"),
            uuid_null("principal_id"),
            uuid_null("api_client_id"),
            text_null("ip"),
            string_len("summary", 200),
            timestamp_with_time_zone("first_seen_at"),
            timestamp_with_time_zone("last_seen_at"),
            integer("count"),
            uuid_null("acknowledged_by"),
            timestamp_with_time_zone_null("acknowledged_at"),
        ])
        .one_of("severity", &["LOW", "MEDIUM", "HIGH", "CRITICAL"])
        .one_of("status", &["OPEN", "ACKNOWLEDGED"])
        .check("count", "count > 0")
        .check("acknowledged", "(status = 'OPEN') = (acknowledged_at IS NULL)")
        .references("tenant_id", "tenant")
        // No reference to whom it is about: as the log, it stands when they are gone, and no rule waits for them.
        .references("acknowledged_by", "user")
        .keyset(&[&[], &["tenant_id"]], &["last_seen_at"])
        // The latest of a rule about somebody.
        .index(&["chain", "rule", "principal_id", "last_seen_at"])
        .create(manager)
        .await
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
            uuid("applied_by"),
            timestamp_with_time_zone_null("lifted_at"),
            uuid_null("lifted_by"),
            string_len_null("lift_reason", 500),
            uuid_null("alert_id"),
        ])
        .one_of("kind", &["SUSPEND_USER", "REVOKE_TOKENS", "LOCK_API_CLIENT", "FREEZE_RESELLER"])
        .check("lifted", "(lifted_at IS NULL) = (lifted_by IS NULL)")
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
