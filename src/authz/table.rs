//! The compiled decisions: for each role, what it may do with each field, and which rows of each type it reaches.

use std::collections::BTreeMap;
use std::sync::Arc;

use custodian_entity::choice::Scope;

use super::catalog::{Catalog, FieldId, field_number};
use super::introspection::Shown;
use super::rows::limited;

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

impl Level {
    /// The right that gives it, as the rules write it.
    fn right(self) -> &'static str {
        match self {
            Self::Denied => "nothing",
            Self::Masked => "read:masked",
            Self::Clear => "read",
        }
    }

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Masked => "masked",
            Self::Clear => "clear",
        }
    }
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
    pub(super) reveal_freely: bool,
}

/// A role's decisions: a dense table indexed by field, and the reach by type.
#[derive(Debug)]
pub struct Rights {
    /// What the rules call the role.
    key: String,
    /// Its name for people.
    role: String,
    catalog: Arc<Catalog>,
    fields: Box<[FieldRights]>,
    rows: BTreeMap<String, Scope>,
    /// What the rules call the token scopes that narrow them; none where nothing does.
    narrowed_by: Option<Vec<String>>,
    shown: Shown,
}

impl Rights {
    pub(super) fn new(
        key: &str,
        role: &str,
        catalog: Arc<Catalog>,
        fields: Box<[FieldRights]>,
        rows: BTreeMap<String, Scope>,
    ) -> Self {
        let (key, role) = (key.to_owned(), role.to_owned());
        Self { key, role, catalog, fields, rows, narrowed_by: None, shown: Shown::default() }
    }

    /// The name of the role decided about.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// What the rules call it: a built-in role by its name, a tenant's own by its id.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// How the field may be shown. For a field of a root: clear when it may be executed.
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

    /// Whether it may be unmasked with a purpose alone, without a ticket or a check of who is calling.
    pub fn reveals_freely(&self, field: FieldId) -> bool {
        self.decided(field).reveal_freely
    }

    /// The schema decided about.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// How far the role reaches on rows of a type; none means no row.
    pub fn scope(&self, type_name: &str) -> Option<Scope> {
        self.rows.get(type_name).copied()
    }

    /// What these rights allow and the others, limited to a reach, do not; by name. Nobody gives more than he holds.
    pub fn beyond(&self, others: &Self, reach: Scope) -> Vec<String> {
        let mut beyond = Vec::new();
        for field in self.catalog.field_ids() {
            let (own, other) = (self.decided(field), others.decided(field));
            let name = self.catalog.field_name(field);
            // Content is had one by one and on record either way: what is no value cannot be browsed.
            let is_had_freely = other.reveal_freely && !self.catalog.is_leaf(field);
            if own.read > other.read && !is_had_freely {
                beyond.push(format!("{name} {}", own.read.right()));
            }
            let verbs = [
                ("create", own.create && !other.create),
                ("update", own.update && !other.update),
                // Who reads a field in clear holds both ways to a single value of it.
                ("lookup", own.lookup && !other.lookup && other.read != Level::Clear),
                ("reveal", own.reveal && !other.reveal && other.read != Level::Clear),
                ("reveal:freely", own.reveal_freely && !other.reveal_freely && other.read != Level::Clear),
            ];
            beyond.extend(verbs.iter().filter(|(_, is)| *is).map(|(verb, _)| format!("{name} {verb}")));
        }
        for (type_name, own) in &self.rows {
            let other = others.scope(type_name).map(|other| limited(type_name, other, reach));
            if other.is_none_or(|other| *own > other) {
                beyond.push(format!("{type_name} rows:{}", format!("{own:?}").to_lowercase()));
            }
        }
        beyond
    }

    /// How far the role reaches on each type.
    pub fn scopes(&self) -> impl Iterator<Item = (&str, Scope)> {
        self.rows.iter().map(|(type_name, scope)| (type_name.as_str(), *scope))
    }

