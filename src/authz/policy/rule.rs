//! The lines of `policy.csv`: rules and memberships, and what a membership leads to.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

/// Where a rule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A line of `policy.csv`, from 1.
    Line(u64),
    /// A key of the configuration.
    Setting(&'static str),
    /// A rule of a tenant's own role, from 0.
    Role(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "policy.csv:{line}"),
            Self::Setting(key) => write!(f, "setting {key}"),
            Self::Role(place) => write!(f, "the role's rule {place}"),
        }
    }
}

/// A line `p`: what it allows or denies, to whom, on what.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) place: Place,
    pub(super) role: String,
    pub(super) object: String,
    pub(super) right: String,
    pub(super) allows: bool,
}

impl Rule {
    /// The rule as casbin takes it.
    pub(super) fn tokens(&self) -> Vec<String> {
        let effect = if self.allows { "allow" } else { "deny" };
        vec![self.role.clone(), self.object.clone(), self.right.clone(), effect.to_owned()]
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p, {}", self.tokens().join(", "))
    }
}

/// A line `g`, `g2` or `g3`: a role, field or right belongs to a set.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) line: u64,
    pub(super) kind: &'static str,
    pub(super) member: String,
    pub(super) set: String,
}

impl Link {
    pub(super) fn new(line: u64, kind: &'static str, member: &str, set: &str) -> Self {
        Self { line, kind, member: member.to_owned(), set: set.to_owned() }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {}", self.kind, self.member, self.set)
    }
}

/// Memberships by their member.
pub(super) type Links = BTreeMap<String, Vec<Link>>;

/// A name and all it belongs to, directly or through others, each with the line that led there first. What it costs
/// depends on what is reached, not on how many roles there are.
pub(super) fn reach<'a>(name: &'a str, links: &'a Links) -> BTreeMap<&'a str, Option<&'a Link>> {
    let mut reached = BTreeMap::from([(name, None)]);
    let mut waiting = VecDeque::from([name]);
    while let Some(member) = waiting.pop_front() {
        for link in links.get(member).into_iter().flatten() {
            reached.entry(&*link.set).or_insert_with(|| {
                waiting.push_back(&*link.set);
                Some(link)
            });
        }
    }
    reached
}

/// The lines that lead from the name something was reached from to this one.
pub(super) fn way<'a>(reached: &BTreeMap<&str, Option<&'a Link>>, name: &str) -> Vec<&'a Link> {
    let mut way = Vec::new();
    let mut name = name;
    while let Some(Some(link)) = reached.get(name) {
        way.push(*link);
        name = &link.member;
    }
    way.reverse();
    way
}
