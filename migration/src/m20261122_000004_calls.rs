//! Calls with customers, and the checks of who was calling.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::{choice, choice_null, sealed, sealed_null, table};
use crate::wall::{customer_rows, filled};

const METHODS: [&str; 5] = ["PASSWORD", "BACKUP_QUESTION", "CALL_BACK", "ADDRESS_OF_RECORD", "PHOTO_ID"];

/// What somebody did himself counts against his quotas, whatever of the log his role may read.
const OWN_EVENTS: &str =
    "CREATE POLICY own_events ON audit_event FOR SELECT TO custodian_app USING (actor_id = $user)";

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000004_calls"
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
        call_log(manager).await?;
        identity_check(manager).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let db = manager.get_connection();
            for (table, kind) in [("call_log", "CallLog"), ("identity_check", "IdentityCheck")] {
                db.execute_unprepared(&customer_rows(table, kind, "SELECT, INSERT").protect()).await?;
            }
            db.execute_unprepared(&filled(OWN_EVENTS)).await?;
        }
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn call_log(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("call_log")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid("customer_id"),
            choice("direction"),
            timestamp_with_time_zone("started_at"),
            integer("duration_seconds"),
            uuid_null("agent_id"),
            choice("outcome"),
            uuid_null("ticket_id"),
            sealed("counterparty_number"),
            sealed_null("subject"),
            sealed_null("summary"),
            choice_null("authentication_method"),
            timestamp_with_time_zone_null("authenticated_at"),
            timestamp_with_time_zone("created_at"),
        ])
        .one_of("direction", &["INBOUND", "OUTBOUND"])
        .one_of("outcome", &["ANSWERED", "NO_ANSWER", "BUSY", "VOICEMAIL", "ABANDONED"])
        .one_of("authentication_method", &METHODS)
        .check("duration_seconds", "duration_seconds >= 0")
        .owned_by_customer()
        .references_within("customer_id", "ticket_id", "ticket")
        .references("agent_id", "user")
        .keyset(&[&[], &["tenant_id"], &["customer_id"]], &["started_at"])
        .index(&["ticket_id"])
        .create(manager)
        .await
}

async fn identity_check(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("identity_check")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid("customer_id"),
            choice("method"),
            choice("outcome"),
            uuid("performed_by"),
            timestamp_with_time_zone("performed_at"),
            timestamp_with_time_zone("valid_until"),
            uuid_null("ticket_id"),
        ])
        .one_of("method", &METHODS)
        .one_of("outcome", &["SUCCESS", "FAILURE", "DENIED"])
        .check("valid_until", "valid_until >= performed_at")
        .owned_by_customer()
        .references_within("customer_id", "ticket_id", "ticket")
        .references("performed_by", "user")
        .keyset(&[&["tenant_id"], &["customer_id"]], &[])
        .index(&["customer_id", "valid_until"])
        .index(&["ticket_id"])
        .create(manager)
        .await
}
