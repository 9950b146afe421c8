//! What can be said against a policy without running it: what keeps it from loading, and what loads but should not stand
//! there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Policy;
use super::compile::SCOPES;
use super::explain::{Question, Verdict};
use super::files::{PolicyError, PolicyFiles, lines};
use super::rule::{Link, Place, reach};
use super::source::{ROLES, Source};
use crate::authz::catalog::Catalog;

/// Everything that is wrong with a policy, by file and line: what keeps it from loading, lines that say something twice,
/// rules and memberships without effect, and personal, secret, financial or document data classified below
/// `CONFIDENTIAL`.
pub async fn check(files: &PolicyFiles, catalog: Arc<Catalog>) -> Vec<PolicyError> {
    let (source, mut findings) = Source::survey(files, &catalog);
    let mut lint = Lint { findings: Vec::new() };
    let source_once = lint.duplicates(source.clone());
    lint.idle_links(&source_once);
    lint.idle_rules(&source_once, &catalog);
    lint.classifications(&files.fields);
    if findings.is_empty() {
        findings.extend(Policy::compile(files, source, catalog).await.err());
    }
    findings.extend(lint.findings);
    findings
}

struct Lint {
    findings: Vec<PolicyError>,
}

impl Lint {
    fn find(&mut self, file: &'static str, line: u64, problem: String) {
        self.findings.push(PolicyError::Line { file, line, problem });
    }

    /// Finds lines that repeat another. Repeated rules are taken out: of two equal ones neither would have an effect.
    fn duplicates(&mut self, mut source: Source) -> Source {
        let mut repeated = Vec::new();
        for rules in source.rules.values_mut().flat_map(BTreeMap::values_mut) {
            let mut known = BTreeSet::new();
            rules.retain(|rule| {
                let is_new = known.insert(rule.tokens());
                if let (false, Place::Line(line)) = (is_new, rule.place) {
                    repeated.push((line, rule.to_string()));
                }
                is_new
            });
        }
        let mut known = BTreeSet::new();
        for link in source.links().filter(|link| !known.insert((link.kind, &link.member, &link.set))) {
            repeated.push((link.line, link.to_string()));
        }
        for (line, text) in repeated {
            self.find("policy.csv", line, format!("{text} stands here twice"));
        }
        source
    }

    /// Finds memberships in sets that no rule speaks of.
    fn idle_links(&mut self, source: &Source) {
        let roles: BTreeSet<&str> = source.all_rules().map(|rule| &*rule.role).collect();
        let rights: BTreeSet<&str> = source.all_rules().map(|rule| &*rule.right).collect();
        let is_idle = |link: &&Link| match link.kind {
            "g" => reach(&link.set, &source.role_sets).keys().all(|set| !roles.contains(set)),
            "g2" => !source.rules.contains_key(&link.set),
            _ => reach(&link.set, &source.rights).keys().all(|set| !rights.contains(set)),
        };
        for link in source.links().filter(is_idle) {
            self.find(
                "policy.csv",
                link.line,
                format!("{link} has no effect: no rule speaks of {}", link.set),
            );
        }
    }

    /// Finds rules without which every decision is the same.
    fn idle_rules(&mut self, source: &Source, catalog: &Catalog) {
        let mut needed = BTreeSet::new();
        let mut scopes = SCOPES.map(|(right, _)| right);
        scopes.reverse();
        for role in ROLES.into_iter().chain(source.token_scopes()) {
            for field in catalog.field_ids().map(|field| catalog.field_name(field)) {
                for question in Question::about(field) {
                    let rights: Vec<&str> = question.rights().iter().map(|(right, _)| *right).collect();
                    require(&mut needed, source, role, field, &rights);
                }
            }
            for type_name in source.types_with_rows() {
                require(&mut needed, source, role, type_name, &scopes);
            }
        }
        let mut idle: Vec<_> = (source.all_rules().filter(|rule| !needed.contains(&rule.place)))
            .filter_map(|rule| match rule.place {
                Place::Line(line) => Some((line, rule)),
                Place::Setting(_) | Place::Role(_) => None,
            })
            .collect();
        idle.sort_by_key(|(line, _)| *line);
        for (line, rule) in idle {
            self.find(
                "policy.csv",
                line,
                format!("{rule} has no effect: without it every decision is the same"),
            );
        }
    }

    fn classifications(&mut self, fields: &str) {
        const FILE: &str = "fields.csv";
        // What cannot be read has been found.
        for (line, words) in lines(FILE, fields, &mut Vec::new()) {
            let [field, classification, category, _] = words.as_slice() else { continue };
            let is_open = ["PUBLIC", "INTERNAL"].contains(&classification.as_str());
            if is_open && ["PII", "AUTH", "FINANCIAL", "DOCUMENT"].contains(&category.as_str()) {
                let problem =
                    format!("{field} is {category}, which is CONFIDENTIAL at least, not {classification}");
                self.find(FILE, line, problem);
            }
        }
    }
}

/// Notes the rules that one decision would be another without. The rights are alternatives, the most first.
fn require(needed: &mut BTreeSet<Place>, source: &Source, role: &str, object: &str, rights: &[&str]) {
    let verdicts: Vec<Verdict<'_>> =
        rights.iter().map(|right| Verdict::of(source, role, object, right)).collect();
    let decided = verdicts.iter().position(|verdict| verdict.allows_without(None));
    for rule in verdicts.iter().flat_map(|verdict| &verdict.rules) {
        if verdicts.iter().position(|verdict| verdict.allows_without(Some(rule))) != decided {
            needed.insert(rule.place);
        }
    }
}
