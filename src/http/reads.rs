//! What may come by GET: reading that leaves no record. Others store its answers, and what was asked, and repeat it.

use std::collections::HashSet;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
};

use super::incoming::Asked;
use crate::customers::LOOKUP;
use crate::trail::VERIFY;

/// Whether nothing else can come of the request. What does not parse, or names no operation, is left to execution,
/// which refuses it with the right error.
pub(super) fn only(asked: &Asked) -> bool {
    let Ok(document) = async_graphql::parser::parse_query(&asked.query) else { return true };
    let name = asked.operation_name.as_deref();
    let chosen = match (&document.operations, name) {
        (DocumentOperations::Multiple(named), Some(name)) => named.get(name),
        _ => None,
    };
    let reads = |operation: &OperationDefinition| {
        operation.ty == OperationType::Query && !records(&document, operation)
    };
    match chosen {
        Some(operation) => reads(&operation.node),
        None => document.operations.iter().all(|(_, operation)| reads(&operation.node)),
    }
}

/// The queries that leave a record.
const RECORDED: [&str; 2] = [LOOKUP, VERIFY];

/// Whether one that leaves a record is among its root fields, in whichever fragment.
fn records(document: &ExecutableDocument, operation: &OperationDefinition) -> bool {
    let (mut sets, mut spread) = (vec![&operation.selection_set], HashSet::new());
    while let Some(set) = sets.pop() {
        for item in &set.node.items {
            match &item.node {
                Selection::Field(field) if RECORDED.contains(&field.node.name.node.as_str()) => return true,
                Selection::Field(_) => {}
                Selection::InlineFragment(fragment) => sets.push(&fragment.node.selection_set),
                Selection::FragmentSpread(fragment) => {
                    let name = &fragment.node.fragment_name.node;
                    if let Some(fragment) = document.fragments.get(name).filter(|_| spread.insert(name)) {
                        sets.push(&fragment.node.selection_set);
                    }
                }
            }
        }
    }
    false
}
