//! The audit log becomes a chain for each provider, and says whom disclosures were about.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::table;
use crate::wall::{Table as Wall, filled, provider_rows};

/// What belongs to no provider has a chain of its own.
const NO_PROVIDER: &str = "00000000-0000-0000-0000-000000000000";

/// The end of a chain is locked by whoever adds to it, at sign-in by who is not known yet. It goes forward only.
const HEADS: &str = "
ALTER TABLE audit_head ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE (sequence, hash) ON audit_head TO custodian_app;
CREATE POLICY reach ON audit_head TO custodian_app USING ($role = 'anonymous' OR $user IS NOT NULL);
CREATE FUNCTION custodian_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.sequence <= OLD.sequence THEN
        RAISE EXCEPTION 'a chain goes forward only' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_head_forward BEFORE UPDATE ON audit_head
    FOR EACH ROW EXECUTE FUNCTION custodian_forward();";

const FORWARD: &str = "CREATE TRIGGER audit_head_forward BEFORE UPDATE ON audit_head
    WHEN NEW.sequence <= OLD.sequence
    BEGIN SELECT RAISE(ABORT, 'a chain goes forward only'); END";

/// Who adds an entry says whom it is about; the service itself does for those who read.
const RECORD: &str = "CREATE POLICY record ON disclosed_customer FOR INSERT TO custodian_app WITH CHECK (
    CASE $role WHEN 'anonymous' THEN true
    ELSE tenant_id = $tenant OR (SELECT custodian_scope('Tenant')) = 'all' END)";

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000019_audit_chain"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "`async_trait` wants the signature letter by letter as in the trait"
)]
impl MigrationTrait for Migration {
    #[expect(clippy::disallowed_methods, reason = "policies and triggers have no builder")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            uuid_null("chain"),
            big_integer("sequence").default(0).take(),
            string_len("prev_hash", 64).default("").take(),
            string_len("hash", 64).default("").take(),
            string_len_null("user_agent", 200),
            json_binary_null("fields_read"),
            string_len_null("purpose", 64),
        ] {
            manager.alter_table(Table::alter().table("audit_event").add_column(column).take()).await?;
        }
        let mut link = Index::create();
        link.name("uq_audit_event_chain_sequence").table("audit_event").col("chain").col("sequence");
        manager.create_index(link.unique().and_where(Expr::cust("sequence > 0")).take()).await?;
        heads(manager).await?;
        disclosed(manager).await?;
        let is_postgres = manager.get_database_backend() == DbBackend::Postgres;
        let none = if is_postgres {
            format!("'{NO_PROVIDER}'::uuid")
        } else {
            // As SQLite holds ids: bytes.
            format!("x'{}'", NO_PROVIDER.replace('-', ""))
        };
        let db = manager.get_connection();
        // What was there before is not chained: it is counted, so that more of it shows.
        db.execute_unprepared(&format!("UPDATE audit_event SET chain = coalesce(tenant_id, {none})")).await?;
        db.execute_unprepared(
            "INSERT INTO audit_head (chain, sequence, hash, earlier)
             SELECT chain, 0, '', count(*) FROM audit_event GROUP BY chain",
        )
        .await?;
        if !is_postgres {
            db.execute_unprepared(FORWARD).await?;
            return Ok(());
        }
        db.execute_unprepared(&filled(HEADS)).await?;
        let disclosed = Wall {
            own: "customer_id = $customer",
            command: "SELECT",
            ..provider_rows("disclosed_customer", "Disclosure", "SELECT, INSERT")
        };
        db.execute_unprepared(&disclosed.protect()).await?;
        db.execute_unprepared(&filled(RECORD)).await?;
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Where each chain ends, and how many entries are from before there was one.
async fn heads(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("audit_head")
        .columns([pk_uuid("chain"), big_integer("sequence"), string_len("hash", 64), big_integer("earlier")])
        .check("sequence", "sequence >= 0")
        .create(manager)
        .await
}

/// Whom a disclosure was about. No reference to any other table, as in the log itself.
async fn disclosed(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("disclosed_customer")
        .columns([
            uuid("customer_id"),
            uuid("event_id"),
            uuid("tenant_id"),
            timestamp_with_time_zone("occurred_at"),
        ])
        .primary_key(&["event_id", "customer_id"])
        .index(&["customer_id", "occurred_at", "event_id"])
        .create(manager)
        .await
}
