//! Rules of the architecture that neither the compiler nor clippy keeps.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use custodian::authz::policy::ROLES;

use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("rules::clippy guards each type of personal data", personal_types_are_guarded);
    suite.pure("rules::a module uses only its own floor and those below", floors_are_kept);
    suite.pure("rules::no resolver checks a role", no_resolver_checks_a_role);
}

/// The floors of `src/lib.rs`, lowest first.
const FLOORS: [&[&str]; 6] = [
    &["config", "error", "clock"],
    &["crypto", "database", "vault", "store", "scanner", "news", "sink", "authn", "rates"],
    &["authz", "audit"],
    &[
        "graphql",
        "numbers",
        "mail",
        "accounts",
        "tenants",
        "resellers",
        "users",
        "customers",
        "services",
        "billing",
        "support",
        "calls",
        "session",
        "access",
        "clients",
        "history",
        "trail",
        "documents",
        "alerts",
        "containment",
        "incidents",
        "live",
    ],
    &["node", "reveal", "downloads", "schema", "seed", "reload", "trusted", "app"],
    &["http"],
];

/// The source files of the library, with the module each belongs to.
fn library() -> Vec<(String, PathBuf)> {
    fn collect(folder: &Path, module: &str, found: &mut Vec<(String, PathBuf)>) {
        for entry in std::fs::read_dir(folder).expect("src can be listed") {
            let path = entry.expect("src can be listed").path();
            if path.is_dir() {
                collect(&path, module, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push((module.to_owned(), path));
            }
        }
    }
    let mut found = Vec::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in std::fs::read_dir(source).expect("src can be listed") {
        let path = entry.expect("src can be listed").path();
        let module = path.file_stem().expect("a name").to_string_lossy().into_owned();
        match module.as_str() {
            // The library's list of modules, and the program on top of it.
            "lib" | "main" | "commands" => {}
            _ if path.is_dir() => collect(&path, &module, &mut found),
            _ => found.push((module, path)),
        }
    }
    found
}

fn floors_are_kept() {
    let floor = |module: &str| FLOORS.iter().position(|floor| floor.contains(&module));
    let mut broken = Vec::new();
    for (module, path) in library() {
        let own = floor(&module)
            .unwrap_or_else(|| panic!("give the module {module} a floor here and in src/lib.rs"));
        let text = std::fs::read_to_string(&path).expect("a source file can be read");
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for used in code.flat_map(|line| line.split("crate::").skip(1)) {
            let name: String = used.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            // What is not a module is a macro, which belongs to the floor of `graphql`.
            if floor(&name).is_some_and(|used| used > own) {
                broken.push(format!("{} uses {name}", path.display()));
            }
        }
    }
    assert!(
        broken.is_empty(),
        "move the code down, or pass what it needs as an argument:\n{}",
        broken.join("\n")
    );
}

fn no_resolver_checks_a_role() {
    let features = FLOORS[3].iter().filter(|module| **module != "session");
    let features: BTreeSet<&str> = features.copied().collect();
    let mut checks = Vec::new();
    for (module, path) in library().into_iter().filter(|(module, _)| features.contains(module.as_str())) {
        let text = std::fs::read_to_string(&path).expect("a source file can be read");
        let names_a_role = |line: &&str| {
            // `customer` and `reseller` are names of fields as well.
            let mut telling = ROLES.iter().filter(|role| !["customer", "reseller"].contains(role));
            let mentions = telling.any(|role| line.contains(&format!("\"{role}\"")));
            mentions || line.contains("viewer.role()") || line.contains("identity.role ==")
        };
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")).filter(names_a_role) {
            checks.push(format!("{module}, {}: {}", path.display(), line.trim()));
        }
    }
    assert!(
        checks.is_empty(),
        "what depends on the role belongs into policy/policy.csv:\n{}",
        checks.join("\n")
    );
}

fn personal_types_are_guarded() {
    let source = include_str!("../../entity/src/personal.rs");
    let rules = include_str!("../../clippy.toml");
    let (_, listed) =
        source.split_once("\npersonal! {").expect("personal.rs lists its types in `personal! { … }`");
    // A line of it: `    Email(String);`
    let types: BTreeSet<&str> = listed
        .lines()
        .filter_map(|line| {
            line.trim().trim_start_matches("pub struct ").strip_suffix(");")?.split('(').next()
        })
        .collect();
    // A line of clippy.toml: `    { path = "custodian_entity::personal::Email::expose", …`
    let guarded: BTreeSet<&str> = rules
        .split("\"custodian_entity::personal::")
        .skip(1)
        .filter_map(|rest| rest.split_once("::expose\"").map(|(name, _)| name))
        .collect();
    // Without its line in clippy.toml, any function may read a type's content.
    assert_eq!(types, guarded, "entity/src/personal.rs (left) and clippy.toml (right) name different types");
}
