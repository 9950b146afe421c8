//! What the tests of the policy compare with: the access matrix, `reference/access_matrix.csv`, which is the
//! specification; the schema as its SDL says it; and the lines of `policy/inputs.csv`.
//!
//! Nothing here asks the policy: what it says is what is tested.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, InputValueDefinition, Type, TypeKind, TypeSystemDefinition};
use custodian::authz::Level;
use custodian::authz::policy::PolicyFiles;
use custodian_entity::choice::Scope;

use crate::fixture::ROLES;

/// What the matrix says about a role and a field.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// How the field is shown.
    pub level: Level,
    /// Whether it may be given in some input.
    pub write: bool,
}

/// A field of the matrix.
pub struct Field {
    /// `Customer`
    pub owner: String,
    /// `Customer.email`
    pub name: String,
    /// Its type in the schema.
    pub graphql_type: String,
    /// `PUBLIC` … `RESTRICTED`
    pub classification: String,
    /// `PII` …, if any.
    pub category: Option<String>,
    /// Whether it is stored encrypted: no order, no filter but `eq`.
    pub is_encrypted: bool,
    /// The kind of its mask, if any.
    pub mask: Option<String>,
    /// The roles that may unmask it on one row.
    pub reveal: Vec<String>,
    cells: BTreeMap<&'static str, Cell>,
}

impl Field {
    /// What the matrix says about this role.
    pub fn cell(&self, role: &str) -> Cell {
        self.cells[role]
    }
}

/// Which rows of a type a role reaches, and the operations it has on them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// How far; none means no row.
    pub scope: Option<Scope>,
    /// Of `crud`.
    pub letters: String,
}

