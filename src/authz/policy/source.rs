//! Reads a policy and checks that every name in it exists. Findings name file and line.
//!
//! - `model.conf`: the casbin model.
//! - `policy.csv`: `p, role, field or group, right, allow|deny`; `g, role, role set`; `g2, field, group`;
//!   `g3, right, right that includes it`.
//! - `fields.csv` and `inputs.csv`: see [`super::fields`].

use std::collections::{BTreeMap, BTreeSet};

use super::fields::{FieldFacts, InputNeeds, survey_facts, survey_inputs};
use super::files::{PolicyError, PolicyFiles, each_line, lines, require_all};
use super::rule::{Link, Links, Place, Rule, reach, way};
use crate::authz::catalog::Catalog;

/// The roles the product knows; `anonymous` is who has not signed in, `enrolling` who has yet to set up the second factor
/// that his own role takes, or to choose a password of his own.
pub const ROLES: [&str; 9] = [
    "system_admin",
    "tenant_admin",
    "support_agent",
    "billing_manager",
    "network_engineer",
    "reseller",
    "customer",
    "enrolling",
    "anonymous",
];

/// The rights a rule can give.
pub(super) const RIGHTS: [&str; 13] = [
    "read",
    "read:masked",
    "execute",
    "create",
    "update",
    "lookup",
    "reveal",
    "reveal:freely",
    "rows:own",
    "rows:assigned",
    "rows:reseller",
    "rows:tenant",
    "rows:all",
];

/// How the rules begin the name of a token scope, which they speak of as of a role.
pub(super) const SCOPE: &str = "scope:";

/// The longest name of a token scope, in bytes.
const LONGEST_SCOPE: usize = 64;

/// The name of a token scope for clients: a `scope-token` (RFC 6749, 3.3) of small letters, digits, `:`, `.`, `_`, `-`.
pub(super) fn scope_name(key: &str) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b":._-".contains(&byte);
    let name = key.strip_prefix(SCOPE)?;
    (!name.is_empty() && name.len() <= LONGEST_SCOPE && name.bytes().all(is_plain)).then_some(name)
}

/// How many sets may lie in each other. casbin looks no further than nine, and a denial beyond would be lost.
const NESTING: usize = 5;

/// The policy, read and checked, not yet compiled.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) model: String,
    /// By the field, group or type they are about, and by role.
    pub(super) rules: BTreeMap<String, BTreeMap<String, Vec<Rule>>>,
    pub(super) role_sets: Links,
    pub(super) groups: Links,
    pub(super) rights: Links,
    pub(super) facts: BTreeMap<String, FieldFacts>,
    pub(super) inputs: BTreeMap<String, InputNeeds>,
}

impl Source {
    /// Reads the files against the schema.
    pub(super) fn read(files: &PolicyFiles, catalog: &Catalog) -> Result<Self, PolicyError> {
        let (source, findings) = Self::survey(files, catalog);
        findings.into_iter().next().map_or(Ok(source), Err)
    }

    /// What can be used of the files, and all that cannot.
    pub(super) fn survey(files: &PolicyFiles, catalog: &Catalog) -> (Self, Vec<PolicyError>) {
        let mut findings = Vec::new();
        require_model(&files.model, &mut findings);
        let mut source = Self {
            model: files.model.clone(),
            rules: BTreeMap::new(),
            role_sets: Links::new(),
            groups: Links::new(),
            rights: Links::new(),
            facts: survey_facts(&files.fields, catalog, &mut findings),
            inputs: survey_inputs(&files.inputs, catalog, &mut findings),
        };
        source.read_policy(&files.policy, catalog, &mut findings);
        source.require_decided(catalog, &mut findings);
        (source, findings)
    }

