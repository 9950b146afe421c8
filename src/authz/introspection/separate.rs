//! Divides an operation into what asks for data and what asks about the schema, and joins the two answers.
//!
//! A `__typename` under a key of ours stands in for each question about the schema, so that keys keep their order and
//! directives their effect. In the other part a `__typename` under the client's key stands for what asks for data:
//! that one key means two things is found there.

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Response, Value};

use crate::authz::catalog::INTROSPECTION;
use crate::authz::guard::stand_in;
use crate::authz::uses::{Fragments, Uses};

/// Keys that stand in for questions about the schema begin so; no alias of a client does.
const STAND_IN: &str = "__i_";

/// Takes what asks about the schema out of a query on this root, and gives it as a document of its own.
pub(in crate::authz) fn separate(
    root: &str,
    operation: &mut Positioned<OperationDefinition>,
    fragments: &mut Fragments,
    uses: &Uses,
) -> ExecutableDocument {
    let mut other = operation.clone();
    let mut other_fragments = fragments.clone();
    replace(root, &mut other.node, &mut other_fragments, &|field| {
        let is_data = !asks_about_schema(&field.node);
        is_data.then(|| stand_in(field.pos, field.node.response_key().node.clone(), Vec::new()))
    });
    uses.prune(&mut other.node, &mut other_fragments);
    replace(root, &mut operation.node, fragments, &|field| {
        let key = || Name::new(format!("{STAND_IN}{}", field.node.response_key().node));
        asks_about_schema(&field.node).then(|| stand_in(field.pos, key(), field.node.directives.clone()))
    });
    ExecutableDocument { operations: DocumentOperations::Single(other), fragments: other_fragments }
}

/// Puts the answers about the schema where they were asked for.
pub fn join(response: &mut Response, about_schema: Response) {
    let Value::Object(members) = &mut response.data else {
        return; // refused as a whole
    };
    let Value::Object(mut answers) = about_schema.data else {
        *response = Response::from_errors(about_schema.errors);
        return;
    };
    let joined = std::mem::take(members).into_iter().map(|(key, value)| match key.strip_prefix(STAND_IN) {
        Some(key) => (Name::new(key), answers.swap_remove(key).unwrap_or_default()),
        None => (key, value),
    });
    *members = joined.collect();
    response.errors.extend(about_schema.errors);
}

fn asks_about_schema(field: &Field) -> bool {
    INTROSPECTION.contains(&field.name.node.as_str())
}

/// What takes the place of a field, if anything does.
type Instead<'a> = &'a dyn Fn(&Positioned<Field>) -> Option<Positioned<Selection>>;

fn replace(root: &str, operation: &mut OperationDefinition, fragments: &mut Fragments, instead: Instead<'_>) {
    replace_in(root, &mut operation.selection_set.node, instead);
    for fragment in
        fragments.values_mut().filter(|fragment| fragment.node.type_condition.node.on.node == root)
    {
        replace_in(root, &mut fragment.node.selection_set.node, instead);
    }
}

fn replace_in(root: &str, set: &mut SelectionSet, instead: Instead<'_>) {
    for item in &mut set.items {
        match &mut item.node {
            Selection::Field(field) => {
                if let Some(other) = instead(field) {
                    *item = other;
                }
            }
            Selection::InlineFragment(inner) => {
                let on = inner.node.type_condition.as_ref().map(|condition| &condition.node.on.node);
                if on.is_none_or(|on| on == root) {
                    replace_in(root, &mut inner.node.selection_set.node, instead);
                }
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}
