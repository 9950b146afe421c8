//! Filters and orders: refused where the field is not clear to the role, with the same answer for hit and miss.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::values::{absent, literal, value};
use super::ways::{Way, is_filter, ways};
use super::{Specification, assert_none, refusals, without_request_id};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::ROLES;
use crate::reference::{Typed, input_needs, needs_of};
use crate::suite::Suite;
use custodian::authz::Level;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.both("arguments::each filter is refused where its field is not clear, hit or miss", every_filter);
    suite.both("arguments::each order is refused where its field is not clear", every_order);
    suite.both("arguments::a row is found by a number only where it is clear", every_argument);
}

/// A value somebody asks by.
struct Probe<'a> {
    list: &'a str,
    /// `filter` or `orderBy`
    argument: &'a str,
    typed: &'a Typed,
    value: Value,
    /// Inside the value: the way to the innermost part, and its type.
    leaf: (Vec<&'a str>, &'a Typed),
}

impl Probe<'_> {
    /// The ways in which a document can give the value: a name, the document, and the variables.
    fn forms(&self, spec: &Specification) -> Vec<(&'static str, String, Value)> {
        let Self { list, argument, typed, value, leaf: (path, leaf) } = self;
        let whole = literal(&spec.sdl, &typed.named, value);
        let innermost = path.iter().fold(value, |value, step| &value[*step]);
        let marked = path.iter().rev().fold("$v".to_owned(), |inner, step| format!("{{{step}: {inner}}}"));
        let (named, ty, leaf) = (&typed.named, &typed.sdl, &leaf.sdl);
        let variables = json!({ "v": value });
        let ask = |alias: &str, value: &str| format!("{alias}{list}({argument}: {value}) {{ totalCount }}");
        let (plain, variable, inner) = (ask("", &whole), ask("", "$v"), ask("", &marked));
        vec![
            ("as a literal", format!("{{ {plain} }}"), Value::Null),
            ("as a variable", format!("query($v: {ty}) {{ {variable} }}"), variables.clone()),
            ("as a variable that must be given", format!("query($v: {named}!) {{ {variable} }}"), variables),
            ("as a variable inside", format!("query($v: {leaf}) {{ {inner} }}"), json!({ "v": innermost })),
            ("as a variable's default", format!("query($v: {ty} = {whole}) {{ {variable} }}"), Value::Null),
            ("in a fragment", format!("{{ ...F }} fragment F on Query {{ {plain} }}"), Value::Null),
            (
                "in a fragment, as a variable",
                format!("query($v: {ty} = {whole}) {{ ...F }} fragment F on Query {{ {variable} }}"),
                json!({}),
            ),
            ("under an alias", format!("{{ ... on Query {{ {} }} }}", ask("hidden: ", &whole)), Value::Null),
            ("beside what is allowed", format!("{{ viewer {{ id }} {plain} }}"), Value::Null),
            ("in a second place", format!("{{ all: {list} {{ totalCount }} {plain} }}"), Value::Null),
        ]
    }

    /// Asks in every form, with each value; every answer must be the refusal, the same for all values.
    async fn refused(
        probes: &[Self],
        spec: &Specification,
        client: &Client,
        field: &str,
        problems: &mut Vec<String>,
    ) {
        let forms: Vec<_> = probes.iter().map(|probe| probe.forms(spec)).collect();
        for form in 0..forms[0].len() {
            let mut first: Option<String> = None;
            for forms in &forms {
                let (way, document, variables) = &forms[form];
                let answer = client.query(document, variables.clone()).await;
                if !is_refusal(&answer, field) {
                    problems.push(format!("{field} {way}: {document} {variables}: {}", answer.text));
                    continue;
                }
                let text = without_request_id(&answer);
                if *first.get_or_insert_with(|| text.clone()) != text {
                    problems.push(format!("{field} {way}: hit and miss differ: {document}: {text}"));
                }
            }
        }
    }
}

/// Nothing but that this field cannot be asked by.
fn is_refusal(answer: &Answer, field: &str) -> bool {
    let told = refusals(answer) == [("FIELD_NOT_QUERYABLE".to_owned(), field.to_owned())];
    told && answer.body.get("data").is_none()
}

