//! Documents that select everything, made from the schema: from each root and each type along each link, with aliases,
//! named and inline fragments.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::reference::{Sdl, Typed, input_needs};

pub static SDL: LazyLock<Sdl> = LazyLock::new(Sdl::read);

/// How the same is asked for.
#[derive(Clone, Copy)]
pub enum Style {
    Plain,
    Aliased,
    NamedFragments,
    InlineFragments,
}

pub const STYLES: [Style; 4] = [Style::Plain, Style::Aliased, Style::NamedFragments, Style::InlineFragments];

/// As many aliases as an operation may have, less a few.
const MOST_ALIASES: usize = 90;

/// A document and its variables.
pub type Request = (String, Value);

/// Whether rows of the type have ids: links lead to them. Other types are parts of the answer.
fn is_row(kind: &str) -> bool {
    SDL.objects.get(kind).is_some_and(|fields| fields.contains_key("id")) && kind != "Viewer"
}

fn is_connection(kind: &str) -> bool {
    kind.ends_with("Connection")
}

/// The links of a type.
pub fn links(kind: &str) -> Vec<&'static str> {
    let fields = SDL.objects[kind].iter();
    fields.filter(|(_, field)| leads_away(field)).map(|(name, _)| name.as_str()).collect()
}

/// A role's permissions are as many as there are fields: they are followed like rows.
fn leads_away(field: &Typed) -> bool {
    is_row(&field.named) || is_connection(&field.named) || field.named == "Permission"
}

/// One document being written.
struct Writer {
    style: Style,
    aliases: usize,
    fragments: Vec<String>,
}

impl Writer {
    fn new(style: Style) -> Self {
        Self { style, aliases: 0, fragments: Vec::new() }
    }

    /// All fields of a type, and behind each of these links so many more.
    fn selection(&mut self, kind: &str, follow: &[&str], further: usize) -> String {
        let mut body = String::from("__typename ");
        for (name, field) in &SDL.objects[kind] {
            if leads_away(field) && !follow.contains(&name.as_str()) {
                continue;
            }
            if matches!(self.style, Style::Aliased) && self.aliases < MOST_ALIASES {
                self.aliases += 1;
                body.push_str(&format!("x{}: ", self.aliases));
            }
            body.push_str(name);
            body.push_str(arguments(field));
            body.push(' ');
            if SDL.objects.contains_key(&field.named) {
                body.push_str(&self.behind(&field.named, further));
            } else if field.named == "Node" {
                body.push_str("{ id } ");
            }
        }
        match self.style {
            Style::Plain | Style::Aliased => format!("{{ {body} }} "),
            Style::InlineFragments => format!("{{ ... on {kind} {{ {body} }} ... {{ __typename }} }} "),
            Style::NamedFragments => {
                let name = format!("F{}", self.fragments.len());
                self.fragments.push(format!("fragment {name} on {kind} {{ {body} }}"));
                format!("{{ ...{name} }} ")
            }
        }
    }

    /// What is behind a field: a row, a part of an answer, or a connection with its rows, edges and places.
    fn behind(&mut self, kind: &str, further: usize) -> String {
        if let Some(row) = kind.strip_suffix("Connection") {
            let nodes = self.row(row, further);
            let edges = self.row(row, 0);
            return format!(
                "{{ totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} \
                 nodes {nodes} edges {{ cursor node {edges} }} }} "
            );
        }
        self.row(kind, further)
    }

    fn row(&mut self, kind: &str, further: usize) -> String {
        let follow = if further > 0 { links(kind) } else { Vec::new() };
        self.selection(kind, &follow, further.saturating_sub(1))
    }

    fn finish(self, operation: String, variables: Value) -> Request {
        (format!("{operation} {}", self.fragments.join(" ")), variables)
    }
}

/// The arguments of a field that is selected on the way.
fn arguments(field: &Typed) -> &'static str {
    if field.arguments.contains_key("first") {
        "(first: 3)"
    } else if field.arguments.contains_key("field") {
        r#"(type: "Customer", field: "email")"#
    } else {
        ""
    }
}

