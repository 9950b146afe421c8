//! The program with a policy of its own: a broken one does not start, and says in one line what to mend.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use custodian::authz::policy::PolicyFiles;
use tempfile::TempDir;

use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("coverage::the program does not start with a broken policy, and says why", broken_policies);
}

/// What is wrong with the policy.
type Fault = fn(&mut PolicyFiles);

fn broken_policies() {
    let faults: [(Fault, &str); 6] = [
        (|files| files.policy.push_str("p, nobody, customer.name, read, allow\n"), "nobody"),
        (|files| files.policy.push_str("p, users, Customer.nonsense, read, allow\n"), "Customer.nonsense"),
        (
            |files| files.policy = files.policy.replace("g2, Customer.companyName, customer.business\n", ""),
            "Customer.companyName",
        ),
        (
            |files| {
                files.inputs =
                    files.inputs.replace("CustomerFilter.email, query", "CustomerFilter.mail, query")
            },
            "CustomerFilter.mail",
        ),
        (|files| files.model = "nonsense".to_owned(), "model.conf"),
        (|files| files.policy.push_str("p, reseller, Customer.id, read, deny\n"), "Customer.id (reseller)"),
    ];
    for (fault, named) in faults {
        let mut files = PolicyFiles::built_in();
        fault(&mut files);
        let folder = TempDir::new().unwrap();
        let policy = folder.path().join("policy");
        fs::create_dir(&policy).unwrap();
        for (name, text) in [
            ("model.conf", &files.model),
            ("policy.csv", &files.policy),
            ("fields.csv", &files.fields),
            ("inputs.csv", &files.inputs),
        ] {
            fs::write(policy.join(name), text).unwrap();
        }
        assert_refused(folder.path(), named);
        // The data folder itself may be there: whether it can be used is tried first. It is empty.
        let written = fs::read_dir(folder.path().join("data")).map_or(0, Iterator::count);
        assert_eq!(written, 0, "{named}: something was written before the policy was read");
    }
    // No files at all.
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("policy")).unwrap();
    assert_refused(folder.path(), "model.conf");
}

/// Ports nobody needs: if it starts against all expectation, it disturbs nobody.
const ARGUMENTS: [&str; 6] = ["--listen", "127.0.0.1:0", "--metrics-listen", "", "--log", "error"];

fn assert_refused(folder: &Path, named: &str) {
    let child = Command::new("timeout")
        .args(["60", env!("CARGO_BIN_EXE_custodian")])
        .args(ARGUMENTS)
        .current_dir(folder)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("CUSTODIAN_POLICY_DIR", "policy")
        .stdin(Stdio::null())
        .output();
    let output = child.expect("the program can be run");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(2),
        "{named}: status 2 is for what the operator has to mend; {error}"
    );
    assert!(error.ends_with('\n') && error.lines().count() == 1, "{named}: not one line: {error}");
    assert!(error.contains(named), "no {named:?} in {error}");
    assert!(output.stdout.is_empty(), "{named}: standard output is for the greeting");
}
