//! The ways in which a condition can be put on the rows of a type: on their own list, inside `and`, `or` and `not`, and
//! through the links and lists of other rows. Made from the schema, so that a new one is found.

use std::collections::BTreeMap;

use custodian::authz::Level;
use serde_json::{Value, json};

use super::Specification;
use super::values::literal;
use crate::reference::{Sdl, Typed, needs_of};

/// A place for a condition.
pub struct Way {
    /// The list that is asked for.
    pub list: String,
    /// Its filter.
    pub filter: Typed,
    /// The fields that are read on the way.
    pub reads: Vec<String>,
    /// The filter, with [`HERE`] where the condition goes.
    template: Value,
}

/// Where the condition goes.
const HERE: &str = "@";

/// The ways to each type of filter.
pub fn ways(sdl: &Sdl) -> BTreeMap<String, Vec<Way>> {
    let mut found: BTreeMap<String, Vec<Way>> = BTreeMap::new();
    for (list, field) in &sdl.objects["Query"] {
        let Some(filter) = field.arguments.get("filter") else { continue };
        let mut add = |to: &str, reads: &[&String], template: Value| {
            let reads = reads.iter().map(|field| (*field).clone()).collect();
            let way = Way { list: list.clone(), filter: filter.clone(), reads, template };
            found.entry(to.to_owned()).or_default().push(way);
        };
        for template in [
            json!(HERE),
            json!({ "and": [HERE] }),
            json!({ "or": [{ "or": [] }, HERE] }),
            json!({ "not": [HERE] }),
            json!({ "and": [{ "or": [{ "not": [HERE] }] }] }),
        ] {
            add(&filter.named, &[], template);
        }
        for link in links(sdl, &filter.named) {
            add(&link.to, &[&link.field], link.around(json!(HERE)));
            let denied = json!({ "not": [link.around(json!({ "or": [HERE] }))] });
            add(&link.to, &[&link.field], denied);
            for next in links(sdl, &link.to) {
                let template = link.around(next.around(json!(HERE)));
                add(&next.to, &[&link.field, &next.field], template);
            }
        }
    }
    found
}

/// A member of a filter that leads to other rows.
pub struct Link {
    /// `customer`
    pub member: String,
    /// `is` or `some`
    pub operator: String,
    /// The filter of the rows it leads to.
    pub to: String,
    /// The field it reads.
    pub field: String,
}

impl Link {
    /// A condition on the row that has the link.
    pub fn around(&self, condition: Value) -> Value {
        json!({ &self.member: { &self.operator: condition } })
    }
}

/// The links of a filter.
pub fn links(sdl: &Sdl, filter: &str) -> Vec<Link> {
    let mut links = Vec::new();
    for (member, operators) in &sdl.inputs[filter] {
        let Some((_, field)) = needs_of(&format!("{filter}.{member}")) else { continue };
        for (operator, inner) in sdl.inputs[&operators.named].iter().filter(|(_, it)| is_filter(sdl, it)) {
            let (member, operator) = (member.clone(), operator.clone());
            links.push(Link { member, operator, to: inner.named.clone(), field: field.clone() });
        }
    }
    links
}

/// Whether it is a condition on rows, rather than on a value.
pub fn is_filter(sdl: &Sdl, typed: &Typed) -> bool {
    sdl.inputs.get(&typed.named).is_some_and(|members| members.contains_key("not"))
}

impl Way {
    /// The filter with this condition in it.
    pub fn value(&self, condition: &Value) -> Value {
        fn put(template: &Value, condition: &Value) -> Value {
            match template {
                Value::String(here) if here == HERE => condition.clone(),
                Value::Array(items) => items.iter().map(|item| put(item, condition)).collect(),
                Value::Object(members) => {
                    members.iter().map(|(name, value)| (name.clone(), put(value, condition))).collect()
                }
                other => other.clone(),
            }
        }
        put(&self.template, condition)
    }

    /// The arguments that put the condition there.
    pub fn arguments(&self, sdl: &Sdl, condition: &Value) -> String {
        format!("filter: {}", literal(sdl, &self.filter.named, &self.value(condition)))
    }

    /// Whether a role may go it.
    pub fn is_open(&self, spec: &Specification, role: &str) -> bool {
        let is_clear = |field: &String| spec.matrix.decided(field).cell(role).level == Level::Clear;
        spec.may_execute(role, &format!("Query.{}", self.list)) && self.reads.iter().all(is_clear)
    }
}
