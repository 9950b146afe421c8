//! The guard: turns a parsed document and a role's rights into the document that is executed.
//!
//! A denied field is replaced by `__typename` under a key of ours; afterwards [`super::answer`] puts the client's key
//! back with `null`. So a denied resolver never runs, and position, type conditions and key order stay as they were.
//! Directives of any `__typename` move to a wrapping inline fragment, because there they are validated. A
//! field of an interface on which its object types disagree is split into one inline fragment per object type. Each
//! fragment is rewritten once, against its own type condition: the cost does not grow with its uses, nor with rows.
//! What asks about the schema becomes a document of its own ([`super::introspection`]).

use std::collections::{BTreeSet, HashMap};

use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, InlineFragment, OperationDefinition,
    OperationType, Selection, SelectionSet, TypeCondition,
};
use async_graphql::{Name, Pos, Positioned, Variables};

use super::argument::ArgumentCheck;
use super::catalog::{Catalog, FieldId, INTROSPECTION, OutputField, Shape, TypeIndex};
use super::given::Given;
use super::introspection::separate;
use super::measure::measure;
use super::nesting;
use super::plan::{Plan, Refusal};
use super::policy::Policy;
use super::table::{Level, Rights};
use super::uses::{Fragments, Uses, roots};
use crate::authn::ANONYMOUS;
use crate::config::Limits;
use crate::error::Error;

/// A document that may run, and what was decided about it.
pub struct Guarded {
    /// A query, a mutation or a subscription.
    pub operation_type: OperationType,
    /// The rewritten document, holding the one operation asked for.
    pub document: ExecutableDocument,
    /// What it asks about the schema, if anything.
    pub introspection: Option<ExecutableDocument>,
    /// What was masked and denied.
    pub plan: Plan,
    /// What it costs, as it is measured.
    pub cost: u64,
    /// The fields of the root, each as often as it is selected.
    pub roots: Vec<Name>,
    /// The defaults of variables that were not given: the library forgets them in directives.
    pub defaults: Vec<(Name, async_graphql::Value)>,
}

/// Decides about one operation of a document.
///
/// # Errors
/// A [`Refusal`] when nothing may run: the document is malformed or too large, the caller has no right to any of it,
/// or an argument or input field needs a right he lacks.
pub fn guard(
    policy: &Policy,
    rights: &Rights,
    limits: &Limits,
    text: &str,
    operation_name: Option<&str>,
    variables: &Variables,
) -> Result<Guarded, Refusal> {
    nesting::check(text, limits, rights.key() == ANONYMOUS)?;
    let document = async_graphql::parser::parse_query(text).map_err(Refusal::unparsable)?;
    let (name, operation) = choose(&document, operation_name)?;
    let catalog = policy.catalog();
    let root = match operation.node.ty {
        OperationType::Query => catalog.query(),
        OperationType::Mutation => {
            catalog.mutation().ok_or_else(|| Refusal::from(Error::bad_input("there are no mutations")))?
        }
        OperationType::Subscription => {
            catalog.live().ok_or_else(|| Refusal::from(Error::bad_input("there are no subscriptions")))?
        }
    };
    require_variables(&operation.node, variables)?;
    let defaults: HashMap<Name, async_graphql::Value> = (operation.node.variable_definitions.iter())
        .filter_map(|definition| {
            Some((definition.node.name.node.clone(), definition.node.default_value.as_ref()?.node.clone()))
        })
        .collect();
    let given = Given { variables, defaults: &defaults };
    let measured = measure(catalog, limits, &document, &operation.node, root, given)?;
    let roots = roots(&operation.node, &document.fragments);
    let uses = Uses::of(&document, &operation.node);
    let mut rewriter = Rewriter {
        catalog,
        rights,
        root,
        arguments: ArgumentCheck {
            catalog,
            policy,
            rights,
            given,
            refused: BTreeSet::new(),
            holds_nul: false,
        },
        waiting: document.fragments,
        done: HashMap::new(),
        plan: Plan::default(),
        granted_roots: 0,
        introspects: false,
        reserved_alias: false,
    };
    let operation_type = operation.node.ty;
    one_event(&operation.node, measured.root_fields)?;
    let mut operation = operation;
    operation.node.selection_set.node =
        rewriter.selections(std::mem::take(&mut operation.node.selection_set.node), root);
    if rewriter.reserved_alias {
        return Err(Error::bad_input("an alias must not begin with two underscores").into());
    }
    let refused_roots = rewriter.plan.denied_of(catalog, root);
    if !refused_roots.is_empty() && (operation_type == OperationType::Mutation || rewriter.granted_roots == 0)
    {
        return Err(Refusal::operation(catalog, rights, &refused_roots));
    }
    if operation_type == OperationType::Subscription && rewriter.granted_roots != 1 {
        return Err(Error::bad_input("there is no such event to subscribe to").into());
    }
    if rewriter.arguments.holds_nul || variables.values().any(holds_nul) {
        return Err(Error::bad_input("a text holds the character NUL").into());
    }
    one_mutation(operation_type, measured.root_fields)?;
    if !rewriter.arguments.refused.is_empty() {
        return Err(Refusal::arguments(catalog, &rewriter.plan, &rewriter.arguments.refused));
    }
    let mut fragments = rewriter.done;
    fragments.extend(rewriter.waiting);
    let introspection = (rewriter.introspects)
        .then(|| separate(&catalog.output_type(root).name, &mut operation, &mut fragments, &uses));
    uses.prune(&mut operation.node, &mut fragments);
    let operations = match name {
        Some(name) => DocumentOperations::Multiple(HashMap::from([(name, operation)])),
        None => DocumentOperations::Single(operation),
    };
    let absent = |(name, _): &(&Name, &async_graphql::Value)| !variables.contains_key(*name);
    let defaults =
        defaults.iter().filter(absent).map(|(name, value)| (name.clone(), value.clone())).collect();
    let document = ExecutableDocument { operations, fragments };
    let (plan, cost) = (rewriter.plan, measured.cost);
    Ok(Guarded { operation_type, document, introspection, plan, cost, roots, defaults })
}

