//! Counts the conditions in the filters of a field before anything runs: each costs the database something, and one on
//! other rows costs it a search of its own.
//!
//! Counting stops at the limit: a variable of a megabyte may stand in a thousand fields.

use async_graphql::parser::types::Field;

use super::catalog::{Catalog, OutputField};
use super::given::{Given, Sent};
use crate::config::Limits;
use crate::error::{Error, Result};

/// Input objects whose name ends so are conditions on rows or values. They stand in arguments and in each other.
const FILTER: &str = "Filter";
/// Those in which conditions on other rows stand: on the row a link leads to, on those that hang off a row.
const LINKS: [&str; 2] = ["LinkFilter", "ListFilter"];
/// How deep conditions may stand in each other.
const DEPTH: u64 = 10;

/// How many conditions there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Conditions {
    count: u64,
    on_other_rows: u64,
    depth: u64,
}

impl Conditions {
    /// Those of one field.
    ///
    /// # Errors
    /// [`Error::TooComplex`] when these alone are more than there may be.
    pub(super) fn of(
        catalog: &Catalog,
        limits: &Limits,
        given: Given<'_>,
        field: &Field,
        known: &OutputField,
    ) -> Result<Self> {
        let mut counter = Counter { catalog, limits, given, found: Self::default(), depth: 0 };
        for (name, value) in &field.arguments {
            if let Some(type_name) = known.arguments.get(name.node.as_str()) {
                counter.position(type_name, Sent::Literal(&value.node))?;
            }
        }
        Ok(counter.found)
    }

    pub(super) fn add(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.on_other_rows = self.on_other_rows.saturating_add(other.on_other_rows);
        self.depth = self.depth.max(other.depth);
    }

    /// That there are no more than there may be in one operation.
    ///
    /// # Errors
    /// [`Error::TooComplex`] naming the limit.
    pub(super) fn within(self, limits: &Limits) -> Result<()> {
        let measured = [
            ("filters", self.count, limits.filters),
            ("filters on other rows", self.on_other_rows, limits.filters_on_other_rows),
            ("filters in each other", self.depth, DEPTH),
        ];
        match measured.into_iter().find(|(_, measured, limit)| measured > limit) {
            Some((what, _, limit)) => {
                Err(Error::too_complex(what, format!("{what}: more than {limit} asked for")))
            }
            None => Ok(()),
        }
    }
}

struct Counter<'a> {
    catalog: &'a Catalog,
    limits: &'a Limits,
    given: Given<'a>,
    found: Conditions,
    depth: u64,
}

impl Counter<'_> {
    /// What is given where a value of this type is expected: a condition, a list of them, or nothing.
    fn position(&mut self, type_name: &str, value: Sent<'_>) -> Result<()> {
        let Some(value) = self.given.value(value).filter(|value| !value.is_null()) else { return Ok(()) };
        if !type_name.ends_with(FILTER) {
            return Ok(());
        }
        match value.items() {
            Some(mut items) => items.try_for_each(|item| self.condition(type_name, item)),
            None => self.condition(type_name, value),
        }
    }

    /// One condition with those in it. Whatever else an item of a list is counts as well, so that no list is read on
    /// and on.
    fn condition(&mut self, type_name: &str, value: Sent<'_>) -> Result<()> {
        self.depth += 1;
        self.found.count += 1;
        self.found.depth = self.found.depth.max(self.depth);
        self.found.within(self.limits)?;
        let catalog = self.catalog;
        let is_link = LINKS.iter().any(|link| type_name.ends_with(link));
        let value = self.given.value(value);
        for (name, member_type) in catalog.input(type_name).into_iter().flatten() {
            let Some(member) = value.and_then(|value| value.member(name)) else { continue };
            let before = self.found.count;
            self.position(member_type, member)?;
            self.found.on_other_rows += u64::from(is_link && self.found.count > before);
        }
        self.depth -= 1;
        Ok(())
    }
}
