//! The only way to SELECT, UPDATE or DELETE: [`Scoped`] puts the condition of [`Rows`] into every statement.

use std::sync::Arc;

use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition, LockType};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, Condition, DatabaseTransaction, DbErr, Iden,
    PaginatorTrait, QueryFilter, QuerySelect, Select, SqlErr, UpdateMany,
};

use super::operation::Operation;
use super::rows::Rows;
use super::{changes, sealing, words};
use crate::database::is_row_refused;
use crate::error::{Error, Result};

/// The rows of an entity that the viewer reaches.
pub struct Scoped<E: Rows> {
    operation: Arc<Operation>,
    reach: Condition,
    /// What is opened besides what the operation shows.
    opening: Vec<E::Column>,
    /// Whether rows that are read are shown.
    is_shown: bool,
}

impl<E: Rows> Clone for Scoped<E> {
    fn clone(&self) -> Self {
        let (operation, reach) = (self.operation.clone(), self.reach.clone());
        Self { operation, reach, opening: self.opening.clone(), is_shown: self.is_shown }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the condition is put into every statement")]
impl<E: Rows> Scoped<E> {
    /// The viewer's rows. Without a scope on the type, or without an identity, no row.
    pub fn of(operation: &Arc<Operation>) -> Self {
        let reach = (operation.viewer.identity())
            .and_then(|who| E::reach(operation.reach(E::TYPE)?, who))
            .map(|reach| match E::further(operation) {
                Some(further) => Condition::all().add(reach).add(further),
                None => reach,
            })
            .unwrap_or_else(|| Expr::val(1).eq(0).into_condition());
        Self { operation: operation.clone(), reach, opening: Vec::new(), is_shown: true }
    }

    /// The same rows, with these columns of personal data open, whether or not the operation shows them.
    pub fn opening(self, columns: impl IntoIterator<Item = E::Column>) -> Self {
        Self { opening: columns.into_iter().collect(), ..self }
    }

    /// The same rows, of which those that are shown are noted by [`Self::show`].
    pub fn unnoted(self) -> Self {
        Self { is_shown: false, ..self }
    }

    /// Notes that rows are shown, for the record of what was disclosed.
    pub fn show(&self, rows: &[E::Model]) {
        self.operation.disclosing.note::<E>(rows);
    }

    fn opening_also(&self, columns: impl Iterator<Item = E::Column>) -> Self {
        Self { opening: self.opening.iter().copied().chain(columns).collect(), ..self.clone() }
    }

    /// A SELECT of these rows, to be narrowed further.
    pub fn select(&self) -> Select<E> {
        E::find().filter(self.reach.clone())
    }

    /// Runs a SELECT made by [`Self::select`].
    ///
    /// # Errors
    /// When the database is away.
    pub async fn all(&self, narrow: impl FnOnce(Select<E>) -> Select<E>) -> Result<Vec<E::Model>> {
        let transaction = self.operation.transaction().await?;
        let mut rows = narrow(self.select()).all(&*transaction).await?;
        self.open(&mut rows).await?;
        Ok(rows)
    }

    /// How many rows a SELECT has.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn count(&self, narrow: impl FnOnce(Select<E>) -> Select<E>) -> Result<u64>
    where
        E::Model: Sync,
        for<'db> Select<E>: PaginatorTrait<'db, DatabaseTransaction>,
    {
        let transaction = self.operation.transaction().await?;
        Ok(narrow(self.select()).count(&*transaction).await?)
    }

    /// Runs a SELECT that was turned to an id and a number: a count by parent.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn tuples(&self, narrow: impl FnOnce(Select<E>) -> Select<E>) -> Result<Vec<(Uuid, i64)>> {
        let transaction = self.operation.transaction().await?;
        Ok(narrow(self.select()).into_tuple().all(&*transaction).await?)
    }

    /// The first row of a SELECT.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn one(&self, narrow: impl FnOnce(Select<E>) -> Select<E>) -> Result<Option<E::Model>> {
        let transaction = self.operation.transaction().await?;
        let mut row = narrow(self.select()).one(&*transaction).await?;
        if let Some(row) = &mut row {
            self.open(std::slice::from_mut(row)).await?;
        }
        Ok(row)
    }

    /// Opens what the operation shows of rows that were read, and what was asked for; notes them.
    async fn open(&self, rows: &mut [E::Model]) -> Result<()> {
        if self.is_shown {
            self.show(rows);
        }
        let is_needed = |column: &E::Column| {
            self.opening.iter().any(|one| one.to_string() == column.to_string())
                || self.operation.shows(&sealing::shown_as::<E>(*column))
        };
        let columns: Vec<E::Column> = sealing::sealed_columns::<E>().filter(is_needed).collect();
        sealing::open::<E>(&self.operation.keys, rows, &columns).await
    }

    /// The row with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none, or none the viewer reaches: the two look alike.
    pub async fn get(&self, id: E::Id) -> Result<E::Model> {
        self.one(|rows| rows.filter(E::id_column().eq(id))).await?.ok_or(Error::NotFound)
    }

    /// The row with this id, which nobody else changes before the transaction is over.
    async fn held(&self, id: E::Id) -> Result<E::Model> {
        let held = self.one(|rows| rows.filter(E::id_column().eq(id)).lock(LockType::NoKeyUpdate)).await?;
        held.ok_or(Error::NotFound)
    }

