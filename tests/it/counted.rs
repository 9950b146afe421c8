//! What is counted, and that the README says so.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use custodian::app::{CONNECTIONS, POLICY};
use custodian::audit::{LAG_ENTRIES, LAG_SECONDS};
use custodian::authz::denial::DENIALS;
use custodian::authz::tally::{MASKS, OPERATIONS};
use custodian::error::LIMITS;
use custodian::graphql::{LOADED, LOADS};
use custodian::rates::LIMITED;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::Value;

use crate::app::TestApp;
use crate::fixture::{ADMIN, SUPPORT};
use crate::sink::server::Server;
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("counted::the README lists every metric, and no other", listed);
    suite.both("counted::what happens is counted by names of ours", happened);
}

/// Names that begin so and are no metrics: roles, schemas and the like.
const OTHERS: [&str; 2] = ["custodian_keys", "custodian_owner"];

/// The metrics that the sources name.
fn named(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            named(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let constants = text.lines().filter(|line| line.contains("const ") && line.contains("&str ="));
            let names = constants.filter_map(|line| line.split('"').nth(1));
            let names = names.filter(|name| name.starts_with("custodian_") && !OTHERS.contains(name));
            found.extend(names.map(str::to_owned));
        }
    }
}

fn listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = BTreeSet::new();
    named(&root.join("src"), &mut sources);
    assert!(sources.len() > 25, "{sources:?}");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let (_, section) = readme.split_once("### What is counted").expect("the README has this section");
    let section = section.split("\n### ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `custodian_"));
    let listed: BTreeSet<String> = rows.map(|line| line.split('`').nth(1).unwrap().to_owned()).collect();
    assert_eq!(listed, sources, "left: README, \"What is counted\"; right: the constants of src");
}

async fn happened(app: TestApp) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let log = Server::start().await;
    let (service, router) = app
        .instance(|config| {
            config.rates.lookup = 1;
            config.opensearch_url = custodian::config::PublicUrl::parse(&log.url);
        })
        .await;
    let support = app.login(SUPPORT).await.at(&router);
    // An operation and an alias of the client's own, whose names are nowhere.
    let ask = "query PlantedName { planted: customers(first: 2) { nodes { email phone taxId subscriptions(first: 1) { nodes { plan { name } } } } } }";
    support.query(ask, Value::Null).await;
    support.query("{ tenants(first: 1) { nodes { id } } }", Value::Null).await;
    let many: String = (0..400).map(|number| format!("a{number}: id ")).collect();
    support.query(&format!("{{ customers(first: 1) {{ nodes {{ {many} }} }} }}"), Value::Null).await;
    support.query("{ planted", Value::Null).await;
    for _ in 0..2 {
        let lookup = r#"{ customerLookup(by: { email: "planted@mail.example" }) { id } }"#;
        support.query(lookup, Value::Null).await;
    }
    app.login(ADMIN).await.at(&router).query("{ viewer { id } }", Value::Null).await.ok();
    service.ship_once().await.expect("it ships");
    service.tell_state();
    let text = handle.render();
    for (name, labels) in [
        (OPERATIONS, "operation=\"customers\",outcome=\"done\""),
        (OPERATIONS, "operation=\"none\",outcome=\"refused\""),
        (DENIALS, "role=\"support_agent\""),
        (MASKS, "role=\"support_agent\",type=\"Customer\""),
        (LIMITS, "limit=\"aliases\""),
        (LIMITED, "bucket=\"lookup\""),
        (LOADS, "loader="),
        (LOADED, "loader="),
        (CONNECTIONS, "pool=\"database\",state=\"most\""),
        (CONNECTIONS, "pool=\"keys\",state=\"idle\""),
        (POLICY, "version=\""),
        (LAG_ENTRIES, ""),
        (LAG_SECONDS, ""),
    ] {
        let is_told = |line: &str| line.starts_with(name) && line.contains(labels);
        assert!(text.lines().any(is_told), "{name} {labels} is not in\n{text}");
    }
    assert!(!text.to_lowercase().contains("planted"), "labels hold what a client wrote:\n{text}");
    let version = service.policy.snapshot().version().to_owned();
    assert!(text.contains(&format!("{POLICY}{{version=\"{version}\"}} 1")), "{text}");
}
