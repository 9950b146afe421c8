//! Conditions that clients can put on lists. Which fields may be filtered by is the policy's business, and so is how
//! many conditions there may be; both are checked before anything runs. Here a condition becomes SQL.
//!
//! A filter that looks at other rows, through a link or a list, sees those the viewer reaches and no others.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::{ID, InputObject, InputType, TypeName};
use custodian_entity::id::{TypedId, uuid_of};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Alias, BinOper, Expr, ExprTrait, IntoCondition};
use sea_orm::{Condition, IntoSimpleExpr, QueryFilter, QuerySelect, QueryTrait, Value};

use super::choice::{Choice, Set};
use super::scalar::{BigInt, Date, DateTime};
use crate::authz::{Operation, Rows, Scoped};
use crate::error::Result;
use crate::vault::Index;

/// A condition on one column.
pub trait On {
    /// The condition on what stands on its left.
    ///
    /// # Errors
    /// [`crate::error::Error::BadInput`] for a value that no row could have.
    fn on(&self, operation: &Arc<Operation>, left: Expr) -> Result<Condition>;

    /// Adds the values whose tags it compares.
    fn tagged(&self, _: &mut Tagged) {}
}

/// Values by whose tags rows are found.
pub type Tagged = Vec<(Index, String)>;

/// A condition on the rows of a type; `filters!` declares them.
pub trait Filter: InputType {
    /// The rows.
    type Entity: Rows;

    /// Its members, all of which must hold.
    ///
    /// # Errors
    /// As [`On::on`].
    fn condition(&self, operation: &Arc<Operation>) -> Result<Condition>;

    /// Adds the values whose tags its members compare.
    fn tagged(&self, values: &mut Tagged);
}

/// What a list is narrowed to.
///
/// # Errors
/// As [`On::on`].
pub async fn wanted<F: Filter>(operation: &Arc<Operation>, filter: Option<F>) -> Result<Condition> {
    let Some(filter) = filter else { return Ok(Condition::all()) };
    let mut values = Tagged::new();
    filter.tagged(&mut values);
    operation.tag(values).await?;
    filter.condition(operation)
}

/// Whether something is in a column of those rows that the viewer reaches and the condition lets through.
fn is_among<E: Rows>(left: Expr, column: Expr, operation: &Arc<Operation>, wanted: Condition) -> Expr {
    let rows = Scoped::<E>::of(operation).select().filter(wanted);
    let is_in = left.in_subquery(rows.select_only().expr(column).into_query());
    // PostgreSQL would make a join of a mere IN, and joins of joins multiply where it misjudges the rows. So each
    // sub-select runs once, and what a filter costs is the sum of them.
    is_in.binary(BinOper::Is, certainly())
}

/// The literal TRUE.
fn certainly() -> Expr {
    Expr::Constant(true.into())
}

