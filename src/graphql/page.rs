//! Which part of a list: the Relay arguments, read and bounded, and the cursors they speak of.

use async_graphql::{Context, Enum};
use sea_orm::Value;
use sea_orm::prelude::Uuid;
use serde::{Deserialize, Serialize};

use crate::authz::InOperation;
use crate::authz::measure::DEFAULT_PAGE;
use crate::crypto::Sealer;
use crate::error::{Error, Result};

/// The largest page; from the configuration.
#[derive(Clone, Copy, Debug)]
pub struct MaxPageSize(pub u64);

/// Which way a list is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Enum)]
pub enum OrderDirection {
    /// Smallest or oldest first.
    #[default]
    Asc,
    /// Largest or newest first.
    Desc,
}

/// The part of a list that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Page {
    /// How many rows.
    pub size: u64,
    /// From the end of the list rather than from its front.
    pub from_end: bool,
    /// Only behind this place.
    pub after: Option<Place>,
    /// Only before this place.
    pub before: Option<Place>,
}

/// A place in an ordered list: the value it is ordered by, and the id that decides between equals.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// None where the list is ordered by id alone.
    pub value: Option<Key>,
    /// The row's id.
    pub id: Uuid,
}

/// A value that lists can be ordered by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Key {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A time.
    Time(chrono::DateTime<chrono::Utc>),
    /// A date.
    Date(chrono::NaiveDate),
}

impl Key {
    /// The key in a row's value; none for values of other types.
    pub fn of(value: Value) -> Option<Self> {
        match value {
            Value::String(Some(text)) => Some(Self::Text(text)),
            Value::BigInt(Some(number)) => Some(Self::Number(number)),
            Value::ChronoDateTimeUtc(Some(time)) => Some(Self::Time(time)),
            Value::ChronoDate(Some(date)) => Some(Self::Date(date)),
            _ => None,
        }
    }

    /// As a value to compare with.
    pub fn value(&self) -> Value {
        match self {
            Self::Text(text) => text.clone().into(),
            Self::Number(number) => (*number).into(),
            Self::Time(time) => (*time).into(),
            Self::Date(date) => (*date).into(),
        }
    }
}

/// Binds cursors to their list: who reads, which field with which filter and order.
#[derive(Clone, Debug)]
pub struct CursorSeal {
    bound_to: Vec<u8>,
}

impl CursorSeal {
    /// For the field of this type that is being resolved.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] without a viewer.
    pub fn of(ctx: &Context<'_>, owner: &str) -> Result<Self> {
        let identity = ctx.operation()?.identity()?;
        let mut bound_to =
            format!("{:?} {} {owner}.{}", identity.user, identity.role.name, ctx.field().name());
        let mut arguments = ctx.field().arguments().map_err(|_| Error::bad_input("malformed arguments"))?;
        // Another order of the same arguments, or one that is null, makes no other list.
        arguments.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (name, value) in arguments.into_iter().filter(|(_, value)| *value != async_graphql::Value::Null) {
            if !["first", "after", "last", "before"].contains(&name.as_str()) {
                bound_to.push_str(&format!(" {name}={value}"));
            }
        }
        Ok(Self { bound_to: bound_to.into_bytes() })
    }

    /// The cursor of a place.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn seal(&self, ctx: &Context<'_>, place: &Place) -> Result<String> {
        let bytes = serde_json::to_vec(place).map_err(Error::internal)?;
        sealer(ctx)?.seal(&self.bound_to, &bytes).ok_or_else(|| Error::bug("cannot seal a cursor"))
    }

    fn open(&self, ctx: &Context<'_>, cursor: &str) -> Result<Place> {
        let malformed = || Error::bad_input("the cursor is not one of this list");
        let bytes = sealer(ctx)?.open(&self.bound_to, cursor).ok_or_else(malformed)?;
        serde_json::from_slice(&bytes).map_err(|_| malformed())
    }
}

fn sealer<'a>(ctx: &Context<'a>) -> Result<&'a Sealer> {
    let sealer = ctx.data_opt::<std::sync::Arc<Sealer>>().ok_or_else(|| Error::bug("no key for cursors"))?;
    Ok(sealer)
}

impl Page {
    /// Reads the Relay arguments.
    ///
    /// # Errors
    /// [`Error::BadInput`] when they contradict each other, a size is out of bounds, or a cursor is not of this list.
    pub fn read(
        ctx: &Context<'_>,
        seal: &CursorSeal,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Result<Self> {
        let max = ctx.data_opt::<MaxPageSize>().map_or(100, |max| max.0);
        let (size, from_end) = match (first, last) {
            (Some(_), Some(_)) => return Err(Error::bad_input("give first or last, not both")),
            (Some(size), None) => (bounded("first", size, max)?, false),
            (None, Some(size)) => (bounded("last", size, max)?, true),
            (None, None) => (DEFAULT_PAGE.min(max), false),
        };
        let open = |cursor: Option<String>| cursor.map(|cursor| seal.open(ctx, &cursor)).transpose();
        Ok(Self { size, from_end, after: open(after)?, before: open(before)? })
    }
}

fn bounded(name: &str, size: i64, max: u64) -> Result<u64> {
    match u64::try_from(size) {
        Ok(size) if (1..=max).contains(&size) => Ok(size),
        _ => Err(Error::bad_input(format!("{name} lies between 1 and {max}"))),
    }
}
