//! Chains are linear and whole, whoever writes and whatever happens to him (abuse cases AU2, AU6).

use std::collections::BTreeSet;

use custodian_entity::audit_event;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::verified;
use crate::app::TestApp;
use crate::fixture::{all, text};
use crate::serving::Serving;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.pure("audit::JSON is hashed in one form", one_form);
    suite.both("audit::eighty mutations at once from two processes make linear chains", at_once);
    suite.both("audit::a server that is killed loses no entry of what it acknowledged", killed);
}

fn one_form() {
    let json: Value = serde_json::from_str(r#"{"b":1,"a":{"d":2,"c":3}}"#).unwrap();
    // Were serde_json built with `preserve_order`, PostgreSQL would give back other texts than were hashed: sort the
    // members in audit/chain.rs then.
    assert_eq!(json.to_string(), r#"{"a":{"c":3,"d":2},"b":1}"#);
}

const NOTE: &str = "mutation($input: CustomerNoteCreateInput!) { customerNoteCreate(input: $input) { \
    customerNote { id } userErrors { code } } }";

/// The program on the database of the test.
async fn serving(app: &TestApp) -> Serving {
    let database = app.database();
    let folder = database.folder.path();
    let variables = [
        ("CUSTODIAN_DATABASE_URL", database.url.as_str()),
        // Named, so that the tables are left to it.
        ("CUSTODIAN_MIGRATION_DATABASE_URL", database.owner_url.as_str()),
        ("CUSTODIAN_DATA_DIR", folder.to_str().unwrap()),
    ];
    Serving::begin(folder, &variables).await
}

async fn customer(serving: &Serving) -> String {
    let customers = serving.ask("{ customers(first: 1) { nodes { id } } }", Value::Null).await;
    text(&customers["customers"]["nodes"][0]["id"]).to_owned()
}

/// Sends so many mutations at once; the ids of what was acknowledged, as they come.
fn write(serving: &Serving, customer: &str, count: usize, into: &mut JoinSet<Option<String>>) {
    for number in 0..count {
        let input =
            json!({ "customerId": customer, "category": "GENERAL", "body": format!("Note {number}") });
        let request = (serving.http.post(format!("{}/graphql", serving.base)).bearer_auth(&serving.token))
            .json(&json!({ "query": NOTE, "variables": { "input": input } }));
        into.spawn(async move {
            let answer: Value = request.send().await.ok()?.json().await.ok()?;
            let id = &answer["data"]["customerNoteCreate"]["customerNote"]["id"];
            assert!(id.is_string(), "it was answered, and not done: {answer}");
            Some(text(id).to_owned())
        });
    }
}

/// The notes that the log says were written, each once.
async fn recorded(app: &TestApp) -> BTreeSet<String> {
    let entries = all::<audit_event::Entity>(app).await.into_iter();
    let notes: Vec<_> = entries.filter(|entry| entry.event_type == "CUSTOMER_NOTE_CREATED").collect();
    let ids: BTreeSet<String> = notes.iter().filter_map(|entry| entry.resource_id.clone()).collect();
    assert_eq!(ids.len(), notes.len(), "an entry for each");
    ids
}

async fn at_once(app: TestApp) {
    let (one, other) = (serving(&app).await, serving(&app).await);
    let customer = customer(&one).await;
    let mut sent = JoinSet::new();
    write(&one, &customer, 40, &mut sent);
    write(&other, &customer, 40, &mut sent);
    let acknowledged: BTreeSet<String> = sent.join_all().await.into_iter().flatten().collect();
    assert_eq!(acknowledged.len(), 80);
    // They would go on recording what was read.
    drop((one, other));
    assert_eq!(recorded(&app).await, acknowledged);
    let found = verified(&app, &[]).await;
    assert_eq!(found.fault, None);
    assert_eq!(found.entries, all::<audit_event::Entity>(&app).await.len() as u64);
}

async fn killed(app: TestApp) {
    let mut acknowledged = BTreeSet::new();
    for after in [0, 1, 7, 19] {
        let serving = serving(&app).await;
        let customer = customer(&serving).await;
        let mut sent = JoinSet::new();
        write(&serving, &customer, 40, &mut sent);
        for _ in 0..after {
            acknowledged.extend(sent.join_next().await.expect("more are under way").unwrap());
        }
        // Dropped, it is killed with the others in the middle of it.
        drop(serving);
        acknowledged.extend(sent.join_all().await.into_iter().flatten());
        assert_eq!(verified(&app, &[]).await.fault, None, "after {after}");
    }
    assert!(acknowledged.len() >= 27);
    let recorded = recorded(&app).await;
    let lost: Vec<_> = acknowledged.difference(&recorded).collect();
    assert!(lost.is_empty(), "acknowledged and not in the log: {lost:?}");
}
