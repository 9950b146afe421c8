//! Why a role may do something with a field, or may not: the rules that say something about it, the memberships through
//! which they do, and which of them decided.
//!
//! Read from the rules that the table is compiled from, as casbin reads them: nothing allows by default, and deny wins.
//! `tests/it/policy/oracle.rs` compares every answer with the table.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::compile::is_operation;
use super::rule::{Link, Rule, reach, way};
use super::source::Source;
use crate::authz::catalog::FieldId;
use crate::authz::table::{Level, Rights, Verb};

/// What can be asked about a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// How is it shown?
    Read,
    /// May lists be filtered or ordered by it?
    Query,
    /// May a row be found by its exact value?
    Lookup,
    /// May it be given when creating?
    Create,
    /// May it be given when changing?
    Update,
    /// May it be unmasked on one row, with a purpose?
    Reveal,
    /// May the operation be run?
    Execute,
}

impl Question {
    /// What can be asked about this field. An operation is executed, and nothing else.
    pub fn about(field: &str) -> &'static [Self] {
        if is_operation(field) {
            &[Self::Execute]
        } else {
            &[Self::Read, Self::Query, Self::Lookup, Self::Create, Self::Update, Self::Reveal]
        }
    }

    /// What decides how this field is shown: an operation is executed, anything else is read.
    pub fn shown(field: &str) -> Self {
        if is_operation(field) { Self::Execute } else { Self::Read }
    }

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Query => "query",
            Self::Lookup => "lookup",
            Self::Create => "create",
            Self::Update => "update",
            Self::Reveal => "reveal",
            Self::Execute => "execute",
        }
    }

    /// What the table answers: how much is allowed.
    pub fn answer(self, rights: &Rights, field: FieldId) -> Level {
        let allowed = match self {
            Self::Read | Self::Execute => return rights.level(field),
            Self::Query => rights.allows(Verb::Query, field),
            Self::Lookup => rights.allows(Verb::Lookup, field),
            Self::Create => rights.allows(Verb::Create, field),
            Self::Update => rights.allows(Verb::Update, field),
            Self::Reveal => rights.allows(Verb::Reveal, field),
        };
        if allowed { Level::Clear } else { Level::Denied }
    }

    /// The rights that answer it and how much each allows, the most first.
    pub(super) fn rights(self) -> &'static [(&'static str, Level)] {
        match self {
            Self::Read => &[("read", Level::Clear), ("read:masked", Level::Masked)],
            Self::Query => &[("read", Level::Clear)],
            Self::Lookup => &[("lookup", Level::Clear)],
            Self::Create => &[("create", Level::Clear)],
            Self::Update => &[("update", Level::Clear)],
            Self::Reveal => &[("reveal", Level::Clear)],
            Self::Execute => &[("execute", Level::Clear)],
        }
    }
}

impl From<Verb> for Question {
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Query => Self::Query,
            Verb::Lookup => Self::Lookup,
            Verb::Create => Self::Create,
            Verb::Update => Self::Update,
            Verb::Reveal => Self::Reveal,
        }
    }
}

/// Not a [`Question`].
#[derive(Debug, thiserror::Error)]
#[error("expected read, query, lookup, create, update, reveal or execute")]
pub struct NoQuestion;

impl FromStr for Question {
    type Err = NoQuestion;

    fn from_str(word: &str) -> Result<Self, NoQuestion> {
        let all =
            [Self::Read, Self::Query, Self::Lookup, Self::Create, Self::Update, Self::Reveal, Self::Execute];
        all.into_iter().find(|question| question.word() == word).ok_or(NoQuestion)
    }
}

/// The answer to a [`Question`] about a field and a role, and what led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The role asked about.
    pub role: String,
    /// `Type.field`
    pub field: String,
    /// What was asked.
    pub question: Question,
    /// How much is allowed: clear or denied, and for reading also masked.
    pub level: Level,
    /// The rules that say something about it, in the order of the policy.
    pub rules: Vec<Matched>,
}