impl Guarded {
    /// What is answered once.
    ///
    /// # Errors
    /// A [`Refusal`] of a subscription, which is answered by event.
    pub fn answered_once(self) -> Result<Self, Refusal> {
        match self.operation_type {
            OperationType::Query | OperationType::Mutation => Ok(self),
            OperationType::Subscription => {
                Err(Error::bad_input("subscriptions are served over WebSocket, at /graphql/ws").into())
            }
        }
    }
}

/// A variable that must have a value has one; the library leaves it out where the argument may be null.
fn require_variables(operation: &OperationDefinition, variables: &Variables) -> Result<(), Error> {
    for definition in &operation.variable_definitions {
        let definition = &definition.node;
        let given = variables.get(&definition.name.node);
        let is_missing = match given {
            Some(value) => *value == async_graphql::Value::Null,
            None => definition.default_value.is_none(),
        };
        if is_missing && !definition.var_type.node.nullable {
            return Err(Error::bad_input(format!("the variable ${} needs a value", definition.name.node)));
        }
    }
    Ok(())
}

/// A mutation that is refused half-way must not have changed anything: each request changes one thing.
fn one_mutation(operation_type: OperationType, roots: u64) -> Result<(), Error> {
    if operation_type == OperationType::Mutation && roots > 1 {
        let what = "mutations in one request";
        return Err(Error::too_complex(what, format!("{what}: {roots} asked for, 1 allowed")));
    }
    Ok(())
}

/// A subscription is about one event, which it selects itself: the library looks for it in no fragment.
fn one_event(operation: &OperationDefinition, roots: u64) -> Result<(), Error> {
    let selected = &operation.selection_set.node.items;
    let is_one = matches!(selected.as_slice(), [one] if matches!(one.node, Selection::Field(_)));
    match operation.ty {
        OperationType::Subscription if roots != 1 || !is_one => {
            Err(Error::bad_input("a subscription selects one event, and that not in a fragment"))
        }
        _ => Ok(()),
    }
}

/// PostgreSQL stores no NUL; no text of ours needs one.
fn holds_nul(value: &async_graphql::Value) -> bool {
    use async_graphql::Value as Given;
    match value {
        Given::String(text) => text.contains('\0'),
        Given::List(items) => items.iter().any(holds_nul),
        Given::Object(members) => members.values().any(holds_nul),
        _ => false,
    }
}

