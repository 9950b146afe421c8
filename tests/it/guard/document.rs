//! Documents at random: valid for a schema, and made of everything the language has.
//!
//! A document follows from a list of numbers. Invariant: fewer and smaller numbers make a simpler document, so that
//! proptest shrinks a counterexample to something readable.

use std::collections::BTreeSet;
use std::fmt::Write;

use async_graphql::{Name, Value, Variables};

use super::model::{Composite, Known, Model};

/// The key under which a typed document asks each object for its type.
pub const TYPE_KEY: &str = "zz";

/// A document, ready to be sent.
#[derive(Debug)]
pub struct Document {
    /// Its text.
    pub text: String,
    /// The same, with the type of every object under [`TYPE_KEY`].
    pub typed: String,
    /// The operation to run, where it must be said.
    pub operation: Option<&'static str>,
    /// What the variables hold.
    pub variables: Variables,
}

enum Item {
    Field { key: Option<String>, name: String, arguments: String, directives: String, set: Vec<Item> },
    Inline { on: Option<String>, directives: String, set: Vec<Item> },
    Spread { fragment: usize, directives: String },
}

struct Fragment {
    on: String,
    set: Vec<Item>,
    /// How deep its fields nest.
    depth: usize,
    /// How many fields it has, expanded.
    size: usize,
}

/// How many fields a document has, expanded.
const LARGEST: usize = 60;

struct Maker<'a> {
    model: &'a Model,
    numbers: &'a [u16],
    fragments: Vec<Fragment>,
    /// Type and value of each variable.
    variables: Vec<(String, Value)>,
    size: usize,
}

/// The document that follows from these numbers.
pub fn document(model: &Model, numbers: &[u16]) -> Document {
    let mut maker = Maker { model, numbers, fragments: Vec::new(), variables: Vec::new(), size: 0 };
    let kinds: [&[(&str, &str)]; 4] = [
        &[("", "Query")],
        &[("First", "Query")],
        &[("First", "Query"), ("Second", "Query")],
        &[("First", "Query"), ("Second", "Mutation")],
    ];
    let mut kind = kinds[maker.below(kinds.len())].to_vec();
    let may_change = model.types.contains_key("Mutation") && maker.below(5) == 1;
    if may_change {
        kind[0].1 = "Mutation";
    } else if !model.types.contains_key("Mutation") {
        kind.truncate(1);
    }
    let operations: Vec<_> = kind
        .into_iter()
        .map(|(name, root)| {
            maker.size = 0;
            let depth = maker.model.options.depth;
            // One request changes one thing.
            let set = if root == "Mutation" { vec![maker.change(depth)] } else { maker.set(root, depth) };
            (name, root, set)
        })
        .collect();
    let chosen = if operations.len() > 1 { maker.below(operations.len()) } else { 0 };
    let variables = maker.variables.iter().enumerate();
    let variables = variables.map(|(n, (_, value))| (Name::new(variable(n)), value.clone())).collect();
    Document {
        text: maker.print(&operations, false),
        typed: maker.print(&operations, true),
        operation: (operations.len() > 1).then(|| operations[chosen].0),
        variables: Variables::from_value(Value::Object(variables)),
    }
}

/// The names have one length, so that none is the beginning of another.
fn variable(n: usize) -> String {
    format!("v{n:03}")
}

