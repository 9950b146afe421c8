//! How far each chain of the audit log has been shipped to whoever collects logs.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::table;
use crate::wall::filled;

/// The service ships by itself, whosever entries they are.
const CURSORS: &str = "
ALTER TABLE audit_cursor ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE (sequence) ON audit_cursor TO custodian_app;
CREATE POLICY reach ON audit_cursor TO custodian_app USING ($role = 'anonymous');";

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000021_audit_cursor"
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
        table("audit_cursor")
            .columns([pk_uuid("chain"), big_integer("sequence")])
            .check("sequence", "sequence > 0")
            .create(manager)
            .await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            manager.get_connection().execute_unprepared(&filled(CURSORS)).await?;
        }
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
