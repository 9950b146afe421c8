//! Made-up data of any number.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use custodian::seed;

use crate::app::TestApp;
use crate::database::connect;
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.both("seed::however many rows there are, they are written by the same few statements", few_texts);
}

/// How many statements a connection keeps prepared.
const KEPT: usize = 100;

/// A connection keeps what it prepared, of some megabytes for many rows: with a text for each number of rows memory would
/// grow with the customers.
async fn few_texts(app: TestApp) {
    let texts = Arc::new(Mutex::new(BTreeSet::new()));
    let mut db = connect(&app.database().owner_url).await.unwrap();
    let sent = texts.clone();
    db.set_metric_callback(move |info| {
        sent.lock().unwrap().insert(info.statement.sql.clone());
    });
    for count in 1..=12 {
        let made = seed::customers(&db, &app.service.vault, count, &|_| {}).await.unwrap();
        assert_eq!(made.customers, count);
    }
    let texts = texts.lock().unwrap();
    let mut inserts = BTreeMap::<&str, usize>::new();
    for table in texts.iter().filter_map(|text| text.strip_prefix("INSERT INTO ")?.split(' ').next()) {
        *inserts.entry(table).or_default() += 1;
    }
    assert!(inserts.len() > 10, "{inserts:?}");
    // The numbers of rows that a statement has: powers of two, up to 64.
    assert!(inserts.values().all(|count| *count <= 7), "{inserts:?}");
    assert!(texts.len() < KEPT, "{} texts", texts.len());
}