impl Maker<'_> {
    /// The next number, brought below a bound; 0 when there is none left.
    fn below(&mut self, bound: usize) -> usize {
        let Some((first, rest)) = self.numbers.split_first() else { return 0 };
        self.numbers = rest;
        usize::from(*first) % bound
    }

    fn set(&mut self, on: &str, depth: usize) -> Vec<Item> {
        (0..=self.below(5)).map(|_| self.item(on, depth)).collect()
    }

    fn item(&mut self, on: &str, depth: usize) -> Item {
        self.size += 1;
        let nests = depth > 0 && self.size < LARGEST;
        match self.below(12) {
            8 | 9 if nests => {
                let condition = self.condition(on);
                let inner = condition.clone().unwrap_or_else(|| on.to_owned());
                let directives = self.directives();
                // Inline fragments nest without fields, so they use up depth too.
                Item::Inline { on: condition, directives, set: self.set(&inner, depth - 1) }
            }
            10 if nests => self.spread(on, depth),
            11 => {
                let key = (self.below(2) == 1).then(|| "t".to_owned());
                self.type_name(key)
            }
            _ => self.field(on, if nests { depth } else { 0 }),
        }
    }

    /// One operation of the mutation root, plainly or in fragments.
    fn change(&mut self, depth: usize) -> Item {
        let directives = self.directives();
        match self.below(5) {
            3 => Item::Inline { on: Some("Mutation".to_owned()), directives, set: vec![self.change(depth)] },
            4 => {
                let set = vec![self.change(depth)];
                self.fragments.push(Fragment { on: "Mutation".to_owned(), set, depth, size: LARGEST });
                Item::Spread { fragment: self.fragments.len() - 1, directives }
            }
            _ => self.field("Mutation", depth),
        }
    }

    fn type_name(&mut self, key: Option<String>) -> Item {
        // The library overlooks variables in directives of this field.
        let directives = ["", "", "", " @include(if: true)", " @skip(if: true)"][self.below(5)].to_owned();
        Item::Field {
            key,
            name: "__typename".to_owned(),
            arguments: String::new(),
            directives,
            set: Vec::new(),
        }
    }

    fn field(&mut self, on: &str, depth: usize) -> Item {
        let model = self.model;
        let fits = |known: &&Known| depth > 0 || known.returns.is_none();
        let candidates: Vec<&Known> = model.types[on].fields.iter().filter(fits).collect();
        if candidates.is_empty() {
            return self.type_name(None);
        }
        let known = candidates[self.below(candidates.len())];
        let (arguments, marks) = self.arguments(known);
        // Equal keys must mean equal arguments, and mostly, but not always, equal fields.
        let key = match (marks.is_empty(), self.below(16)) {
            (false, _) => Some(format!("{}{marks}", known.name)),
            (true, 10..15) => Some(format!("{}_a", known.name)),
            (true, 15) => Some("x".to_owned()),
            (true, _) => None,
        };
        let directives = self.directives();
        let set = known.returns.as_ref().map(|returns| self.set(returns, depth - 1)).unwrap_or_default();
        Item::Field { key, name: known.name.clone(), arguments, directives, set }
    }

    /// Arguments as literals and variables, and a mark that is different for different ones.
    fn arguments(&mut self, known: &Known) -> (String, String) {
        let (mut text, mut marks) = (String::new(), String::new());
        for (place, (name, ty)) in known.arguments.iter().enumerate() {
            let values = (self.model.options.values)(&known.name, name);
            let is_given = ty.ends_with('!') || self.model.options.always.contains(&name.as_str());
            let chosen = self.below(values.len() + usize::from(!is_given));
            let Some(chosen) = (if is_given { Some(chosen) } else { chosen.checked_sub(1) }) else {
                continue;
            };
            let separator = if text.is_empty() { "" } else { ", " };
            if self.below(3) == 2 {
                let variable = self.variable(ty, values[chosen].clone());
                write!(text, "{separator}{name}: ${variable}").unwrap();
                write!(marks, "_{variable}").unwrap();
            } else {
                write!(text, "{separator}{name}: {}", values[chosen]).unwrap();
                write!(marks, "_{place}_{chosen}").unwrap();
            }
        }
        (if text.is_empty() { text } else { format!("({text})") }, marks)
    }

    fn variable(&mut self, ty: &str, value: Value) -> String {
        let same = |(known, held): &(String, Value)| known == ty && *held == value;
        let n = self.variables.iter().position(same).unwrap_or(self.variables.len());
        if n == self.variables.len() {
            self.variables.push((ty.to_owned(), value));
        }
        variable(n)
    }

    fn directives(&mut self) -> String {
        let choice = self.below(24);
        if !(16..24).contains(&choice) {
            return String::new();
        }
        let name = if choice.is_multiple_of(2) { "include" } else { "skip" };
        // Rarely what makes the rest of the document disappear.
        let value = if self.below(3) == 2 { name == "skip" } else { name == "include" };
        if choice < 20 {
            return format!(" @{name}(if: {value})");
        }
        let variable = self.variable("Boolean!", Value::Boolean(value));
        format!(" @{name}(if: ${variable})")
    }

    /// A type condition that can be met.
    fn condition(&mut self, on: &str) -> Option<String> {
        let objects = &self.model.types[on].objects;
        let meets = |composite: &Composite| !composite.objects.is_disjoint(objects);
        let types: Vec<&String> =
            self.model.types.iter().filter(|(_, one)| meets(one)).map(|(name, _)| name).collect();
        self.below(types.len() + 1).checked_sub(1).map(|chosen| types[chosen].clone())
    }

    /// A new fragment, or one that is complete: so there are no circles.
    fn spread(&mut self, on: &str, depth: usize) -> Item {
        let objects = &self.model.types[on].objects;
        let known: Vec<usize> = (self.fragments.iter().enumerate())
            .filter(|(_, fragment)| !self.model.types[&fragment.on].objects.is_disjoint(objects))
            .filter(|(_, fragment)| fragment.depth < depth && self.size + fragment.size < LARGEST)
            .map(|(n, _)| n)
            .collect();
        let directives = self.directives();
        let chosen = self.below(2 * known.len() + 1);
        if let Some(fragment) = known.get(chosen) {
            self.size += self.fragments[*fragment].size;
            return Item::Spread { fragment: *fragment, directives };
        }
        let on = self.condition(on).unwrap_or_else(|| on.to_owned());
        let before = self.size;
        let set = self.set(&on, depth - 1);
        self.fragments.push(Fragment { on, set, depth, size: self.size - before });
        Item::Spread { fragment: self.fragments.len() - 1, directives }
    }

    fn print(&self, operations: &[(&str, &str, Vec<Item>)], typed: bool) -> String {
        let fragments: Vec<String> =
            self.fragments.iter().map(|fragment| printed(&fragment.set, typed)).collect();
        let mut text = String::new();
        for (name, root, set) in operations {
            let set = printed(set, typed);
            let reached = reached(&set, &fragments);
            let definitions: Vec<String> = (self.variables.iter().enumerate())
                .filter(|(n, _)| reached.iter().any(|part| part.contains(&format!("${}", variable(*n)))))
                .map(|(n, (ty, _))| format!("${}: {ty}", variable(n)))
                .collect();
            let definitions =
                if definitions.is_empty() { String::new() } else { format!("({})", definitions.join(", ")) };
            writeln!(text, "{} {name}{definitions} {set}", root.to_lowercase()).unwrap();
        }
        for (n, (fragment, set)) in self.fragments.iter().zip(&fragments).enumerate() {
            writeln!(text, "fragment F{n:03} on {} {set}", fragment.on).unwrap();
        }
        text
    }
}

