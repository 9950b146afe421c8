//! Policy files with one line missing, one line too many, or something else wrong: refused by name, file and line.

use std::sync::Arc;

use custodian::authz::catalog::Catalog;
use custodian::authz::policy::PolicyFiles;

use super::{catalog, load};
use crate::reference::data_lines;
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("coverage::a field without its group is refused by name", each_group_line_is_needed);
    suite.pure("coverage::a missing line of fields.csv is refused by name", each_fact_is_needed);
    suite.pure("coverage::a missing line of inputs.csv is refused by name", each_input_is_needed);
    suite.pure("coverage::an unknown name is refused with its line", unknown_names);
    suite.pure("coverage::a broken model is refused", broken_models);
    suite.pure("coverage::a field that cannot be null cannot be denied", non_null_cannot_be_denied);
    suite.pure("coverage::a mask needs to be one", masked_needs_a_mask);
    suite.pure("coverage::a folder without the files is refused by name", missing_files);
}

/// Which of the four texts.
type Text = fn(&mut PolicyFiles) -> &mut String;

fn without(text: &str, line: usize) -> String {
    let kept = (1..).zip(text.lines()).filter(|(number, _)| *number != line);
    kept.map(|(_, text)| format!("{text}\n")).collect()
}

/// What is said of a policy that must not load.
fn refusal(files: &PolicyFiles, catalog: &Arc<Catalog>) -> Option<String> {
    let error = load(files, catalog).err()?.to_string();
    assert!(!error.contains('\n'), "more than one line: {error}");
    Some(error)
}

/// Loads without each of these lines; each time a name that is missing then must be told.
fn each_is_needed(text: Text, lines: Vec<(usize, Vec<String>)>) {
    let catalog = catalog();
    assert!(lines.len() > 100, "this looks at too few lines to prove anything");
    let mut files = PolicyFiles::built_in();
    let whole = text(&mut files).clone();
    let mut missed = Vec::new();
    for (line, names) in lines {
        *text(&mut files) = without(&whole, line);
        match refusal(&files, &catalog) {
            Some(error) if error.split([' ', ',']).any(|word| names.iter().any(|name| name == word)) => {}
            other => missed.push(format!("line {line}, {names:?}: {other:?}")),
        }
    }
    assert!(missed.is_empty(), "loaded, or refused without the name:\n{}", missed.join("\n"));
}

fn each_group_line_is_needed() {
    let lines = data_lines(&PolicyFiles::built_in().policy).into_iter();
    let lines: Vec<_> = lines.filter(|(_, words)| words[0] == "g2").collect();
    let size = |group: &str| lines.iter().filter(|(_, words)| words[2] == group).count();
    let names = lines.iter().map(|(line, words)| {
        // With its only field a group goes as well, and the rules about the group are what is wrong then.
        let group = (size(&words[2]) == 1).then(|| words[2].clone());
        (*line, [Some(words[1].clone()), group].into_iter().flatten().collect())
    });
    each_is_needed(|files| &mut files.policy, names.collect());
}

fn each_fact_is_needed() {
    let lines = data_lines(&PolicyFiles::built_in().fields).into_iter();
    each_is_needed(
        |files| &mut files.fields,
        lines.map(|(line, words)| (line, vec![words[0].clone()])).collect(),
    );
}

fn each_input_is_needed() {
    let lines = data_lines(&PolicyFiles::built_in().inputs).into_iter();
    each_is_needed(
        |files| &mut files.inputs,
        lines.map(|(line, words)| (line, vec![words[0].clone()])).collect(),
    );
}