/// The access matrix.
pub struct Matrix {
    /// Its fields, in its order.
    pub fields: Vec<Field>,
    reach: BTreeMap<(String, &'static str), Reach>,
}

impl Matrix {
    /// Reads the committed copy.
    pub fn read() -> Self {
        let text = include_str!("reference/access_matrix.csv");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let headers = reader.headers().expect("the matrix has a first line").clone();
        let mut matrix = Self { fields: Vec::new(), reach: BTreeMap::new() };
        for line in reader.records() {
            let line = line.expect("the matrix is CSV");
            let get = |column: &str| {
                let at = headers.iter().position(|header| header == column).expect("the column exists");
                line[at].to_owned()
            };
            let optional = |column: &str| Some(get(column)).filter(|value| value != "-");
            let owner = get("type");
            if get("field") == "*" {
                for (role, _) in ROLES {
                    matrix.reach.insert((owner.clone(), role), reach(&get(role)));
                }
                continue;
            }
            matrix.fields.push(Field {
                name: format!("{owner}.{}", get("field")),
                owner,
                graphql_type: get("graphql_type"),
                classification: get("classification"),
                category: optional("category"),
                is_encrypted: get("encrypted") == "yes",
                mask: optional("mask"),
                reveal: get("reveal").split_whitespace().map(str::to_owned).collect(),
                cells: ROLES.iter().map(|(role, _)| (*role, cell(&get(role)))).collect(),
            });
        }
        matrix
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The line that decides about a field: its own, or that of what it stands beside (`ADDED_FIELDS`).
    ///
    /// # Panics
    /// When the matrix has no such field.
    pub fn decided(&self, name: &str) -> &Field {
        let named = match name {
            "SecurityIncident.effects" => "SecurityIncident.remediation",
            "SecurityIncident.isDrill" => "SecurityIncident.status",
            named => named,
        };
        self.field(named).unwrap_or_else(|| panic!("the matrix has no field {name}"))
    }

    /// What a role reaches of a type.
    ///
    /// # Panics
    /// When the matrix has no such type.
    pub fn reach(&self, owner: &str, role: &str) -> &Reach {
        let of = self.reach.iter().find(|((kind, of), _)| kind == owner && *of == role);
        of.map(|(_, reach)| reach).unwrap_or_else(|| panic!("the matrix has no type {owner}"))
    }

    /// Whether a role may give a field when creating (`c`) or changing (`u`) a row.
    ///
    /// # Panics
    /// When the matrix has no such field.
    pub fn may_write(&self, role: &str, field: &str, letter: char) -> bool {
        let field = self.decided(field);
        // The one place where the policy is stricter, and says why.
        if letter == 'u' && ["Payment.amount", "Payment.method"].contains(&field.name.as_str()) {
            return false;
        }
        field.cell(role).write && self.reach(&field.owner, role).letters.contains(letter)
    }
}

fn cell(text: &str) -> Cell {
    let (level, write) = match text.strip_suffix("+write") {
        Some(level) => (level, true),
        None => (text, false),
    };
    let level = match level {
        "clear" => Level::Clear,
        "masked" => Level::Masked,
        "denied" => Level::Denied,
        other => panic!("the matrix has no level {other}"),
    };
    Cell { level, write }
}

fn reach(text: &str) -> Reach {
    let (scope, letters) = text.split_once(':').unwrap_or((text, ""));
    let scope = match scope {
        "none" => None,
        "own" => Some(Scope::Own),
        "assigned" => Some(Scope::Assigned),
        "reseller" => Some(Scope::Reseller),
        "tenant" => Some(Scope::Tenant),
        "all" => Some(Scope::All),
        other => panic!("the matrix has no scope {other}"),
    };
    Reach { scope, letters: letters.trim_matches('-').to_owned() }
}

/// A field of an object, an argument, or a field of an input object.
#[derive(Clone, Debug)]
pub struct Typed {
    /// As the SDL writes it: `[ID!]!`.
    pub sdl: String,
    /// The innermost type: `ID`.
    pub named: String,
    /// Whether it is a list.
    pub is_list: bool,
    /// Whether a client has to give it.
    pub is_required: bool,
    /// Of a field: its arguments.
    pub arguments: BTreeMap<String, Typed>,
    /// Of a field: `@classified`, as level and category.
    pub classified: Option<(String, Option<String>)>,
}

/// Members by name.
pub type Members = BTreeMap<String, Typed>;

/// The schema, as far as tests ask.
#[derive(Default)]
pub struct Sdl {
    /// Object types.
    pub objects: BTreeMap<String, Members>,
    /// Input objects.
    pub inputs: BTreeMap<String, Members>,
    /// Enums with their values.
    pub enums: BTreeMap<String, Vec<String>>,
}

impl Sdl {
    /// Reads what `custodian schema` prints.
    pub fn read() -> Self {
        let text = custodian::schema::sdl().expect("the schema can be written");
        let document = parse_schema(text).expect("what `custodian schema` prints is GraphQL");
        let mut sdl = Self::default();
        for definition in document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            match definition.node.kind {
                TypeKind::Object(object) => {
                    let members = object.fields.into_iter().map(|field| {
                        let field = field.node;
                        let arguments =
                            field.arguments.iter().map(|argument| input(&argument.node)).collect();
                        let classified = field.directives.iter().find(|d| d.node.name.node == "classified");
                        let of = |name: &str| {
                            let value = classified?.node.get_argument(name)?;
                            Some(value.node.to_string())
                        };
                        let classified = of("level").map(|level| (level, of("category")));
                        let member = Typed { arguments, classified, ..typed(&field.ty.node) };
                        (field.name.node.to_string(), member)
                    });
                    sdl.objects.insert(name, members.collect());
                }
                TypeKind::InputObject(object) => {
                    sdl.inputs.insert(name, object.fields.iter().map(|field| input(&field.node)).collect());
                }
                TypeKind::Enum(set) => {
                    let values = set.values.iter().map(|value| value.node.value.node.to_string());
                    sdl.enums.insert(name, values.collect());
                }
                _ => {}
            }
        }
        sdl
    }
}

fn input(definition: &InputValueDefinition) -> (String, Typed) {
    let typed = typed(&definition.ty.node);
    let is_required = typed.is_required && definition.default_value.is_none();
    (definition.name.node.to_string(), Typed { is_required, ..typed })
}

fn typed(ty: &Type) -> Typed {
    fn named(ty: &Type) -> &str {
        match &ty.base {
            BaseType::Named(name) => name.as_str(),
            BaseType::List(inner) => named(inner),
        }
    }
    Typed {
        sdl: ty.to_string(),
        named: named(ty).to_owned(),
        is_list: matches!(ty.base, BaseType::List(_)),
        is_required: !ty.nullable,
        arguments: BTreeMap::new(),
        classified: None,
    }
}

/// What `policy/inputs.csv` asks for where a client gives a value: the verb and the field, the first of several; none for
/// nothing.
pub fn input_needs() -> BTreeMap<String, Option<(String, String)>> {
    let lines = data_lines(&PolicyFiles::built_in().inputs);
    let needs = lines.into_iter().map(|(_, words)| match words.as_slice() {
        [position, verb, field, ..] => (position.clone(), Some((verb.clone(), field.clone()))),
        [position, _dash] => (position.clone(), None),
        other => panic!("inputs.csv has a line {other:?}"),
    });
    needs.collect()
}

/// What one position asks for, if it asks for something.
pub fn needs_of(position: &str) -> Option<&'static (String, String)> {
    static NEEDS: LazyLock<BTreeMap<String, Option<(String, String)>>> = LazyLock::new(input_needs);
    NEEDS.get(position).unwrap_or_else(|| panic!("inputs.csv has no {position}")).as_ref()
}

/// The lines of a policy file that say something: number, from 1, and words.
pub fn data_lines(text: &str) -> Vec<(usize, Vec<String>)> {
    let says = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    let words = |line: &str| line.split(',').map(|word| word.trim().to_owned()).collect();
    (1..).zip(text.lines()).filter(|(_, line)| says(line)).map(|(n, line)| (n, words(line))).collect()
}