/// From a root field, along each link of its type. `head` is the field with its arguments.
fn along(head: &str, declared: &str, kind: &str, variables: &Value, style: Style) -> Vec<Request> {
    let of = kind.strip_suffix("Connection").unwrap_or(kind);
    let mut ways: Vec<Vec<&str>> = links(of).into_iter().map(|link| vec![link]).collect();
    ways.push(Vec::new());
    ways.into_iter()
        .map(|way| {
            let mut writer = Writer::new(style);
            let body = match is_connection(kind) {
                true => {
                    let nodes = writer.selection(of, &way, 1);
                    format!("{{ totalCount pageInfo {{ startCursor endCursor }} nodes {nodes} edges {{ cursor }} }}")
                }
                false if kind == "Node" => String::new(),
                false => writer.selection(of, &way, 1),
            };
            writer.finish(format!("query {declared} {{ {head} {body} }}"), variables.clone())
        })
        .collect()
}

/// Everything that can be asked about these rows, by id; `ids` by type.
pub fn questions(ids: &BTreeMap<&str, Vec<String>>, values: &dyn Fn(&str) -> Option<String>) -> Vec<Request> {
    let mut asked = Vec::new();
    let mut styles = STYLES.iter().copied().cycle();
    for (name, field) in &SDL.objects["Query"] {
        let mut style = || styles.next().unwrap();
        let required: Vec<&str> = field.arguments.keys().map(String::as_str).collect();
        match required.as_slice() {
            // By id of any type.
            ["id"] | ["ids"] if field.named == "Node" => {
                for (kind, ids) in ids {
                    let on = |writer: &mut Writer, way: &[&str]| {
                        format!("{{ __typename id ... on {kind} {} }}", writer.selection(kind, way, 1))
                    };
                    let ways = links(kind).into_iter().map(|link| vec![link]).chain([Vec::new()]);
                    for way in ways {
                        let mut writer = Writer::new(style());
                        let body = on(&mut writer, &way);
                        match required[0] {
                            "ids" => {
                                let operation =
                                    format!("query ($ids: [ID!]!) {{ {name}(ids: $ids) {body} }}");
                                asked.push(writer.finish(operation, json!({ "ids": ids })));
                            }
                            _ if way.is_empty() => asked.extend(ids.iter().map(|id| {
                                let fragments = writer.fragments.join(" ");
                                (format!("{{ {name}(id: {}) {body} }} {fragments}", json!(id)), Value::Null)
                            })),
                            _ => {}
                        }
                    }
                }
            }
            // By what a customer is known by.
            ["by"] => {
                let by = &field.arguments["by"].named;
                for member in SDL.inputs[by].keys() {
                    let (_, target) = input_needs()[&format!("{by}.{member}")].clone().unwrap();
                    if let Some(value) = values(&target) {
                        let head = format!("{name}(by: {{ {member}: {} }})", json!(value));
                        asked.extend(along(&head, "", &field.named, &Value::Null, style()));
                    }
                }
            }
            _ if field.arguments.contains_key("id") => {
                for id in ids.get(field.named.as_str()).into_iter().flatten() {
                    let head = format!("{name}(id: $id)");
                    asked.extend(along(&head, "($id: ID!)", &field.named, &json!({ "id": id }), style()));
                }
                for argument in required.iter().filter(|argument| **argument != "id") {
                    if let Some(value) = values(&format!("{}.{argument}", field.named)) {
                        let head = format!("{name}({argument}: {})", json!(value));
                        asked.extend(along(&head, "", &field.named, &Value::Null, style()));
                    }
                }
            }
            // Of somebody, or to somebody.
            _ if name == "disclosures" => {
                for (argument, kind) in [("customerId", "Customer"), ("actorId", "User")] {
                    for id in ids.get(kind).into_iter().flatten().take(3) {
                        let head = format!("{name}({argument}: {}, last: 8)", json!(id));
                        asked.extend(along(&head, "", &field.named, &Value::Null, style()));
                    }
                }
            }
            _ if is_connection(&field.named) => {
                let head = format!("{name}(last: 8)");
                asked.extend(along(&head, "", &field.named, &Value::Null, style()));
            }
            ["field", "role", "verb"] => {
                let head = format!("{name}(role: \"support_agent\", field: \"Customer.email\")");
                asked.extend(along(&head, "", &field.named, &Value::Null, style()));
            }
            _ => asked.extend(along(name, "", &field.named, &Value::Null, style())),
        }
    }
    asked
}