async fn every_filter(app: TestApp) {
    crate::fixture::api_clients(app.db()).await;
    crate::fixture::incidents(&app).await;
    crate::audit::entries::add(&app).await;
    let spec = Specification::read().await;
    let witness = app.login("admin@acme.example").await;
    let mut problems = Vec::new();
    let (mut refused, mut allowed) = (0, 0);
    let ways = ways(&spec.sdl);
    let mut samples = Samples::new(witness.clone());
    for (list, field) in &spec.sdl.objects["Query"] {
        let Some(filter) = field.arguments.get("filter") else { continue };
        for (member, operators) in &spec.sdl.inputs[&filter.named] {
            // Those without a field of their own are ways to those that have one.
            let Some((_, target)) = needs_of(&format!("{}.{member}", filter.named)) else { continue };
            for (operator, leaf) in &spec.sdl.inputs[&operators.named] {
                let values = samples.hit_and_miss(&spec, list, filter, member, leaf).await;
                let probes = values.map(|value| Probe {
                    list,
                    argument: "filter",
                    typed: filter,
                    value: json!({ member: { operator: value } }),
                    leaf: (vec![member, operator], leaf),
                });
                let conditions = [&probes[0].value, &probes[1].value];
                for (role, account) in ROLES {
                    if !spec.may_execute(role, &format!("Query.{list}")) {
                        continue;
                    }
                    let client = app.login(account).await;
                    if spec.matrix.decided(target).cell(role).level != Level::Clear {
                        Probe::refused(&probes, &spec, &client, target, &mut problems).await;
                        for way in ways[&filter.named].iter().filter(|way| way.is_open(&spec, role)) {
                            refused += 1;
                            way.refused(&spec, &client, conditions, target, &mut problems).await;
                        }
                    } else {
                        allowed += 1;
                        for (_, document, variables) in probes[0].forms(&spec).into_iter().take(2) {
                            let answer = client.query(&document, variables.clone()).await;
                            if !answer.errors().is_empty() {
                                problems.push(format!(
                                    "{target} as {role}: {document} {variables}: {}",
                                    answer.text
                                ));
                            }
                        }
                    }
                }
                let is_equality = ["eq", "in", "is", "some"].contains(&operator.as_str());
                if is_equality && !spec.sdl.enums.contains_key(&leaf.named) && leaf.named != "Boolean" {
                    for (probe, is_hit) in probes.iter().zip([true, false]) {
                        let (_, document, _) = &probe.forms(&spec)[0];
                        let count =
                            witness.query(document, Value::Null).await.ok()[list]["totalCount"].clone();
                        if (count.as_u64() > Some(0)) != is_hit {
                            problems.push(format!("{document} finds {count} rows"));
                        }
                    }
                }
            }
        }
    }
    assert!(
        refused > 300 && allowed > 300,
        "this asked hardly anything: {refused} refused, {allowed} allowed"
    );
    assert_none(&problems);
}

impl Way {
    /// Asks for hit and miss; the answers must be the refusal, and the same.
    async fn refused(
        &self,
        spec: &Specification,
        client: &Client,
        conditions: [&Value; 2],
        field: &str,
        problems: &mut Vec<String>,
    ) {
        let mut texts = Vec::new();
        for condition in conditions {
            let arguments = self.arguments(&spec.sdl, condition);
            let document = format!("{{ {}({arguments}) {{ totalCount }} }}", self.list);
            let answer = client.query(&document, Value::Null).await;
            let document =
                format!("query($v: {}) {{ {}(filter: $v) {{ totalCount }} }}", self.filter.sdl, self.list);
            let variable = client.query(&document, json!({ "v": self.value(condition) })).await;
            for answer in [answer, variable] {
                if !is_refusal(&answer, field) {
                    problems.push(format!("{field}: {}({arguments}): {}", self.list, answer.text));
                }
                texts.push(without_request_id(&answer));
            }
        }
        texts.dedup();
        if texts.len() > 1 {
            problems.push(format!("{field}: hit and miss differ in {}: {texts:?}", self.list));
        }
    }
}

/// Values to ask by, from what somebody is shown who sees everything.
pub struct Samples {
    witness: Client,
    /// By the filter's member; rows are asked for once.
    known: BTreeMap<String, Value>,
}

impl Samples {
    /// As this caller is shown them.
    pub fn new(witness: Client) -> Self {
        Self { witness, known: BTreeMap::new() }
    }

    /// A value that some row has and one that none has, for an operator of a filter.
    pub async fn hit_and_miss(
        &mut self,
        spec: &Specification,
        list: &str,
        filter: &Typed,
        member: &str,
        leaf: &Typed,
    ) -> [Value; 2] {
        if is_filter(&spec.sdl, leaf) {
            return [json!({}), json!({ "or": [] })];
        }
        let owner = filter.named.strip_suffix("Filter").expect("filters are named so");
        let name = format!("{owner}.{member}");
        if !self.known.contains_key(&name) {
            let found = sample(spec, &self.witness, list, owner, member).await;
            self.known.insert(name.clone(), found);
        }
        let hit = self.known[&name].clone();
        let miss = miss(spec, &hit, leaf);
        [hit, miss].map(|value| if leaf.is_list { json!([value]) } else { value })
    }
}

