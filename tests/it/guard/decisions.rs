//! Policies at random for the schema of [`super::zoo`].

use std::collections::BTreeMap;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use custodian::authz::Level;
use custodian::authz::catalog::Catalog;
use custodian::authz::policy::{Policy, PolicyFiles, ROLES};

use super::zoo::PERSONAL;

/// A compiled policy, and what was written into it.
pub struct Decided {
    /// The policy.
    pub policy: Policy,
    levels: BTreeMap<(&'static str, String), Level>,
}

impl Decided {
    /// The policy with this number: the same one at every call.
    pub async fn new(number: usize, catalog: &Arc<Catalog>) -> Self {
        let mut levels = BTreeMap::new();
        let mut files = PolicyFiles {
            policy: String::new(),
            fields: String::new(),
            inputs: String::new(),
            ..PolicyFiles::built_in()
        };
        for field in catalog.field_ids().map(|field| catalog.field_name(field)) {
            let mask = if PERSONAL.contains(&field) { "name" } else { "-" };
            writeln!(files.fields, "{field}, INTERNAL, -, {mask}").unwrap();
            for role in ROLES {
                let level = level(number, role, field);
                files.policy.push_str(&rule(number, role, field, level));
                levels.insert((role, field.to_owned()), level);
            }
        }
        for position in catalog.positions() {
            writeln!(files.inputs, "{position}, -").unwrap();
        }
        let policy = match Policy::load(&files, Arc::clone(catalog)).await {
            Ok(policy) => policy,
            Err(error) => panic!("the policy made here does not load: {error}"),
        };
        Self { policy, levels }
    }

    /// What was decided about a field for a role.
    pub fn level(&self, role: &'static str, field: &str) -> Level {
        let level = self.levels.get(&(role, field.to_owned()));
        *level.unwrap_or_else(|| panic!("the oracle asks about {field}, which the schema does not have"))
    }
}

/// A number below 100 that depends on nothing else.
fn percent(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish() % 100
}

/// Some roles are denied nothing, some every second field; operations are denied more rarely than what they return.
fn level(number: usize, role: &str, field: &str) -> Level {
    let is_operation = field.starts_with("Query.") || field.starts_with("Mutation.");
    let denied = match percent((number, role, "strictness")) {
        0..15 => 0,
        15..75 => 20,
        _ => 50,
    };
    let denied = if is_operation { denied / 2 } else { denied };
    match percent((number, role, field)) {
        below if below < denied => Level::Denied,
        below if below < denied + 30 && PERSONAL.contains(&field) => Level::Masked,
        _ => Level::Clear,
    }
}

/// The line of a decision. Of denials every second one is left to the default, except where no line would be left.
fn rule(number: usize, role: &str, field: &str, level: Level) -> String {
    let is_operation = field.starts_with("Query.") || field.starts_with("Mutation.");
    let (right, effect) = match level {
        Level::Clear if is_operation => ("execute", "allow"),
        Level::Denied if is_operation => ("execute", "deny"),
        Level::Clear => ("read", "allow"),
        Level::Masked => ("read:masked", "allow"),
        Level::Denied => ("read", "deny"),
    };
    if level == Level::Denied && role != ROLES[0] && percent((number, field, role, "default")) < 50 {
        return String::new();
    }
    format!("p, {role}, {field}, {right}, {effect}\n")
}
