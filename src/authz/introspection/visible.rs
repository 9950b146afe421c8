//! Which part of the schema can be used with given rights.
//!
//! - A field of an object can be used when it is not denied, when there is something to see in what it returns, and
//!   when every argument that has to be given can be given.
//! - An argument, an input field or a value to order by can be given when the right that `inputs.csv` asks for is
//!   there, and when its type has something that can be given. An input object of which a required field cannot be
//!   given cannot be given at all.
//! - A field of an interface can be used when an object has it; an object has the interfaces of which it shows all.
//!
//! One depends on the other, in circles too: everything counts as usable until it turns out not to be. What cannot be
//! reached from the roots is left out in the end.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::types::{
    FieldDefinition, InputValueDefinition, InterfaceType, ObjectType, TypeDefinition, TypeKind,
};
use async_graphql::{Name, Positioned};

use crate::authz::catalog::{LIVE, ORDER_FIELD, argument_position, named};
use crate::authz::policy::Policy;
use crate::authz::table::{Level, Rights};

/// Types by name.
pub(super) type Types = BTreeMap<String, TypeDefinition>;

/// The types of the schema, with what can be used of each.
pub(super) fn visible(policy: &Policy, rights: &Rights) -> Types {
    let mut types = policy.catalog().definitions().clone();
    loop {
        let sight = Sight { policy, rights, types: types.clone() };
        types.values_mut().for_each(|definition| sight.narrow(definition));
        types.retain(|_, definition| !is_empty(&definition.kind));
        if size(&types) == size(&sight.types) {
            break;
        }
    }
    let reachable = reachable(&types);
    types.retain(|name, _| reachable.contains(name));
    types
}

/// What is usable as far as is known.
struct Sight<'a> {
    policy: &'a Policy,
    rights: &'a Rights,
    types: Types,
}

impl Sight<'_> {
    /// Leaves of a type what can be used.
    fn narrow(&self, definition: &mut TypeDefinition) {
        let name = definition.name.node.as_str();
        match &mut definition.kind {
            TypeKind::Object(object) => {
                object.fields.retain_mut(|field| self.shows(name, &mut field.node));
                object.implements.retain(|interface| self.has_all(&object.fields, &interface.node));
            }
            TypeKind::Interface(interface) => {
                interface.fields.retain_mut(|field| self.is_had(name, &mut field.node));
                interface.implements.retain(|other| self.has_all(&interface.fields, &other.node));
            }
            TypeKind::Union(union) => {
                union.members.retain(|member| self.types.contains_key(member.node.as_str()))
            }
            TypeKind::Enum(choice) if name.ends_with(ORDER_FIELD) => {
                choice.values.retain(|value| self.is_granted(&format!("{name}.{}", value.node.value.node)));
            }
            TypeKind::InputObject(input) => {
                let position = |field: &Name| format!("{name}.{field}");
                if !self.retain_given(&mut input.fields, position) {
                    input.fields.clear();
                }
            }
            TypeKind::Enum(_) | TypeKind::Scalar => {}
        }
    }

    /// Whether a field of an object can be used; takes out the arguments that cannot be given.
    fn shows(&self, owner: &str, field: &mut FieldDefinition) -> bool {
        let name = &field.name.node;
        let position = |argument: &Name| argument_position(owner, name, argument);
        self.rights.level_by_name(&format!("{owner}.{name}")) != Level::Denied
            && self.has_something(named(&field.ty.node))
            && self.retain_given(&mut field.arguments, position)
    }

    /// Whether some object has a field of an interface; takes out the arguments that not all of them take.
    fn is_had(&self, interface: &str, field: &mut FieldDefinition) -> bool {
        let name = &field.name.node;
        let had: Vec<&FieldDefinition> = (implementors(&self.types, interface))
            .filter_map(|(_, object)| {
                object.fields.iter().map(|own| &own.node).find(|own| own.name.node == *name)
            })
            .collect();
        field.arguments.retain(|argument| {
            let takes = |own: &&FieldDefinition| {
                own.arguments.iter().any(|other| other.node.name.node == argument.node.name.node)
            };
            had.iter().all(takes)
        });
        !had.is_empty() && self.has_something(named(&field.ty.node))
    }

    /// Whether these are at least the fields of an interface.
    fn has_all(&self, fields: &[Positioned<FieldDefinition>], interface: &str) -> bool {
        let has = |name: &Name| fields.iter().any(|field| field.node.name.node == *name);
        self.types.get(interface).is_some_and(|definition| match &definition.kind {
            TypeKind::Interface(interface) => interface.fields.iter().all(|field| has(&field.node.name.node)),
            _ => false,
        })
    }

    /// Takes out what cannot be given; false when some of that has to be.
    fn retain_given(
        &self,
        given: &mut Vec<Positioned<InputValueDefinition>>,
        position: impl Fn(&Name) -> String,
    ) -> bool {
        let mut is_complete = true;
        given.retain(|input| {
            let input = &input.node;
            let can =
                self.is_granted(&position(&input.name.node)) && self.has_something(named(&input.ty.node));
            is_complete &= can || input.ty.node.nullable || input.default_value.is_some();
            can
        });
        is_complete
    }

    fn is_granted(&self, position: &str) -> bool {
        self.policy.needs(position).is_some_and(|needs| needs.is_met_by(self.rights))
    }

    /// Whether anything of a type can be used. The scalars of the language are in no list.
    fn has_something(&self, name: &str) -> bool {
        self.types.contains_key(name) || !self.policy.catalog().definitions().contains_key(name)
    }
}

