//! The only ways in which seeding reads and writes tables. There is no viewer yet whose rows could be scoped.

use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Select};

use super::SeedError;
use crate::authz::{Rows, sealing};
use crate::database;
use crate::vault::OpenKeys;

/// Reads rows of a table, whosesoever.
#[expect(clippy::disallowed_methods, reason = "seeding runs before any viewer exists")]
pub(super) fn select<E: EntityTrait>() -> Select<E> {
    E::find()
}

/// Writes rows of a table.
#[expect(clippy::disallowed_methods, reason = "seeding runs before any viewer exists")]
pub(super) async fn insert_all<E>(db: &impl ConnectionTrait, rows: Vec<E::Model>) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    let rows = rows.into_iter().map(IntoActiveModel::into_active_model);
    database::add::<E::ActiveModel>(db, rows.collect()).await
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
    E::ActiveModel: ActiveModelTrait<Entity = E>,
{
    let rows = rows.into_iter().map(IntoActiveModel::into_active_model);
    let sealed = sealing::sealed::<E>(keys, rows.collect()).await.map_err(SeedError::Sealing)?;
    Ok(database::add(db, sealed).await?)
}
