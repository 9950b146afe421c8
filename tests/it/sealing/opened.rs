//! Which keys and values a document opens: those it shows, and none besides.

use metrics_exporter_prometheus::PrometheusBuilder;

use super::{add_customers, opened};
use crate::app::TestApp;
use crate::rows::observed::Observed;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("sealing::a list opens what it shows and nothing else", lists);
}

/// So many keys are read by one statement.
const KEYS_IN_ONE: u64 = 1_000;

/// An account, its role, what is asked for, and for each row: how many keys that opens, and how many values.
type Case = (&'static str, &'static str, &'static str, u64, u64);

const CASES: [Case; 8] = [
    // Nothing of what is sealed is selected, or shown.
    ("support@acme.example", "support_agent", "{ customers(last: SIZE) { totalCount } }", 0, 0),
    (
        "support@acme.example",
        "support_agent",
        "{ customers(last: SIZE) { totalCount nodes { id customerNumber status companyName } } }",
        0,
        0,
    ),
    (
        "network@acme.example",
        "network_engineer",
        "{ customers(last: SIZE) { nodes { id email billingEmail dateOfBirth taxId governmentIdNumber riskScore } } }",
        0,
        0,
    ),
    // A mask is made of the value.
    ("support@acme.example", "support_agent", "{ customers(last: SIZE) { nodes { id email } } }", 1, 1),
    // Beside it, what is denied stays sealed.
    (
        "support@acme.example",
        "support_agent",
        "{ customers(last: SIZE) { nodes { id email taxId riskScore governmentIdNumber } } }",
        1,
        1,
    ),
    ("admin@acme.example", "system_admin", "{ customers(last: SIZE) { nodes { email phone } } }", 1, 2),
    // A key for each class of retention.
    (
        "tenant-admin@acme.example",
        "tenant_admin",
        "{ customers(last: SIZE) { nodes { email taxId } } }",
        2,
        2,
    ),
    (
        "tenant-admin@acme.example",
        "tenant_admin",
        "{ customers(last: SIZE) { nodes { displayName email phone taxId governmentIdNumber } } }",
        3,
        5,
    ),
];

async fn lists(app: TestApp) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    // The test runs on this thread, and so does what it calls.
    let _guard = metrics::set_default_local_recorder(&recorder);
    add_customers(&app, 1_001).await;
    let observed = Observed::of(&app).await;
    for (username, role, document, keys_each, values_each) in CASES {
        let count = async |document: &str| {
            let before = opened(&metrics);
            let (response, _) = observed.run(username, role, document).await;
            let failed = response.errors.iter().find(|error| !error.message.contains("withheld"));
            assert!(failed.is_none(), "{document}: {failed:?}");
            let after = opened(&metrics);
            [0, 1, 2].map(|kind| after[kind] - before[kind])
        };
        // To find the account by its name takes a key as well.
        let unrelated = count("{ __typename }").await;
        let mut statements = Vec::new();
        for size in [10, 1_000] {
            let counted = count(&document.replace("SIZE", &size.to_string())).await;
            let counted = [0, 1, 2].map(|kind| counted[kind] - unrelated[kind]);
            // One row more is read, which tells whether there is another page.
            let read = size + 1;
            let expected = [keys_each * read, values_each * read];
            assert_eq!(counted[..2], expected, "keys and values at {size} rows: {role}: {document}");
            assert_eq!(
                counted[2] == 0,
                keys_each == 0,
                "{role}: {document}: the key store was asked in vain"
            );
            statements.push(counted[2] - (keys_each * read).div_ceil(KEYS_IN_ONE));
        }
        assert_eq!(statements[0], statements[1], "{role}: {document}: keys are read row by row");
    }
}
