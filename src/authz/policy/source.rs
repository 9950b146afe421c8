//! Reads the policy files and checks that every name in them exists. Errors name file and line.
//!
//! - `model.conf`: the casbin model.
//! - `policy.csv`: `p, role, field or group, right, allow|deny`; `g, role, role set`; `g2, field, group`;
//!   `g3, right, right that includes it`.
//! - `fields.csv`: what each field holds: classification, category, mask.
//! - `inputs.csv`: which right each argument and input field needs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::authz::catalog::Catalog;
use crate::authz::table::Verb;

/// The roles the product knows; `anonymous` is who has not signed in.
pub const ROLES: [&str; 8] = [
    "system_admin",
    "tenant_admin",
    "support_agent",
    "billing_manager",
    "network_engineer",
    "reseller",
    "customer",
    "anonymous",
];

/// The rights a rule can give.
pub(super) const RIGHTS: [&str; 12] = [
    "read",
    "read:masked",
    "execute",
    "create",
    "update",
    "lookup",
    "reveal",
    "rows:own",
    "rows:assigned",
    "rows:reseller",
    "rows:tenant",
    "rows:all",
];

/// The effect that lets an exception refuse what a group allows. casbin panics on effects it does not know.
const EFFECT: &str = "some(where (p.eft == allow)) && !some(where (p.eft == deny))";

/// The policy cannot be used. One line, naming file and line.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file cannot be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// Which file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// A line is wrong.
    #[error("{file}:{line}: {problem}")]
    Line {
        /// Which file.
        file: &'static str,
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// Something is missing as a whole.
    #[error("policy: {0}")]
    Incomplete(String),
    /// casbin refuses it.
    #[error("policy: {0}")]
    Casbin(#[from] casbin::Error),
}

/// The texts of the four files.
#[derive(Clone, Debug)]
pub struct PolicyFiles {
    /// `model.conf`
    pub model: String,
    /// `policy.csv`
    pub policy: String,
    /// `fields.csv`
    pub fields: String,
    /// `inputs.csv`
    pub inputs: String,
}

impl PolicyFiles {
    /// The policy that is part of the program.
    pub fn built_in() -> Self {
        Self {
            model: include_str!("../../../policy/model.conf").to_owned(),
            policy: include_str!("../../../policy/policy.csv").to_owned(),
            fields: include_str!("../../../policy/fields.csv").to_owned(),
            inputs: include_str!("../../../policy/inputs.csv").to_owned(),
        }
    }

    /// The policy in a folder that holds all four files.
    ///
    /// # Errors
    /// [`PolicyError::Unreadable`], naming the file.
    pub fn from_folder(folder: &Path) -> Result<Self, PolicyError> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path)
                .map_err(|source| PolicyError::Unreadable { file: path.display().to_string(), source })
        };
        Ok(Self {
            model: read("model.conf")?,
            policy: read("policy.csv")?,
            fields: read("fields.csv")?,
            inputs: read("inputs.csv")?,
        })
    }
}

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
    /// A right on a field.
    Right(Verb, String),
}

/// The policy, read and checked, not yet compiled.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) model: String,
    pub(super) rules: Vec<Vec<String>>,
    pub(super) role_sets: Vec<Vec<String>>,
    pub(super) groups: Vec<Vec<String>>,
    pub(super) rights: Vec<Vec<String>>,
    pub(super) facts: BTreeMap<String, FieldFacts>,
    pub(super) inputs: BTreeMap<String, InputNeeds>,
}

/// A CSV line with its number.
type Line = (u64, Vec<String>);

fn lines(file: &'static str, text: &str) -> Result<Vec<Line>, PolicyError> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| PolicyError::Line {
            file,
            line: error.position().map_or(0, csv::Position::line),
            problem: "not a line of comma-separated values".to_owned(),
        })?;
        let number = record.position().map_or(0, csv::Position::line);
        lines.push((number, record.iter().map(str::to_owned).collect()));
    }
    Ok(lines)
}

