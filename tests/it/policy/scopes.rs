//! Token scopes narrow and never widen: for every role and any set of scopes, field by field and verb by verb.

use std::collections::BTreeSet;
use std::sync::Arc;

use custodian::authz::policy::{Policy, PolicyFiles, Question, ROLES};
use custodian::authz::{Level, Rights, Verb};
use custodian_entity::choice::Scope;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{catalog, load};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("policy::within any token scopes a role does what both may, and no more", never_wider);
    suite.pure("policy::no scope, or none that is known, is nothing", nothing);
    suite.pure("policy::what scopes take away is explained by them", explained);
}

fn set<'s>(scopes: impl IntoIterator<Item = &'s str>) -> BTreeSet<String> {
    scopes.into_iter().map(str::to_owned).collect()
}

fn within(policy: &Policy, role: &str, scopes: &BTreeSet<String>) -> Arc<Rights> {
    policy.rights_within(policy.rights(role).expect("the policy knows the role"), scopes)
}

/// Each role within one scope, another one for each.
pub(super) fn narrowed(policy: &Policy) -> Vec<Arc<Rights>> {
    let scopes = policy.token_scopes().map(Rights::role).collect::<Vec<_>>();
    let pairs = ROLES.iter().zip(scopes.iter().cycle());
    pairs.map(|(role, scope)| within(policy, role, &set([*scope]))).collect()
}

fn never_wider() {
    let policy = load(&PolicyFiles::built_in(), &catalog()).unwrap();
    let known: Vec<&str> = policy.token_scopes().map(Rights::role).collect();
    let sets = proptest::collection::btree_set(0..known.len() + 2, 0..6);
    let mut runner = TestRunner::new(Config { cases: 100, failure_persistence: None, ..Config::default() });
    let fields: Vec<_> = policy.catalog().field_ids().collect();
    runner
        .run(&(0..ROLES.len(), sets.clone(), sets), |(role, chosen, more)| {
            let name =
                |n: &usize| known.get(*n).map_or_else(|| format!("unknown:{n}"), |name| (*name).to_owned());
            let scopes: BTreeSet<String> = chosen.iter().map(name).collect();
            let role = ROLES[role];
            let own = policy.rights(role).expect("the policy knows the role");
            let is = within(&policy, role, &scopes);
            // Nobody gives more than he holds: by the same measure.
            prop_assert_eq!(is.beyond(own, Scope::All), Vec::<String>::new());
            prop_assert_eq!(is.role(), own.role());
            let given: Vec<&Rights> = scopes.iter().filter_map(|scope| policy.token_scope(scope)).collect();
            for field in &fields {
                let most = given.iter().map(|scope| scope.level(*field)).max().unwrap_or_default();
                prop_assert_eq!(is.level(*field), own.level(*field).min(most));
                for verb in [Verb::Query, Verb::Lookup, Verb::Create, Verb::Update, Verb::Reveal] {
                    let both =
                        own.allows(verb, *field) && given.iter().any(|scope| scope.allows(verb, *field));
                    prop_assert_eq!(is.allows(verb, *field), both);
                }
                prop_assert!(!is.reveals_freely(*field) || own.reveals_freely(*field));
                let owner = policy.catalog().field_name(*field).split('.').next().unwrap_or_default();
                let most = given.iter().filter_map(|scope| scope.scope(owner)).max();
                prop_assert_eq!(is.scope(owner), own.scope(owner).zip(most).map(|(own, most)| own.min(most)));
            }
            // Further scopes take nothing away; and an intersection is computed once.
            let union: BTreeSet<String> = scopes.iter().cloned().chain(more.iter().map(name)).collect();
            prop_assert_eq!(is.beyond(&within(&policy, role, &union), Scope::All), Vec::<String>::new());
            let twice = [(); 2].map(|()| within(&policy, role, &scopes));
            prop_assert!(Arc::ptr_eq(&twice[0], &twice[1]));
            Ok(())
        })
        .unwrap();
}

fn nothing() {
    let policy = load(&PolicyFiles::built_in(), &catalog()).unwrap();
    for role in ROLES {
        for scopes in [
            set([]),
            set(["unknown:read"]),
            set(["scopes"]),
            set(["scope:customers:read"]),
            set(["system_admin"]),
        ] {
            let is = within(&policy, role, &scopes);
            for field in policy.catalog().field_ids() {
                assert_eq!(is.level(field), Level::Denied);
                assert!(!is.allows(Verb::Create, field) && !is.allows(Verb::Update, field));
            }
            assert_eq!(is.scope("Customer"), None);
        }
    }
}

fn explained() {
    let policy = load(&PolicyFiles::built_in(), &catalog()).unwrap();
    let field = |name: &str| policy.catalog().field(name).expect("the schema has the field");
    let reasons = |role: &str, scopes: &[&str], name: &str, question| {
        policy.explain(&within(&policy, role, &set(scopes.iter().copied())), field(name), question).reasons()
    };
    let masked =
        reasons("reseller", &["customers:read:masked", "invoices:read"], "Customer.email", Question::Read);
    assert!(
        masked[0].ends_with("p, scope:customers:read:masked, customer.email, read:masked, allow"),
        "{masked:?}"
    );
    assert_eq!(
        reasons("reseller", &["invoices:read", "tickets:read"], "Customer.email", Question::Read),
        ["no rule allows scope:invoices:read scope:tickets:read to read Customer.email"]
    );
    assert_eq!(
        reasons("reseller", &[], "Customer.email", Question::Read),
        ["no rule allows a token without scopes to read Customer.email"]
    );
    // What the role itself does not do is the role's.
    assert_eq!(
        reasons("reseller", &["customers:read"], "Customer.riskScore", Question::Read),
        ["no rule allows reseller to read Customer.riskScore"]
    );
}
