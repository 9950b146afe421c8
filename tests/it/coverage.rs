//! Nothing of the schema is undecided, and nothing decided is unknown: the policy files and the schema name the same
//! fields, arguments and input fields, or nothing starts.

mod files;
mod start;

use std::collections::BTreeSet;
use std::sync::Arc;

use custodian::authz::Level;
use custodian::authz::catalog::Catalog;
use custodian::authz::policy::{Policy, PolicyError, PolicyFiles, ROLES};

use crate::reference::{Sdl, data_lines};
use crate::suite::{Suite, runtime};

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("coverage::the built-in policy decides every field", every_field_is_decided);
    suite
        .pure("coverage::every field of the SDL is classified as fields.csv says", every_field_is_classified);
    suite.pure("coverage::schema.graphql is what the program prints", schema_is_committed);
    files::register(suite);
    start::register(suite);
}

/// The schema's index.
fn catalog() -> Arc<Catalog> {
    let schema = custodian::schema::builder().finish();
    Arc::new(custodian::schema::catalog(&schema).expect("the schema can be indexed"))
}

fn load(files: &PolicyFiles, catalog: &Arc<Catalog>) -> Result<Policy, PolicyError> {
    runtime().block_on(Policy::load(files, catalog.clone()))
}

fn every_field_is_decided() {
    let catalog = catalog();
    let policy = load(&PolicyFiles::built_in(), &catalog).unwrap();
    let sdl = Sdl::read();
    let mut fields: BTreeSet<String> = BTreeSet::new();
    for (owner, members) in &sdl.objects {
        fields.extend(members.keys().map(|name| format!("{owner}.{name}")));
    }
    // Introspection is not in the SDL, and is decided like everything else.
    fields.extend(["Query.__schema".to_owned(), "Query.__type".to_owned()]);
    let indexed: BTreeSet<String> = catalog.field_ids().map(|id| catalog.field_name(id).to_owned()).collect();
    assert_eq!(indexed, fields, "the guard's index (left) and the SDL (right) have different fields");
    let described: BTreeSet<String> =
        data_lines(&PolicyFiles::built_in().fields).into_iter().map(|(_, words)| words[0].clone()).collect();
    assert_eq!(described, fields, "policy/fields.csv (left) and the SDL (right) have different fields");

    let mut positions: BTreeSet<String> = BTreeSet::new();
    for (owner, members) in &sdl.objects {
        for (name, field) in members {
            positions.extend(field.arguments.keys().map(|argument| format!("{owner}.{name}({argument})")));
        }
    }
    for (owner, members) in &sdl.inputs {
        positions.extend(members.keys().map(|name| format!("{owner}.{name}")));
    }
    for (owner, values) in sdl.enums.iter().filter(|(name, _)| name.ends_with("OrderField")) {
        positions.extend(values.iter().map(|value| format!("{owner}.{value}")));
    }
    let decided: BTreeSet<String> = crate::reference::input_needs().into_keys().collect();
    assert_eq!(decided, positions, "policy/inputs.csv (left) and the SDL (right) have different positions");

    for field in catalog.field_ids() {
        let name = catalog.field_name(field);
        let shown = ROLES.iter().any(|role| policy.rights(role).unwrap().level(field) != Level::Denied);
        // Nobody can use it: give a role the right to it, or take it out of the schema.
        assert!(shown, "{name} is denied to every role");
    }
    assert!(policy.rights("nobody").is_none(), "a role the policy does not know has rights");
}

fn every_field_is_classified() {
    let mut wrong = Vec::new();
    let sdl = Sdl::read();
    let facts = data_lines(&PolicyFiles::built_in().fields);
    for (owner, members) in &sdl.objects {
        for (name, field) in members {
            let line = facts.iter().find(|(_, words)| words[0] == format!("{owner}.{name}"));
            let words = line.map(|(_, words)| words.as_slice()).expect("fields.csv has every field");
            let asked = Some((words[1].clone(), Some(words[2].clone()).filter(|category| category != "-")));
            if field.classified != asked {
                wrong.push(format!("{owner}.{name}: @classified says {:?}, not {asked:?}", field.classified));
            }
            if let Some((argument, _)) = field.arguments.iter().find(|(_, typed)| typed.classified.is_some())
            {
                wrong.push(format!("{owner}.{name}({argument}) is classified; only fields are"));
            }
        }
    }
    assert!(wrong.is_empty(), "the SDL is not classified field by field:\n{}", wrong.join("\n"));
}

fn schema_is_committed() {
    let printed = custodian::schema::sdl().unwrap();
    let committed = include_str!("../../schema.graphql");
    let differs = printed.lines().zip(committed.lines()).zip(1..).find(|((new, old), _)| new != old);
    assert!(
        printed == committed,
        "schema.graphql is not what the program prints; first difference (new, old, line): {differs:?}\n\
         Run `cargo run -- schema > schema.graphql`, and read what changed for clients."
    );
}
