//! Policies at random over a small schema: the table is casbin's, it is explained, what changes is told the same way in
//! both directions, and a rule is said to be without effect exactly when leaving it out changes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use casbin::CoreApi;
use custodian::authz::Level;
use custodian::authz::catalog::Catalog;
use custodian::authz::policy::{Change, Policy, PolicyFiles, Question, check, diff};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;

use super::{enforcer, load, unexplained};
use crate::suite::{Suite, runtime};

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("policy::random policies: the table is casbin's and is explained", tables_are_casbins);
    suite.pure("policy::random policies: a difference has two sides", differences_have_two_sides);
    suite
        .pure("policy::random policies: rules without effect are found, and no others", idle_rules_are_found);
}

const SDL: &str = "type Query { a: A b: B } type Mutation { make: A } type A { x: Int y: Int z: Int } type B { v: Int w: Int }";
const FIELDS: [&str; 8] = ["A.x", "A.y", "A.z", "B.v", "B.w", "Mutation.make", "Query.a", "Query.b"];
const ROLES: [&str; 3] = ["support_agent", "reseller", "customer"];
const MEMBERS: [&str; 5] = ["support_agent", "reseller", "customer", "inner", "outer"];
const RIGHTS: [&str; 6] = ["read", "read:masked", "execute", "create", "update", "reveal"];
const SCOPES: [&str; 3] = ["rows:own", "rows:tenant", "rows:all"];

fn catalog() -> Arc<Catalog> {
    Arc::new(Catalog::new(SDL).expect("the schema can be indexed"))
}

/// A policy in which nothing is undecided, and these lines.
fn files(lines: &BTreeSet<String>) -> PolicyFiles {
    let mut policy = String::new();
    for field in FIELDS.iter().chain(&["Query.__schema", "Query.__type"]) {
        policy.push_str(&format!("g2, {field}, everything\n"));
    }
    for set in ["inner", "outer"] {
        policy.push_str(&format!("p, {set}, everything, create, allow\n"));
    }
    for group in ["some", "more"] {
        policy.push_str(&format!("p, reseller, {group}, read:masked, allow\n"));
    }
    policy.push_str("p, customer, A.x, edit, allow\ng, customer, inner\ng, reseller, outer\n");
    policy.push_str("g2, A.x, some\ng2, B.v, more\ng3, reveal, edit\n");
    policy.extend(lines.iter().map(|line| format!("{line}\n")));
    let catalog = catalog();
    let fields = catalog.field_ids().map(|field| catalog.field_name(field));
    let fields = fields.map(|field| format!("{field}, INTERNAL, -, name\n")).collect();
    PolicyFiles { policy, fields, inputs: String::new(), ..PolicyFiles::built_in() }
}

/// Rules and memberships; every third rule denies.
fn lines() -> impl Strategy<Value = BTreeSet<String>> {
    let role = select(MEMBERS.as_slice());
    let object = select([&FIELDS[..], &["some", "more"]].concat());
    let right = select([&RIGHTS[..], &["edit"]].concat());
    let effect = select(vec!["allow", "allow", "deny"]);
    let rule = (role, object, right, effect)
        .prop_map(|(role, object, right, effect)| format!("p, {role}, {object}, {right}, {effect}"));
    let rows = (select(ROLES.as_slice()), select(vec!["A", "B"]), select(SCOPES.as_slice()))
        .prop_map(|(role, owner, right)| format!("p, {role}, {owner}, {right}, allow"));
    let role_set = (select(MEMBERS.as_slice()), select(vec!["inner", "outer"]))
        .prop_filter("a set does not lie in itself", |(member, set)| member != set)
        .prop_map(|(member, set)| format!("g, {member}, {set}"));
    let group = (select(FIELDS.as_slice()), select(vec!["some", "more"]))
        .prop_map(|(field, group)| format!("g2, {field}, {group}"));
    let right_set =
        select(vec!["g3, create, edit", "g3, update, edit", "g3, read:masked, read", "g3, read, edit"]);
    let line = prop_oneof![
        8 => rule,
        2 => rows,
        1 => role_set,
        2 => group,
        1 => right_set.prop_map(str::to_owned),
    ];
    prop::collection::btree_set(line, 0..14)
}

