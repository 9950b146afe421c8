//! The compiled decisions: for each role, what it may do with each field, and which rows of each type it reaches.

use std::collections::BTreeMap;
use std::sync::Arc;

use custodian_entity::choice::Scope;

use super::catalog::{Catalog, FieldId, field_number};

/// How a value may be shown. Ordered: a higher level shows more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Not at all.
    #[default]
    Denied,
    /// In its partial form.
    Masked,
    /// As it is.
    Clear,
}

/// What may be done with a field besides reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Filter, sort, group or aggregate by it: allowed where it is read in clear.
    Query,
    /// Find a row by its exact value.
    Lookup,
    /// Give it when creating.
    Create,
    /// Give it when changing.
    Update,
    /// Unmask it on one row, with a purpose.
    Reveal,
}

/// A role's decisions about one field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FieldRights {
    pub(super) read: Level,
    pub(super) lookup: bool,
    pub(super) create: bool,
    pub(super) update: bool,
    pub(super) reveal: bool,
}

/// A role's decisions: a dense table indexed by field, and the reach by type.
#[derive(Debug)]
pub struct Rights {
    pub(super) role: String,
    pub(super) catalog: Arc<Catalog>,
    pub(super) fields: Box<[FieldRights]>,
    pub(super) rows: BTreeMap<String, Scope>,
}

impl Rights {
    /// The role decided about.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// How the field may be shown. For a field of `Query` or `Mutation`: clear when it may be executed.
    pub fn level(&self, field: FieldId) -> Level {
        self.decided(field).read
    }

    /// The level of the field that a compiled resolver names by number; an unknown number is denied.
    pub(super) fn level_of_number(&self, number: u64) -> Level {
        self.catalog.field_by_number(number).map_or(Level::Denied, |field| self.level(field))
    }

    /// Whether the field may be used so.
    pub fn allows(&self, verb: Verb, field: FieldId) -> bool {
        let rights = self.decided(field);
        match verb {
            Verb::Query => rights.read == Level::Clear,
            Verb::Lookup => rights.lookup,
            Verb::Create => rights.create,
            Verb::Update => rights.update,
            Verb::Reveal => rights.reveal,
        }
    }

    /// How far the role reaches on rows of a type; none means no row.
    pub fn scope(&self, type_name: &str) -> Option<Scope> {
        self.rows.get(type_name).copied()
    }

    fn decided(&self, field: FieldId) -> FieldRights {
        self.fields.get(usize::from(field.0)).copied().unwrap_or_default()
    }
}

/// Names a field in a compiled resolver.
pub const fn field(name: &str) -> u64 {
    field_number(name)
}

impl Rights {
    /// Rights under which every field is clear: no role has them.
    pub(super) fn everything(catalog: Arc<Catalog>) -> Self {
        let all = FieldRights { read: Level::Clear, lookup: true, create: true, update: true, reveal: true };
        let fields = vec![all; catalog.len()].into_boxed_slice();
        Self { role: "everything".to_owned(), catalog, fields, rows: BTreeMap::new() }
    }
}

impl Rights {
    /// The same rights without those on these fields.
    pub(super) fn without(&self, names: &[&str]) -> Self {
        let mut fields = self.fields.clone();
        for field in names.iter().filter_map(|name| self.catalog.field(name)) {
            if let Some(rights) = fields.get_mut(usize::from(field.0)) {
                *rights = FieldRights::default();
            }
        }
        Self { role: self.role.clone(), catalog: self.catalog.clone(), fields, rows: self.rows.clone() }
    }

    /// The level of a field by its name; an unknown name is denied.
    pub fn level_by_name(&self, name: &str) -> Level {
        self.catalog.field(name).map_or(Level::Denied, |field| self.level(field))
    }
}
