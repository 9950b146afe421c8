//! `custodian policy`: without a server, a database or a data folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use custodian::authz::policy::PolicyFiles;
use tempfile::TempDir;

use super::{assert_refused, files, run};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.pure("commands::policy check finds nothing in the built-in policy, and mistakes elsewhere", check);
    suite.pure("commands::policy explain answers, and refuses unknown names", explain);
    suite.pure("commands::policy matrix as text and as CSV", matrix);
    suite.pure("commands::policy matrix --html is one well-formed page with every field", page);
    suite.pure("commands::policy diff tells who gains and loses what", diff);
}

/// A folder with a policy: the built-in one and these lines.
fn policy(folder: &Path, lines: &str) {
    fs::create_dir(folder.join("policy")).unwrap();
    let built_in = PolicyFiles::built_in();
    for (name, text) in [
        ("model.conf", built_in.model),
        ("policy.csv", built_in.policy + lines),
        ("fields.csv", built_in.fields),
        ("inputs.csv", built_in.inputs),
    ] {
        fs::write(folder.join("policy").join(name), text).unwrap();
    }
}

fn printed(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

/// What a command prints that has nothing to complain about.
#[track_caller]
fn done(output: &Output) -> &str {
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    printed(output)
}

fn check() {
    let folder = TempDir::new().unwrap();
    assert_eq!(done(&run(folder.path(), &["policy", "check"], &[])), "nothing found\n");
    assert!(files(folder.path()).is_empty(), "it left something behind");

    policy(folder.path(), "p, nobody, customer.name, read, allow\np, customer, customer.core, read, allow\n");
    let last = PolicyFiles::built_in().policy.lines().count() + 2;
    let by_flag = run(folder.path(), &["policy", "check", "--policy-dir", "policy"], &[]);
    let by_variable = run(folder.path(), &["policy", "check"], &[("CUSTODIAN_POLICY_DIR", "policy")]);
    for output in [by_flag, by_variable] {
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let lines: Vec<&str> = printed(&output).lines().collect();
        assert_eq!(lines.len(), 2, "{lines:#?}");
        assert_eq!(lines[0], format!("policy.csv:{}: unknown role nobody", last - 1));
        assert!(lines[1].starts_with(&format!("policy.csv:{last}: ")) && lines[1].contains("no effect"));
        assert_eq!(output.stderr, b"custodian: the policy has 2 findings\n");
    }
    assert_refused(&run(folder.path(), &["policy", "check", "--policy-dir", "none"], &[]), "none");
}

fn explain() {
    let folder = TempDir::new().unwrap();
    let ask =
        |arguments: &[&str]| run(folder.path(), &[&["policy", "explain", "--role"], arguments].concat(), &[]);
    let output = ask(&["support_agent", "Customer.email"]);
    let text = done(&output);
    assert!(text.starts_with("Customer.email for support_agent, in rows of scope tenant\n"), "{text}");
    for part in [
        "\nread: masked\n",
        "decides  p, support_agent, customer.email, read:masked, allow\n",
        "through  g2, Customer.email, customer.email\n",
        "\nquery: denied\n    no rule allows support_agent to query Customer.email\n",
        "\nlookup: allowed\n",
        "\nupdate: allowed\n",
        "through  g3, update, write\n",
        "\nreveal: allowed\n",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    let output = ask(&["customer", "Mutation.customerUpdate", "execute"]);
    assert!(done(&output).contains("\nexecute: allowed\n"));
    let output = ask(&[
        "reseller",
        "--token-scope",
        "customers:read:masked",
        "--token-scope",
        "tickets:read",
        "Customer.email",
    ]);
    let text = done(&output);
    assert!(
        text.starts_with("Customer.email for reseller within customers:read:masked tickets:read, in rows"),
        "{text}"
    );
    assert!(text.contains("p, scope:customers:read:masked, customer.email, read:masked, allow"), "{text}");
    assert_refused(&ask(&["reseller", "--token-scope", "no:such", "Customer.email"]), "no:such");
    let output = ask(&["anonymous", "Customer.email", "read"]);
    assert_eq!(
        done(&output),
        "Customer.email for anonymous\n\nread: denied\n    no rule allows anonymous to read Customer.email\n"
    );
    for (arguments, part) in [
        (&["nobody", "Customer.email"][..], "nobody"),
        (&["customer", "Customer.emial"], "Customer.emial"),
        (&["customer", "Customer.email", "browse"], "browse"),
        (&["customer", "Customer.email", "execute"], "read, query"),
        (&["customer", "Query.customers", "read"], "only execute"),
    ] {
        assert_refused(&ask(arguments), part);
    }
}

fn matrix() {
    let folder = TempDir::new().unwrap();
    let ask = |arguments: &[&str]| run(folder.path(), &[&["policy", "matrix"], arguments].concat(), &[]);
    let output = ask(&["--type", "Customer"]);
    let text = done(&output);
    assert!(!text.contains('\u{1b}'), "colours where no terminal is");
    let head = text.lines().next().unwrap_or_default();
    let column = |line: &str, role: &str| -> String {
        let from = head.find(role).expect("the role has a column");
        line.get(from..).unwrap_or_default().split("  ").next().unwrap_or_default().to_owned()
    };
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).expect("there is a line");
    assert_eq!(column(line("Customer.email "), "support_agent"), "masked culr");
    assert_eq!(column(line("Customer.email "), "reseller"), "clear cu");
    assert_eq!(column(line("Customer.email "), "anonymous"), "-");
    assert_eq!(column(line("Customer "), "customer"), "rows: own");

    let output = ask(&["--type", "Customer", "--token-scopes"]);
    let text = done(&output);
    let head = text.lines().next().unwrap_or_default();
    assert!(head.contains("customers:read:masked") && !head.contains("tenant_admin"), "{head}");
    assert_eq!(ask(&["--role", "reseller", "--token-scopes"]).status.code(), Some(2));

    let output = ask(&["--csv"]);
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(done(&output).as_bytes()).records().map(Result::unwrap).collect();
    let cell = |owner: &str, field: &str, column: usize| -> String {
        let row = rows.iter().find(|row| &row[0] == owner && &row[1] == field).expect("there is a row");
        row[column].to_owned()
    };
    // type, field, classification, category, then the roles in their order.
    assert_eq!(cell("Customer", "email", 2), "RESTRICTED");
    assert_eq!(cell("Customer", "email", 6), "masked+create+update+lookup+reveal");
    assert_eq!(cell("Customer", "*", 6), "tenant");
    assert_eq!(cell("Mutation", "customerClose", 6), "denied");
    assert_eq!(cell("Mutation", "customerClose", 5), "clear");

    let output = ask(&["--role", "customer", "--type", "Money"]);
    assert!(!done(&output).contains("support_agent"));
    assert_refused(&ask(&["--role", "nobody"]), "nobody");
    assert_refused(&ask(&["--type", "Nothing"]), "Nothing");
    assert_refused(&ask(&["--html", "--csv"]), "--csv");
}

/// Checks that every element is closed in its turn, and counts the elements.
fn elements(html: &str) -> BTreeMap<&str, usize> {
    let mut open = Vec::new();
    let mut counts = BTreeMap::new();
    // The style is text, not markup.
    let (before, rest) = html.split_once("<style>").expect("the page has a style");
    let (_, after) = rest.split_once("</style>").expect("the style ends");
    for part in [before, after] {
        for tag in part.split('<').skip(1) {
            let (tag, _) = tag.split_once('>').expect("a tag ends");
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name), "closed out of turn");
            } else if !tag.starts_with('!') {
                *counts.entry(name).or_default() += 1;
                if !tag.ends_with('/') {
                    open.push(name);
                }
            }
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    counts
}

