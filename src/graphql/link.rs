//! Links between rows: to one by its id, to the children of one. All under the viewer's row scope.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use async_graphql::Context;
use custodian_entity::id::TypedId;
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Alias, Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, Iden, ModelTrait, QueryFilter, QueryOrder, Value};

use super::batch::{Batch, load};
use super::connection::Node;
use crate::authz::{InOperation, Operation, Rows, Scoped};
use crate::error::Result;

/// Ids per statement: both databases bind more, and no page has as many.
const CHUNK: usize = 10_000;

/// The row with an id.
struct ById<E: Rows>(E::Id);

impl<E: Rows> Clone for ById<E> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}
impl<E: Rows> PartialEq for ById<E> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<E: Rows> Eq for ById<E> {}
impl<E: Rows> std::hash::Hash for ById<E> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<E: Rows> Batch for ById<E> {
    type Value = E::Model;

    async fn load(operation: &Arc<Operation>, keys: Vec<Self>) -> Result<HashMap<Self, E::Model>> {
        let mut found = HashMap::with_capacity(keys.len());
        for chunk in keys.chunks(CHUNK) {
            let ids = chunk.iter().map(|key| key.0);
            let rows = Scoped::<E>::of(operation).all(|rows| rows.filter(E::id_column().is_in(ids))).await?;
            found.extend(rows.into_iter().map(|row| (Self(E::id(&row)), row)));
        }
        Ok(found)
    }
}

/// The row a link leads to; none where the viewer does not reach it.
///
/// # Errors
/// When the database is away.
pub async fn one<E: Rows>(ctx: &Context<'_>, id: Option<E::Id>) -> Result<Option<E::Model>> {
    match id {
        Some(id) => load(ctx, ctx.operation()?, ById::<E>(id)).await,
        None => Ok(None),
    }
}

/// The children of a row, by the column that names their parent; for lists that are short by nature.
pub(super) struct ChildrenOf<E> {
    pub(super) column: &'static str,
    pub(super) parent: Uuid,
    pub(super) entity: PhantomData<fn() -> E>,
}

impl<E> Clone for ChildrenOf<E> {
    fn clone(&self) -> Self {
        Self { column: self.column, parent: self.parent, entity: PhantomData }
    }
}
impl<E> PartialEq for ChildrenOf<E> {
    fn eq(&self, other: &Self) -> bool {
        self.column == other.column && self.parent == other.parent
    }
}
impl<E> Eq for ChildrenOf<E> {}
impl<E> std::hash::Hash for ChildrenOf<E> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.column.hash(state);
        self.parent.hash(state);
    }
}

/// The value of a column that names a parent.
pub(crate) fn parent_of<E: EntityTrait>(row: &E::Model, column: &str) -> Option<Uuid> {
    use sea_orm::Iterable;
    let column = E::Column::iter().find(|one| one.to_string() == column)?;
    match row.get(column) {
        Value::Uuid(parent) => parent,
        _ => None,
    }
}

impl<E: Rows> Batch for ChildrenOf<E> {
    type Value = Vec<E::Model>;

    async fn load(operation: &Arc<Operation>, keys: Vec<Self>) -> Result<HashMap<Self, Vec<E::Model>>> {
        let mut found: HashMap<Self, Vec<E::Model>> = HashMap::with_capacity(keys.len());
        let mut by_column: HashMap<&'static str, Vec<Uuid>> = HashMap::new();
        for key in &keys {
            by_column.entry(key.column).or_default().push(key.parent);
        }
        for (column, parents) in by_column {
            for chunk in parents.chunks(CHUNK) {
                let rows = Scoped::<E>::of(operation)
                    .all(|rows| {
                        rows.filter(Expr::col(Alias::new(column)).is_in(chunk.iter().copied()))
                            .order_by_asc(E::id_column())
                    })
                    .await?;
                for row in rows {
                    if let Some(parent) = parent_of::<E>(&row, column) {
                        let key = Self { column, parent, entity: PhantomData };
                        found.entry(key).or_default().push(row);
                    }
                }
            }
        }
        Ok(found)
    }
}

/// The children of a row as the schema shows them, oldest first.
///
/// # Errors
/// When the database is away.
pub async fn nodes<N: Node>(ctx: &Context<'_>, column: &'static str, parent: impl TypedId) -> Result<Vec<N>> {
    Ok(children::<N::Entity>(ctx, column, parent).await?.into_iter().map(N::from).collect())
}

/// The children of a row, oldest first.
///
/// # Errors
/// When the database is away.
pub async fn children<E: Rows>(
    ctx: &Context<'_>,
    column: &'static str,
    parent: impl TypedId,
) -> Result<Vec<E::Model>> {
    let key = ChildrenOf::<E> { column, parent: parent.uuid(), entity: PhantomData };
    Ok(load(ctx, ctx.operation()?, key).await?.unwrap_or_default())
}
