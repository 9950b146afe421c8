//! Whom a disclosure is about is written in one piece with its entry, and listed by customer later: a hundred rows that lie
//! far apart cost more than the list that was asked for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::table;
use crate::wall::{Table as Wall, filled, provider_rows};

/// Who adds an entry says whom it is about; the service itself does for those who read, and lists whoever's customers they
/// are.
const WRITTEN: &str = "
CREATE POLICY record ON disclosed_list FOR INSERT TO custodian_app WITH CHECK (
    CASE $role WHEN 'anonymous' THEN true
    ELSE chain = $tenant OR (SELECT custodian_scope('Tenant')) = 'all' END);
ALTER TABLE disclosed_cursor ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE (sequence) ON disclosed_cursor TO custodian_app;
CREATE POLICY reach ON disclosed_cursor TO custodian_app USING ($role = 'anonymous');
CREATE TRIGGER disclosed_cursor_forward BEFORE UPDATE ON disclosed_cursor
    FOR EACH ROW EXECUTE FUNCTION custodian_forward();
DROP POLICY record ON disclosed_customer;
CREATE POLICY record ON disclosed_customer FOR INSERT TO custodian_app WITH CHECK ($role = 'anonymous');";

const FORWARD: &str = "CREATE TRIGGER disclosed_cursor_forward BEFORE UPDATE ON disclosed_cursor
    WHEN NEW.sequence <= OLD.sequence
    BEGIN SELECT RAISE(ABORT, 'a chain goes forward only'); END";

/// What was written before is listed already.
const LISTED: &str = "INSERT INTO disclosed_cursor (chain, sequence) SELECT chain, sequence FROM audit_head";

/// When a customer's data were shown is in the entry, and the ids of entries are in the order of time.
const NARROW: &str = "ALTER TABLE disclosed_customer DROP COLUMN occurred_at";

/// The same where a table is best its own primary key, which takes making it anew.
const NARROW_SQLITE: [&str; 3] = [
    "DROP INDEX ix_disclosed_customer_customer_id_occurred_at_event_id",
    "ALTER TABLE disclosed_customer RENAME TO disclosed_customer_before",
    "INSERT INTO disclosed_customer (event_id, customer_id, tenant_id)
     SELECT event_id, customer_id, tenant_id FROM disclosed_customer_before",
];

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261123_000021_disclosed_lists"
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
        table("disclosed_list")
            .columns([uuid("chain"), big_integer("sequence"), uuid("event_id"), blob("customers")])
            .primary_key(&["chain", "sequence"])
            .create(manager)
            .await?;
        table("disclosed_cursor")
            .columns([pk_uuid("chain"), big_integer("sequence")])
            .check("sequence", "sequence >= 0")
            .create(manager)
            .await?;
        narrow(manager).await?;
        manager.get_connection().execute_unprepared(LISTED).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let lists = Wall {
                tenant: "chain = $tenant",
                command: "SELECT",
                ..provider_rows("disclosed_list", "Disclosure", "SELECT, INSERT")
            };
            let db = manager.get_connection();
            db.execute_unprepared(&lists.protect()).await?;
            db.execute_unprepared(&filled(WRITTEN)).await?;
        } else {
            manager.get_connection().execute_unprepared(FORWARD).await?;
        }
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Makes what is listed by customer as small as can be.
#[expect(clippy::disallowed_methods, reason = "what only one engine can has no builder")]
async fn narrow(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    if manager.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared(NARROW).await?;
    } else {
        let [unlist, rename, copy] = NARROW_SQLITE;
        db.execute_unprepared(unlist).await?;
        db.execute_unprepared(rename).await?;
        let mut anew = Table::create();
        anew.table("disclosed_customer").extra("WITHOUT ROWID");
        for column in ["event_id", "customer_id", "tenant_id"] {
            anew.col(uuid(column));
        }
        anew.primary_key(Index::create().col("event_id").col("customer_id"));
        manager.create_table(anew).await?;
        db.execute_unprepared(copy).await?;
        manager.drop_table(Table::drop().table("disclosed_customer_before").to_owned()).await?;
    }
    let mut by_customer = Index::create();
    by_customer.name("ix_disclosed_customer_customer_id_event_id").table("disclosed_customer");
    manager.create_index(by_customer.col("customer_id").col("event_id").take()).await
}
