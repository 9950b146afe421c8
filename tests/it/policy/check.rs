//! `check` finds nothing in the built-in policy, and each kind of mistake that is put into it.

use std::time::{Duration, Instant};

use custodian::authz::policy::{PolicyFiles, check};

use super::{catalog, load};
use crate::suite::{Suite, runtime};

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("policy::nothing is wrong with the built-in policy", built_in_is_clean);
    suite.pure("policy::each kind of mistake is found, with its line", mistakes_are_found);
    suite.pure("policy::every mistake is told, not only the first", all_are_told);
    suite.pure("policy::the built-in policy loads in time", loads_in_time);
}

fn findings(files: &PolicyFiles) -> Vec<String> {
    runtime().block_on(check(files, catalog())).iter().map(ToString::to_string).collect()
}

fn built_in_is_clean() {
    let found = findings(&PolicyFiles::built_in());
    assert!(found.is_empty(), "mend policy/:\n{}", found.join("\n"));
}

/// Puts a mistake into the policy; gives the file that has it, and the words of the finding.
type Mistake = (fn(&mut PolicyFiles), &'static str, &'static str);

fn mistakes_are_found() {
    let mistakes: [Mistake; 21] = [
        (
            |files| files.policy += "p, nobody, customer.name, read, allow\n",
            "policy.csv",
            "unknown role nobody",
        ),
        (
            |files| files.policy += "p, scope:x:read, Customer.no, read, allow\n",
            "policy.csv",
            "unknown field or group",
        ),
        (
            |files| files.policy += "p, scope:X, customer.core, read, allow\n",
            "policy.csv",
            "unknown role scope:X",
        ),
        (
            |files| files.policy += "g, reseller, scope:customers:read\n",
            "policy.csv",
            "scope:customers:read is a token scope, not a set of roles",
        ),
        (
            |files| files.policy += "p, scope:customers:read, Customer.email, read, allow\n",
            "policy.csv",
            "has no effect",
        ),
        (
            |files| files.policy += "p, users, Customer.no, read, allow\n",
            "policy.csv",
            "unknown field or group",
        ),
        (
            |files| files.policy += "p, users, customer.name, browse, allow\n",
            "policy.csv",
            "unknown right browse",
        ),
        (
            |files| files.policy += "g2, Customer.no, customer.name\n",
            "policy.csv",
            "unknown field Customer.no",
        ),
        (|files| files.policy += "g3, update, customer.name\n", "policy.csv", "names something else already"),
        (
            |files| files.policy += "g2, Customer.email, Customer\n",
            "policy.csv",
            "names something else already",
        ),
        // What another rule says already.
        (|files| files.policy += "p, customer, customer.core, read, allow\n", "policy.csv", "has no effect"),
        // A mask of what is read in clear.
        (
            |files| files.policy += "p, admins, customer.email, read:masked, allow\n",
            "policy.csv",
            "has no effect",
        ),
        // A denial of what nobody allows.
        (
            |files| files.policy += "p, customer, Customer.riskScore, read, deny\n",
            "policy.csv",
            "has no effect",
        ),
        // A right that is not asked about.
        (|files| files.policy += "p, admins, operation.access, read, allow\n", "policy.csv", "has no effect"),
        // A narrower scope than another rule gives.
        (
            |files| files.policy += "p, tenant_admin, Customer, rows:own, allow\n",
            "policy.csv",
            "has no effect",
        ),
        (|files| files.policy += "g, customer, idlers\n", "policy.csv", "no rule speaks of idlers"),
        (
            |files| files.policy += "g2, Customer.email, idle.group\n",
            "policy.csv",
            "no rule speaks of idle.group",
        ),
        (|files| files.policy += "g2, Customer.email, customer.email\n", "policy.csv", "stands here twice"),
        (
            |files| {
                files.fields = files.fields.replace("Customer.phone, RESTRICTED", "Customer.phone, INTERNAL")
            },
            "fields.csv",
            "Customer.phone is PII, which is CONFIDENTIAL at least",
        ),
        (
            |files| {
                files.fields =
                    files.fields.replace("Customer.phone, RESTRICTED, PII", "Customer.phone, RESTRICTED, PIN")
            },
            "fields.csv",
            "unknown category PIN",
        ),
        (|files| files.inputs += "Query.customers(no), -\n", "inputs.csv", "unknown argument or input field"),
    ];
    for (mistake, file, words) in mistakes {
        let mut files = PolicyFiles::built_in();
        mistake(&mut files);
        let found = findings(&files);
        let is_it = |finding: &&String| finding.starts_with(&format!("{file}:")) && finding.contains(words);
        assert!(found.iter().any(|finding| is_it(&finding)), "no {words:?} in {found:#?}");
    }
    for (left_out, words) in [
        (
            "g2, Customer.companyName, customer.business\n",
            "policy.csv decides nothing about: Customer.companyName",
        ),
        (
            "Customer.companyName, CONFIDENTIAL, PII, -\n",
            "fields.csv decides nothing about: Customer.companyName",
        ),
        ("Query.customers(orderBy), -\n", "inputs.csv decides nothing about: Query.customers(orderBy)"),
    ] {
        let mut files = PolicyFiles::built_in();
        for text in [&mut files.policy, &mut files.fields, &mut files.inputs] {
            *text = text.replacen(left_out, "", 1);
        }
        let found = findings(&files);
        assert!(found.iter().any(|finding| finding.contains(words)), "no {words:?} in {found:#?}");
    }
    for (lines, words) in [
        ("p, scope:x, customer.core, read, allow\n", "the token scope x runs no operation"),
        (
            "p, scope:customers:read, Mutation.apiClientCreate, execute, allow\n",
            "holds what no token may: Mutation.apiClientCreate",
        ),
        (
            "p, scopes, operation.role.manage, execute, allow\n",
            "holds what no token may: Mutation.roleCreate",
        ),
        ("p, scopes, Mutation.login, execute, allow\n", "holds what no token may: Mutation.login"),
        ("p, scope:payments:read, Ticket, rows:all, allow\n", "never null: Ticket.category (payments:read)"),
        (
            "p, scope:customers:read, customer.credit, read:masked, allow\n",
            "is masked for customers:read but has no mask",
        ),
    ] {
        let found = findings(&super::built_in_and(lines));
        assert!(found.iter().any(|finding| finding.contains(words)), "no {words:?} in {found:#?}");
        assert!(load(&super::built_in_and(lines), &catalog()).is_err(), "{lines} loads");
    }
    let model = PolicyFiles { model: "nonsense".to_owned(), ..PolicyFiles::built_in() };
    assert!(findings(&model)[0].contains("model.conf"));
}

fn all_are_told() {
    let mut files = PolicyFiles::built_in();
    let (policy, inputs) = (files.policy.lines().count(), files.inputs.lines().count());
    files.policy += "p, nobody, customer.name, read, allow\ng, customer, support_agent\nnonsense\n";
    files.inputs += "Query.no(no), -\n";
    let found = findings(&files);
    for (file, line) in [
        ("policy.csv", policy + 1),
        ("policy.csv", policy + 2),
        ("policy.csv", policy + 3),
        ("inputs.csv", inputs + 1),
    ] {
        let place = format!("{file}:{line}: ");
        assert!(found.iter().any(|finding| finding.starts_with(&place)), "nothing at {place} in {found:#?}");
    }
    // A line a finding.
    assert!(found.iter().all(|finding| finding.lines().count() == 1), "{found:#?}");
}

fn loads_in_time() {
    let catalog = catalog();
    let start = Instant::now();
    load(&PolicyFiles::built_in(), &catalog).unwrap();
    let took = start.elapsed();
    // One second in release, five without optimisation; twice that while other tests run beside.
    let most = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 2 });
    assert!(
        took < most,
        "loading the built-in policy took {took:?}: every start and every reload waits for it"
    );
}
