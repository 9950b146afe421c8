//! Measures a document before anything of it runs: depth, aliases, directives, root fields, expanded selections, cost
//! with list sizes, and the conditions of filters. Each fragment is measured once, so that fragments spreading each other many times over are as
//! cheap to refuse as to write.

use std::collections::HashMap;

use async_graphql::Name;
use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};

use super::catalog::{Catalog, TypeIndex};
use super::conditions::Conditions;
use super::given::{Given, Sent};
use crate::config::Limits;
use crate::error::{Error, Result};

/// What one operation asks for. Counts are after expansion of fragments and saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Measure {
    // Fields directly under the root.
    root_fields: u64,
    // Nesting of fields.
    depth: u64,
    // Fields with an alias.
    aliases: u64,
    // Directives on fields and fragments.
    directives: u64,
    // Selected fields.
    fields: u64,
    // Lists nested under introspection.
    introspection: u64,
    // Fields, each times the size of the lists it stands in.
    cost: u64,
    // Of filters.
    conditions: Conditions,
    // Fields, inline fragments and spreads in each other.
    levels: u64,
    // Fragments spreading each other.
    spreads: u64,
}

/// How many rows a plain list (addresses, lines) is taken to have.
const PLAIN_LIST: u64 = 5;
/// Lists that are longer by nature.
const LONG_LISTS: [(&str, &str, u64); 2] = [("Role", "permissions", 500), ("Query", "accessMatrix", 4_000)];
/// Lists of the introspection types; each multiplies what is under it by the size of the schema.
const INTROSPECTION_LISTS: [&str; 4] = ["fields", "interfaces", "possibleTypes", "inputFields"];
/// How deep those may nest: the standard introspection query nests none in another.
const INTROSPECTION_DEPTH: u64 = 2;
/// Fragments in a document, and how deep they may spread each other: validation descends once for each.
const FRAGMENTS: u64 = 200;
const FRAGMENT_DEPTH: u64 = 30;
/// Fields, inline fragments and spreads in each other: whoever walks the document after us descends as deep.
const LEVELS: u64 = 100;
/// Variables of an operation.
const VARIABLES: u64 = 200;
/// How many rows a connection returns when not told.
pub const DEFAULT_PAGE: u64 = 25;

impl Measure {
    fn add(&mut self, other: Self) {
        self.root_fields = self.root_fields.saturating_add(other.root_fields);
        self.depth = self.depth.max(other.depth);
        self.introspection = self.introspection.max(other.introspection);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.fields = self.fields.saturating_add(other.fields);
        self.cost = self.cost.saturating_add(other.cost);
        self.conditions.add(other.conditions);
        self.levels = self.levels.max(other.levels);
        self.spreads = self.spreads.max(other.spreads);
    }

    /// Refuses what whoever walks the document after us would descend into too deep. Asked of each part as soon as it
    /// is measured, so that the answer does not depend on which fragment is measured first.
    fn within_levels(self) -> Result<Self> {
        if self.levels > LEVELS {
            let text = format!("levels: more than {LEVELS} in each other");
            return Err(Error::too_complex("levels", text));
        }
        if self.spreads > FRAGMENT_DEPTH {
            let text = format!("fragments spread each other more than {FRAGMENT_DEPTH} deep");
            return Err(Error::too_complex("fragments", text));
        }
        Ok(self)
    }
}

/// What there is to know of a document that may be run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    /// How many fields are directly under the root.
    pub(super) root_fields: u64,
    /// Fields, each times the size of the lists it stands in.
    pub(super) cost: u64,
}

/// Measures the operation and refuses it when a limit is passed.
///
/// # Errors
/// [`Error::TooComplex`] naming limit and measure; [`Error::BadInput`] when fragments form a cycle.
pub(super) fn measure(
    catalog: &Catalog,
    limits: &Limits,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    root: TypeIndex,
    given: Given<'_>,
) -> Result<Measured> {
    let too_many = |what: &'static str, measured: u64, limit: u64| {
        Error::too_complex(what, format!("{what}: {measured} asked for, {limit} allowed"))
    };
    let variable_definitions = operation.variable_definitions.len() as u64;
    let fragments = document.fragments.len() as u64;
    for (what, measured, limit) in
        [("variables", variable_definitions, VARIABLES), ("fragments", fragments, FRAGMENTS)]
    {
        if measured > limit {
            return Err(too_many(what, measured, limit));
        }
    }
    let mut meter =
        Meter { catalog, limits, document, given, fragments: HashMap::new(), open: Vec::new(), levels: 0 };
    // All of them, spread or not: validation looks at each.
    for name in document.fragments.keys() {
        meter.fragment(name)?;
    }
    let mut total = meter.selections(&operation.selection_set.node, Some(root))?;
    total.directives = total.directives.saturating_add(operation.directives.len() as u64);
    for (what, measured, limit) in [
        ("depth", total.depth, limits.depth),
        ("aliases", total.aliases, limits.aliases),
        ("directives", total.directives, limits.directives),
        ("root fields", total.root_fields, limits.root_fields),
        ("selected fields", total.fields, limits.fields),
        ("cost", total.cost, limits.cost),
        ("nested lists of introspection", total.introspection, INTROSPECTION_DEPTH),
    ] {
        if measured > limit {
            return Err(too_many(what, measured, limit));
        }
    }
    Ok(Measured { root_fields: total.root_fields, cost: total.cost })
}

