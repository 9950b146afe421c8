//! Who gains and loses what from one policy to another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::explain::Question;
use super::{Policy, scope_word};
use crate::authz::table::{Level, Rights};

/// One thing that a role may do in one policy and not, or less, in another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Whose right it is.
    pub role: String,
    /// `Type.field`, a type whose rows are reached, or an argument or input field.
    pub subject: String,
    /// The right: a [`Question`]'s word, `rows`, or `give` for an argument or input field.
    pub right: &'static str,
    /// What it was.
    pub before: &'static str,
    /// What it is.
    pub after: &'static str,
    /// Whether it is more than it was.
    pub gains: bool,
}

/// The changes from one policy to another for the same schema, by role and token scope.
pub fn diff(old: &Policy, new: &Policy) -> Vec<Change> {
    let nothing = Arc::new(Rights::nothing(new.catalog.clone()));
    let decided = |policy: &Policy| -> BTreeMap<String, Arc<Rights>> {
        policy.decided().map(|rights| (rights.key().to_owned(), rights.clone())).collect()
    };
    let (before, after) = (decided(old), decided(new));
    let roles: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut changes = Vec::new();
    for role in roles {
        let rights = [&before, &after].map(|decided| decided.get(role).unwrap_or(&nothing));
        let sides = [(old, rights[0]), (new, rights[1])];
        let mut note = |subject: &str, right, [before, after]: [(usize, &'static str); 2]| {
            if before != after {
                changes.push(Change {
                    role: role.clone(),
                    subject: subject.to_owned(),
                    right,
                    before: before.1,
                    after: after.1,
                    gains: after > before,
                });
            }
        };
        for field in new.catalog.field_ids() {
            let name = new.catalog.field_name(field);
            for question in Question::about(name).iter().filter(|question| **question != Question::Query) {
                note(
                    name,
                    question.word(),
                    rights.map(|rights| answer(*question, question.answer(rights, field))),
                );
            }
        }
        let types: BTreeSet<&str> =
            sides.iter().flat_map(|(_, rights)| rights.scopes().map(|(name, _)| name)).collect();
        for type_name in types {
            let word = |(_, rights): (&Policy, &Arc<Rights>)| {
                rights.scope(type_name).map_or((0, "none"), |scope| (1 + scope as usize, scope_word(scope)))
            };
            note(type_name, "rows", sides.map(word));
        }
        // What is given by a right of a field changes with the field; here is what needs another right than before.
        for position in old.inputs.keys().filter(|position| old.needs(position) != new.needs(position)) {
            let may = |(policy, rights): (&Policy, &Arc<Rights>)| match policy.needs(position) {
                Some(needs) if needs.is_met_by(rights) => (1, "yes"),
                _ => (0, "no"),
            };
            note(position, "give", sides.map(may));
        }
    }
    changes.sort();
    changes
}

fn answer(question: Question, level: Level) -> (usize, &'static str) {
    let word = match (question, level) {
        (Question::Read, level) => level.word(),
        (_, Level::Denied) => "no",
        (_, Level::Masked | Level::Clear) => "yes",
    };
    (level as usize, word)
}
