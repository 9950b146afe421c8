//! Relay connections over keyset pagination: a page is found by an index, whatever its place in the list.
//!
//! A list is ordered by one column and the id. The default is the id alone, which is the order of creation.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Object, OutputType, SimpleObject, TypeName};
use custodian_entity::id::TypedId;
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, IntoCondition, Query, SimpleExpr, WindowStatement};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, IdenStatic, ModelTrait, Order, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};

use super::batch::{Batch, load};
use super::link::parent_of;
use super::page::{CursorSeal, Key, OrderDirection, Page, Place};
use crate::authz::{InOperation, Operation, Rows, Scoped};
use crate::error::Result;

/// An object type that wraps a row and can stand in a connection.
pub trait Node: OutputType + From<<Self::Entity as EntityTrait>::Model> + Send + Sync + 'static {
    /// The rows it wraps.
    type Entity: Rows;
    /// Its name: connections are named after it.
    const NAME: &'static str;

    /// The wrapped row.
    fn row(&self) -> &<Self::Entity as EntityTrait>::Model;
}

/// A column and a direction; none is the id.
pub type Ordering<E> = Option<(<E as EntityTrait>::Column, OrderDirection)>;

/// What `totalCount` counts, when it is asked for.
enum Total {
    Listed(Condition),
    Children { column: &'static str, parent: Uuid },
}

/// A page of a list.
pub struct Connection<N: Node> {
    nodes: Vec<N>,
    order: Ordering<N::Entity>,
    seal: CursorSeal,
    has_previous: bool,
    has_next: bool,
    total: Total,
}

/// A row and its place in the list.
pub struct Edge<'a, N: Node> {
    connection: &'a Connection<N>,
    node: &'a N,
}

/// Where a page lies in its list.
#[derive(Clone, Debug, SimpleObject)]
pub struct PageInfo {
    /// Whether rows come before this page.
    pub has_previous_page: bool,
    /// Whether rows come after this page.
    pub has_next_page: bool,
    /// The place of the first row.
    pub start_cursor: Option<String>,
    /// The place of the last row.
    pub end_cursor: Option<String>,
}

impl<N: Node> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::NAME).into()
    }
}

impl<N: Node> TypeName for Edge<'_, N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::NAME).into()
    }
}

/// A page of a list.
#[Object(name_type)]
impl<N: Node> Connection<N>
where
    for<'db> Select<N::Entity>: PaginatorTrait<'db, DatabaseTransaction>,
{
    /// The rows of the page.
    async fn nodes(&self) -> &[N] {
        &self.nodes
    }

    /// The rows of the page with their places.
    async fn edges(&self) -> Vec<Edge<'_, N>> {
        self.nodes.iter().map(|node| Edge { connection: self, node }).collect()
    }

    /// Where the page lies.
    async fn page_info(&self, ctx: &Context<'_>) -> Result<PageInfo> {
        let cursor = |node: Option<&N>| node.map(|node| self.cursor(ctx, node)).transpose();
        Ok(PageInfo {
            has_previous_page: self.has_previous,
            has_next_page: self.has_next,
            start_cursor: cursor(self.nodes.first())?,
            end_cursor: cursor(self.nodes.last())?,
        })
    }

    /// How many rows the whole list has.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        let operation = ctx.operation()?;
        match &self.total {
            Total::Listed(filter) => {
                Scoped::<N::Entity>::of(operation).count(|rows| rows.filter(filter.clone())).await
            }
            Total::Children { column, parent } => {
                let key = CountOf::<N> { column, parent: *parent, node: std::marker::PhantomData };
                Ok(load(ctx, operation, key).await?.unwrap_or_default())
            }
        }
    }
}

/// A row and its place in the list.
#[Object(name_type)]
impl<N: Node> Edge<'_, N> {
    /// The row.
    async fn node(&self) -> &N {
        self.node
    }

    /// Its place, for `after` and `before`.
    async fn cursor(&self, ctx: &Context<'_>) -> Result<String> {
        self.connection.cursor(ctx, self.node)
    }
}

impl<N: Node> Connection<N> {
    fn cursor(&self, ctx: &Context<'_>, node: &N) -> Result<String> {
        let value = self.order.and_then(|(column, _)| Key::of(node.row().get(column)));
        self.seal.seal(ctx, &Place { value, id: N::Entity::id(node.row()).uuid() })
    }