    /// Every rule, by what it is about.
    pub(super) fn all_rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values().flat_map(BTreeMap::values).flatten()
    }

    /// Every membership.
    pub(super) fn links(&self) -> impl Iterator<Item = &Link> {
        [&self.role_sets, &self.groups, &self.rights].into_iter().flat_map(BTreeMap::values).flatten()
    }

    /// The types of which somebody is given rows.
    pub(super) fn types_with_rows(&self) -> BTreeSet<&str> {
        let rules = self.all_rules().filter(|rule| rule.right.starts_with("rows:"));
        rules.map(|rule| &*rule.object).collect()
    }

    /// What the rules call each token scope they speak of.
    pub(super) fn token_scopes(&self) -> BTreeSet<&str> {
        let named = self.all_rules().map(|rule| &*rule.role);
        let members = self.role_sets.keys().map(String::as_str);
        named.chain(members).filter(|name| scope_name(name).is_some()).collect()
    }

    /// Adds a rule.
    pub(super) fn add(&mut self, rule: Rule) {
        let about = self.rules.entry(rule.object.clone()).or_default();
        about.entry(rule.role.clone()).or_default().push(rule);
    }

    fn read_policy(&mut self, text: &str, catalog: &Catalog, findings: &mut Vec<PolicyError>) {
        const FILE: &str = "policy.csv";
        let lines = lines(FILE, text, findings);
        let sets = |kind: &str| -> BTreeSet<&str> {
            let of_kind = lines.iter().filter(|(_, line)| line.first().is_some_and(|first| first == kind));
            of_kind.filter_map(|(_, line)| line.get(2).map(String::as_str)).collect()
        };
        let (role_sets, groups, rights) = (sets("g"), sets("g2"), sets("g3"));
        let types: BTreeSet<&str> = catalog
            .field_ids()
            .filter_map(|field| catalog.field_name(field).split_once('.').map(|(owner, _)| owner))
            .collect();
        let is_role =
            |name: &str| ROLES.contains(&name) || role_sets.contains(name) || scope_name(name).is_some();
        let is_right = |name: &str| RIGHTS.contains(&name) || rights.contains(name);
        let is_object = |name: &str| groups.contains(name) || catalog.field(name).is_some();
        // casbin keeps roles, groups and rights in one graph: a shared name would join them.
        let taken = |name: &str| Err(format!("{name} names something else already"));
        each_line(FILE, &lines, findings, |line, words| {
            match *words {
                ["p", role, object, right, effect] => {
                    if !is_role(role) {
                        return Err(format!("unknown role {role}"));
                    }
                    if right.starts_with("rows:") {
                        if !types.contains(object) {
                            return Err(format!("unknown type {object}"));
                        }
                    } else if !is_object(object) {
                        return Err(format!("unknown field or group {object}"));
                    }
                    if !is_right(right) {
                        return Err(format!("unknown right {right}"));
                    }
                    if !["allow", "deny"].contains(&effect) {
                        return Err(format!("the effect is allow or deny, not {effect}"));
                    }
                    self.add(Rule {
                        place: Place::Line(line),
                        role: role.to_owned(),
                        object: object.to_owned(),
                        right: right.to_owned(),
                        allows: effect == "allow",
                    });
                }
                ["g", role, set] => {
                    if !is_role(role) {
                        return Err(format!("unknown role {role}"));
                    }
                    if ROLES.contains(&set) {
                        return Err(format!("{set} is a role, not a set of roles"));
                    }
                    if set.starts_with(SCOPE) {
                        return Err(format!("{set} is a token scope, not a set of roles"));
                    }
                    if is_right(set) || catalog.field(set).is_some() {
                        return taken(set);
                    }
                    add_link(&mut self.role_sets, Link::new(line, "g", role, set))?;
                }
                ["g2", field, group] => {
                    if catalog.field(field).is_none() {
                        return Err(format!("unknown field {field}"));
                    }
                    let is_schema = types.contains(group) || catalog.field(group).is_some();
                    if is_schema || is_role(group) || is_right(group) {
                        return taken(group);
                    }
                    self.groups
                        .entry(field.to_owned())
                        .or_default()
                        .push(Link::new(line, "g2", field, group));
                }
                ["g3", right, set] => {
                    if !RIGHTS.contains(&right) {
                        return Err(format!("unknown right {right}"));
                    }
                    if is_role(set) || is_object(set) {
                        return taken(set);
                    }
                    add_link(&mut self.rights, Link::new(line, "g3", right, set))?;
                }
                _ => return Err("not a line of the form p, g, g2 or g3".to_owned()),
            }
            Ok(())
        });
    }

    /// Every field is covered by a rule, directly or through a group: an undecided field is refused at start.
    fn require_decided(&self, catalog: &Catalog, findings: &mut Vec<PolicyError>) {
        let is_decided = |name: &str| {
            let groups = self.groups.get(name).into_iter().flatten().map(|link| &*link.set);
            std::iter::once(name).chain(groups).any(|object| self.rules.contains_key(object))
        };
        let fields = catalog.field_ids().map(|field| catalog.field_name(field).to_owned());
        require_all("policy.csv", fields, is_decided, findings);
    }
}

/// Adds a membership, unless sets would lie too deep in each other.
fn add_link(links: &mut Links, link: Link) -> Result<(), String> {
    let added = link.member.clone();
    links.entry(added.clone()).or_default().push(link);
    let deepest = links.keys().map(|member| {
        let reached = reach(member, links);
        reached.keys().map(|name| way(&reached, name).len()).max().unwrap_or_default()
    });
    if deepest.max().is_some_and(|deepest| deepest > NESTING) {
        links.entry(added).or_default().pop();
        return Err(format!("more than {NESTING} sets in each other"));
    }
    Ok(())
}

/// The model is ours: what is compiled from parts of the rules, and how it is explained, holds for no other.
fn require_model(text: &str, findings: &mut Vec<PolicyError>) {
    let statements = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
    };
    let (ours, theirs) = (statements(&PolicyFiles::built_in().model), statements(text));
    if ours != theirs {
        let differs = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
        let expected = differs.map_or(String::new(), |(ours, _)| format!(", which has: {ours}"));
        findings.push(PolicyError::Incomplete(format!("model.conf: not the built-in model{expected}")));
    }
}