fn unknown_names() {
    const POLICY: (Text, &str) = (|files| &mut files.policy, "policy.csv");
    const FIELDS: (Text, &str) = (|files| &mut files.fields, "fields.csv");
    const INPUTS: (Text, &str) = (|files| &mut files.inputs, "inputs.csv");
    let catalog = catalog();
    for ((text, file), line, named) in [
        (POLICY, "p, nobody, customer.name, read, allow", "nobody"),
        (POLICY, "p, users, Customer.nonsense, read, allow", "Customer.nonsense"),
        (POLICY, "p, users, customer.nonsense, read, allow", "customer.nonsense"),
        (POLICY, "p, users, Nonsense, rows:own, allow", "Nonsense"),
        (POLICY, "p, users, Customer, rows:galaxy, allow", "rows:galaxy"),
        (POLICY, "p, users, customer.name, rows:own, allow", "customer.name"),
        (POLICY, "p, users, customer.name, browse, allow", "browse"),
        (POLICY, "p, users, customer.name, read, perhaps", "perhaps"),
        (POLICY, "p, users, customer.name, read", "form"),
        (POLICY, "p, users, customer.name, read, allow, twice", "form"),
        (POLICY, "g, nobody, users", "nobody"),
        (POLICY, "g, customer, support_agent", "support_agent"),
        (POLICY, "g2, Customer.nonsense, customer.name", "Customer.nonsense"),
        (POLICY, "g2, Customer.email, users", "users"),
        (POLICY, "g2, Customer.email, customer", "customer"),
        (POLICY, "g2, Customer.email, Customer.phone", "Customer.phone"),
        (POLICY, "g3, browse, read", "browse"),
        (POLICY, "allow everything", "form"),
        (FIELDS, "Customer.nonsense, PUBLIC, -, -", "Customer.nonsense"),
        (FIELDS, "Nonsense.email, PUBLIC, -, -", "Nonsense.email"),
        (FIELDS, "Customer.email, PUBLIC, -, -", "Customer.email"),
        (FIELDS, "Customer.email, SECRET, PII, email", "SECRET"),
        (FIELDS, "Customer.email, PUBLIC", "expected"),
        (INPUTS, "Query.customers(nonsense), -", "Query.customers(nonsense)"),
        (INPUTS, "CustomerFilter.nonsense, query, Customer.email", "CustomerFilter.nonsense"),
        (INPUTS, "CustomerOrderField.BALANCE, query, Customer.balance", "CustomerOrderField.BALANCE"),
        (INPUTS, "CustomerFilter.email, query, Customer.nonsense", "Customer.nonsense"),
        (INPUTS, "CustomerFilter.email, browse, Customer.email", "browse"),
        (INPUTS, "CustomerFilter.email, query, Customer.email", "CustomerFilter.email"),
        (INPUTS, "CustomerFilter.email", "expected"),
    ] {
        let mut files = PolicyFiles::built_in();
        text(&mut files).push_str(line);
        let number = text(&mut files).lines().count();
        let Some(error) = refusal(&files, &catalog) else { panic!("{file} with {line:?} loads") };
        assert!(error.starts_with(&format!("{file}:{number}: ")), "{line:?}: no file and line in {error:?}");
        assert!(error.contains(named), "{line:?}: no {named:?} in {error:?}");
    }
}

/// A change to the built-in model.
type Change = fn(&str) -> String;