/// A value that some row has, as the API shows it.
async fn sample(spec: &Specification, witness: &Client, list: &str, owner: &str, member: &str) -> Value {
    // Ids of what the log names: filters of it look at no other row.
    let member = match (owner, member) {
        ("AuditEvent", "actorId") => "actor",
        ("AuditEvent", "apiClientId") => "apiClient",
        _ => member,
    };
    let shown = &spec.sdl.objects[owner][member];
    let (selection, inner) = match shown.named.as_str() {
        "Money" => ("{ amount }", Some("amount")),
        "Actor" => ("{ userId }", Some("userId")),
        named if spec.sdl.objects.contains_key(named) => ("{ id }", Some("id")),
        _ => ("", None),
    };
    let document = format!("{{ {list}(first: 100) {{ nodes {{ {member} {selection} }} }} }}");
    let answer = witness.query(&document, Value::Null).await;
    let rows = answer.ok()[list]["nodes"].as_array().expect("a list").clone();
    let mut values = rows.iter().map(|row| inner.map_or(&row[member], |inner| &row[member][inner]));
    let found = values.find(|value| !value.is_null() && **value != json!(0));
    found.unwrap_or_else(|| panic!("no row has {owner}.{member}: {document}")).clone()
}

/// A value that no row has; of closed sets, another one.
fn miss(spec: &Specification, hit: &Value, leaf: &Typed) -> Value {
    if let Some(values) = spec.sdl.enums.get(&leaf.named) {
        return json!(values.iter().find(|value| hit != *value));
    }
    match (leaf.named.as_str(), hit) {
        ("Boolean", hit) => json!(hit != true),
        ("ID", Value::String(id)) => json!(absent(id.split('_').next().unwrap_or_default())),
        _ => value(&spec.sdl, &Typed { is_list: false, ..leaf.clone() }),
    }
}

async fn every_order(app: TestApp) {
    let spec = Specification::read().await;
    let mut problems = Vec::new();
    let (mut refused, mut allowed) = (0, 0);
    for (list, field) in &spec.sdl.objects["Query"] {
        let Some(order) = field.arguments.get("orderBy") else { continue };
        let choice = &spec.sdl.inputs[&order.named]["field"];
        for name in &spec.sdl.enums[&choice.named] {
            let (_, target) =
                input_needs()[&format!("{}.{name}", choice.named)].clone().expect("an order reads a field");
            let probe = |direction: Option<&str>| {
                let mut value = json!({ "field": name });
                if let Some(direction) = direction {
                    value["direction"] = json!(direction);
                }
                Probe { list, argument: "orderBy", typed: order, value, leaf: (vec!["field"], choice) }
            };
            for (role, account) in ROLES {
                if !spec.may_execute(role, &format!("Query.{list}")) {
                    continue;
                }
                let client = app.login(account).await;
                let probes = [probe(None), probe(Some("ASC")), probe(Some("DESC"))];
                if spec.matrix.decided(&target).cell(role).level != Level::Clear {
                    refused += 1;
                    Probe::refused(&probes, &spec, &client, &target, &mut problems).await;
                    continue;
                }
                allowed += 1;
                for (_, document, variables) in
                    probes.iter().flat_map(|probe| probe.forms(&spec).into_iter().take(2))
                {
                    let answer = client.query(&document, variables.clone()).await;
                    if !answer.errors().is_empty() {
                        problems.push(format!("{target} as {role}: {document} {variables}: {}", answer.text));
                    }
                }
            }
        }
    }
    assert!(refused >= 6 && allowed > 50, "this asked hardly anything: {refused} refused, {allowed} allowed");
    assert_none(&problems);
}

/// Arguments that find one row by a field, such as `customer(customerNumber:)`.
async fn every_argument(app: TestApp) {
    let spec = Specification::read().await;
    let mut asked = 0;
    for (position, needs) in input_needs() {
        let (Some((_, field)), Some(rest)) = (needs, position.strip_prefix("Query.")) else { continue };
        // Narrows a list by a truth value; the matrix does not have the type.
        if rest == "containments(active)" {
            continue;
        }
        let (operation, argument) = rest.split_once('(').expect("an argument has parentheses");
        let argument = argument.trim_end_matches(')');
        for (role, account) in
            ROLES.into_iter().filter(|(role, _)| spec.may_execute(role, &format!("Query.{operation}")))
        {
            let (selected, value, miss) = match operation {
                "customers" => ("totalCount", "no such".to_owned(), None),
                "disclosures" => ("totalCount", absent("usr"), None),
                _ => ("id", "no such".to_owned(), Some("NOT_FOUND")),
            };
            let document = format!("{{ {operation}({argument}: \"{value}\") {{ {selected} }} }}");
            let answer = app.login(account).await.query(&document, Value::Null).await;
            let is_clear = spec.matrix.decided(&field).cell(role).level == Level::Clear;
            let asked_for = if is_clear { miss } else { Some("FIELD_NOT_QUERYABLE") };
            assert_eq!(answer.code(), asked_for, "{document} as {role}: {}", answer.text);
            asked += 1;
        }
    }
    assert!(asked > 0, "no argument finds a row by a field: this test looks at nothing");
}
