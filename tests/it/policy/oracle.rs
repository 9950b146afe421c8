//! The compiled table says what casbin says: one enforcer that holds every rule, asked as casbin is meant to be asked,
//! gives the same answers as the table, which is made from parts of the rules.

use std::thread;

use casbin::{CoreApi, Enforcer};
use custodian::authz::policy::{Policy, PolicyFiles, ROLES};
use custodian::authz::{Level, Verb};
use custodian_entity::choice::Scope;

use super::{catalog, enforcer, load, unexplained};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("policy::the table agrees with casbin asked in full", table_agrees_with_casbin);
    suite.pure("policy::every cell of the table is explained", cells_are_explained);
    suite.pure("policy::an explanation names rules and memberships", explanation_names_rules);
    suite.pure("policy::introspection that is switched off is explained", introspection_is_explained);
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
        if ["Query.", "Mutation.", "Live."].iter().any(|root| name.starts_with(root)) {
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

    fn rows(&mut self, policy: &Policy, role: &str) {
        let rights = policy.rights(role).expect("the policy knows the role");
        for owner in ["Tenant", "Reseller", "User", "Role", "RoleGrant", "Customer", "Invoice", "Ticket"] {
            for (right, scope) in [
                ("rows:own", Scope::Own),
                ("rows:assigned", Scope::Assigned),
                ("rows:reseller", Scope::Reseller),
                ("rows:tenant", Scope::Tenant),
                ("rows:all", Scope::All),
            ] {
                // No rule gives two scopes on a type: the table keeps one.
                self.compare(role, owner, right, rights.scope(owner) == Some(scope));
            }
        }
    }
}

/// Reading and executing in every cell; of the rights that few have, a quarter, each time another.
fn table_agrees_with_casbin() {
    let files = PolicyFiles::built_in();
    let policy = load(&files, &catalog()).unwrap();
    let compare = |roles: &[&str]| {
        let mut oracle = Oracle { enforcer: enforcer(&files), asked: 0, differences: Vec::new() };
        for (r, role) in roles.iter().enumerate() {
            for (n, field) in policy.catalog().field_ids().enumerate() {
                oracle.field(&policy, role, policy.catalog().field_name(field), r + n);
            }
            oracle.rows(&policy, role);
        }
        (oracle.asked, oracle.differences)
    };
    let (left, right) = ROLES.split_at(ROLES.len() / 2);
    let (here, there) = thread::scope(|scope| {
        let there = scope.spawn(|| compare(right));
        (compare(left), there.join().expect("the comparison does not panic"))
    });
    let (asked, differences) = (here.0 + there.0, [here.1, there.1].concat());
    assert!(asked >= 7_000, "only {asked} cells were compared");
    assert!(
        differences.is_empty(),
        "{} of {asked} cells differ; src/authz/policy/compile.rs leaves out rules that count:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

fn cells_are_explained() {
    let policy = load(&PolicyFiles::built_in(), &catalog()).unwrap();
    let faults = unexplained(&policy);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn explanation_names_rules() {
    use custodian::authz::policy::Question;

    let files = super::built_in_and("p, office, Customer.taxId, read, deny\n");
    let last = files.policy.lines().count();
    let policy = load(&files, &catalog()).unwrap();
    let explain = |role: &str, field: &str, question| {
        let rights = policy.rights(role).expect("the policy knows the role");
        policy.explain(rights, policy.catalog().field(field).expect("the schema has the field"), question)
    };

    let masked = explain("support_agent", "Customer.email", Question::Read);
    assert_eq!(masked.level, Level::Masked);
    let [rule] = masked.rules.as_slice() else { panic!("{:?}", masked.rules) };
    assert_eq!(rule.rule, "p, support_agent, customer.email, read:masked, allow");
    assert_eq!(rule.through, ["g2, Customer.email, customer.email"]);
    assert!(rule.allows && rule.decides);
    let line = files.policy.lines().position(|line| line == rule.rule).expect("the rule stands in the file");
    assert_eq!(rule.place, format!("policy.csv:{}", line + 1));

    // Through a set of roles, a group and an inclusion of rights.
    let update = explain("tenant_admin", "Customer.email", Question::Update);
    let [rule] = update.rules.as_slice() else { panic!("{:?}", update.rules) };
    assert_eq!(rule.rule, "p, admins, customer.email, write, allow");
    let through = ["g, tenant_admin, admins", "g2, Customer.email, customer.email", "g3, update, write"];
    assert_eq!(rule.through, through);

    // Deny wins over a rule that allows, and says so.
    let denied = explain("tenant_admin", "Customer.taxId", Question::Read);
    assert_eq!(denied.level, Level::Denied);
    assert_eq!(
        denied.reasons(),
        [format!("policy.csv:{last}: p, office, Customer.taxId, read, deny")],
        "{:?}",
        denied.rules
    );
    assert!(denied.rules.iter().any(|rule| rule.allows && !rule.decides), "{:?}", denied.rules);

    let nothing = explain("customer", "Customer.riskScore", Question::Query);
    assert!(nothing.rules.is_empty());
    assert_eq!(nothing.reasons(), ["no rule allows customer to query Customer.riskScore"]);
}

fn introspection_is_explained() {
    let policy = load(&PolicyFiles::built_in(), &catalog()).unwrap().without_introspection();
    let faults = unexplained(&policy);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let rights = policy.rights("system_admin").expect("the policy knows the role");
    let field = policy.catalog().field("Query.__schema").expect("it is decided like any other");
    let told = policy.explain(rights, field, custodian::authz::policy::Question::Execute);
    assert_eq!(told.reasons(), ["setting introspection: p, system_admin, Query.__schema, execute, deny"]);
}
