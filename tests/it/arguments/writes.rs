//! Every field of every input that creates or changes something: refused by name where the role may not write it, and
//! then nothing is changed.

use serde_json::{Map, Value, json};

use super::rows::{Rows, complete, kind_of};
use super::state::State;
use super::values::{literal, required, value_of};
use super::{Specification, assert_none, refusals};
use crate::app::TestApp;
use crate::client::Answer;
use crate::fixture::ROLES;
use crate::reference::input_needs;
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.both("arguments::each input field is refused where the role may not write it", every_input_field);
}

/// Where the ids of an input come from.
pub enum Ids<'a> {
    /// Rows that the role reaches.
    Mine(&'a Rows),
    /// Rows that do not exist.
    Nobodys(&'a Rows),
}

/// A mutation with its input.
pub struct Mutation<'a> {
    /// `customerUpdate`
    pub name: &'a str,
    /// `CustomerUpdateInput`
    pub input: &'a str,
}

impl Mutation<'_> {
    /// The mutations that take one input object, but for those that take files, which no JSON holds: tests/it/documents
    /// tries them.
    pub fn all(spec: &Specification) -> impl Iterator<Item = Mutation<'_>> {
        let mutations = spec.sdl.objects["Mutation"].iter();
        mutations
            .filter_map(|(name, field)| Some(Mutation { name, input: &field.arguments.get("input")?.named }))
            .filter(|mutation| !mutation.input.starts_with("DocumentUpload"))
    }

    /// What the input requires and this member besides.
    pub fn input_with(
        &self,
        spec: &Specification,
        member: Option<&str>,
        ids: &Ids<'_>,
    ) -> Map<String, Value> {
        let members = &spec.sdl.inputs[self.input];
        let mut input = required(&spec.sdl, self.input);
        if let Some(member) = member {
            input.insert(member.to_owned(), value_of(&spec.sdl, member, &members[member]));
        }
        for (name, value) in input.iter_mut().filter(|(name, _)| members[*name].named == "ID") {
            let kind = kind_of(self.input, name);
            *value = match ids {
                Ids::Mine(rows) => json!(rows.mine(kind)),
                Ids::Nobodys(rows) => json!(rows.nobodys(kind)),
            };
        }
        input
    }

    /// The ways in which a document can give the input.
    pub fn forms(&self, spec: &Specification, input: &Map<String, Value>) -> [(String, Value); 4] {
        let Self { name, input: ty } = self;
        let text = literal(&spec.sdl, ty, &json!(input));
        // Half as a literal, half as variables.
        let members = &spec.sdl.inputs[*ty];
        let (defined, given): (Vec<String>, Vec<String>) = input
            .keys()
            .map(|key| (format!("${key}: {}", members[key].sdl), format!("{key}: ${key}")))
            .unzip();
        let done = "{ userErrors { code } }";
        [
            (format!("mutation {{ {name}(input: {text}) {done} }}"), Value::Null),
            (
                format!("mutation($input: {ty}!) {{ {name}(input: $input) {done} }}"),
                json!({ "input": input }),
            ),
            (format!("mutation($input: {ty}! = {text}) {{ {name}(input: $input) {done} }}"), Value::Null),
            (
                format!(
                    "mutation({}) {{ ...F }} fragment F on Mutation {{ other: {name}(input: {{{}}}) {done} }}",
                    defined.join(", "),
                    given.join(", ")
                ),
                json!(input),
            ),
        ]
    }
}

/// The fields given in an input that a role may not write, by the matrix.
fn not_writable(
    spec: &Specification,
    role: &str,
    mutation: &Mutation<'_>,
    input: &Map<String, Value>,
) -> Vec<String> {
    let needs = input_needs();
    let mut fields: Vec<String> = (input.keys())
        .filter_map(|member| needs[&format!("{}.{member}", mutation.input)].clone())
        .filter(|(verb, field)| {
            let letter = if verb == "create" { 'c' } else { 'u' };
            !spec.matrix.may_write(role, field, letter)
        })
        .map(|(_, field)| field)
        .collect();
    fields.sort();
    fields.dedup();
    fields
}

/// Nothing but that these fields cannot be written.
fn is_refusal(answer: &Answer, fields: &[String]) -> bool {
    let mut told = refusals(answer);
    told.sort();
    let asked: Vec<_> = fields.iter().map(|field| ("FORBIDDEN".to_owned(), field.clone())).collect();
    told == asked && answer.body.get("data").is_none()
}

async fn every_input_field(app: TestApp) {
    complete(&app).await;
    let spec = Specification::read().await;
    let mut problems = Vec::new();
    let (mut refused, mut passed) = (0, 0);
    for (role, account) in ROLES {
        let client = app.login(account).await;
        let rows = Rows::of(&app, role).await;
        let before = State::of(&app).await;
        let mut allowed = Vec::new();
        for mutation in Mutation::all(&spec) {
            if !spec.may_execute(role, &format!("Mutation.{}", mutation.name)) {
                continue;
            }
            for member in spec.sdl.inputs[mutation.input].keys() {
                // With rows that exist, so that nothing else could be what stops it.
                let input = mutation.input_with(&spec, Some(member), &Ids::Mine(&rows));
                let fields = not_writable(&spec, role, &mutation, &input);
                if fields.is_empty() {
                    allowed.push((mutation.name, mutation.input, member));
                    continue;
                }
                refused += 1;
                for (document, variables) in mutation.forms(&spec, &input) {
                    let answer = client.query(&document, variables.clone()).await;
                    if !is_refusal(&answer, &fields) {
                        problems
                            .push(format!("{fields:?} as {role}: {document} {variables}: {}", answer.text));
                    }
                }
            }
        }
        let changes = before.changes(&app).await;
        assert!(changes.is_empty(), "what was refused to {role} changed {changes:?}");

        // What may be written is not refused: the rows do not exist, so that little is changed.
        for (name, ty, member) in allowed {
            // Naming a field is no right to unmask it: tests/it/reveal.rs.
            if name == "fieldReveal" {
                continue;
            }
            passed += 1;
            let mutation = Mutation { name, input: ty };
            let input = mutation.input_with(&spec, Some(member), &Ids::Nobodys(&rows));
            for (document, variables) in mutation.forms(&spec, &input) {
                let answer = client.query(&document, variables.clone()).await;
                let codes = refusals(&answer);
                if codes.iter().any(|(code, _)| !["NOT_FOUND", "CONFLICT"].contains(&code.as_str())) {
                    problems
                        .push(format!("{ty}.{member} as {role}: {document} {variables}: {}", answer.text));
                }
            }
        }
    }
    assert!(refused > 30 && passed > 300, "this asked hardly anything: {refused} refused, {passed} allowed");
    assert_none(&problems);
}