fn page() {
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), &["policy", "matrix", "--html"], &[]);
    let html = done(&output);
    let counts = elements(html);
    let schema = custodian::schema::builder().finish();
    let catalog = custodian::schema::catalog(&schema).unwrap();
    for field in catalog.field_ids().map(|field| catalog.field_name(field)) {
        assert!(html.contains(&format!("<tr title=\"{field}\">")), "{field} is not on the page");
    }
    let roles = custodian::authz::policy::ROLES.len();
    // Three tables, each with a row of heads; a row for each type and field, with a cell for class and each role.
    assert_eq!(counts["table"], 3);
    assert_eq!(counts["td"], (counts["tr"] - 3) * (1 + roles));
    // Nothing is run or fetched, on whichever machine it is opened.
    for foreign in ["<script", "<link", "<img", "src=", " onclick", "http:", "https:", "url(", "@import"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    for part in [
        "color-scheme: light dark",
        "position: sticky",
        "landscape",
        "table-header-group",
        "<dt class=\"masked\">",
    ] {
        assert!(html.contains(part), "no {part} in the page");
    }
}

fn diff() {
    let folder = TempDir::new().unwrap();
    policy(
        folder.path(),
        "p, support_agent, customer.email, read, allow\np, customer, Customer.phone, update, deny\n",
    );
    let ask = |arguments: &[&str]| run(folder.path(), &[&["policy", "diff"], arguments].concat(), &[]);
    let output = ask(&["built-in", "policy"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(
        printed(&output),
        "- customer       Customer.phone  update   yes → no (loses)\n\
         + support_agent  Customer.email  read     masked → clear (gains)\n"
    );
    assert_eq!(output.stderr, b"custodian: the policies differ: gained 1, lost 1\n");
    assert_eq!(done(&ask(&["policy", "policy"])), "");
    assert_eq!(done(&ask(&["built-in", "built-in"])), "");
    assert_refused(&ask(&["built-in", "none"]), "none");
    assert_refused(&ask(&["built-in"]), "<NEW>");
}