    /// Adds a row, and makes sure the viewer reaches what he added.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when it lies outside his rows; [`Error::Taken`] on a value that must be unique.
    pub async fn insert(&self, row: E::ActiveModel) -> Result<E::Model>
    where
        E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    {
        let row = self.operation.sealed::<E>(row).await?;
        let transaction = self.operation.transaction().await?;
        let outside = || Error::Forbidden(format!("this {} would lie outside your rows", E::TYPE));
        let added = E::insert(row).exec_with_returning(&*transaction).await;
        let added = added.map_err(|error| refusal(error, outside))?;
        let rows = self.opening_also(E::named().iter().copied());
        let added = match rows.get(E::id(&added)).await {
            Err(Error::NotFound) => return Err(outside()),
            found => found?,
        };
        if !E::named().is_empty() {
            words::keep::<E>(&self.operation, &added).await?;
        }
        Ok(added)
    }

    /// Changes the row with this id, where the change's own conditions hold.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such row within reach, or the change's own conditions do not hold;
    /// [`Error::Taken`] on a value that must be unique; [`Error::Forbidden`] when it would leave the viewer's rows.
    pub async fn change(
        &self,
        id: E::Id,
        row: E::ActiveModel,
        narrow: impl FnOnce(UpdateMany<E>) -> UpdateMany<E>,
    ) -> Result<E::Model>
    where
        E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
    {
        // What is written, or found by, is read before and after, open.
        let written = sealing::sealed_columns::<E>().filter(|column| row.get(*column).is_set());
        let is_renamed = E::named().iter().any(|column| row.get(*column).is_set());
        let names = if is_renamed { E::named() } else { &[] };
        let rows = self.opening_also(written.chain(names.iter().copied()));
        let is_kept = changes::is_kept::<E>();
        let before = match is_kept || sealing::is_open::<E>(&row) {
            // Held until it is written, so that nobody else changes what is recorded as having been there.
            true => Some(rows.held(id).await?),
            false => None,
        };
        let row = match &before {
            Some(before) => self.operation.sealed_change::<E>(before, row).await?,
            None => row,
        };
        let only_this = |update: UpdateMany<E>| narrow(update.set(row)).filter(E::id_column().eq(id));
        if self.change_all(only_this).await? == 0 {
            return Err(Error::NotFound);
        }
        let after = match rows.get(id).await {
            Err(Error::NotFound) => return Err(Self::leaving()),
            found => found?,
        };
        if let Some(before) = before.filter(|_| is_kept) {
            changes::changed::<E>(&self.operation, &before, &after).await?;
        }
        if is_renamed {
            words::keep::<E>(&self.operation, &after).await?;
        }
        Ok(after)
    }

    fn leaving() -> Error {
        Error::Forbidden(format!("this {} would leave your rows", E::TYPE))
    }

    /// Changes every row that the change's own conditions let through, and says how many.
    ///
    /// # Errors
    /// [`Error::Taken`] on a value that must be unique; [`Error::Forbidden`] when PostgreSQL sees a row leave the
    /// viewer's rows.
    pub async fn change_all(&self, change: impl FnOnce(UpdateMany<E>) -> UpdateMany<E>) -> Result<u64> {
        let transaction = self.operation.transaction().await?;
        let update = change(E::update_many()).filter(self.reach.clone());
        let changed = update.exec(&*transaction).await.map_err(|error| refusal(error, Self::leaving))?;
        Ok(changed.rows_affected)
    }

    /// Changes rows that follow a row the viewer may change: copies of its columns, whether or not he reaches each.
    /// PostgreSQL hides those he does not reach from this statement too: a trigger lets them follow.
    ///
    /// # Errors
    /// [`Error::NotFound`] when he does not reach the row they follow; [`Error::Forbidden`] as [`Self::change_all`].
    pub async fn change_followers<F: Rows>(
        &self,
        id: E::Id,
        follows: F::Column,
        change: impl FnOnce(UpdateMany<F>) -> UpdateMany<F>,
    ) -> Result<()> {
        self.get(id).await?;
        let transaction = self.operation.transaction().await?;
        let changed = change(F::update_many()).filter(follows.eq(id)).exec(&*transaction).await;
        changed.map(drop).map_err(|error| refusal(error, Self::leaving))
    }

    /// Removes the row with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such row within reach.
    pub async fn delete(&self, id: E::Id) -> Result<()> {
        if changes::is_kept::<E>() {
            let rows = Self { opening: sealing::sealed_columns::<E>().collect(), ..self.clone() };
            changes::removed::<E>(&self.operation, &rows.held(id).await?).await?;
        }
        let transaction = self.operation.transaction().await?;
        let removed = E::delete_many()
            .filter(self.reach.clone())
            .filter(E::id_column().eq(id))
            .exec(&*transaction)
            .await?;
        if removed.rows_affected == 0 { Err(Error::NotFound) } else { Ok(()) }
    }
}

/// What the database refused: a value in use, or a row that row-level security sees outside the viewer's rows.
fn refusal(error: DbErr, outside: impl FnOnce() -> Error) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(constraint)) => Error::Taken(constraint),
        _ if is_row_refused(&error) => outside(),
        _ => error.into(),
    }
}
