//! Rules of the architecture that neither the compiler nor clippy keeps.

use std::collections::BTreeSet;

use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("rules::clippy guards each type of personal data", personal_types_are_guarded);
}

fn personal_types_are_guarded() {
    let source = include_str!("../../entity/src/personal.rs");
    let rules = include_str!("../../clippy.toml");
    let (_, listed) =
        source.split_once("\npersonal! {").expect("personal.rs lists its types in `personal! { … }`");
    // A line of it: `    Email(String);`
    let types: BTreeSet<&str> =
        listed.lines().filter_map(|line| line.trim().strip_suffix(");")?.split('(').next()).collect();
    // A line of clippy.toml: `    { path = "custodian_entity::personal::Email::expose", …`
    let guarded: BTreeSet<&str> = rules
        .split("\"custodian_entity::personal::")
        .skip(1)
        .filter_map(|rest| rest.split_once("::expose\"").map(|(name, _)| name))
        .collect();
    // Without its line in clippy.toml, any function may read a type's content.
    assert_eq!(types, guarded, "entity/src/personal.rs (left) and clippy.toml (right) name different types");
}