/// The operation asked for, with its name.
fn choose(
    document: &ExecutableDocument,
    wanted: Option<&str>,
) -> Result<(Option<Name>, Positioned<OperationDefinition>), Refusal> {
    let unknown = || Refusal::from(Error::bad_input("the document has no operation of that name"));
    match (&document.operations, wanted) {
        (DocumentOperations::Single(operation), None) => Ok((None, operation.clone())),
        (DocumentOperations::Single(_), Some(_)) => Err(unknown()),
        (DocumentOperations::Multiple(operations), Some(wanted)) => {
            let (name, operation) = operations.get_key_value(wanted).ok_or_else(unknown)?;
            Ok((Some(name.clone()), operation.clone()))
        }
        (DocumentOperations::Multiple(operations), None) => match operations.iter().next() {
            Some((name, operation)) if operations.len() == 1 => Ok((Some(name.clone()), operation.clone())),
            _ => {
                Err(Error::bad_input("the document has several operations: say which in operationName")
                    .into())
            }
        },
    }
}

struct Rewriter<'a> {
    catalog: &'a Catalog,
    rights: &'a Rights,
    root: TypeIndex,
    arguments: ArgumentCheck<'a>,
    waiting: Fragments,
    done: Fragments,
    plan: Plan,
    granted_roots: usize,
    introspects: bool,
    reserved_alias: bool,
}

