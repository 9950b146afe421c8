//! The only two ways in which seeding reads and writes tables. There is no viewer yet whose rows could be scoped.

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, Insert, IntoActiveModel, Iterable, Select};

/// SQLite binds at most 32,766 values to a statement, PostgreSQL 65,535.
const MAX_BINDS: usize = 32_766;

/// Reads rows of a table, whosesoever.
#[expect(clippy::disallowed_methods, reason = "seeding runs before any viewer exists")]
pub(super) fn select<E: EntityTrait>() -> Select<E> {
    E::find()
}

/// Writes rows of a table, with as many to a statement as both databases bind.
#[expect(clippy::disallowed_methods, reason = "seeding runs before any viewer exists")]
pub(super) async fn insert_all<E>(db: &impl ConnectionTrait, rows: Vec<E::Model>) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    let size = MAX_BINDS / E::Column::iter().count();
    let mut rows = rows.into_iter();
    loop {
        let chunk: Vec<E::Model> = rows.by_ref().take(size).collect();
        if chunk.is_empty() {
            return Ok(());
        }
        Insert::<E::ActiveModel>::many(chunk).exec_without_returning(db).await?;
    }
}
