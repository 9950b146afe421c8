//! `diff` tells who gains and loses what.

use custodian::authz::policy::{PolicyFiles, diff};

use super::{built_in_and, catalog, load};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("policy::a difference names role, field, right and both sides", changes_are_told);
}

fn changes_are_told() {
    let catalog = catalog();
    let built_in = load(&PolicyFiles::built_in(), &catalog).unwrap();
    let told = |files: PolicyFiles| -> Vec<String> {
        let changes = diff(&built_in, &load(&files, &catalog).unwrap());
        let line = |change: custodian::authz::policy::Change| {
            let sign = if change.gains { '+' } else { '-' };
            format!(
                "{sign} {} {} {} {} {}",
                change.role, change.subject, change.right, change.before, change.after
            )
        };
        changes.into_iter().map(line).collect()
    };
    assert_eq!(told(PolicyFiles::built_in()), [""; 0]);
    assert_eq!(
        told(built_in_and(
            "p, support_agent, customer.email, read, allow\n\
             p, customer, Customer.phone, update, deny\n\
             p, customer, Invoice, rows:tenant, allow\n\
             p, support_agent, Mutation.customerClose, execute, allow\n\
             p, scope:customers:read:masked, customer.email, read, allow\n"
        )),
        [
            "- customer Customer.phone update yes no",
            "+ customer Invoice rows own tenant",
            "+ scope:customers:read:masked Customer.email read masked clear",
            "+ support_agent Customer.email read masked clear",
            "+ support_agent Mutation.customerClose execute no yes",
        ]
    );
    // An argument that needs another right than before.
    let mut files = PolicyFiles::built_in();
    let line = "CustomerFilter.email, query, Customer.email";
    assert!(files.inputs.contains(line), "choose another line of inputs.csv here");
    files.inputs = files.inputs.replace(line, "CustomerFilter.email, query, Customer.status");
    let told = told(files);
    assert!(told.contains(&"+ support_agent CustomerFilter.email give no yes".to_owned()), "{told:?}");
    assert!(told.iter().all(|change| change.contains("CustomerFilter.email give")), "{told:?}");
}
