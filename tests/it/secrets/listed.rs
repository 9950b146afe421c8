//! What the README says of each secret is what becomes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use custodian::app::reloaded;
use custodian::config::SECRETS;

use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.pure("secrets::the README says of each whether it is taken anew", each_is_listed);
}

fn each_is_listed() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, section) = readme.split_once("### Secrets in files").expect("the README has this section");
    let section = section.split("\n### ").next().unwrap();
    let mut told: BTreeMap<&str, &str> = BTreeMap::new();
    for line in section.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let (keys, what) = (cells.next().unwrap(), cells.next().unwrap());
        for key in keys.split('`').skip(1).step_by(2) {
            assert_eq!(told.insert(key, what), None, "{key} is listed twice");
        }
    }
    let listed: BTreeSet<&str> = told.keys().copied().collect();
    assert_eq!(listed, BTreeSet::from(SECRETS), "every secret has its line, and nothing else");
    for (key, what) in told {
        let is_reloaded = reloaded().contains(&key);
        assert_eq!(
            what.starts_with("at once"),
            is_reloaded,
            "{key}: the README says {what:?} (src/app/secrets.rs, Part::keys)"
        );
        assert!(is_reloaded || what.starts_with("at the start: "), "{key}: and why?");
    }
}