impl Rewriter<'_> {
    fn selections(&mut self, set: SelectionSet, parent: TypeIndex) -> SelectionSet {
        let mut items = Vec::with_capacity(set.items.len());
        for item in set.items {
            let at = item.pos;
            match item.node {
                Selection::Field(field) => self.field(field, parent, &mut items),
                Selection::InlineFragment(mut fragment) => {
                    let on = match &fragment.node.type_condition {
                        Some(condition) => self.catalog.type_named(condition.node.on.node.as_str()),
                        None => Some(parent),
                    };
                    // An unknown type is a validation error; nothing in it can run.
                    if let Some(on) = on {
                        let inner = std::mem::take(&mut fragment.node.selection_set.node);
                        fragment.node.selection_set.node = self.selections(inner, on);
                    }
                    items.push(Positioned::new(Selection::InlineFragment(fragment), at));
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node);
                    items.push(Positioned::new(Selection::FragmentSpread(spread), at));
                }
            }
        }
        SelectionSet { items }
    }

    /// Rewrites a named fragment the first time it is spread. Cycles were refused when the document was measured.
    fn fragment(&mut self, name: &Name) {
        if let Some(mut fragment) = self.waiting.remove(name) {
            if let Some(on) = self.catalog.type_named(fragment.node.type_condition.node.on.node.as_str()) {
                let inner = std::mem::take(&mut fragment.node.selection_set.node);
                fragment.node.selection_set.node = self.selections(inner, on);
            }
            self.done.insert(name.clone(), fragment);
        }
    }

    fn field(&mut self, field: Positioned<Field>, parent: TypeIndex, items: &mut Vec<Positioned<Selection>>) {
        if field.node.alias.as_ref().is_some_and(|alias| alias.node.starts_with("__")) {
            self.reserved_alias = true;
        }
        let catalog = self.catalog;
        let owner = catalog.output_type(parent);
        // `__typename` is public; a field the type does not have is a validation error.
        let Some(known) = owner.fields.get(field.node.name.node.as_str()) else {
            items.push(match field.node.name.node.as_str() {
                "__typename" => directives_outside(field),
                _ => Positioned::new(Selection::Field(field.clone()), field.pos),
            });
            return;
        };
        match (&owner.shape, known.id) {
            (Shape::Object, Some(id)) => self.object_field(field, &owner.name, known, id, parent, items),
            (Shape::Abstract { possible }, _) => self.abstract_field(field, known, possible, items),
            // Fields of objects are numbered when the catalogue is built.
            (Shape::Object, None) => {}
        }
    }

    fn object_field(
        &mut self,
        field: Positioned<Field>,
        owner: &str,
        known: &OutputField,
        id: FieldId,
        parent: TypeIndex,
        items: &mut Vec<Positioned<Selection>>,
    ) {
        match self.rights.level(id) {
            Level::Denied => {
                items.push(self.deny(field, id));
                return;
            }
            level => self.plan.show(id, level),
        }
        if parent == self.root {
            self.granted_roots += 1;
            self.introspects |= INTROSPECTION.contains(&field.node.name.node.as_str());
        }
        self.check_arguments(&field.node, owner, known);
        items.push(self.keep(field, known));
    }

    /// A field selected on an interface: decided by the object types it can be.
    fn abstract_field(
        &mut self,
        field: Positioned<Field>,
        known: &OutputField,
        possible: &[TypeIndex],
        items: &mut Vec<Positioned<Selection>>,
    ) {
        let catalog = self.catalog;
        let name = field.node.name.node.as_str();
        let decided: Vec<_> = (possible.iter())
            .filter_map(|index| {
                let object = catalog.output_type(*index);
                let own = object.fields.get(name)?;
                Some((*index, object, own, own.id?))
            })
            .collect();
        if decided.iter().all(|(_, _, _, id)| self.rights.level(*id) != Level::Denied) {
            for (_, object, own, id) in &decided {
                self.plan.show(*id, self.rights.level(*id));
                self.check_arguments(&field.node, &object.name, own);
            }
            items.push(self.keep(field, known));
            return;
        }
        for (index, object, own, id) in decided {
            let mut inner = Vec::with_capacity(1);
            self.object_field(field.clone(), &object.name, own, id, index, &mut inner);
            let condition = TypeCondition { on: Positioned::new(Name::new(&object.name), field.pos) };
            items.push(wrap(field.pos, Some(condition), Vec::new(), inner));
        }
    }

    fn check_arguments(&mut self, field: &Field, owner: &str, known: &OutputField) {
        for (name, value) in &field.arguments {
            if let Some(type_name) = known.arguments.get(name.node.as_str()) {
                self.arguments.argument(owner, &field.name.node, &name.node, type_name, &value.node);
            }
        }
    }

    fn keep(&mut self, mut field: Positioned<Field>, known: &OutputField) -> Positioned<Selection> {
        let at = field.pos;
        if let Some(returns) = known.returns {
            let inner = std::mem::take(&mut field.node.selection_set.node);
            field.node.selection_set.node = self.selections(inner, returns);
        }
        Positioned::new(Selection::Field(field), at)
    }

    fn deny(&mut self, field: Positioned<Field>, id: FieldId) -> Positioned<Selection> {
        let at = field.pos;
        let key = self.plan.deny(id, &field.node.response_key().node);
        stand_in(at, key, field.node.directives)
    }
}

/// A `__typename` that stands under this key for another field.
pub(super) fn stand_in(at: Pos, key: Name, directives: Vec<Positioned<Directive>>) -> Positioned<Selection> {
    let field = Field {
        alias: Some(Positioned::new(key, at)),
        name: Positioned::new(Name::new("__typename"), at),
        arguments: Vec::new(),
        directives,
        selection_set: Positioned::new(SelectionSet::default(), at),
    };
    directives_outside(Positioned::new(field, at))
}

/// A `__typename` whose directives stand on an inline fragment around it: validation overlooks them, and the
/// variables in them, on the field itself.
fn directives_outside(mut field: Positioned<Field>) -> Positioned<Selection> {
    let at = field.pos;
    let directives = std::mem::take(&mut field.node.directives);
    let selection = Positioned::new(Selection::Field(field), at);
    if directives.is_empty() { selection } else { wrap(at, None, directives, vec![selection]) }
}

fn wrap(
    at: Pos,
    type_condition: Option<TypeCondition>,
    directives: Vec<Positioned<Directive>>,
    items: Vec<Positioned<Selection>>,
) -> Positioned<Selection> {
    let fragment = InlineFragment {
        type_condition: type_condition.map(|condition| Positioned::new(condition, at)),
        directives,
        selection_set: Positioned::new(SelectionSet { items }, at),
    };
    Positioned::new(Selection::InlineFragment(Positioned::new(fragment, at)), at)
}