    /// One more row than the page was fetched, to know whether there is another: cut it off, and put a page from the
    /// end into reading order.
    fn assemble(
        scoped: &Scoped<N::Entity>,
        mut rows: Vec<<N::Entity as EntityTrait>::Model>,
        page: &Page,
        order: Ordering<N::Entity>,
        seal: CursorSeal,
        total: Total,
    ) -> Self {
        let size = usize::try_from(page.size).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        scoped.show(&rows);
        if page.from_end {
            rows.reverse();
        }
        let (has_previous, has_next) = if page.from_end {
            (more || page.after.is_some(), page.before.is_some())
        } else {
            (page.after.is_some(), more || page.before.is_some())
        };
        Self { nodes: rows.into_iter().map(N::from).collect(), order, seal, has_previous, has_next, total }
    }
}

/// A page of all rows the viewer reaches and the filter lets through.
///
/// # Errors
/// When the database is away.
pub async fn list<N: Node>(
    ctx: &Context<'_>,
    page: &Page,
    seal: CursorSeal,
    filter: Condition,
    order: Ordering<N::Entity>,
) -> Result<Connection<N>> {
    let between = between::<N::Entity>(page, order);
    let scoped = Scoped::<N::Entity>::of(ctx.operation()?).unnoted();
    let rows = scoped
        .all(|rows| {
            let rows = rows.filter(filter.clone()).filter(between);
            ordered::<N::Entity>(rows, order, page.from_end).limit(page.size + 1)
        })
        .await?;
    Ok(Connection::assemble(&scoped, rows, page, order, seal, Total::Listed(filter)))
}

/// A page of rows that rows of another type lead to, newest first: those carry the id of the row they lead to, and are found
/// and ordered by an index that ends in it. Ids are in the order of time.
///
/// # Errors
/// When the database is away.
pub async fn led_to<N: Node, L: Rows<Id = <N::Entity as Rows>::Id>>(
    ctx: &Context<'_>,
    page: &Page,
    seal: CursorSeal,
    filter: Condition,
) -> Result<Connection<N>> {
    let operation = ctx.operation()?;
    let (links, newest_first) = (Scoped::<L>::of(operation).unnoted(), OrderDirection::Desc);
    let order = Some((L::id_column(), newest_first));
    let found = links
        .all(|rows| {
            let rows = rows.filter(filter.clone()).filter(between::<L>(page, order));
            ordered::<L>(rows, order, page.from_end).limit(page.size + 1)
        })
        .await?;
    let ids: Vec<_> = found.iter().map(L::id).collect();
    let (scoped, id) = (Scoped::<N::Entity>::of(operation).unnoted(), N::Entity::id_column());
    let mut rows = scoped.all(|rows| rows.filter(id.is_in(ids.iter().copied()))).await?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == N::Entity::id(row)));
    let wanted = links.select().filter(filter).select_only().column(L::id_column()).into_query();
    let total = Total::Listed(id.in_subquery(wanted).into_condition());
    Ok(Connection::assemble(&scoped, rows, page, Some((id, newest_first)), seal, total))
}

/// A page of the children of a row, by the column that names their parent; siblings' pages come by the same statement.
///
/// # Errors
/// When the database is away.
pub async fn children<N: Node>(
    ctx: &Context<'_>,
    page: Page,
    seal: CursorSeal,
    column: &'static str,
    parent: impl TypedId,
) -> Result<Connection<N>> {
    let parent = parent.uuid();
    let key = PageOf::<N> { column, parent, page: page.clone(), node: std::marker::PhantomData };
    let rows = load(ctx, ctx.operation()?, key).await?.unwrap_or_default();
    let scoped = Scoped::of(ctx.operation()?);
    Ok(Connection::assemble(&scoped, rows, &page, None, seal, Total::Children { column, parent }))
}

/// Rows behind `after` and before `before` in this order.
fn between<E: Rows>(page: &Page, order: Ordering<E>) -> Condition {
    let descending = matches!(order, Some((_, OrderDirection::Desc)));
    let side = |place: &Place, greater: bool| -> SimpleExpr {
        let id = Expr::val(place.id);
        let (left, right) = match (&place.value, order) {
            (Some(value), Some((column, _))) => (
                Expr::tuple([Expr::col(column), Expr::col(E::id_column())]),
                Expr::tuple([Expr::val(value.value()), id]),
            ),
            _ => (Expr::col(E::id_column()), id),
        };
        if greater { left.gt(right) } else { left.lt(right) }
    };
    Condition::all()
        .add_option(page.after.as_ref().map(|place| side(place, !descending)))
        .add_option(page.before.as_ref().map(|place| side(place, descending)))
}

