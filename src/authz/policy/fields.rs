//! Reads `fields.csv` (what each field holds: classification, category, mask) and `inputs.csv` (which right each
//! argument and input field needs).

use std::collections::BTreeMap;

use super::files::{PolicyError, each_line, lines, require_all};
use crate::authz::catalog::Catalog;
use crate::authz::table::Verb;

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFacts {
    /// `PUBLIC`, `INTERNAL`, `CONFIDENTIAL` or `RESTRICTED`.
    pub classification: String,
    /// `PII`, `AUTH`, `FINANCIAL`, `SERVICE`, `COMMUNICATION`, `DOCUMENT`, or none.
    pub category: Option<String>,
    /// The kind of its mask, or none where it has no partial form.
    pub mask: Option<String>,
}

/// What giving a value at a position needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum InputNeeds {
    /// No right of its own: paging, structure, or an id that row scope decides about.
    Nothing,
    /// A right on a field, or on each of several.
    Right(Verb, Vec<String>),
}

/// What each field of the schema holds, from the text of `fields.csv`.
///
/// # Errors
/// [`PolicyError`]: an unknown or malformed line, or a field that is missing.
pub fn read_facts(text: &str, catalog: &Catalog) -> Result<BTreeMap<String, FieldFacts>, PolicyError> {
    let mut findings = Vec::new();
    let facts = survey_facts(text, catalog, &mut findings);
    findings.into_iter().next().map_or(Ok(facts), Err)
}

pub(super) fn survey_facts(
    text: &str,
    catalog: &Catalog,
    findings: &mut Vec<PolicyError>,
) -> BTreeMap<String, FieldFacts> {
    const FILE: &str = "fields.csv";
    let lines = lines(FILE, text, findings);
    let mut facts = BTreeMap::new();
    each_line(FILE, &lines, findings, |_, words| {
        let [field, classification, category, mask] = *words else {
            return Err("expected: field, classification, category, mask".to_owned());
        };
        if catalog.field(field).is_none() {
            return Err(format!("unknown field {field}"));
        }
        if !["PUBLIC", "INTERNAL", "CONFIDENTIAL", "RESTRICTED"].contains(&classification) {
            return Err(format!("unknown classification {classification}"));
        }
        if !["-", "PII", "AUTH", "FINANCIAL", "SERVICE", "COMMUNICATION", "DOCUMENT"].contains(&category) {
            return Err(format!("unknown category {category}"));
        }
        let optional = |word: &str| (word != "-").then(|| word.to_owned());
        let described = FieldFacts {
            classification: classification.to_owned(),
            category: optional(category),
            mask: optional(mask),
        };
        match facts.insert(field.to_owned(), described) {
            Some(_) => Err(format!("{field} stands here twice")),
            None => Ok(()),
        }
    });
    let fields = catalog.field_ids().map(|field| catalog.field_name(field).to_owned());
    require_all(FILE, fields, |name| facts.contains_key(name), findings);
    facts
}

pub(super) fn survey_inputs(
    text: &str,
    catalog: &Catalog,
    findings: &mut Vec<PolicyError>,
) -> BTreeMap<String, InputNeeds> {
    const FILE: &str = "inputs.csv";
    let positions = catalog.positions();
    let lines = lines(FILE, text, findings);
    let mut inputs = BTreeMap::new();
    each_line(FILE, &lines, findings, |_, words| {
        let (position, needs) = match *words {
            [position, "-"] => (position, InputNeeds::Nothing),
            [position, verb, _, ..] => {
                let verb = match verb {
                    "query" => Verb::Query,
                    "lookup" => Verb::Lookup,
                    "create" => Verb::Create,
                    "update" => Verb::Update,
                    other => return Err(format!("unknown verb {other}")),
                };
                let fields: Vec<String> = words.iter().skip(2).map(|field| (*field).to_owned()).collect();
                if let Some(field) = fields.iter().find(|field| catalog.field(field).is_none()) {
                    return Err(format!("unknown field {field}"));
                }
                (position, InputNeeds::Right(verb, fields))
            }
            _ => return Err("expected: position, verb, fields; or: position, -".to_owned()),
        };
        if positions.binary_search_by(|known| known.as_str().cmp(position)).is_err() {
            return Err(format!("unknown argument or input field {position}"));
        }
        match inputs.insert(position.to_owned(), needs) {
            Some(_) => Err(format!("{position} stands here twice")),
            None => Ok(()),
        }
    });
    require_all(FILE, positions.iter().cloned(), |name| inputs.contains_key(name), findings);
    inputs
}