    /// Where the part of the schema that these rights can use is kept.
    pub(super) fn shown(&self) -> &Shown {
        &self.shown
    }

    /// The decisions by field.
    pub(super) fn fields(&self) -> &[FieldRights] {
        &self.fields
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
        let all = FieldRights {
            read: Level::Clear,
            lookup: true,
            create: true,
            update: true,
            reveal: true,
            reveal_freely: true,
        };
        let fields = vec![all; catalog.len()].into_boxed_slice();
        Self::new("everything", "everything", catalog, fields, BTreeMap::new())
    }

    /// No rights at all.
    pub fn nothing(catalog: Arc<Catalog>) -> Self {
        let fields = vec![FieldRights::default(); catalog.len()].into_boxed_slice();
        Self::new("nobody", "nobody", catalog, fields, BTreeMap::new())
    }
}

impl FieldRights {
    /// What either allows.
    fn or(self, other: Self) -> Self {
        Self {
            read: self.read.max(other.read),
            lookup: self.lookup || other.lookup,
            create: self.create || other.create,
            update: self.update || other.update,
            reveal: self.reveal || other.reveal,
            reveal_freely: self.reveal_freely || other.reveal_freely,
        }
    }

    /// What both allow.
    fn and(self, other: Self) -> Self {
        Self {
            read: self.read.min(other.read),
            lookup: self.lookup && other.lookup,
            create: self.create && other.create,
            update: self.update && other.update,
            reveal: self.reveal && other.reveal,
            reveal_freely: self.reveal_freely && other.reveal_freely,
        }
    }
}

impl Rights {
    /// These rights as far as one of these token scopes allows as much: never more, and nothing without a scope.
    pub(super) fn within(&self, scopes: &[&Self]) -> Self {
        let mut fields = self.fields.clone();
        for field in self.catalog.field_ids() {
            let allowed = scopes.iter().map(|scope| scope.decided(field));
            if let Some(own) = fields.get_mut(usize::from(field.0)) {
                *own = own.and(allowed.fold(FieldRights::default(), FieldRights::or));
            }
        }
        let rows = self.rows.iter().filter_map(|(type_name, own)| {
            let allowed = scopes.iter().filter_map(|scope| scope.scope(type_name)).max()?;
            Some((type_name.clone(), allowed.min(*own)))
        });
        let narrowed_by = Some(scopes.iter().map(|scope| scope.key.clone()).collect());
        let rights = Self::new(&self.key, &self.role, self.catalog.clone(), fields, rows.collect());
        Self { narrowed_by, ..rights }
    }

    /// What the rules call the token scopes that narrow these rights; none where nothing does.
    pub(super) fn narrowed_by(&self) -> Option<&[String]> {
        self.narrowed_by.as_deref()
    }

    /// The same rights without those on these fields.
    pub(super) fn without(&self, names: &[&str]) -> Self {
        let fields = names.iter().filter_map(|name| self.catalog.field(name));
        self.changed(fields, |rights| *rights = FieldRights::default())
    }

    /// The same rights, in which those of these fields that may be unmasked are clear.
    pub fn revealing(&self, fields: &[FieldId]) -> Self {
        self.changed(fields.iter().copied(), |rights| {
            if rights.reveal {
                rights.read = Level::Clear;
            }
        })
    }

    fn changed(&self, these: impl Iterator<Item = FieldId>, change: impl Fn(&mut FieldRights)) -> Self {
        let mut fields = self.fields.clone();
        for field in these {
            if let Some(rights) = fields.get_mut(usize::from(field.0)) {
                change(rights);
            }
        }
        let narrowed_by = self.narrowed_by.clone();
        let changed = Self::new(&self.key, &self.role, self.catalog.clone(), fields, self.rows.clone());
        Self { narrowed_by, ..changed }
    }

    /// The level of a field by its name; an unknown name is denied.
    pub fn level_by_name(&self, name: &str) -> Level {
        self.catalog.field(name).map_or(Level::Denied, |field| self.level(field))
    }
}
