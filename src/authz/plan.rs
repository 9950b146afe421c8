//! What the guard decided about one operation, and how a refusal reads.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::{ErrorExtensionValues, Name, Response, ServerError};

use super::argument::Refused;
use super::catalog::{Catalog, FieldId, LIVE, TypeIndex};
use super::policy::Question;
use super::table::{Level, Rights};
use crate::error::{Error, code};

/// The masked and denied fields of one operation.
#[derive(Debug, Default)]
pub struct Plan {
    shown: BTreeSet<FieldId>,
    masked: BTreeSet<FieldId>,
    denied: Vec<FieldId>,
    /// What stands in for what: the place of the denied field, and the client's key.
    stand_ins: BTreeMap<Name, (usize, Name)>,
}

/// Keys that stand in for denied fields begin so; no alias of a client does.
const STAND_IN: &str = "__d";

impl Plan {
    /// Notes a field that is shown at this level.
    pub(super) fn show(&mut self, field: FieldId, level: Level) {
        self.shown.insert(field);
        if level == Level::Masked {
            self.masked.insert(field);
        }
    }

    /// Notes a denied field and gives the key that stands in for it: the same for the same field and key, so that
    /// repeated selections still merge.
    pub(super) fn deny(&mut self, field: FieldId, key: &Name) -> Name {
        let number = self.denied.iter().position(|denied| *denied == field).unwrap_or_else(|| {
            self.denied.push(field);
            self.denied.len() - 1
        });
        let stand_in = Name::new(format!("{STAND_IN}{number}_{key}"));
        self.stand_ins.insert(stand_in.clone(), (number, key.clone()));
        stand_in
    }

    /// What a key stands in for: the place of the denied field, and the client's key.
    pub(super) fn stand_in(&self, key: &str) -> Option<(usize, &Name)> {
        // Asked for every key of every row: few begin so.
        let stand_in = key.starts_with(STAND_IN).then(|| self.stand_ins.get(key))??;
        Some((stand_in.0, &stand_in.1))
    }

    /// Whether any field is denied.
    pub fn denies(&self) -> bool {
        !self.denied.is_empty()
    }

    /// The denied fields in the order in which the document names them.
    pub fn denied(&self) -> &[FieldId] {
        &self.denied
    }

    /// The fields that are shown, in clear or masked.
    pub fn shown(&self) -> impl Iterator<Item = FieldId> + '_ {
        self.shown.iter().copied()
    }

    /// The fields that are shown in clear.
    pub fn clear(&self) -> impl Iterator<Item = FieldId> + '_ {
        self.shown.difference(&self.masked).copied()
    }

    /// The operations that were asked for, fields of a root, granted or not.
    pub fn operations<'a>(&self, catalog: &'a Catalog) -> BTreeSet<&'a str> {
        operations(catalog, self.shown.iter().chain(&self.denied))
    }

    /// The masked fields, by name.
    pub fn masked(&self) -> impl Iterator<Item = FieldId> + '_ {
        self.masked.iter().copied()
    }

    /// The denied fields of one type.
    pub(super) fn denied_of(&self, catalog: &Catalog, owner: TypeIndex) -> Vec<FieldId> {
        let owner = &catalog.output_type(owner).name;
        let is_of =
            |field: &FieldId| catalog.field_name(*field).split_once('.').is_some_and(|(of, _)| of == owner);
        self.denied.iter().copied().filter(is_of).collect()
    }
}

/// Those of these fields that are operations, by their names alone.
fn operations<'a, 'f>(
    catalog: &'a Catalog,
    fields: impl IntoIterator<Item = &'f FieldId>,
) -> BTreeSet<&'a str> {
    let names = fields.into_iter().filter_map(|field| catalog.field_name(*field).split_once('.'));
    names.filter(|(owner, _)| ["Query", "Mutation", LIVE].contains(owner)).map(|(_, name)| name).collect()
}

/// Why nothing of an operation runs. Each entry becomes one error of the answer.
#[derive(Debug)]
pub struct Refusal {
    entries: Vec<ServerError>,
    /// The fields it is about, and what was asked of each; none when the document itself is at fault.
    pub denied: Vec<(FieldId, Question)>,
    /// The operations that were asked for, fields of a root.
    pub operations: Vec<String>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        error.log();
        let mut entry = entry(error.code(), error.public_message(), None);
        if let Some(seconds) = error.retry_after() {
            entry.extensions.get_or_insert_default().set("retryAfter", seconds);
        }
        Self { entries: vec![entry], denied: Vec::new(), operations: Vec::new() }
    }
}

impl Refusal {
    /// The document does not parse. The parser's own words repeat the document, so only the place is told.
    pub(super) fn unparsable(error: async_graphql::parser::Error) -> Self {
        let mut entry = entry(code::BAD_USER_INPUT, "the document is not valid GraphQL".to_owned(), None);
        entry.locations = error.positions().collect();
        Self { entries: vec![entry], denied: Vec::new(), operations: Vec::new() }
    }

    /// The caller may execute nothing of it. Who is not signed in is asked to sign in, whatever he asked for.
    pub(super) fn operation(catalog: &Catalog, rights: &Rights, fields: &[FieldId]) -> Self {
        let denied = fields.iter().map(|field| (*field, Question::Execute)).collect();
        if rights.role() == "anonymous" {
            return Self { denied, ..Error::Unauthenticated.into() };
        }
        let forbidden = |field: &FieldId| {
            let field = catalog.field_name(*field);
            let message = format!("{field} is not available to the role {}", rights.role());
            entry(code::FORBIDDEN, message, Some(field))
        };
        let operations = operations(catalog, fields).into_iter().map(str::to_owned).collect();
        Self { entries: fields.iter().map(forbidden).collect(), denied, operations }
    }

    pub(super) fn arguments(catalog: &Catalog, plan: &Plan, refused: &BTreeSet<Refused>) -> Self {
        let named = |refused: &Refused| {
            let field = catalog.field_name(refused.field());
            entry(refused.code(), refused.message(field), Some(field))
        };
        let denied = refused.iter().map(|refused| (refused.field(), refused.question())).collect();
        let operations = plan.operations(catalog).into_iter().map(str::to_owned).collect();
        Self { entries: refused.iter().map(named).collect(), denied, operations }
    }

    /// The answer: errors and no data.
    pub fn into_response(self) -> Response {
        Response::from_errors(self.entries)
    }
}

pub(super) fn entry(code: &str, message: String, field: Option<&str>) -> ServerError {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
    if let Some(field) = field {
        extensions.set("field", field);
    }
    let mut error = ServerError::new(message, None);
    error.extensions = Some(extensions);
    error
}