fn run(cases: u32, property: impl Fn(BTreeSet<String>, BTreeSet<String>) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    if let Err(error) = runner.run(&(lines(), lines()), |(one, other)| property(one, other)) {
        panic!("{error}");
    }
}

fn loaded(lines: &BTreeSet<String>) -> Policy {
    load(&files(lines), &catalog()).unwrap_or_else(|error| panic!("{error}: {lines:#?}"))
}

fn tables_are_casbins() {
    run(48, |lines, _| {
        let (policy, casbin) = (loaded(&lines), enforcer(&files(&lines)));
        let ask = |role: &str, object: &str, right: &str| {
            casbin.enforce((role, object, right)).expect("casbin answers")
        };
        for role in ROLES {
            let rights = policy.rights(role).expect("the policy knows the role");
            for name in FIELDS {
                let field = policy.catalog().field(name).expect("the schema has the field");
                for question in Question::about(name) {
                    let asked = match question {
                        Question::Read if ask(role, name, "read") => Level::Clear,
                        Question::Read if ask(role, name, "read:masked") => Level::Masked,
                        Question::Query if ask(role, name, "read") => Level::Clear,
                        Question::Read | Question::Query => Level::Denied,
                        other if ask(role, name, other.word()) => Level::Clear,
                        _ => Level::Denied,
                    };
                    let is = question.answer(rights, field);
                    // Wider would be a leak, narrower a fault.
                    prop_assert!(is <= asked, "{role}, {name}, {question:?}: {is:?} is wider than {asked:?}");
                    prop_assert_eq!(is, asked, "{}, {}, {:?}", role, name, question);
                }
            }
            for owner in ["A", "B"] {
                let widest = SCOPES.iter().rev().find(|right| ask(role, owner, right));
                let is = rights.scope(owner).map(|scope| format!("rows:{scope:?}").to_lowercase());
                prop_assert_eq!(is.as_deref(), widest.copied(), "rows of {} for {}", owner, role);
            }
        }
        let faults = unexplained(&policy);
        prop_assert!(faults.is_empty(), "{}", faults.join("\n"));
        Ok(())
    });
}

fn differences_have_two_sides() {
    run(24, |one, other| {
        let (one, other) = (loaded(&one), loaded(&other));
        prop_assert!(diff(&one, &one).is_empty() && diff(&other, &other).is_empty());
        let turned = |change: Change| Change {
            before: change.after,
            after: change.before,
            gains: !change.gains,
            ..change
        };
        let there: BTreeSet<Change> = diff(&one, &other).into_iter().collect();
        let back: BTreeSet<Change> = diff(&other, &one).into_iter().map(turned).collect();
        prop_assert_eq!(&there, &back);
        // Nothing changes unseen.
        let catalog = one.catalog();
        for rights in one.roles() {
            let others = other.rights(rights.role()).expect("both know the role");
            for field in catalog.field_ids() {
                let name = catalog.field_name(field);
                for question in Question::about(name).iter().filter(|one| **one != Question::Query) {
                    let changed = question.answer(rights, field) != question.answer(others, field);
                    let told = there.iter().any(|change| {
                        (&*change.role, &*change.subject, change.right)
                            == (rights.role(), name, question.word())
                    });
                    prop_assert_eq!(changed, told, "{}, {}, {:?}", rights.role(), name, question);
                }
            }
        }
        Ok(())
    });
}

fn idle_rules_are_found() {
    run(16, |lines, _| {
        let (files, whole) = (files(&lines), loaded(&lines));
        let findings = runtime().block_on(check(&files, catalog()));
        let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
        for line in lines.iter().filter(|line| line.starts_with("p,")) {
            let rest: BTreeSet<String> = lines.iter().filter(|other| *other != line).cloned().collect();
            let is_idle = diff(&whole, &loaded(&rest)).is_empty();
            let ways = [format!("{line} has no effect"), format!("{line} stands here twice")];
            let told = findings.iter().any(|finding| ways.iter().any(|way| finding.contains(way)));
            prop_assert_eq!(is_idle, told, "{}: {:?}", line, findings);
        }
        Ok(())
    });
}