impl Source {
    /// Reads the files against the schema.
    pub(super) fn read(files: &PolicyFiles, catalog: &Catalog) -> Result<Self, PolicyError> {
        let effects = files.model.split("[policy_effect]").nth(1).unwrap_or_default();
        let effects = effects.lines().map(str::trim).take_while(|line| !line.starts_with('['));
        let mut effects = effects.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let effect = effects
            .next()
            .and_then(|line| line.split_once('='))
            .map(|(name, effect)| (name.trim(), effect.trim()));
        if effect != Some(("e", EFFECT)) || effects.next().is_some() {
            return Err(PolicyError::Incomplete(format!("model.conf: policy_effect must be: e = {EFFECT}")));
        }
        let mut source = Self {
            model: files.model.clone(),
            rules: Vec::new(),
            role_sets: Vec::new(),
            groups: Vec::new(),
            rights: Vec::new(),
            facts: read_facts(&files.fields, catalog)?,
            inputs: read_inputs(&files.inputs, catalog)?,
        };
        source.read_policy(&files.policy, catalog)?;
        source.require_decided(catalog)?;
        Ok(source)
    }

    fn read_policy(&mut self, text: &str, catalog: &Catalog) -> Result<(), PolicyError> {
        const FILE: &str = "policy.csv";
        let lines = lines(FILE, text)?;
        let second = |kind: &str| -> BTreeSet<String> {
            let of_kind = lines.iter().filter(|(_, line)| line.first().is_some_and(|first| first == kind));
            of_kind.filter_map(|(_, line)| line.get(2).cloned()).collect()
        };
        let (role_sets, groups, rights) = (second("g"), second("g2"), second("g3"));
        let types: BTreeSet<&str> = catalog
            .field_ids()
            .filter_map(|field| catalog.field_name(field).split_once('.').map(|(owner, _)| owner))
            .collect();
        for (line, tokens) in lines {
            let fail = |problem: String| PolicyError::Line { file: FILE, line, problem };
            let words: Vec<&str> = tokens.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["p", role, object, right, effect] => {
                    if !ROLES.contains(role) && !role_sets.contains(*role) {
                        return Err(fail(format!("unknown role {role}")));
                    }
                    let is_rows = right.starts_with("rows:");
                    let known = if is_rows {
                        types.contains(object)
                    } else {
                        groups.contains(*object) || catalog.field(object).is_some()
                    };
                    if !known {
                        let what = if is_rows { "type" } else { "field or group" };
                        return Err(fail(format!("unknown {what} {object}")));
                    }
                    if !RIGHTS.contains(right) && !rights.contains(*right) {
                        return Err(fail(format!("unknown right {right}")));
                    }
                    if !["allow", "deny"].contains(effect) {
                        return Err(fail(format!("the effect is allow or deny, not {effect}")));
                    }
                    self.rules.push(tokens[1..].to_vec());
                }
                ["g", role, set] => {
                    if !ROLES.contains(role) && !role_sets.contains(*role) {
                        return Err(fail(format!("unknown role {role}")));
                    }
                    if ROLES.contains(set) {
                        return Err(fail(format!("{set} is a role, not a set of roles")));
                    }
                    self.role_sets.push(tokens[1..].to_vec());
                }
                ["g2", field, group] => {
                    if catalog.field(field).is_none() {
                        return Err(fail(format!("unknown field {field}")));
                    }
                    // casbin keeps roles, groups and rights in one graph: a shared name would join them.
                    if role_sets.contains(*group) || ROLES.contains(group) || catalog.field(group).is_some() {
                        return Err(fail(format!("{group} names something else already")));
                    }
                    self.groups.push(tokens[1..].to_vec());
                }
                ["g3", right, _] => {
                    if !RIGHTS.contains(right) {
                        return Err(fail(format!("unknown right {right}")));
                    }
                    self.rights.push(tokens[1..].to_vec());
                }
                _ => return Err(fail("not a line of the form p, g, g2 or g3".to_owned())),
            }
        }
        Ok(())
    }

    /// Every field is covered by a rule, directly or through a group: an undecided field is refused at start.
    fn require_decided(&self, catalog: &Catalog) -> Result<(), PolicyError> {
        let objects: BTreeSet<&str> = self.rules.iter().map(|rule| rule[1].as_str()).collect();
        let mut decided: BTreeSet<&str> = objects.clone();
        for group in &self.groups {
            if objects.contains(group[1].as_str()) {
                decided.insert(&group[0]);
            }
        }
        let undecided: Vec<&str> = catalog
            .field_ids()
            .map(|field| catalog.field_name(field))
            .filter(|name| !decided.contains(name))
            .collect();
        if undecided.is_empty() {
            return Ok(());
        }
        Err(PolicyError::Incomplete(format!("policy.csv decides nothing about: {}", undecided.join(", "))))
    }
}

