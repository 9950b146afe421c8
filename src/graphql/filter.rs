//! Conditions that clients can put on lists. Which fields may be filtered by is the policy's business, checked before
//! anything runs; here a condition becomes SQL.

use async_graphql::InputObject;
use custodian_entity::id::TypedId;
use sea_orm::{ColumnTrait, Condition};

use super::choice::{Choice, Set};
use super::id::Gid;
use super::scalar::{BigInt, Date, DateTime};

/// At most this many alternatives.
const MAX_ALTERNATIVES: usize = 100;

/// A condition on one column.
pub trait On {
    /// The condition on this column.
    fn on<C: ColumnTrait>(&self, column: C) -> Condition;
}

/// Adds a condition, if one was given.
pub fn on<C: ColumnTrait, F: On>(column: C, filter: Option<&F>) -> Condition {
    filter.map_or_else(Condition::all, |filter| filter.on(column))
}

fn any_of<C: ColumnTrait, V: Into<sea_orm::Value>>(
    column: C,
    eq: Option<V>,
    one_of: Option<Vec<V>>,
) -> Condition {
    let alternatives = one_of.map(|values| column.is_in(values.into_iter().take(MAX_ALTERNATIVES)));
    Condition::all().add_option(eq.map(|value| column.eq(value))).add_option(alternatives)
}

/// A condition on a text.
#[derive(Clone, Debug, InputObject)]
pub struct StringFilter {
    /// Equal to.
    #[graphql(validator(max_length = 200))]
    pub eq: Option<String>,
    /// One of; at most 100.
    #[graphql(name = "in", validator(max_items = 100))]
    pub one_of: Option<Vec<String>>,
}

impl On for StringFilter {
    fn on<C: ColumnTrait>(&self, column: C) -> Condition {
        any_of(column, self.eq.clone(), self.one_of.clone())
    }
}

/// A condition on a truth value.
#[derive(Clone, Debug, InputObject)]
pub struct BooleanFilter {
    /// Equal to.
    pub eq: Option<bool>,
}

impl On for BooleanFilter {
    fn on<C: ColumnTrait>(&self, column: C) -> Condition {
        any_of(column, self.eq, None)
    }
}

/// A condition on whether there is a value.
impl BooleanFilter {
    /// True where the column has a value.
    pub fn on_presence<C: ColumnTrait>(&self, column: C) -> Condition {
        let present = |wanted| if wanted { column.is_not_null() } else { column.is_null() };
        Condition::all().add_option(self.eq.map(present))
    }
}

/// A condition on an id.
#[derive(Clone, Debug, InputObject)]
pub struct IdFilter {
    /// Equal to.
    pub eq: Option<async_graphql::ID>,
    /// One of; at most 100.
    #[graphql(name = "in", validator(max_items = 100))]
    pub one_of: Option<Vec<async_graphql::ID>>,
}

impl IdFilter {
    /// The condition on a column that holds ids of one kind; an id of another kind equals none.
    pub fn on<T: TypedId + Into<sea_orm::Value>, C: ColumnTrait>(&self, column: C) -> Condition {
        let decode = |id: &async_graphql::ID| {
            T::decode(id).unwrap_or_else(|_| T::from_uuid(sea_orm::prelude::Uuid::nil()))
        };
        any_of(
            column,
            self.eq.as_ref().map(decode),
            self.one_of.as_ref().map(|ids| ids.iter().map(decode).collect()),
        )
    }
}

macro_rules! ranges {
    ($($(#[$doc:meta])* $name:ident of $scalar:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, InputObject)]
        pub struct $name {
            /// Equal to.
            pub eq: Option<$scalar>,
            /// This or later, this or more.
            pub gte: Option<$scalar>,
            /// Before, less than.
            pub lt: Option<$scalar>,
        }

        impl On for $name {
            fn on<C: ColumnTrait>(&self, column: C) -> Condition {
                Condition::all()
                    .add_option(self.eq.map(|value| column.eq(value.0)))
                    .add_option(self.gte.map(|value| column.gte(value.0)))
                    .add_option(self.lt.map(|value| column.lt(value.0)))
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

/// A condition on a value of a closed set.
#[derive(Clone, Debug)]
pub struct ChoiceFilter<E: Set> {
    eq: Option<Choice<E>>,
    one_of: Option<Vec<Choice<E>>>,
}

impl<E: Set> ChoiceFilter<E> {
    /// From the input objects that `choice_filters!` declares.
    pub fn new(eq: Option<Choice<E>>, one_of: Option<Vec<Choice<E>>>) -> Self {
        Self { eq, one_of }
    }
}

impl<E: Set> On for ChoiceFilter<E>
where
    E: Into<sea_orm::Value>,
{
    fn on<C: ColumnTrait>(&self, column: C) -> Condition {
        let one_of = self.one_of.as_ref().map(|values| values.iter().map(|value| value.0).collect());
        any_of(column, self.eq.map(|value| value.0), one_of)
    }
}

/// Declares the input objects that filter by an enum: `choice_filters! { StatusFilter of Status; }`.
#[macro_export]
macro_rules! choice_filters {
    ($($name:ident of $set:ty;)*) => {$(
        /// A condition on a value of a closed set.
        #[derive(Clone, Debug, async_graphql::InputObject)]
        pub struct $name {
            /// Equal to.
            pub eq: Option<$crate::graphql::Choice<$set>>,
            /// One of.
            #[graphql(name = "in")]
            pub one_of: Option<Vec<$crate::graphql::Choice<$set>>>,
        }

        impl $crate::graphql::filter::On for $name {
            fn on<C: sea_orm::ColumnTrait>(&self, column: C) -> sea_orm::Condition {
                $crate::graphql::filter::ChoiceFilter::new(self.eq, self.one_of.clone()).on(column)
            }
        }
    )*};
}

/// A condition on an id of one kind, as a typed argument.
pub fn id_is<T: TypedId + Into<sea_orm::Value>, C: ColumnTrait>(column: C, id: Option<Gid<T>>) -> Condition {
    Condition::all().add_option(id.map(|id| column.eq(id.0)))
}
