//! What the schema consists of, as the guard needs it: object types, the fields of each, what they return, and the
//! positions where a client gives values. Built once from the SDL.

use std::collections::{BTreeMap, HashMap};

use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};

/// The place of a field (`Type.field`) in every dense table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub(super) u16);

/// The place of a composite output type in [`Catalog::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct TypeIndex(u16);

/// The number by which a compiled resolver names its field, the same in every build: FNV-1a over `Type.field`.
pub const fn field_number(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

/// What a composite output type is.
#[derive(Debug)]
pub(super) enum Shape {
    /// Decided field by field.
    Object,
    /// Decided by the object types it can turn out to be.
    Abstract { possible: Vec<TypeIndex> },
}

/// A composite output type.
#[derive(Debug)]
pub(super) struct OutputType {
    pub(super) name: String,
    pub(super) shape: Shape,
    pub(super) fields: HashMap<String, OutputField>,
}

/// A field of a composite output type.
#[derive(Debug)]
pub(super) struct OutputField {
    /// None on interfaces: only the fields of objects are decided.
    pub(super) id: Option<FieldId>,
    /// The composite type it returns, if it does.
    pub(super) returns: Option<TypeIndex>,
    pub(super) is_list: bool,
    pub(super) is_nullable: bool,
    /// Argument name → the name of its type.
    pub(super) arguments: HashMap<String, String>,
}

/// The schema, indexed.
#[derive(Debug)]
pub struct Catalog {
    /// As the SDL says them, by name.
    definitions: BTreeMap<String, TypeDefinition>,
    types: Vec<OutputType>,
    by_name: HashMap<String, TypeIndex>,
    query: TypeIndex,
    mutation: Option<TypeIndex>,
    live: Option<TypeIndex>,
    field_names: Vec<String>,
    fields_by_name: HashMap<String, FieldId>,
    fields_by_number: HashMap<u64, FieldId>,
    /// Input object → field → type name.
    inputs: BTreeMap<String, BTreeMap<String, String>>,
    /// Enum → values.
    enums: BTreeMap<String, Vec<String>>,
}

/// The introspection fields of the query root: decided like any other, though the SDL does not list them.
pub(super) const INTROSPECTION: [&str; 2] = ["__schema", "__type"];

/// The root of subscriptions. `Subscription` is what a customer has of a tariff.
pub const LIVE: &str = "Live";

/// The SDL cannot be indexed. Only a mistake of ours leads here.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The SDL does not parse.
    #[error("the schema does not parse: {0}")]
    Sdl(#[from] async_graphql::parser::Error),
    /// There is no query root.
    #[error("the schema has no type Query")]
    NoQuery,
    /// More fields than the tables can number.
    #[error("the schema has more than 65,535 fields")]
    TooLarge,
    /// Two names share one number: rename one of them.
    #[error("{0} has the number of another field")]
    Collision(String),
}

impl Catalog {
    /// Indexes an SDL whose roots are named `Query` and, where there are such, `Mutation` and [`LIVE`].
    ///
    /// # Errors
    /// [`CatalogError`], none of which depends on anything but the code.
    pub fn new(sdl: &str) -> Result<Self, CatalogError> {
        let document = async_graphql::parser::parse_schema(sdl)?;
        let mut definitions = BTreeMap::new();
        for definition in document.definitions {
            if let TypeSystemDefinition::Type(definition) = definition {
                definitions.insert(definition.node.name.node.to_string(), definition.node);
            }
        }
        let composite = |definition: &TypeDefinition| {
            matches!(definition.kind, TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_))
        };
        let mut by_name = HashMap::new();
        for (index, (name, _)) in definitions.iter().filter(|(_, of)| composite(of)).enumerate() {
            let index = u16::try_from(index).map_err(|_| CatalogError::TooLarge)?;
            by_name.insert(name.clone(), TypeIndex(index));
        }
        let query = *by_name.get("Query").ok_or(CatalogError::NoQuery)?;
        let mut catalog = Self {
            definitions: BTreeMap::new(),
            types: Vec::new(),
            mutation: by_name.get("Mutation").copied(),
            live: by_name.get(LIVE).copied(),
            by_name,
            query,
            field_names: Vec::new(),
            fields_by_name: HashMap::new(),
            fields_by_number: HashMap::new(),
            inputs: BTreeMap::new(),
            enums: BTreeMap::new(),
        };
        for (name, definition) in &definitions {
            match &definition.kind {
                TypeKind::Object(object) => {
                    let mut fields = catalog.object_fields(name, &object.fields)?;
                    if name == "Query" {
                        for field in INTROSPECTION {
                            fields.insert(field.to_owned(), catalog.introspection(field)?);
                        }
                    }
                    catalog.types.push(OutputType { name: name.clone(), shape: Shape::Object, fields });
                }
                TypeKind::Interface(interface) => {
                    let fields = interface
                        .fields
                        .iter()
                        .map(|field| catalog.output_field(&field.node, None))
                        .collect();
                    let possible = catalog.implementors(&definitions, name);
                    let shape = Shape::Abstract { possible };
                    catalog.types.push(OutputType { name: name.clone(), shape, fields });
                }
                TypeKind::Union(union) => {
                    let possible = union
                        .members
                        .iter()
                        .filter_map(|m| catalog.by_name.get(m.node.as_str()).copied())
                        .collect();
                    let shape = Shape::Abstract { possible };
                    catalog.types.push(OutputType { name: name.clone(), shape, fields: HashMap::new() });
                }
                TypeKind::InputObject(input) => {
                    let fields = input.fields.iter().map(|f| name_and_type(&f.node)).collect();
                    catalog.inputs.insert(name.clone(), fields);
                }
                TypeKind::Enum(set) => {
                    let values = set.values.iter().map(|v| v.node.value.node.to_string()).collect();
                    catalog.enums.insert(name.clone(), values);
                }
                TypeKind::Scalar => {}
            }
        }
        catalog.definitions = definitions;
        Ok(catalog)
    }

    fn object_fields(
        &mut self,
        owner: &str,
        fields: &[async_graphql::Positioned<FieldDefinition>],
    ) -> Result<HashMap<String, OutputField>, CatalogError> {
        let mut sorted: Vec<_> = fields.iter().map(|field| &field.node).collect();
        sorted.sort_by(|a, b| a.name.node.cmp(&b.name.node));
        let mut indexed = HashMap::with_capacity(sorted.len());
        for field in sorted {
            let id = self.number(format!("{owner}.{}", field.name.node))?;
            let (name, field) = self.output_field(field, Some(id));
            indexed.insert(name, field);
        }
        Ok(indexed)
    }

    /// Introspection returns types of the library that are not ours to decide: the guard does not look inside.
    fn introspection(&mut self, field: &str) -> Result<OutputField, CatalogError> {
        let id = self.number(format!("Query.{field}"))?;
        Ok(OutputField {
            id: Some(id),
            returns: None,
            is_list: false,
            is_nullable: true,
            arguments: HashMap::new(),
        })
    }

    fn number(&mut self, name: String) -> Result<FieldId, CatalogError> {
        let id = FieldId(u16::try_from(self.field_names.len()).map_err(|_| CatalogError::TooLarge)?);
        if self.fields_by_number.insert(field_number(&name), id).is_some() {
            return Err(CatalogError::Collision(name));
        }
        self.fields_by_name.insert(name.clone(), id);
        self.field_names.push(name);
        Ok(id)
    }

    fn output_field(&self, field: &FieldDefinition, id: Option<FieldId>) -> (String, OutputField) {
        let described = OutputField {
            id,
            returns: self.by_name.get(named(&field.ty.node)).copied(),
            is_list: matches!(field.ty.node.base, BaseType::List(_)),
            is_nullable: field.ty.node.nullable,
            arguments: field.arguments.iter().map(|argument| name_and_type(&argument.node)).collect(),
        };
        (field.name.node.to_string(), described)
    }

    fn implementors(
        &self,
        definitions: &BTreeMap<String, TypeDefinition>,
        interface: &str,
    ) -> Vec<TypeIndex> {
        let implements = |definition: &TypeDefinition| match &definition.kind {
            TypeKind::Object(object) => object.implements.iter().any(|name| name.node == interface),
            _ => false,
        };
        definitions
            .iter()
            .filter(|(_, definition)| implements(definition))
            .filter_map(|(name, _)| self.by_name.get(name).copied())
            .collect()
    }

    /// The types as the SDL says them, by name; the scalars of the language are not among them.
    pub(super) fn definitions(&self) -> &BTreeMap<String, TypeDefinition> {
        &self.definitions
    }

    pub(super) fn output_type(&self, index: TypeIndex) -> &OutputType {
        &self.types[usize::from(index.0)]
    }

    pub(super) fn type_named(&self, name: &str) -> Option<TypeIndex> {
        self.by_name.get(name).copied()
    }

    pub(super) fn query(&self) -> TypeIndex {
        self.query
    }

    pub(super) fn mutation(&self) -> Option<TypeIndex> {
        self.mutation
    }

    pub(super) fn live(&self) -> Option<TypeIndex> {
        self.live
    }

    /// How many fields are decided.
    pub fn len(&self) -> usize {
        self.field_names.len()
    }

    /// Whether there is nothing to decide, which no schema of ours is.
    pub fn is_empty(&self) -> bool {
        self.field_names.is_empty()
    }

    /// Every decided field.
    pub fn field_ids(&self) -> impl Iterator<Item = FieldId> + '_ {
        (0..self.field_names.len()).filter_map(|index| u16::try_from(index).ok().map(FieldId))
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<FieldId> {
        self.fields_by_name.get(name).copied()
    }

    /// The field a compiled resolver names by its number.
    pub(super) fn field_by_number(&self, number: u64) -> Option<FieldId> {
        self.fields_by_number.get(&number).copied()
    }

    /// `Type.field`.
    pub fn field_name(&self, id: FieldId) -> &str {
        &self.field_names[usize::from(id.0)]
    }

    /// Whether a field holds a value, and not an object with fields of its own.
    pub fn is_leaf(&self, id: FieldId) -> bool {
        (self.field_name(id).split_once('.'))
            .and_then(|(owner, name)| self.output_type(self.type_named(owner)?).fields.get(name))
            .is_some_and(|field| field.returns.is_none())
    }

    /// Whether the schema lets this field be null, as every field that can be denied must be.
    pub fn is_nullable(&self, id: FieldId) -> bool {
        self.field_name(id)
            .split_once('.')
            .and_then(|(owner, name)| self.output_type(self.type_named(owner)?).fields.get(name))
            .is_some_and(|field| field.is_nullable)
    }

    /// The fields of an input object, with the names of their types.
    pub(super) fn input(&self, name: &str) -> Option<&BTreeMap<String, String>> {
        self.inputs.get(name)
    }

    /// Every position where a client gives a value that the policy has to decide: `Type.field(argument)`,
    /// `InputObject.field`, and the values of enums that name fields (`…OrderField.VALUE`).
    pub fn positions(&self) -> Vec<String> {
        let mut positions = Vec::new();
        for output in &self.types {
            for (name, field) in output.fields.iter().filter(|(_, field)| field.id.is_some()) {
                positions.extend(
                    field.arguments.keys().map(|argument| argument_position(&output.name, name, argument)),
                );
            }
        }
        for (input, fields) in &self.inputs {
            positions.extend(fields.keys().map(|field| format!("{input}.{field}")));
        }
        for (name, values) in &self.enums {
            if name.ends_with(ORDER_FIELD) {
                positions.extend(values.iter().map(|value| format!("{name}.{value}")));
            }
        }
        positions.sort();
        positions
    }
}

/// Enums whose values name fields to order by end so.
pub(super) const ORDER_FIELD: &str = "OrderField";

/// How the policy names an argument.
pub(super) fn argument_position(owner: &str, field: &str, argument: &str) -> String {
    format!("{owner}.{field}({argument})")
}

/// The name of a column as the schema spells it: `tax_id` is `taxId`.
pub(super) fn camel_case(column: &str) -> String {
    let mut words = column.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        name + initial.to_ascii_uppercase().as_str() + rest
    })
}

fn name_and_type(input: &InputValueDefinition) -> (String, String) {
    (input.name.node.to_string(), named(&input.ty.node).to_owned())
}

/// The innermost named type.
pub(super) fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => named(inner),
    }
}
