//! What a schema lets documents ask for, read from its SDL.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::Value;
use async_graphql::parser::types::{BaseType, FieldDefinition, Type, TypeKind, TypeSystemDefinition};

/// What documents can ask for.
pub struct Model {
    /// Its composite types.
    pub types: BTreeMap<String, Composite>,
    /// What the schema does not say.
    pub options: Options,
}

/// The values to choose from, by field and argument.
pub type Values = Box<dyn Fn(&str, &str) -> Vec<Value> + Send + Sync>;

/// What the schema does not say.
pub struct Options {
    /// The values to choose from for the argument of a field; none: never given.
    pub values: Values,
    /// Arguments that are always given.
    pub always: &'static [&'static str],
    /// Fields that two runs answer differently.
    pub without: &'static [&'static str],
    /// How deep fields nest.
    pub depth: usize,
}

/// A type with fields.
pub struct Composite {
    /// What can be selected on it.
    pub fields: Vec<Known>,
    /// The objects it can be.
    pub objects: BTreeSet<String>,
}

/// A field.
pub struct Known {
    /// Its name.
    pub name: String,
    /// Name and type of each.
    pub arguments: Vec<(String, String)>,
    /// The composite type it returns.
    pub returns: Option<String>,
}

impl Model {
    /// Reads an SDL.
    pub fn new(sdl: &str, options: Options) -> Self {
        let document = async_graphql::parser::parse_schema(sdl).expect("a schema exports a valid SDL");
        let mut definitions = BTreeMap::new();
        for definition in document.definitions {
            if let TypeSystemDefinition::Type(definition) = definition {
                definitions.insert(definition.node.name.node.to_string(), definition.node.kind);
            }
        }
        let mut model = Self { types: BTreeMap::new(), options };
        for (name, kind) in &definitions {
            let (fields, objects) = match kind {
                TypeKind::Object(object) => (&object.fields[..], BTreeSet::from([name.clone()])),
                TypeKind::Interface(interface) => {
                    let implements = |kind: &TypeKind| matches!(kind, TypeKind::Object(object) if object.implements.iter().any(|one| one.node.as_str() == name));
                    let objects = definitions.iter().filter(|(_, kind)| implements(kind));
                    (&interface.fields[..], objects.map(|(name, _)| name.clone()).collect())
                }
                TypeKind::Union(union) => {
                    (&[][..], union.members.iter().map(|one| one.node.to_string()).collect())
                }
                _ => continue,
            };
            let fields = fields.iter().filter_map(|field| model.known(&field.node, &definitions)).collect();
            model.types.insert(name.clone(), Composite { fields, objects });
        }
        model
    }

    fn known(&self, field: &FieldDefinition, definitions: &BTreeMap<String, TypeKind>) -> Option<Known> {
        let name = field.name.node.to_string();
        let can_be_given = |argument: &str| !(self.options.values)(&name, argument).is_empty();
        let is_required = |ty: &Type, has_default: bool| !ty.nullable && !has_default;
        if self.options.without.contains(&name.as_str())
            || field.arguments.iter().map(|argument| &argument.node).any(|argument| {
                is_required(&argument.ty.node, argument.default_value.is_some())
                    && !can_be_given(&argument.name.node)
            })
        {
            return None;
        }
        let arguments = field.arguments.iter().map(|argument| &argument.node);
        let arguments = arguments
            .filter(|argument| can_be_given(&argument.name.node))
            .map(|argument| (argument.name.node.to_string(), argument.ty.node.to_string()))
            .collect();
        let returns = match definitions.get(innermost(&field.ty.node)) {
            Some(TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_)) => {
                Some(innermost(&field.ty.node).to_owned())
            }
            _ => None,
        };
        Some(Known { name, arguments, returns })
    }

    /// Leaves changes out.
    pub fn only_queries(&mut self) {
        self.types.remove("Mutation");
    }

    /// The composite type that a field returns.
    pub fn returns(&self, on: &str, field: &str) -> Option<&str> {
        self.types.get(on)?.fields.iter().find(|known| known.name == field)?.returns.as_deref()
    }

    /// Whether an object of this type meets a type condition.
    pub fn is(&self, object: &str, condition: &str) -> bool {
        self.types.get(condition).is_some_and(|composite| composite.objects.contains(object))
    }
}

fn innermost(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => innermost(inner),
    }
}