fn ordered<E: Rows>(rows: Select<E>, order: Ordering<E>, from_end: bool) -> Select<E> {
    let descending = matches!(order, Some((_, OrderDirection::Desc))) != from_end;
    let direction = if descending { Order::Desc } else { Order::Asc };
    match order {
        Some((column, _)) if column.as_str() != E::id_column().as_str() => {
            rows.order_by(column, direction.clone()).order_by(E::id_column(), direction)
        }
        _ => rows.order_by(E::id_column(), direction),
    }
}

/// A page of the children of one row.
struct PageOf<N> {
    column: &'static str,
    parent: Uuid,
    page: Page,
    node: std::marker::PhantomData<fn() -> N>,
}

impl<N> Clone for PageOf<N> {
    fn clone(&self) -> Self {
        Self { page: self.page.clone(), ..*self }
    }
}
impl<N> PartialEq for PageOf<N> {
    fn eq(&self, other: &Self) -> bool {
        (self.column, self.parent, &self.page) == (other.column, other.parent, &other.page)
    }
}
impl<N> Eq for PageOf<N> {}
impl<N> std::hash::Hash for PageOf<N> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.column, self.parent, &self.page).hash(state);
    }
}

impl<N: Node> Batch for PageOf<N> {
    type Value = Vec<<N::Entity as EntityTrait>::Model>;

    /// One statement per page asked for, whatever the number of parents: the rows are numbered within each parent.
    async fn load(operation: &Arc<Operation>, keys: Vec<Self>) -> Result<HashMap<Self, Self::Value>> {
        let mut found: HashMap<Self, Self::Value> = HashMap::with_capacity(keys.len());
        let mut alike: HashMap<(&'static str, Page), Vec<Uuid>> = HashMap::new();
        for key in keys {
            alike.entry((key.column, key.page)).or_default().push(key.parent);
        }
        for ((column, page), parents) in alike {
            let parent = || Expr::col(Alias::new(column));
            let direction = if page.from_end { Order::Desc } else { Order::Asc };
            let id = N::Entity::id_column();
            let scoped = Scoped::<N::Entity>::of(operation).unnoted();
            let mut numbered = scoped
                .select()
                .filter(parent().is_in(parents))
                .filter(between::<N::Entity>(&page, None))
                .select_only()
                .column(id)
                .into_query();
            numbered.expr_window_as(
                Expr::cust("ROW_NUMBER()"),
                WindowStatement::partition_by(Alias::new(column)).order_by(id, direction.clone()).to_owned(),
                Alias::new("place"),
            );
            let wanted = Query::select()
                .column(Alias::new("id"))
                .from_subquery(numbered, Alias::new("numbered"))
                .and_where(Expr::col(Alias::new("place")).lte(page.size + 1))
                .to_owned();
            let rows = scoped.all(|rows| rows.filter(id.in_subquery(wanted)).order_by(id, direction)).await?;
            for row in rows {
                if let Some(parent) = parent_of::<N::Entity>(&row, column) {
                    let key = Self { column, parent, page: page.clone(), node: std::marker::PhantomData };
                    found.entry(key).or_default().push(row);
                }
            }
        }
        Ok(found)
    }
}

/// How many children a row has.
struct CountOf<N> {
    column: &'static str,
    parent: Uuid,
    node: std::marker::PhantomData<fn() -> N>,
}

impl<N> Clone for CountOf<N> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}
impl<N> PartialEq for CountOf<N> {
    fn eq(&self, other: &Self) -> bool {
        (self.column, self.parent) == (other.column, other.parent)
    }
}
impl<N> Eq for CountOf<N> {}
impl<N> std::hash::Hash for CountOf<N> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.column, self.parent).hash(state);
    }
}

impl<N: Node> Batch for CountOf<N> {
    type Value = u64;

    async fn load(operation: &Arc<Operation>, keys: Vec<Self>) -> Result<HashMap<Self, u64>> {
        let mut found = HashMap::with_capacity(keys.len());
        let mut by_column: HashMap<&'static str, Vec<Uuid>> = HashMap::new();
        for key in keys {
            by_column.entry(key.column).or_default().push(key.parent);
        }
        for (column, parents) in by_column {
            let counted: Vec<(Uuid, i64)> = Scoped::<N::Entity>::of(operation)
                .tuples(|rows| {
                    rows.filter(Expr::col(Alias::new(column)).is_in(parents).into_condition())
                        .select_only()
                        .expr(Expr::col(Alias::new(column)))
                        .expr(N::Entity::id_column().count())
                        .group_by(Expr::col(Alias::new(column)))
                })
                .await?;
            for (parent, count) in counted {
                let key = Self { column, parent, node: std::marker::PhantomData };
                found.insert(key, u64::try_from(count).unwrap_or_default());
            }
        }
        Ok(found)
    }
}
