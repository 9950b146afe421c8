//! What a guarded answer has to be, worked out without the guard: everything is executed in clear, then what is denied
//! is nulled and what is masked is replaced, walking the answer and the document side by side.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{PathSegment, Positioned, Response, ServerError, Value};
use async_graphql_value::Value as Given;
use custodian::authz::Level;

use super::document::{Document, TYPE_KEY};
use super::model::Model;

/// The answers of one document when nothing guards it.
pub struct Unguarded {
    /// With every value in clear.
    pub clear: Response,
    /// With every personal value in its masked form.
    pub masked: Response,
    /// In clear, with the type of every object under [`TYPE_KEY`].
    pub typed: Response,
}

/// What the guard has to make of a document.
#[derive(Debug)]
pub enum Expected {
    /// Nothing runs, because of these operations.
    Refused(BTreeSet<String>),
    /// An answer.
    Answered(Answered),
}

/// A guarded answer.
#[derive(Debug, Default)]
pub struct Answered {
    /// The data, as JSON text: key order counts.
    pub data: String,
    /// Where each denied field was nulled.
    pub nulled: BTreeMap<String, Vec<Path>>,
    /// The fields that were masked somewhere.
    pub masked: BTreeSet<String>,
    /// Place and text of the errors that remain, in no order.
    pub errors: Vec<(Path, String)>,
    /// Whether the document gives one key to different fields, which is invalid, and the library lets through.
    pub is_ambiguous: bool,
}

/// A place in an answer, such as `customers.nodes.0.id`.
pub type Path = String;

/// The place of an error.
pub fn path(segments: &[PathSegment]) -> Path {
    let text = |segment: &PathSegment| match segment {
        PathSegment::Field(name) => name.clone(),
        PathSegment::Index(index) => index.to_string(),
    };
    segments.iter().map(text).collect::<Vec<_>>().join(".")
}

/// Place and text of the errors that are about something in the data: of what is selected of a list of lists at two
/// places, the library returns the first and reports errors of both.
pub fn located(data: &Value, errors: &[ServerError]) -> Vec<(Path, String)> {
    let step = |value: Value, segment: &PathSegment| match (value, segment) {
        (Value::Object(members), PathSegment::Field(name)) => members.get(name.as_str()).cloned(),
        (Value::List(items), PathSegment::Index(index)) => items.get(*index).cloned(),
        _ => None,
    };
    let stands_there = |error: &&ServerError| error.path.iter().try_fold(data.clone(), step).is_some();
    let mut located: Vec<_> = (errors.iter().filter(stands_there))
        .map(|error| (path(&error.path), error.message.clone()))
        .collect();
    located.sort();
    located
}

/// What the guard has to answer, from what is answered without it.
pub fn expected(
    model: &Model,
    document: &Document,
    unguarded: &Unguarded,
    level: &dyn Fn(&str) -> Level,
) -> Expected {
    let parsed = async_graphql::parser::parse_query(&document.text).expect("the document was executed");
    let operation = operation(&parsed, document.operation);
    let root = if operation.ty == OperationType::Mutation { "Mutation" } else { "Query" };
    let oracle = Oracle { model, parsed: &parsed, document, level };

    let roots = oracle.collected(&[&operation.selection_set.node], root, true);
    let roots = roots.values().flatten().map(|field| field.name.node.as_str());
    let (denied, granted): (BTreeSet<String>, BTreeSet<String>) = roots
        .filter(|name| *name != "__typename")
        .map(|name| format!("{root}.{name}"))
        .partition(|name| level(name) == Level::Denied);
    if !denied.is_empty() && (root == "Mutation" || granted.is_empty()) {
        return Expected::Refused(denied);
    }

    let mut answered = Answered {
        is_ambiguous: oracle.is_ambiguous(&[(&operation.selection_set.node, root)]),
        ..Answered::default()
    };
    if answered.is_ambiguous {
        return Expected::Answered(answered);
    }
    let at = At {
        clear: &unguarded.clear.data,
        masked: Some(&unguarded.masked.data),
        typed: &unguarded.typed.data,
        path: String::new(),
    };
    let data = oracle.value(at, &[&operation.selection_set.node], &mut answered);
    answered.data = serde_json::to_string(&data).expect("an answer is JSON");
    let is_withheld = |path: &str| {
        answered
            .nulled
            .values()
            .flatten()
            .any(|nulled| path == nulled || path.starts_with(&format!("{nulled}.")))
    };
    let mut errors = located(&unguarded.clear.data, &unguarded.clear.errors);
    errors.retain(|(path, _)| !is_withheld(path));
    answered.errors = errors;
    Expected::Answered(answered)
}

fn operation<'d>(document: &'d ExecutableDocument, name: Option<&str>) -> &'d OperationDefinition {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(named), Some(name)) => named.get(name),
        (DocumentOperations::Multiple(named), None) => named.values().next(),
    };
    &operation.expect("the document has the operation").node
}

struct Oracle<'a> {
    model: &'a Model,
    parsed: &'a ExecutableDocument,
    document: &'a Document,
    level: &'a dyn Fn(&str) -> Level,
}

/// One place in the three answers.
struct At<'v> {
    clear: &'v Value,
    masked: Option<&'v Value>,
    typed: &'v Value,
    path: Path,
}