/// Declares filters with `and`, `or` and `not`: `filters! { PlanFilter of plan { code: StringFilter => Column::Code, } }`.
#[macro_export]
macro_rules! filters {
    ($($(#[$doc:meta])* $name:ident of $module:ident {
        $($(#[$attribute:meta])* $member:ident: $filter:ty => $left:expr,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(async_graphql::InputObject)]
        pub struct $name {
            $($(#[$attribute])* $member: Option<$filter>,)*
            /// All of these hold.
            and: Option<Vec<$name>>,
            /// At least one of these holds; of none, none does.
            or: Option<Vec<$name>>,
            /// None of these holds.
            not: Option<Vec<$name>>,
        }

        impl $crate::graphql::filter::Filter for $name {
            type Entity = custodian_entity::$module::Entity;

            fn condition(
                &self,
                operation: &std::sync::Arc<$crate::authz::Operation>,
            ) -> $crate::error::Result<sea_orm::Condition> {
                use custodian_entity::$module::Column;
                let all = sea_orm::Condition::all();
                $(let all = $crate::graphql::filter::member(all, operation, &self.$member, $left)?;)*
                $crate::graphql::filter::combined(all, operation, &self.and, &self.or, &self.not)
            }

            fn tagged(&self, values: &mut $crate::graphql::filter::Tagged) {
                $(if let Some(filter) = &self.$member {
                    $crate::graphql::filter::On::tagged(filter, values);
                })*
                for filter in [&self.and, &self.or, &self.not].into_iter().flatten().flatten() {
                    filter.tagged(values);
                }
            }
        }
    )*};
}

/// Adds a member's condition, if one was given.
#[doc(hidden)]
pub fn member<F: On>(
    all: Condition,
    operation: &Arc<Operation>,
    filter: &Option<F>,
    left: impl IntoSimpleExpr,
) -> Result<Condition> {
    match filter {
        Some(filter) => Ok(all.add(filter.on(operation, left.into_simple_expr())?)),
        None => Ok(all),
    }
}

/// Adds what `and`, `or` and `not` say.
#[doc(hidden)]
pub fn combined<F: Filter>(
    mut all: Condition,
    operation: &Arc<Operation>,
    and: &Option<Vec<F>>,
    or: &Option<Vec<F>>,
    not: &Option<Vec<F>>,
) -> Result<Condition> {
    for filter in and.iter().flatten() {
        all = all.add(filter.condition(operation)?);
    }
    if let Some(alternatives) = or {
        let mut any = Condition::any();
        for filter in alternatives {
            any = any.add(filter.condition(operation)?);
        }
        all = all.add(any);
    }
    for filter in not.iter().flatten() {
        // What is unknown, because the row has no value, does not hold: NOT would leave it unknown.
        let holds = Expr::from(filter.condition(operation)?);
        all = all.add(holds.binary(BinOper::IsNot, certainly()));
    }
    Ok(all)
}

fn any_of<V: Into<Value>>(left: Expr, eq: Option<V>, one_of: Option<Vec<V>>) -> Condition {
    let alternatives = one_of.map(|values| left.clone().is_in(values.into_iter().map(Expr::val)));
    Condition::all().add_option(eq.map(|value| left.eq(Expr::val(value)))).add_option(alternatives)
}

/// A condition on a text.
#[derive(InputObject)]
pub struct StringFilter {
    /// Equal to.
    #[graphql(validator(max_length = 200))]
    eq: Option<String>,
    /// One of; at most 100.
    #[graphql(name = "in", validator(max_items = 100))]
    one_of: Option<Vec<String>>,
}

impl On for StringFilter {
    fn on(&self, _: &Arc<Operation>, left: Expr) -> Result<Condition> {
        Ok(any_of(left, self.eq.clone(), self.one_of.clone()))
    }
}

/// A condition on an id. It looks at no other row: whether there is one of this id does not matter.
#[derive(InputObject)]
pub struct IdFilter {
    /// Equal to.
    eq: Option<ID>,
    /// One of; at most 100.
    #[graphql(name = "in", validator(max_items = 100))]
    one_of: Option<Vec<ID>>,
}

impl On for IdFilter {
    fn on(&self, _: &Arc<Operation>, left: Expr) -> Result<Condition> {
        // What is no id equals none.
        let uuid = |id: &ID| uuid_of(id).unwrap_or_default();
        let one_of = self.one_of.as_ref().map(|ids| ids.iter().map(uuid).collect());
        Ok(any_of(left, self.eq.as_ref().map(uuid), one_of))
    }
}

/// A condition on a truth value.
#[derive(InputObject)]
pub struct BooleanFilter {
    /// Equal to.
    eq: Option<bool>,
}

impl On for BooleanFilter {
    fn on(&self, _: &Arc<Operation>, left: Expr) -> Result<Condition> {
        Ok(any_of(left, self.eq, None))
    }
}

/// A condition on a value of a closed set.
#[derive(InputObject)]
#[graphql(name_type)]
pub struct ChoiceFilter<E: Set> {
    /// Equal to.
    eq: Option<Choice<E>>,
    /// One of; at most 100.
    #[graphql(name = "in", validator(max_items = 100))]
    one_of: Option<Vec<Choice<E>>>,
}

impl<E: Set> TypeName for ChoiceFilter<E> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Filter", <Choice<E> as InputType>::type_name()).into()
    }
}

impl<E: Set> On for ChoiceFilter<E> {
    fn on(&self, _: &Arc<Operation>, left: Expr) -> Result<Condition> {
        let one_of =
            self.one_of.as_ref().map(|values| values.iter().map(|value| value.0.to_value()).collect());
        Ok(any_of(left, self.eq.map(|value| value.0.to_value()), one_of))
    }
}

macro_rules! ranges {
    ($($(#[$doc:meta])* $name:ident of $scalar:ty;)*) => {$(
        $(#[$doc])*
        #[derive(InputObject)]
        pub struct $name {
            /// Equal to.
            eq: Option<$scalar>,
            /// This or later, this or more.
            gte: Option<$scalar>,
            /// Before, less than.
            lt: Option<$scalar>,
        }

        impl On for $name {
            fn on(&self, _: &Arc<Operation>, left: Expr) -> Result<Condition> {
                Ok(Condition::all()
                    .add_option(self.eq.map(|value| left.clone().eq(Expr::val(value.0))))
                    .add_option(self.gte.map(|value| left.clone().gte(Expr::val(value.0))))
                    .add_option(self.lt.map(|value| left.lt(Expr::val(value.0)))))
            }
        }
    )*};
}

ranges! {
    /// A condition on a time.
    DateTimeFilter of DateTime;
    /// A condition on a date.
    DateFilter of Date;
    /// A condition on a whole number, or on an amount in minor units.
    BigIntFilter of BigInt;
}

/// A condition on the row that a field leads to, if the viewer reaches it: to him, no other is there.
#[derive(InputObject)]
#[graphql(name_type)]
pub struct LinkFilter<F: Filter> {
    /// It has this id.
    eq: Option<ID>,
    /// It has one of these ids; at most 100.
    #[graphql(name = "in", validator(max_items = 100))]
    one_of: Option<Vec<ID>>,
    /// It meets these conditions.
    is: Option<Box<F>>,
}

impl<F: Filter> TypeName for LinkFilter<F> {
    fn type_name() -> Cow<'static, str> {
        format!("{}LinkFilter", F::Entity::TYPE).into()
    }
}

impl<F: Filter> On for LinkFilter<F> {
    fn on(&self, operation: &Arc<Operation>, left: Expr) -> Result<Condition> {
        // An id of another kind equals none.
        let uuid = |id: &ID| <F::Entity as Rows>::Id::decode(id).map_or(Uuid::nil(), TypedId::uuid);
        let named = |left: Expr| {
            let one_of = self.one_of.as_ref().map(|ids| ids.iter().map(uuid).collect());
            any_of(left, self.eq.as_ref().map(uuid), one_of)
        };
        let (links, id) = (named(left.clone()), F::Entity::id_column().into_simple_expr());
        let rows = match &self.is {
            Some(filter) => named(id.clone()).add(filter.condition(operation)?),
            None if links.is_empty() => return Ok(links),
            None => named(id.clone()),
        };
        // The link itself is compared as well, for the index on it.
        Ok(links.add(is_among::<F::Entity>(left, id, operation, rows)))
    }

    fn tagged(&self, values: &mut Tagged) {
        if let Some(filter) = &self.is {
            filter.tagged(values);
        }
    }
}

/// A condition on the rows that hang off a customer.
#[derive(InputObject)]
#[graphql(name_type)]
pub struct ListFilter<F: Filter> {
    /// At least one that the viewer reaches meets these conditions.
    some: Box<F>,
}

impl<F: Filter> TypeName for ListFilter<F> {
    fn type_name() -> Cow<'static, str> {
        format!("{}ListFilter", F::Entity::TYPE).into()
    }
}

impl<F: Filter> On for ListFilter<F> {
    fn on(&self, operation: &Arc<Operation>, left: Expr) -> Result<Condition> {
        let parent = Expr::col(Alias::new("customer_id"));
        let rows = self.some.condition(operation)?;
        Ok(is_among::<F::Entity>(left, parent, operation, rows).into_condition())
    }

    fn tagged(&self, values: &mut Tagged) {
        self.some.tagged(values);
    }
}