/// Every filter with a value that is there, and every order, of each list.
pub fn filters_and_orders(
    ids: &BTreeMap<&str, Vec<String>>,
    values: &dyn Fn(&str) -> Option<String>,
) -> Vec<Request> {
    let mut asked = Vec::new();
    for (name, field) in SDL.objects["Query"].iter().filter(|(_, field)| is_connection(&field.named)) {
        let kind = field.named.trim_end_matches("Connection");
        let mut ask = |declared: &str, arguments: &str, variables: Value| {
            let mut writer = Writer::new(Style::Plain);
            let nodes = writer.selection(kind, &[], 0);
            let operation = format!(
                "query ({declared}) {{ {name}(last: 5, {arguments}) \
                 {{ totalCount pageInfo {{ startCursor endCursor }} edges {{ cursor }} nodes {nodes} }} }}"
            );
            asked.push(writer.finish(operation, variables));
        };
        if let Some(order) = field.arguments.get("orderBy") {
            for value in &SDL.enums[&SDL.inputs[&order.named]["field"].named] {
                for direction in ["ASC", "DESC"] {
                    let order_by = json!({ "field": value, "direction": direction });
                    ask(&format!("$o: {}", order.sdl), "orderBy: $o", json!({ "o": order_by }));
                }
            }
        }
        let Some(filter) = field.arguments.get("filter") else { continue };
        for (member, condition) in &SDL.inputs[&filter.named] {
            let operators = &SDL.inputs[&condition.named];
            let Some(eq) = operators.get("eq").map(|eq| &eq.named) else {
                let value = if operators.contains_key("some") { json!({ "some": {} }) } else { json!([{}]) };
                ask(&format!("$f: {}", filter.sdl), "filter: $f", json!({ "f": { member: value } }));
                continue;
            };
            let planted = values(&format!("{kind}.{member}"));
            let value = match (eq.as_str(), planted) {
                ("BigInt", Some(value)) => json!({ "eq": value.parse::<i64>().unwrap() }),
                ("BigInt", None) => json!({ "gte": 0 }),
                ("DateTime", _) => json!({ "gte": "2001-02-03T04:05:06Z" }),
                ("Date", _) => json!({ "gte": "2001-02-03" }),
                ("Boolean", _) => json!({ "eq": true }),
                ("ID", _) => {
                    let of = match member.as_str() {
                        "actorId" => "User",
                        "customerId" => "Customer",
                        "resellerId" => "Reseller",
                        "apiClientId" => "ApiClient",
                        field => &SDL.objects[kind][field].named,
                    };
                    json!({ "in": ids.get(of).into_iter().flatten().take(9).collect::<Vec<_>>() })
                }
                (_, Some(value)) => json!({ "eq": value }),
                (set, None) if SDL.enums.contains_key(set) => json!({ "in": SDL.enums[set] }),
                (_, None) => json!({ "eq": "nothing planted" }),
            };
            ask(&format!("$f: {}", filter.sdl), "filter: $f", json!({ "f": { member: value } }));
        }
    }
    asked
}

/// A mutation with this input that selects everything of what it changed.
pub fn change(mutation: &str, input: &Value, style: Style) -> Request {
    let field = &SDL.objects["Mutation"][mutation];
    let mut writer = Writer::new(style);
    let payload = &SDL.objects[&field.named];
    let link = payload.keys().find(|name| *name != "userErrors").unwrap();
    let row = &payload[link].named;
    // What is changed may be no row: when a password was.
    let row = if SDL.objects.contains_key(row) { writer.row(row, 1) } else { String::new() };
    let operation = format!(
        "mutation ($input: {}) {{ {mutation}(input: $input) {{ {link} {row} userErrors {{ code field message }} }} }}",
        field.arguments["input"].sdl
    );
    writer.finish(operation, json!({ "input": input }))
}
