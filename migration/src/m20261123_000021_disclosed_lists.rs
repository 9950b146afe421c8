//! Whom a disclosure is about is written in one piece with its entry, and listed by customer later: a hundred rows that lie
//! far apart cost more than the list that was asked for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::table;
use crate::wall::{Table as Wall, filled, provider_rows};

/// The service writes and lists by itself, whoever's customers they are.
const OF_SERVICE: &str = "
CREATE POLICY record ON disclosed_list FOR INSERT TO custodian_app WITH CHECK ($role = 'anonymous');
ALTER TABLE disclosed_cursor ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE (sequence) ON disclosed_cursor TO custodian_app;
CREATE POLICY reach ON disclosed_cursor TO custodian_app USING ($role = 'anonymous');";

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
        if manager.get_database_backend() == DbBackend::Postgres {
            let lists = Wall {
                tenant: "chain = $tenant",
                command: "SELECT",
                ..provider_rows("disclosed_list", "Disclosure", "SELECT, INSERT")
            };
            let db = manager.get_connection();
            db.execute_unprepared(&lists.protect()).await?;
            db.execute_unprepared(&filled(OF_SERVICE)).await?;
        }
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