fn broken_models() {
    const EFFECT: &str = "some(where (p.eft == allow)) && !some(where (p.eft == deny))";
    let catalog = catalog();
    let broken: [(&str, Change); 14] = [
        ("empty", |_| String::new()),
        ("garbage", |_| "\u{0}\u{1}[[[=\n]]\u{fffd}".to_owned()),
        ("no request", |model| model.replace("[request_definition]", "[other]")),
        ("no policy", |model| model.replace("[policy_definition]", "[other]")),
        ("no roles", |model| model.replace("[role_definition]", "[other]")),
        ("no effect", |model| model.replace("[policy_effect]", "[other]")),
        ("no matcher", |model| model.replace("[matchers]", "[other]")),
        ("whoever is not refused", |model| model.replace(EFFECT, "!some(where (p.eft == deny))")),
        ("no effect at all", |model| model.replace(EFFECT, "")),
        // The right words in the wrong place.
        ("an effect beside", |model| model.replace(EFFECT, "nonsense") + "\n[other]\ne = " + EFFECT),
        ("an effect in a comment", |model| model.replace(EFFECT, "nonsense") + "\n# e = " + EFFECT),
        ("a matcher that does not parse", |model| model.replace("m = g(", "m = g((((")),
        ("a matcher of unknown words", |model| model.replace("r.role", "r.nobody")),
        ("too few request fields", |model| model.replace("r = role, field, right", "r = role")),
    ];
    let built_in = PolicyFiles::built_in();
    let mut faults = Vec::new();
    for (what, change) in broken {
        let model = change(&built_in.model);
        assert_ne!(model, built_in.model, "{what}: nothing was changed");
        let files = PolicyFiles { model, ..built_in.clone() };
        match std::panic::catch_unwind(|| refusal(&files, &catalog)) {
            Ok(Some(_)) => {}
            Ok(None) => faults.push(format!("{what}: the policy loads")),
            Err(_) => faults.push(format!("{what}: loading panics, where it should be refused")),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn non_null_cannot_be_denied() {
    let catalog = catalog();
    let built_in = PolicyFiles::built_in();
    let denied = PolicyFiles {
        policy: built_in.policy.clone() + "p, reseller, Customer.id, read, deny\n",
        ..built_in.clone()
    };
    let error = refusal(&denied, &catalog).expect("a reseller has customers, and they have ids");
    assert!(error.contains("Customer.id (reseller)"), "{error}");

    // What no row of is reached may be denied: there is no place for the null.
    let unreached = PolicyFiles {
        policy: built_in.policy.clone() + "p, network_engineer, Reseller.id, read, deny\n",
        ..built_in.clone()
    };
    assert!(refusal(&unreached, &catalog).is_none(), "a network engineer reaches no reseller");

    let allowed = "p, users, customer.core, read, allow";
    assert!(built_in.policy.contains(allowed), "choose another line of policy.csv here");
    let lost = PolicyFiles {
        policy: built_in.policy.replace(allowed, "p, office, customer.core, read, allow"),
        ..built_in
    };
    let error = refusal(&lost, &catalog).expect("three roles have customers they cannot name");
    for part in
        ["Customer.id (customer)", "Customer.version (network_engineer)", "Customer.status (reseller)"]
    {
        assert!(error.contains(part), "no {part} in {error}");
    }
}

fn masked_needs_a_mask() {
    let catalog = catalog();
    let built_in = PolicyFiles::built_in();
    let policy = built_in.policy.clone() + "p, anonymous, Customer.companyName, read:masked, allow\n";
    let error = refusal(&PolicyFiles { policy, ..built_in.clone() }, &catalog);
    assert!(error.as_deref().is_some_and(|error| error.contains("Customer.companyName")), "{error:?}");

    let fields = built_in
        .fields
        .replace("Customer.phone, RESTRICTED, PII, phone", "Customer.phone, RESTRICTED, PII, -");
    assert_ne!(fields, built_in.fields, "choose another line of fields.csv here");
    let error = refusal(&PolicyFiles { fields, ..built_in }, &catalog);
    assert!(error.as_deref().is_some_and(|error| error.contains("Customer.phone")), "{error:?}");
}

fn missing_files() {
    let folder = tempfile::tempdir().unwrap();
    let built_in = PolicyFiles::built_in();
    let texts = [
        ("model.conf", &built_in.model),
        ("policy.csv", &built_in.policy),
        ("fields.csv", &built_in.fields),
        ("inputs.csv", &built_in.inputs),
    ];
    for (name, text) in texts {
        let error = PolicyFiles::from_folder(folder.path()).err().map(|error| error.to_string());
        assert!(error.as_deref().is_some_and(|error| error.contains(name)), "{name}: {error:?}");
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let read = PolicyFiles::from_folder(folder.path()).unwrap();
    let texts = [read.model, read.policy, read.fields, read.inputs];
    assert_eq!(texts, [built_in.model, built_in.policy, built_in.fields, built_in.inputs]);
    // Bytes that are no text.
    std::fs::write(folder.path().join("policy.csv"), [0xff, 0xfe, 0x00]).unwrap();
    let error = PolicyFiles::from_folder(folder.path()).err().map(|error| error.to_string());
    assert!(error.as_deref().is_some_and(|error| error.contains("policy.csv")), "{error:?}");
}
