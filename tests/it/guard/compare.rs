//! How a guarded document is run, and how its answer is compared with what the oracle expects.
//!
//! `PROPTEST_CASES=20000` tries more documents.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Request, Response, ServerError, Value};
use custodian::authz::answer::finish;
use custodian::authz::guard::guard;
use custodian::authz::policy::Policy;
use custodian::authz::{Level, Rights};
use custodian::config::{Config, Limits};
use proptest::prelude::{ProptestConfig, Strategy};
use proptest::prop_assert;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::document::{Document, TYPE_KEY};
use super::oracle::{Answered, Expected, Unguarded, located, path};

/// Whether the property holds for one document.
pub type Checked = Result<(), TestCaseError>;

/// Holds the property against as many documents as asked for, or as the environment asks for, the same in every run.
pub fn check<S: Strategy>(least: u32, cases: S, property: impl Fn(S::Value) -> Checked) {
    let default = ProptestConfig::default();
    let cases_wanted = if default.cases == 256 { least } else { default.cases };
    let config = ProptestConfig {
        cases: cases_wanted,
        // Some documents give one key to two fields, which is invalid. Many of them would be a fault of the maker.
        max_global_rejects: cases_wanted / 4,
        failure_persistence: None,
        ..default
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    match runner.run(&cases, property) {
        Ok(()) => {}
        // The reason shows the document; the numbers that it follows from help nobody.
        Err(TestError::Fail(reason, _)) => panic!("{reason}"),
        Err(TestError::Abort(reason)) => panic!("too many documents prove nothing: {reason}"),
    }
}

/// Limits that no document made here reaches.
fn no_limits() -> Limits {
    Limits {
        document_bytes: 1_048_576,
        anonymous_document_bytes: 1_048_576,
        tokens: 1_000_000,
        depth: 64,
        aliases: 1_000_000,
        fields: 1_000_000,
        cost: 1_000_000_000,
        root_fields: 1_000_000,
        directives: 1_000_000,
        ..Config::default().limits
    }
}

/// A document under the guard, ready to be executed, or the refusal.
///
/// # Errors
/// The answer of a refused document.
pub fn guarded(
    document: &Document,
    policy: &Policy,
    rights: &Rights,
) -> Result<(Request, Finish), Box<Response>> {
    let mut request = request(document, &document.text);
    let guarded =
        guard(policy, rights, &no_limits(), &document.text, document.operation, &document.variables)
            .map_err(|refusal| Box::new(refusal.into_response()))?;
    request.set_parsed_query(guarded.document);
    let catalog = Arc::clone(policy.catalog());
    Ok((request, Box::new(move |response| finish(&catalog, &guarded.plan, response))))
}

/// Completes the answer to a guarded request.
pub type Finish = Box<dyn FnOnce(Response) -> Response>;

/// A document as a client sends it.
pub fn request(document: &Document, text: &str) -> Request {
    let request = Request::new(text).variables(document.variables.clone());
    match document.operation {
        Some(name) => request.operation_name(name),
        None => request,
    }
}

/// Whether the library finds the document valid and the oracle's own runs agree with each other.
pub fn is_valid(unguarded: &Unguarded) -> Checked {
    if unguarded.clear.data == Value::Null {
        let errors: Vec<_> = unguarded.clear.errors.iter().map(|error| &error.message).collect();
        return Err(TestCaseError::reject(format!("not a valid document: {errors:?}")));
    }
    // The typed run is the same run; if this fails, asking for the type has disturbed the order of the keys.
    let untyped = without_types(&unguarded.typed.data);
    prop_assert!(text(&untyped) == text(&unguarded.clear.data), "the oracle's own runs differ");
    Ok(())
}

fn without_types(value: &Value) -> Value {
    match value {
        Value::List(items) => items.iter().map(without_types).collect(),
        Value::Object(members) => {
            let members = members.iter().filter(|(key, _)| key.as_str() != TYPE_KEY);
            Value::Object(members.map(|(key, member)| (key.clone(), without_types(member))).collect())
        }
        scalar => scalar.clone(),
    }
}

/// An answer as JSON text.
pub fn text(value: &Value) -> String {
    // Not by way of a JSON value, which would sort the keys.
    serde_json::to_string(value).expect("an answer is JSON")
}

/// The operations that a refusal names.
fn compare_refusal(refused: &Response, denied: &BTreeSet<String>, role: &str) -> Checked {
    prop_assert!(refused.data == Value::Null, "a refusal has data");
    let codes: BTreeSet<String> =
        refused.errors.iter().filter_map(|error| extension(error, "code")).collect();
    if role == "anonymous" {
        prop_assert!(codes == BTreeSet::from(["UNAUTHENTICATED".to_owned()]), "refused with {codes:?}");
    } else {
        let named: BTreeSet<String> =
            refused.errors.iter().filter_map(|error| extension(error, "field")).collect();
        prop_assert!(codes == BTreeSet::from(["FORBIDDEN".to_owned()]), "refused with {codes:?}");
        prop_assert!(named == *denied, "the refusal names {named:?}, but {denied:?} are denied");
    }
    Ok(())
}

fn extension(error: &ServerError, name: &str) -> Option<String> {
    match error.extensions.as_ref()?.get(name)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn compare_answer(answer: &Response, expected: &Answered, level: &dyn Fn(&str) -> Level) -> Checked {
    let data = text(&answer.data);
    let messages: Vec<_> = answer.errors.iter().map(|error| &error.message).collect();
    prop_assert!(
        data == expected.data,
        "the data are\n{data}\nwith the errors {messages:?} and should be\n{}",
        expected.data
    );

    let (about_fields, others): (Vec<_>, Vec<_>) =
        answer.errors.iter().cloned().partition(|error| extension(error, "field").is_some());
    let mut denied = BTreeSet::new();
    for error in &about_fields {
        let field = extension(error, "field").unwrap_or_default();
        let places = expected.nulled.get(&field).map_or(&[][..], Vec::as_slice);
        prop_assert!(extension(error, "code").as_deref() == Some("FORBIDDEN"), "{error:?}");
        prop_assert!(places.contains(&path(&error.path)), "{field} was not nulled at {:?}", error.path);
        let occurrences = extension(error, "occurrences");
        prop_assert!(
            occurrences == Some(places.len().to_string()),
            "{field} was nulled {} times, the error says {occurrences:?}",
            places.len()
        );
        prop_assert!(denied.insert(field.clone()), "{field} has two errors");
    }
    let remaining = located(&answer.data, &others);
    prop_assert!(
        remaining == expected.errors,
        "the other errors are {remaining:?}, not {:?}",
        expected.errors
    );
    let nulled: BTreeSet<String> = expected.nulled.keys().cloned().collect();
    prop_assert!(denied == nulled, "{denied:?} have an error, {nulled:?} were nulled");

    for (list, met, decided) in
        [("denied", &nulled, Level::Denied), ("masked", &expected.masked, Level::Masked)]
    {
        let listed = access(answer, list);
        prop_assert!(met.is_subset(&listed), "extensions.access.{list} is {listed:?}, met were {met:?}");
        prop_assert!(listed.iter().all(|field| level(field) == decided), "not all of {listed:?} are {list}");
    }
    Ok(())
}

/// A list of `extensions.access`.
fn access(answer: &Response, list: &str) -> BTreeSet<String> {
    let Some(Value::Object(access)) = answer.extensions.get("access") else { return BTreeSet::new() };
    match access.get(list) {
        Some(Value::List(names)) => names
            .iter()
            .filter_map(|name| if let Value::String(name) = name { Some(name.clone()) } else { None })
            .collect(),
        _ => BTreeSet::new(),
    }
}

/// Adds the document to what went wrong with it.
pub fn explained(checked: Checked, document: &Document) -> Checked {
    checked.map_err(|error| match error {
        TestCaseError::Fail(reason) => TestCaseError::fail(format!(
            "{reason}\nin the document (operation {:?}, variables {})\n{}",
            document.operation, document.variables, document.text
        )),
        reject @ TestCaseError::Reject(_) => reject,
    })
}

/// Compares what the guard made of a document with what it should make of it.
pub fn compare(
    guarded: Result<Response, Box<Response>>,
    expected: Expected,
    role: &str,
    level: &dyn Fn(&str) -> Level,
) -> Checked {
    match (guarded, expected) {
        (_, Expected::Answered(answered)) if answered.is_ambiguous => {
            Err(TestCaseError::reject("one key for different fields"))
        }
        (Ok(answer), Expected::Answered(answered)) => compare_answer(&answer, &answered, level),
        (Err(refused), Expected::Refused(denied)) => compare_refusal(&refused, &denied, role),
        (Ok(answer), Expected::Refused(denied)) => Err(TestCaseError::fail(format!(
            "not refused, though {denied:?} are denied: {:?}",
            answer.errors
        ))),
        (Err(refused), Expected::Answered(_)) => {
            Err(TestCaseError::fail(format!("refused: {:?}", refused.errors)))
        }
    }
}