/// A rule that says something about a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// Where it stands: `policy.csv:257`.
    pub place: String,
    /// The rule itself: `p, outside, customer.email, read, allow`.
    pub rule: String,
    /// The memberships through which it speaks of this role, field and right: `g, customer, outside`.
    pub through: Vec<String>,
    /// Whether it allows; if not, it denies.
    pub allows: bool,
    /// Whether it is among those that decided.
    pub decides: bool,
}

impl Explanation {
    /// What decided, in one line each: the rules, or that there is none.
    pub fn reasons(&self) -> Vec<String> {
        let deciding = self.rules.iter().filter(|matched| matched.decides);
        let deciding: Vec<String> =
            deciding.map(|matched| format!("{}: {}", matched.place, matched.rule)).collect();
        if deciding.is_empty() { vec![self.default()] } else { deciding }
    }

    fn default(&self) -> String {
        format!("no rule allows {} to {} {}", self.role, self.question.word(), self.field)
    }
}

/// What the rules say about one role, one object and one right.
pub(super) struct Verdict<'a> {
    roles: BTreeMap<&'a str, Option<&'a Link>>,
    objects: BTreeMap<&'a str, Option<&'a Link>>,
    rights: BTreeMap<&'a str, Option<&'a Link>>,
    pub(super) rules: Vec<&'a Rule>,
}

impl<'a> Verdict<'a> {
    pub(super) fn of(source: &'a Source, role: &'a str, object: &'a str, right: &'a str) -> Self {
        let roles = reach(role, &source.role_sets);
        let objects = reach(object, &source.groups);
        let rights = reach(right, &source.rights);
        let about = objects.keys().filter_map(|object| source.rules.get(*object));
        let rules = about.flat_map(|of| roles.keys().filter_map(|role| of.get(*role))).flatten();
        let rules = rules.filter(|rule| rights.contains_key(&*rule.right)).collect();
        Self { rules, roles, objects, rights }
    }

    /// Some rule allows, and none denies.
    fn allows(&self) -> bool {
        self.allows_without(None)
    }

    /// As if this rule did not stand in the policy.
    pub(super) fn allows_without(&self, left_out: Option<&Rule>) -> bool {
        let mut rules = self.rules.iter().filter(|rule| left_out.is_none_or(|out| out.place != rule.place));
        let first = rules.next();
        first.is_some_and(|rule| rule.allows) && rules.all(|rule| rule.allows)
    }

    /// The memberships through which a rule speaks of the role, object and right.
    fn through(&self, rule: &Rule) -> Vec<String> {
        let ways = [(&self.roles, &rule.role), (&self.objects, &rule.object), (&self.rights, &rule.right)];
        ways.into_iter().flat_map(|(reached, name)| way(reached, name)).map(Link::to_string).collect()
    }
}

impl Source {
    /// Answers a question about a role and a field, with reasons.
    pub(super) fn explain(&self, role: &str, field: &str, question: Question) -> Explanation {
        let mut level = Level::Denied;
        let mut rules = BTreeMap::new();
        for (right, allowed) in question.rights() {
            let verdict = Verdict::of(self, role, field, right);
            let (is_open, allows) = (level == Level::Denied, verdict.allows());
            for rule in &verdict.rules {
                let matched = rules.entry(rule.place).or_insert_with(|| Matched {
                    place: rule.place.to_string(),
                    rule: rule.to_string(),
                    through: verdict.through(rule),
                    allows: rule.allows,
                    decides: false,
                });
                // Of rules that disagree those that deny decide, and a right that includes what is asked decides first.
                matched.decides |= is_open && rule.allows == allows;
            }
            if is_open && allows {
                level = *allowed;
            }
        }
        let rules = rules.into_values().collect();
        Explanation { role: role.to_owned(), field: field.to_owned(), question, level, rules }
    }
}
