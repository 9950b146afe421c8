//! The only ways in which seeding reads and writes tables. There is no viewer yet whose rows could be scoped.

use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, Insert, IntoActiveModel,
    Iterable, Select,
};

use super::SeedError;
use crate::authz::{Rows, sealing};
use crate::vault::OpenKeys;

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

/// Writes rows of a table with their personal data sealed.
#[expect(clippy::disallowed_methods, reason = "seeding runs before any viewer exists")]
pub(super) async fn insert_sealed<E>(
    db: &impl ConnectionTrait,
    keys: &OpenKeys,
    rows: Vec<E::Model>,
) -> Result<(), SeedError>
where
    E: Rows,
    E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
{
    let size = MAX_BINDS / E::Column::iter().count();
    let mut rows = rows.into_iter();
    loop {
        let chunk: Vec<E::ActiveModel> =
            rows.by_ref().take(size).map(IntoActiveModel::into_active_model).collect();
        if chunk.is_empty() {
            return Ok(());
        }
        let sealed = sealing::sealed::<E>(keys, chunk).await.map_err(SeedError::Sealing)?;
        Insert::<E::ActiveModel>::many(sealed).exec_without_returning(db).await?;
    }
}