fn printed(set: &[Item], typed: bool) -> String {
    let mut text = "{ ".to_owned();
    for item in set {
        match item {
            Item::Field { key, name, arguments, directives, set } => {
                let key = key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default();
                write!(text, "{key}{name}{arguments}{directives} ").unwrap();
                if !set.is_empty() {
                    write!(text, "{} ", printed(set, typed)).unwrap();
                }
            }
            Item::Inline { on, directives, set } => {
                let on = on.as_ref().map(|on| format!(" on {on}")).unwrap_or_default();
                write!(text, "...{on}{directives} {} ", printed(set, typed)).unwrap();
            }
            Item::Spread { fragment, directives } => write!(text, "...F{fragment:03}{directives} ").unwrap(),
        }
    }
    if typed {
        write!(text, "{TYPE_KEY}: __typename ").unwrap();
    }
    text.push('}');
    text
}

/// The text of a selection and of the fragments that it spreads, directly or not.
fn reached<'t>(set: &'t str, fragments: &'t [String]) -> Vec<&'t str> {
    let mut parts = vec![set];
    let mut found = BTreeSet::new();
    let mut at = 0;
    while let Some(part) = parts.get(at).copied() {
        for (n, fragment) in fragments.iter().enumerate() {
            if part.contains(&format!("...F{n:03}")) && found.insert(n) {
                parts.push(fragment);
            }
        }
        at += 1;
    }
    parts
}