impl<'v> At<'v> {
    fn member(&self, key: &str) -> At<'v> {
        let member = |value: &'v Value| match value {
            Value::Object(members) => members.get(key),
            _ => None,
        };
        At {
            clear: member(self.clear).expect("the answer in clear has the key"),
            masked: self.masked.and_then(member),
            typed: member(self.typed).expect("a typed answer has the same keys"),
            path: if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) },
        }
    }

    fn item(&self, index: usize) -> At<'v> {
        let item = |value: &'v Value| match value {
            Value::List(items) => items.get(index),
            _ => None,
        };
        At {
            clear: item(self.clear).expect("the answer in clear has the item"),
            masked: self.masked.and_then(item),
            typed: item(self.typed).expect("a typed answer has the same items"),
            path: format!("{}.{index}", self.path),
        }
    }
}

impl<'a> Oracle<'a> {
    fn value(&self, at: At<'_>, sets: &[&'a SelectionSet], answered: &mut Answered) -> Value {
        match (at.clear, at.typed) {
            (Value::List(items), _) => {
                (0..items.len()).map(|index| self.value(at.item(index), sets, answered)).collect()
            }
            (Value::Object(members), Value::Object(typed)) => {
                let Some(Value::String(object)) = typed.get(TYPE_KEY) else {
                    // An object of a scalar: no selection.
                    return at.clear.clone();
                };
                let fields = self.collected(sets, object, false);
                let mut result = async_graphql::indexmap::IndexMap::new();
                for key in members.keys() {
                    let selected = &fields[key.as_str()];
                    result.insert(key.clone(), self.field(at.member(key), object, selected, answered));
                }
                Value::Object(result)
            }
            (scalar, _) => scalar.clone(),
        }
    }

    fn field(&self, at: At<'_>, object: &str, selected: &[&'a Field], answered: &mut Answered) -> Value {
        let name = selected[0].name.node.as_str();
        if name == "__typename" {
            return at.clear.clone();
        }
        let name = format!("{object}.{name}");
        match (self.level)(&name) {
            Level::Denied => {
                answered.nulled.entry(name).or_default().push(at.path);
                Value::Null
            }
            Level::Masked => {
                answered.masked.insert(name);
                at.masked.expect("the masked answer has the key").clone()
            }
            Level::Clear => {
                let sets: Vec<_> = selected.iter().map(|field| &field.selection_set.node).collect();
                self.value(at, &sets, answered)
            }
        }
    }

    /// Whether one key may mean different fields (GraphQL, section 5.3.2): skipped ones count, and so does what no
    /// object can meet. The library looks less closely.
    fn is_ambiguous(&self, sets: &[(&'a SelectionSet, &'a str)]) -> bool {
        let mut found: BTreeMap<String, Vec<(&'a Field, &'a str)>> = BTreeMap::new();
        for (set, on) in sets {
            self.collect_all(set, on, &mut found);
        }
        found.values().any(|fields| {
            let meet = |a: &str, b: &str| a == b || !(self.model.is(a, a) && self.model.is(b, b));
            let differ = |(a, on_a): &(&Field, &str), (b, on_b): &(&Field, &str)| {
                a.name.node != b.name.node && meet(on_a, on_b)
            };
            let below: Vec<_> = (fields.iter())
                .filter_map(|(field, on)| {
                    let returns = self.model.returns(on, field.name.node.as_str())?;
                    Some((&field.selection_set.node, returns))
                })
                .collect();
            fields.iter().any(|a| fields.iter().any(|b| differ(a, b))) || self.is_ambiguous(&below)
        })
    }

    /// The fields of a selection with the types they are selected on, by key.
    fn collect_all(
        &self,
        set: &'a SelectionSet,
        on: &'a str,
        found: &mut BTreeMap<String, Vec<(&'a Field, &'a str)>>,
    ) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.to_string();
                    found.entry(key).or_default().push((&field.node, on));
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let on = condition.map_or(on, |condition| condition.node.on.node.as_str());
                    self.collect_all(&inline.node.selection_set.node, on, found);
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = &self.parsed.fragments[&spread.node.fragment_name.node].node;
                    let on = fragment.type_condition.node.on.node.as_str();
                    self.collect_all(&fragment.selection_set.node, on, found);
                }
            }
        }
    }

    /// The fields that selections have on an object of this type, by key.
    fn collected(
        &self,
        sets: &[&'a SelectionSet],
        object: &str,
        skipped_too: bool,
    ) -> BTreeMap<String, Vec<&'a Field>> {
        let mut found = BTreeMap::new();
        for set in sets {
            self.collect(set, object, skipped_too, &mut found);
        }
        found
    }

    fn collect(
        &self,
        set: &'a SelectionSet,
        object: &str,
        skipped_too: bool,
        found: &mut BTreeMap<String, Vec<&'a Field>>,
    ) {
        for item in &set.items {
            if !skipped_too && !self.is_included(item.node.directives()) {
                continue;
            }
            let (on, set) = match &item.node {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.to_string();
                    found.entry(key).or_default().push(&field.node);
                    continue;
                }
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref().map(|condition| &condition.node.on.node);
                    (on, &inline.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = &self.parsed.fragments[&spread.node.fragment_name.node].node;
                    (Some(&fragment.type_condition.node.on.node), &fragment.selection_set.node)
                }
            };
            if on.is_none_or(|on| self.model.is(object, on)) {
                self.collect(set, object, skipped_too, found);
            }
        }
    }

    fn is_included(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().map(|directive| &directive.node).all(|directive| {
            let value = match directive.get_argument("if").map(|value| &value.node) {
                Some(Given::Boolean(value)) => *value,
                Some(Given::Variable(name)) => {
                    self.document.variables.get(name) == Some(&Value::Boolean(true))
                }
                _ => panic!("@{} has no condition", directive.name.node),
            };
            value == (directive.name.node == "include")
        })
    }
}
