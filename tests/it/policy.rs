//! What is said about a policy: that the table is casbin's, why a cell is as it is, what is wrong, and what changed.

mod check;
mod denials;
mod diff;
mod graphql;
mod oracle;
mod random;
mod scopes;

use std::sync::Arc;

use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, Model};
use custodian::authz::catalog::Catalog;
use custodian::authz::policy::{Policy, PolicyError, PolicyFiles, Question};

use crate::reference::data_lines;
use crate::suite::{Suite, runtime};

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    oracle::register(suite);
    random::register(suite);
    scopes::register(suite);
    check::register(suite);
    diff::register(suite);
    graphql::register(suite);
    denials::register(suite);
}

/// The schema's index.
fn catalog() -> Arc<Catalog> {
    let schema = custodian::schema::builder().finish();
    Arc::new(custodian::schema::catalog(&schema).expect("the schema can be indexed"))
}

fn load(files: &PolicyFiles, catalog: &Arc<Catalog>) -> Result<Policy, PolicyError> {
    runtime().block_on(Policy::load(files, Arc::clone(catalog)))
}

/// The built-in policy with more lines.
fn built_in_and(lines: &str) -> PolicyFiles {
    let files = PolicyFiles::built_in();
    PolicyFiles { policy: files.policy.clone() + lines, ..files }
}

/// casbin with the whole policy, as casbin is meant to be used.
fn enforcer(files: &PolicyFiles) -> Enforcer {
    runtime().block_on(async {
        let mut model = DefaultModel::from_str(&files.model).await.expect("the model is one");
        for (_, words) in data_lines(&files.policy) {
            model.add_policy(&words[0][..1], &words[0], words[1..].to_vec());
        }
        let mut enforcer =
            Enforcer::new_raw(model, MemoryAdapter::default()).await.expect("casbin takes the model");
        enforcer.build_role_links().expect("casbin takes the groups");
        enforcer
    })
}

/// The cells in which table and explanation disagree, or in which the explanation contradicts itself.
fn unexplained(policy: &Policy) -> Vec<String> {
    let catalog = policy.catalog();
    let mut faults = Vec::new();
    let narrowed = scopes::narrowed(policy);
    for rights in policy.roles().chain(narrowed.iter().map(|rights| &**rights)) {
        for field in catalog.field_ids() {
            let name = catalog.field_name(field);
            for question in Question::about(name) {
                let (table, told) =
                    (question.answer(rights, field), policy.explain(rights, field, *question));
                let cell = format!("{}, {name}, {}", rights.role(), question.word());
                if told.level != table {
                    faults
                        .push(format!("{cell}: the table says {table:?}, the explanation {:?}", told.level));
                }
                let decides = |allows| told.rules.iter().any(|rule| rule.decides && rule.allows == allows);
                let is_allowed = table != custodian::authz::Level::Denied;
                if decides(true) != is_allowed {
                    faults.push(format!("{cell}: {table:?} by {:?}", told.rules));
                }
                if told.rules.iter().any(|rule| !rule.allows && !rule.decides) && !is_allowed {
                    faults.push(format!("{cell}: a denying rule did not decide: {:?}", told.rules));
                }
                if told.reasons().is_empty() {
                    faults.push(format!("{cell}: no reason is given"));
                }
            }
        }
    }
    faults
}
