//! What a role can use of the schema, worked out from the SDL and the lines of the policy files alone: what cannot be
//! used is collected until nothing more follows from it.
//!
//! Everything has a name: `Customer`, `Customer.email`, `Query.customer(id)`, `CustomerFilter.email`,
//! `CustomerOrderField.CREATED_AT`, and `Customer: Node` for an object that has an interface.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, ObjectType, Type, TypeKind, TypeSystemDefinition,
};
use custodian::authz::policy::PolicyFiles;

use crate::reference::{data_lines, input_needs};

/// Schema and policy.
pub struct Oracle {
    types: BTreeMap<String, TypeKind>,
    lines: Vec<Vec<String>>,
}

type Names = BTreeSet<String>;

impl Oracle {
    /// Our schema, under a policy.
    pub fn new(files: &PolicyFiles) -> Self {
        let document = parse_schema(custodian::schema::sdl().unwrap()).unwrap();
        let types = document.definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => {
                Some((definition.node.name.node.to_string(), definition.node.kind))
            }
            _ => None,
        });
        let lines = data_lines(&files.policy).into_iter().map(|(_, words)| words).collect();
        Self { types: types.collect(), lines }
    }

    /// Everything that has a name.
    pub fn everything(&self) -> Names {
        self.types.iter().flat_map(|(name, kind)| self.inside(name, kind, &Names::new())).collect()
    }

    /// What a role can use.
    pub fn usable(&self, role: &str) -> Names {
        let unusable = self.unusable(role);
        // The scalars of the language are always there.
        let mut types: Names = ["Boolean", "Float", "ID", "Int", "String"].map(str::to_owned).into();
        let mut waiting: Vec<String> = ["Query", "Mutation", "Live"].map(str::to_owned).into();
        while let Some(name) = waiting.pop() {
            if !unusable.contains(&name) && types.insert(name.clone()) {
                waiting.extend(self.next(&name, &unusable));
            }
        }
        types
            .iter()
            .flat_map(|name| match self.types.get(name) {
                Some(kind) => self.inside(name, kind, &unusable),
                None => BTreeSet::from([name.clone()]),
            })
            .collect()
    }

    /// The types that a type leads to.
    fn next(&self, name: &str, unusable: &Names) -> Vec<String> {
        let mut next = Vec::new();
        match self.types.get(name) {
            Some(TypeKind::Object(object)) => {
                next.extend(self.interfaces(name, object, unusable));
                for field in usable_fields(name, &object.fields, unusable) {
                    let returned = named(&field.ty.node);
                    if let Some(TypeKind::Interface(_)) = self.types.get(returned) {
                        next.extend(
                            self.objects()
                                .filter(|(owner, object)| {
                                    self.interfaces(owner, object, unusable).contains(&returned.to_owned())
                                })
                                .map(|(owner, _)| owner.clone()),
                        );
                    }
                    next.push(returned.to_owned());
                    for argument in usable_arguments(name, field, unusable) {
                        next.push(named(&argument.ty.node).to_owned());
                    }
                }
            }
            Some(TypeKind::Interface(interface)) => {
                next.extend(
                    usable_fields(name, &interface.fields, unusable)
                        .map(|field| named(&field.ty.node).to_owned()),
                );
            }
            Some(TypeKind::InputObject(input)) => {
                let fields = input.fields.iter().map(|field| &field.node);
                let usable =
                    fields.filter(|field| !unusable.contains(&format!("{name}.{}", field.name.node)));
                next.extend(usable.map(|field| named(&field.ty.node).to_owned()));
            }
            _ => {}
        }
        next
    }

    /// A type and what can be used of it.
    fn inside(&self, name: &str, kind: &TypeKind, unusable: &Names) -> Names {
        let mut names = vec![name.to_owned()];
        match kind {
            TypeKind::Object(object) => {
                names.extend(
                    self.interfaces(name, object, unusable).iter().map(|one| format!("{name}: {one}")),
                );
                for field in usable_fields(name, &object.fields, unusable) {
                    names.push(format!("{name}.{}", field.name.node));
                    for argument in usable_arguments(name, field, unusable) {
                        names.push(format!("{name}.{}({})", field.name.node, argument.name.node));
                    }
                }
            }
            TypeKind::Interface(interface) => {
                names.extend(interface.fields.iter().map(|field| format!("{name}.{}", field.node.name.node)))
            }
            TypeKind::InputObject(input) => {
                names.extend(input.fields.iter().map(|field| format!("{name}.{}", field.node.name.node)));
            }
            TypeKind::Enum(choice) => {
                names.extend(choice.values.iter().map(|value| format!("{name}.{}", value.node.value.node)));
            }
            TypeKind::Scalar => {}
            TypeKind::Union(_) => panic!("{name} is a union: teach the oracle about unions"),
        }
        names.into_iter().filter(|name| !unusable.contains(name)).collect()
    }

    /// The interfaces of which an object shows every field.
    fn interfaces(&self, name: &str, object: &ObjectType, unusable: &Names) -> Vec<String> {
        let shows_all = |interface: &String| match &self.types[interface] {
            TypeKind::Interface(kind) => {
                let used = usable_fields(interface, &kind.fields, unusable);
                used.map(|field| format!("{name}.{}", field.name.node))
                    .all(|field| !unusable.contains(&field))
            }
            _ => panic!("{interface} is no interface"),
        };
        object.implements.iter().map(|one| one.node.to_string()).filter(shows_all).collect()
    }

    fn objects(&self) -> impl Iterator<Item = (&String, &ObjectType)> {
        self.types.iter().filter_map(|(name, kind)| match kind {
            TypeKind::Object(object) => Some((name, object)),
            _ => None,
        })
    }

    fn unusable(&self, role: &str) -> Names {
        let mut unusable = Names::new();
        for (owner, object) in self.objects() {
            for field in &object.fields {
                let field = format!("{owner}.{}", field.node.name.node);
                let rights: &[&str] = if ["Query", "Mutation", "Live"].contains(&owner.as_str()) {
                    &["execute"]
                } else {
                    &["read", "read:masked"]
                };
                if !rights.iter().any(|right| self.allows(role, &field, right)) {
                    unusable.insert(field);
                }
            }
        }
        for (position, needs) in input_needs() {
            let is_denied = needs.is_some_and(|(verb, field)| {
                !self.allows(role, &field, if verb == "query" { "read" } else { &verb })
            });
            if is_denied {
                unusable.insert(position);
            }
        }
        loop {
            let before = unusable.len();
            for (name, kind) in &self.types {
                let follows = self.follows(name, kind, &unusable);
                unusable.extend(follows);
            }
            if unusable.len() == before {
                return unusable;
            }
        }
    }

    /// What else of a type cannot be used.
    fn follows(&self, name: &str, kind: &TypeKind, unusable: &Names) -> Names {
        let is = |name: &str| unusable.contains(name);
        let mut follows = Names::new();
        let parts: Vec<String> = match kind {
            TypeKind::Object(object) => {
                for field in object.fields.iter().map(|field| &field.node) {
                    let field_name = format!("{name}.{}", field.name.node);
                    let mut cannot = is(named(&field.ty.node));
                    for argument in field.arguments.iter().map(|argument| &argument.node) {
                        let argument_name = format!("{field_name}({})", argument.name.node);
                        cannot |= is(&argument_name) && is_required(argument);
                        if is(named(&argument.ty.node)) {
                            follows.insert(argument_name);
                        }
                    }
                    if cannot {
                        follows.insert(field_name);
                    }
                }
                object.fields.iter().map(|field| format!("{name}.{}", field.node.name.node)).collect()
            }
            TypeKind::Interface(interface) => {
                for field in interface.fields.iter().map(|field| &field.node) {
                    assert!(
                        field.arguments.is_empty(),
                        "{name} takes arguments: teach the oracle about those"
                    );
                    let own = |owner: &String| format!("{owner}.{}", field.name.node);
                    let mut objects = self
                        .objects()
                        .filter(|(_, object)| object.implements.iter().any(|one| one.node == name));
                    if is(named(&field.ty.node)) || objects.all(|(owner, _)| is(&own(owner))) {
                        follows.insert(format!("{name}.{}", field.name.node));
                    }
                }
                interface.fields.iter().map(|field| format!("{name}.{}", field.node.name.node)).collect()
            }
            TypeKind::InputObject(input) => {
                for field in input.fields.iter().map(|field| &field.node) {
                    let field_name = format!("{name}.{}", field.name.node);
                    if is(&field_name) && is_required(field) {
                        follows.insert(name.to_owned());
                    }
                    if is(named(&field.ty.node)) {
                        follows.insert(field_name);
                    }
                }
                input.fields.iter().map(|field| format!("{name}.{}", field.node.name.node)).collect()
            }
            TypeKind::Enum(choice) => {
                choice.values.iter().map(|value| format!("{name}.{}", value.node.value.node)).collect()
            }
            TypeKind::Scalar => return follows,
            TypeKind::Union(_) => panic!("{name} is a union: teach the oracle about unions"),
        };
        if parts.iter().all(|part| is(part)) {
            follows.insert(name.to_owned());
        }
        follows
    }

    /// What the lines of the policy say: something allows, and nothing denies.
    fn allows(&self, role: &str, field: &str, right: &str) -> bool {
        let (roles, fields, rights) =
            (self.closure("g", role), self.closure("g2", field), self.closure("g3", right));
        let effects: BTreeSet<&str> = (self.lines.iter())
            .filter(|line| line[0] == "p")
            .filter(|line| {
                roles.contains(&*line[1]) && fields.contains(&*line[2]) && rights.contains(&*line[3])
            })
            .map(|line| line[4].as_str())
            .collect();
        effects == BTreeSet::from(["allow"])
    }

    /// A name and what it belongs to.
    fn closure<'a>(&'a self, kind: &str, name: &'a str) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![name];
        while let Some(name) = waiting.pop() {
            if found.insert(name) {
                let above = self.lines.iter().filter(|line| line[0] == kind && line[1] == name);
                waiting.extend(above.map(|line| line[2].as_str()));
            }
        }
        found
    }
}

fn usable_fields<'a>(
    owner: &'a str,
    fields: &'a [async_graphql::Positioned<FieldDefinition>],
    unusable: &'a Names,
) -> impl Iterator<Item = &'a FieldDefinition> {
    let fields = fields.iter().map(|field| &field.node);
    fields.filter(move |field| !unusable.contains(&format!("{owner}.{}", field.name.node)))
}

fn usable_arguments<'a>(
    owner: &'a str,
    field: &'a FieldDefinition,
    unusable: &'a Names,
) -> impl Iterator<Item = &'a InputValueDefinition> {
    let arguments = field.arguments.iter().map(|argument| &argument.node);
    arguments.filter(move |argument| {
        !unusable.contains(&format!("{owner}.{}({})", field.name.node, argument.name.node))
    })
}

fn is_required(input: &InputValueDefinition) -> bool {
    !input.ty.node.nullable && input.default_value.is_none()
}

fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => named(inner),
    }
}
