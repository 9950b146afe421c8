//! How many data keys were destroyed: who keeps some in clear asks whether there are more since.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::table;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000002_destroyed_keys"
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
        let counter =
            table("destroyed_keys").columns([integer("id").primary_key().take(), big_integer("count")]);
        counter.check("id", "id = 1").create(manager).await?;
        let db = manager.get_connection();
        db.execute_unprepared("INSERT INTO destroyed_keys (id, count) VALUES (1, 0)").await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            db.execute_unprepared("GRANT SELECT, UPDATE (count) ON destroyed_keys TO custodian_app").await?;
        }
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
