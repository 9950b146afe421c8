//! The compiled table says what casbin says: one enforcer that holds every rule, asked as casbin is meant to be asked,
//! gives the same answers as the table, which is made from parts of the rules.

use std::collections::BTreeMap;

use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, Model};
use custodian::authz::policy::{Policy, PolicyFiles, ROLES};
use custodian::authz::{Level, Verb};
use custodian_entity::choice::Scope;

use super::{catalog, load};
use crate::reference::data_lines;
use crate::suite::{Suite, runtime};

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("coverage::the table agrees with casbin asked in full", table_agrees_with_casbin);
}

/// casbin with the whole policy.
fn enforcer(files: &PolicyFiles) -> Enforcer {
    runtime().block_on(async {
        let mut model = DefaultModel::from_str(&files.model).await.expect("the model is one");
        for kind in ["p", "g", "g2", "g3"] {
            let lines = data_lines(&files.policy).into_iter().filter(|(_, words)| words[0] == kind);
            let lines = lines.map(|(_, words)| words[1..].to_vec()).collect();
            model.add_policies(&kind[..1], kind, lines);
        }
        let mut enforcer =
            Enforcer::new_raw(model, MemoryAdapter::default()).await.expect("casbin takes the model");
        enforcer.build_role_links().expect("casbin takes the groups");
        enforcer
    })
}

/// One field of each group, each time another.
fn samples(files: &PolicyFiles) -> Vec<String> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, words) in data_lines(&files.policy) {
        if let ["g2", field, group] = words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            groups.entry((*group).to_owned()).or_default().push((*field).to_owned());
        }
    }
    assert!(groups.len() > 100, "the policy has hardly any groups");
    groups.into_values().enumerate().map(|(n, fields)| fields[n % fields.len()].clone()).collect()
}

struct Oracle {
    enforcer: Enforcer,
    asked: usize,
    differences: Vec<String>,
}

impl Oracle {
    fn compare(&mut self, role: &str, object: &str, right: &str, table: bool) {
        let casbin = self.enforcer.enforce((role, object, right)).expect("casbin answers");
        self.asked += 1;
        if casbin != table {
            self.differences.push(format!("{role}, {object}, {right}: casbin {casbin}, table {table}"));
        }
    }

    fn field(&mut self, policy: &Policy, role: &str, name: &str, rare: usize) {
        let rights = policy.rights(role).expect("the policy knows the role");
        let field = policy.catalog().field(name).expect("the policy names fields of the schema");
        if name.starts_with("Query.") || name.starts_with("Mutation.") {
            self.compare(role, name, "execute", rights.level(field) == Level::Clear);
            return;
        }
        self.compare(role, name, "read", rights.level(field) == Level::Clear);
        if rights.level(field) != Level::Clear {
            self.compare(role, name, "read:masked", rights.level(field) == Level::Masked);
        }
        // What few have, in turn.
        let (right, verb) = [
            ("create", Verb::Create),
            ("update", Verb::Update),
            ("reveal", Verb::Reveal),
            ("lookup", Verb::Lookup),
        ][rare % 4];
        self.compare(role, name, right, rights.allows(verb, field));
    }
}

fn table_agrees_with_casbin() {
    let files = PolicyFiles::built_in();
    let policy = load(&files, &catalog()).unwrap();
    let mut oracle = Oracle { enforcer: enforcer(&files), asked: 0, differences: Vec::new() };
    let samples = samples(&files);
    for (r, role) in ROLES.into_iter().enumerate() {
        for (n, name) in samples.iter().enumerate() {
            oracle.field(&policy, role, name, r + n);
        }
        let rights = policy.rights(role).unwrap();
        for owner in ["Tenant", "Reseller", "User", "Role", "RoleGrant", "Customer", "Invoice", "Ticket"] {
            for (right, scope) in [
                ("rows:own", Scope::Own),
                ("rows:assigned", Scope::Assigned),
                ("rows:reseller", Scope::Reseller),
                ("rows:tenant", Scope::Tenant),
                ("rows:all", Scope::All),
            ] {
                // No rule gives two scopes on a type: the table keeps one.
                oracle.compare(role, owner, right, rights.scope(owner) == Some(scope));
            }
        }
    }
    assert!(oracle.asked >= 2_000, "only {} cells were compared", oracle.asked);
    assert!(
        oracle.differences.is_empty(),
        "{} of {} cells differ; src/authz/policy/compile.rs leaves out rules that count:\n{}",
        oracle.differences.len(),
        oracle.asked,
        oracle.differences.join("\n")
    );
}
