//! What a document uses: fragments and variables. Whoever takes parts out of an operation takes out what only those
//! parts used; what nothing ever used stays, so that validation says so.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    Directive, ExecutableDocument, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned};
use async_graphql_value::Value;

/// The named fragments of a document.
pub(super) type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// What the client's document uses, before anything is taken out.
pub(super) struct Uses {
    /// Fragments that some operation uses, to tell them from those that none does.
    fragments: HashSet<Name>,
    /// Variables that the operation asked for uses.
    variables: HashSet<Name>,
}

/// The fields of the root that an operation selects, each as often as it does. It was measured: there are few.
pub(super) fn roots(operation: &OperationDefinition, fragments: &Fragments) -> Vec<Name> {
    let (mut roots, mut sets) = (Vec::new(), vec![&operation.selection_set.node]);
    while let Some(set) = sets.pop() {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => roots.push(field.node.name.node.clone()),
                Selection::InlineFragment(inline) => sets.push(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let fragment = fragments.get(&spread.node.fragment_name.node);
                    sets.extend(fragment.map(|fragment| &fragment.node.selection_set.node));
                }
            }
        }
    }
    roots
}

impl Uses {
    pub(super) fn of(document: &ExecutableDocument, operation: &OperationDefinition) -> Self {
        let fragments = (document.operations.iter())
            .flat_map(|(_, operation)| reachable(&operation.node.selection_set.node, &document.fragments))
            .collect();
        Self { fragments, variables: variables_of(operation, &document.fragments) }
    }

    /// Takes out of what is left of the operation the variables and fragments that only the rest used.
    pub(super) fn prune(&self, operation: &mut OperationDefinition, fragments: &mut Fragments) {
        let variables = variables_of(operation, fragments);
        operation.variable_definitions.retain(|definition| {
            let name = &definition.node.name.node;
            variables.contains(name) || !self.variables.contains(name)
        });
        let used = reachable(&operation.selection_set.node, fragments);
        fragments.retain(|name, _| used.contains(name) || !self.fragments.contains(name));
    }
}

/// The fragments that a selection spreads, directly or not.
fn reachable(set: &SelectionSet, fragments: &Fragments) -> HashSet<Name> {
    fn spreads<'a>(set: &'a SelectionSet, found: &mut Vec<&'a Name>) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => spreads(&field.node.selection_set.node, found),
                Selection::InlineFragment(inner) => spreads(&inner.node.selection_set.node, found),
                Selection::FragmentSpread(spread) => found.push(&spread.node.fragment_name.node),
            }
        }
    }
    // Fragment by fragment: how deep they spread each other has not been measured for all of them.
    let mut found = HashSet::new();
    let mut waiting = Vec::new();
    spreads(set, &mut waiting);
    while let Some(name) = waiting.pop() {
        if found.insert(name.clone())
            && let Some(fragment) = fragments.get(name)
        {
            spreads(&fragment.node.selection_set.node, &mut waiting);
        }
    }
    found
}

/// The variables that an operation and the fragments it reaches use.
fn variables_of(operation: &OperationDefinition, fragments: &Fragments) -> HashSet<Name> {
    let mut found = HashSet::new();
    variables_of_directives(&operation.directives, &mut found);
    variables_of_set(&operation.selection_set.node, &mut found);
    for name in reachable(&operation.selection_set.node, fragments) {
        if let Some(fragment) = fragments.get(&name) {
            variables_of_directives(&fragment.node.directives, &mut found);
            variables_of_set(&fragment.node.selection_set.node, &mut found);
        }
    }
    found
}

fn variables_of_set(set: &SelectionSet, found: &mut HashSet<Name>) {
    for item in &set.items {
        variables_of_directives(item.node.directives(), found);
        match &item.node {
            Selection::Field(field) => {
                for (_, value) in &field.node.arguments {
                    variables_of_value(&value.node, found);
                }
                variables_of_set(&field.node.selection_set.node, found);
            }
            Selection::InlineFragment(inner) => variables_of_set(&inner.node.selection_set.node, found),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn variables_of_directives(directives: &[Positioned<Directive>], found: &mut HashSet<Name>) {
    for (_, value) in directives.iter().flat_map(|directive| &directive.node.arguments) {
        variables_of_value(&value.node, found);
    }
}

fn variables_of_value(value: &Value, found: &mut HashSet<Name>) {
    match value {
        Value::Variable(name) => {
            found.insert(name.clone());
        }
        Value::List(items) => items.iter().for_each(|item| variables_of_value(item, found)),
        Value::Object(members) => members.values().for_each(|member| variables_of_value(member, found)),
        _ => {}
    }
}
