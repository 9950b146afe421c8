//! The only way to SELECT, UPDATE or DELETE: [`Scoped`] puts the condition of [`Rows`] into every statement.

use std::sync::Arc;

use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, Condition, DatabaseTransaction, DbErr,
    PaginatorTrait, QueryFilter, Select, SqlErr, UpdateMany,
};

use super::operation::Operation;
use super::rows::Rows;
use crate::database::is_row_refused;
use crate::error::{Error, Result};

/// The rows of an entity that the viewer reaches.
pub struct Scoped<E: Rows> {
    operation: Arc<Operation>,
    reach: Condition,
    entity: std::marker::PhantomData<fn() -> E>,
}

#[expect(clippy::disallowed_methods, reason = "this is where the condition is put into every statement")]
impl<E: Rows> Scoped<E> {
    /// The viewer's rows. Without a scope on the type, or without an identity, no row.
    pub fn of(operation: &Arc<Operation>) -> Self {
        let reach = (operation.viewer.identity())
            .and_then(|who| E::reach(operation.reach(E::TYPE)?, who))
            .unwrap_or_else(|| Expr::val(1).eq(0).into_condition());
        Self { operation: operation.clone(), reach, entity: std::marker::PhantomData }
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
        Ok(narrow(self.select()).all(&*transaction).await?)
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
        Ok(narrow(self.select()).one(&*transaction).await?)
    }

    /// The row with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none, or none the viewer reaches: the two look alike.
    pub async fn get(&self, id: E::Id) -> Result<E::Model> {
        self.one(|rows| rows.filter(E::id_column().eq(id))).await?.ok_or(Error::NotFound)
    }

    /// Adds a row, and makes sure the viewer reaches what he added.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when it lies outside his rows; [`Error::Taken`] on a value that must be unique.
    pub async fn insert(&self, row: E::ActiveModel) -> Result<E::Model>
    where
        E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    {
        let transaction = self.operation.transaction().await?;
        let outside = || Error::Forbidden(format!("this {} would lie outside your rows", E::TYPE));
        let added = E::insert(row).exec_with_returning(&*transaction).await;
        let added = added.map_err(|error| refusal(error, outside))?;
        match self.get(E::id(&added)).await {
            Err(Error::NotFound) => Err(outside()),
            found => found,
        }
    }

    /// Changes the row with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such row within reach, or the change's own conditions do not hold;
    /// [`Error::Taken`] on a value that must be unique; [`Error::Forbidden`] when it would leave the viewer's rows.
    pub async fn change(
        &self,
        id: E::Id,
        change: impl FnOnce(UpdateMany<E>) -> UpdateMany<E>,
    ) -> Result<E::Model> {
        let only_this = |update: UpdateMany<E>| change(update).filter(E::id_column().eq(id));
        if self.change_all(only_this).await? == 0 {
            return Err(Error::NotFound);
        }
        match self.get(id).await {
            Err(Error::NotFound) => Err(Self::leaving()),
            found => found,
        }
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