fn is_empty(kind: &TypeKind) -> bool {
    match kind {
        TypeKind::Object(object) => object.fields.is_empty(),
        TypeKind::Interface(interface) => interface.fields.is_empty(),
        TypeKind::Union(union) => union.members.is_empty(),
        TypeKind::Enum(choice) => choice.values.is_empty(),
        TypeKind::InputObject(input) => input.fields.is_empty(),
        TypeKind::Scalar => false,
    }
}

/// How much there is: what only loses is the same when it has the same size.
fn size(types: &Types) -> usize {
    let of = |definition: &TypeDefinition| match &definition.kind {
        TypeKind::Object(ObjectType { implements, fields })
        | TypeKind::Interface(InterfaceType { implements, fields }) => {
            let arguments: usize = fields.iter().map(|field| field.node.arguments.len()).sum();
            implements.len() + fields.len() + arguments
        }
        TypeKind::Union(union) => union.members.len(),
        TypeKind::Enum(choice) => choice.values.len(),
        TypeKind::InputObject(input) => input.fields.len(),
        TypeKind::Scalar => 0,
    };
    types.values().map(|definition| 1 + of(definition)).sum()
}

/// The types that a document can come to from the roots.
fn reachable(types: &Types) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec!["Query", "Mutation", LIVE];
    while let Some(name) = waiting.pop() {
        if !found.insert(name.to_owned()) {
            continue;
        }
        match types.get(name).map(|definition| &definition.kind) {
            Some(
                TypeKind::Object(ObjectType { implements, fields })
                | TypeKind::Interface(InterfaceType { implements, fields }),
            ) => {
                waiting.extend(implements.iter().map(|interface| interface.node.as_str()));
                for field in fields.iter().map(|field| &field.node) {
                    let returned = named(&field.ty.node);
                    waiting.push(returned);
                    // Only where it is returned does an interface lead to the objects that have it.
                    waiting.extend(implementors(types, returned).map(|(object, _)| object));
                    waiting.extend(field.arguments.iter().map(|argument| named(&argument.node.ty.node)));
                }
            }
            Some(TypeKind::Union(union)) => {
                waiting.extend(union.members.iter().map(|member| member.node.as_str()));
            }
            Some(TypeKind::InputObject(input)) => {
                waiting.extend(input.fields.iter().map(|field| named(&field.node.ty.node)));
            }
            Some(TypeKind::Enum(_) | TypeKind::Scalar) | None => {}
        }
    }
    found
}

/// The objects that have an interface.
fn implementors<'t>(types: &'t Types, interface: &str) -> impl Iterator<Item = (&'t str, &'t ObjectType)> {
    types.iter().filter_map(move |(name, definition)| match &definition.kind {
        TypeKind::Object(object) if object.implements.iter().any(|one| one.node == interface) => {
            Some((name.as_str(), object))
        }
        _ => None,
    })
}
