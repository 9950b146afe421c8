//! The property over the schema of [`super::zoo`] and policies at random.

use std::sync::Arc;

use async_graphql::Value;
use custodian::authz::Level;
use custodian::authz::catalog::Catalog;
use custodian::authz::policy::ROLES;
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::prop_assert;
use serde_json::json;

use super::compare::{Checked, check, compare, explained, guarded, is_valid, request};
use super::decisions::Decided;
use super::document::{Document, document};
use super::model::{Model, Options};
use super::oracle::{Unguarded, expected};
use super::zoo::{Ran, Zoo, zoo};
use crate::suite::runtime;

/// How many policies the documents are tried with, each as every role.
const POLICIES: usize = 24;

/// Tries documents.
pub fn run() {
    let runtime = runtime();
    let zoo = zoo();
    let catalog = Arc::new(Catalog::new(&zoo.sdl()).expect("the schema can be indexed"));
    let policies: Vec<Decided> =
        (0..POLICIES).map(|number| runtime.block_on(Decided::new(number, &catalog))).collect();
    let options = Options { values: Box::new(values), always: &[], without: &[], depth: 5 };
    let model = Model::new(&zoo.sdl(), options);
    let cases = (0..POLICIES, 0..ROLES.len(), vec(any::<u16>(), 0..250));
    check(2_000, cases, |(policy, role, numbers)| {
        let document = document(&model, &numbers);
        let holds = property(&zoo, &model, &policies[policy], ROLES[role], &document);
        explained(runtime.block_on(holds), &document)
    });
}

fn values(_: &str, argument: &str) -> Vec<Value> {
    match argument {
        "first" => vec![1.into(), 3.into(), 0.into()],
        "n" => vec![1.into(), 2.into()],
        "prefix" => vec!["a \"b\"".into(), Value::Null],
        "spot" => vec![
            Value::from_json(json!({ "x": 2, "text": "[{" })).unwrap(),
            Value::from_json(json!({ "x": 1 })).unwrap(),
        ],
        _ => Vec::new(),
    }
}

async fn property(
    zoo: &Zoo,
    model: &Model,
    decided: &Decided,
    role: &'static str,
    document: &Document,
) -> Checked {
    let rights = decided.policy.rights(role).expect("every role is compiled");
    let everything = decided.policy.everything();
    let level = |field: &str| decided.level(role, field);

    let ran = Ran::default();
    let answer = match guarded(document, &decided.policy, rights) {
        Ok((request, finish)) => {
            let request = request.data(Arc::clone(rights)).data(Arc::clone(&ran));
            Ok(finish(zoo.execute(request).await))
        }
        Err(refused) => Err(refused),
    };
    // Also where the document turns out to be invalid.
    let ran = ran.lock().unwrap().clone();
    let denied: Vec<_> = ran.iter().filter(|field| level(field) == Level::Denied).collect();
    prop_assert!(denied.is_empty(), "denied resolvers ran: {denied:?}");

    let all = Ran::default();
    let clear = request(document, &document.text).data(Arc::clone(everything)).data(Arc::clone(&all));
    let unguarded = Unguarded {
        clear: zoo.execute(clear).await,
        masked: zoo.execute(request(document, &document.text)).await,
        typed: zoo.execute(request(document, &document.typed).data(Arc::clone(everything))).await,
    };
    is_valid(&unguarded)?;
    prop_assert!(ran.is_subset(&all.lock().unwrap()), "resolvers ran that nobody asked for");
    compare(answer, expected(model, document, &unguarded, &level), role, &level)
}