/// What each field of the schema holds, from the text of `fields.csv`.
///
/// # Errors
/// [`PolicyError`]: an unknown or malformed line, or a field that is missing.
pub fn read_facts(text: &str, catalog: &Catalog) -> Result<BTreeMap<String, FieldFacts>, PolicyError> {
    const FILE: &str = "fields.csv";
    let mut facts = BTreeMap::new();
    for (line, tokens) in lines(FILE, text)? {
        let fail = |problem: String| PolicyError::Line { file: FILE, line, problem };
        let words: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let [field, classification, category, mask] = words.as_slice() else {
            return Err(fail("expected: field, classification, category, mask".to_owned()));
        };
        if catalog.field(field).is_none() {
            return Err(fail(format!("unknown field {field}")));
        }
        if !["PUBLIC", "INTERNAL", "CONFIDENTIAL", "RESTRICTED"].contains(classification) {
            return Err(fail(format!("unknown classification {classification}")));
        }
        let optional = |word: &str| (word != "-").then(|| word.to_owned());
        let described = FieldFacts {
            classification: (*classification).to_owned(),
            category: optional(category),
            mask: optional(mask),
        };
        if facts.insert((*field).to_owned(), described).is_some() {
            return Err(fail(format!("{field} stands here twice")));
        }
    }
    require_all("fields.csv", catalog.field_ids().map(|field| catalog.field_name(field).to_owned()), &facts)?;
    Ok(facts)
}

fn read_inputs(text: &str, catalog: &Catalog) -> Result<BTreeMap<String, InputNeeds>, PolicyError> {
    const FILE: &str = "inputs.csv";
    let positions = catalog.positions();
    let mut inputs = BTreeMap::new();
    for (line, tokens) in lines(FILE, text)? {
        let fail = |problem: String| PolicyError::Line { file: FILE, line, problem };
        let words: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let (position, needs) = match words.as_slice() {
            [position, "-"] => (position, InputNeeds::Nothing),
            [position, verb, field] => {
                let verb = match *verb {
                    "query" => Verb::Query,
                    "lookup" => Verb::Lookup,
                    "create" => Verb::Create,
                    "update" => Verb::Update,
                    other => return Err(fail(format!("unknown verb {other}"))),
                };
                if catalog.field(field).is_none() {
                    return Err(fail(format!("unknown field {field}")));
                }
                (position, InputNeeds::Right(verb, (*field).to_owned()))
            }
            _ => return Err(fail("expected: position, verb, field; or: position, -".to_owned())),
        };
        if positions.binary_search_by(|known| known.as_str().cmp(position)).is_err() {
            return Err(fail(format!("unknown argument or input field {position}")));
        }
        if inputs.insert((*position).to_owned(), needs).is_some() {
            return Err(fail(format!("{position} stands here twice")));
        }
    }
    require_all(FILE, positions.into_iter(), &inputs)?;
    Ok(inputs)
}

fn require_all<T>(
    file: &str,
    needed: impl Iterator<Item = String>,
    given: &BTreeMap<String, T>,
) -> Result<(), PolicyError> {
    let missing: Vec<String> = needed.filter(|name| !given.contains_key(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(PolicyError::Incomplete(format!("{file} decides nothing about: {}", missing.join(", "))))
}