struct Meter<'a> {
    catalog: &'a Catalog,
    limits: &'a Limits,
    document: &'a ExecutableDocument,
    given: Given<'a>,
    fragments: HashMap<&'a Name, Measure>,
    open: Vec<&'a Name>,
    levels: u64,
}

impl<'a> Meter<'a> {
    fn selections(&mut self, set: &'a SelectionSet, parent: Option<TypeIndex>) -> Result<Measure> {
        // Not deeper ourselves either, before anything is known of what is below.
        self.levels += 1;
        let here = Measure { levels: self.levels, spreads: self.open.len() as u64, ..Measure::default() };
        here.within_levels()?;
        let mut total = Measure::default();
        for item in &set.items {
            total.directives = total.directives.saturating_add(item.node.directives().len() as u64);
            match &item.node {
                Selection::Field(field) => total.add(self.field(&field.node, parent)?),
                Selection::InlineFragment(fragment) => {
                    let on = match &fragment.node.type_condition {
                        Some(condition) => self.catalog.type_named(condition.node.on.node.as_str()),
                        None => parent,
                    };
                    total.add(self.selections(&fragment.node.selection_set.node, on)?);
                }
                Selection::FragmentSpread(spread) => {
                    total.add(self.fragment(&spread.node.fragment_name.node)?)
                }
            }
            total.conditions.within(self.limits)?;
        }
        self.levels -= 1;
        total.levels += 1;
        total.within_levels()
    }

    fn fragment(&mut self, name: &'a Name) -> Result<Measure> {
        if let Some(known) = self.fragments.get(name) {
            return Ok(*known);
        }
        if self.open.contains(&name) {
            return Err(Error::bad_input("fragments spread each other in a circle"));
        }
        // The library would expand the spreads of all others before it noticed.
        let Some(fragment) = self.document.fragments.get(name) else {
            return Err(Error::bad_input("a fragment is spread that the document does not have"));
        };
        self.open.push(name);
        let on = self.catalog.type_named(fragment.node.type_condition.node.on.node.as_str());
        let mut measured = self.selections(&fragment.node.selection_set.node, on)?;
        self.open.pop();
        measured.spreads += 1;
        self.fragments.insert(name, measured);
        Ok(measured)
    }

    fn field(&mut self, field: &'a Field, parent: Option<TypeIndex>) -> Result<Measure> {
        let known =
            parent.and_then(|parent| self.catalog.output_type(parent).fields.get(field.name.node.as_str()));
        let below = self.selections(&field.selection_set.node, known.and_then(|known| known.returns))?;
        let rows = match known {
            Some(known) if known.arguments.contains_key("first") => self.page(field),
            Some(known) if known.arguments.contains_key("ids") => self.ids(field),
            Some(known) if known.is_list && !self.is_inside_connection(parent) => {
                self.plain_list(field, parent)
            }
            _ => 1,
        };
        let mut conditions = below.conditions;
        if let Some(known) = known {
            conditions.add(Conditions::of(self.catalog, self.limits, self.given, field, known)?);
        }
        let is_introspection_list =
            parent.is_none() && INTROSPECTION_LISTS.contains(&field.name.node.as_str());
        Ok(Measure {
            root_fields: 1,
            depth: below.depth + 1,
            aliases: below.aliases.saturating_add(u64::from(field.alias.is_some())),
            directives: below.directives,
            introspection: below.introspection + u64::from(is_introspection_list),
            fields: below.fields.saturating_add(1),
            cost: below.cost.saturating_mul(rows).saturating_add(1),
            conditions,
            levels: below.levels,
            spreads: below.spreads,
        })
    }

    /// `nodes` and `edges` were counted by the connection they stand in.
    fn is_inside_connection(&self, parent: Option<TypeIndex>) -> bool {
        parent.is_some_and(|parent| self.catalog.output_type(parent).name.ends_with("Connection"))
    }

    fn plain_list(&self, field: &Field, parent: Option<TypeIndex>) -> u64 {
        let owner = parent.map_or("", |parent| &self.catalog.output_type(parent).name);
        let listed = LONG_LISTS.iter().find(|(of, name, _)| *of == owner && field.name.node == *name);
        listed.map_or(PLAIN_LIST, |(_, _, rows)| *rows)
    }

    /// What an argument was given.
    fn argument(&self, field: &'a Field, name: &str) -> Option<Sent<'a>> {
        self.given.value(Sent::Literal(&field.get_argument(name)?.node))
    }

    /// How many ids are asked for; too many are refused where they are read.
    fn ids(&self, field: &'a Field) -> u64 {
        const MOST: usize = 100;
        let ids = self.argument(field, "ids").and_then(Sent::items);
        ids.map_or(MOST, |ids| ids.take(MOST + 1).count()) as u64
    }

    /// The page size asked for; nonsense is refused where the page is read.
    fn page(&self, field: &'a Field) -> u64 {
        let size = |name| self.argument(field, name).and_then(Sent::number);
        size("first").or_else(|| size("last")).unwrap_or(DEFAULT_PAGE)
    }
}
