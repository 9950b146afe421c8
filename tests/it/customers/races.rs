//! Changes at the same moment (abuse case FA13).

use std::collections::{BTreeMap, BTreeSet};

use custodian_entity::choice;
use custodian_entity::customer::Entity;
use custodian_entity::id::TypedId;
use custodian_entity::{audit_event, contact};
use serde_json::{Value, json};

use super::new_customer;
use crate::app::TestApp;
use crate::fixture::{ADMIN, Log, MARIA, Outcome, all, at_once, customer, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("customers::of sixteen creations with one e-mail address one wins", one_address);
    suite.both("customers::numbers given out at once have no gaps", numbers);
    suite.both("customers::of changes to one version one wins", one_version);
    suite.both("customers::of steps at once one is taken", one_step);
    suite.both("customers::what was removed stays removed", removed);
}

fn count(outcomes: &[Outcome]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for outcome in outcomes {
        *counts.entry(outcome.summary()).or_default() += 1;
    }
    counts
}

fn counts<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected.into_iter().map(|(summary, count)| (summary.to_owned(), count)).collect()
}

fn of_type<'a>(events: &'a [audit_event::Model], name: &str) -> Vec<&'a audit_event::Model> {
    events.iter().filter(|event| event.event_type == name).collect()
}

async fn one_address(app: TestApp) {
    let client = app.login(ADMIN).await;
    let mut log = Log::mark(&app).await;
    let before = all::<Entity>(&app).await.len();
    // One address, in capitals or not, and its domain as people and as the domain name system write it.
    let spellings = [
        "race@münchen.example",
        "Race@MÜNCHEN.Example",
        "race@xn--mnchen-3ya.example",
        "RACE@XN--Mnchen-3ya.example",
    ];
    let inputs = spellings.iter().cycle().take(16).map(|spelling| new_customer(spelling)).collect();
    let outcomes = at_once(&client, "customerCreate", "id", inputs).await;
    assert_eq!(count(&outcomes), counts([("done", 1), ("email TAKEN", 15)]));
    assert_eq!(all::<Entity>(&app).await.len(), before + 1);
    let events = log.gained(&app).await;
    let events: Vec<_> = of_type(&events, "CUSTOMER_CREATED").iter().map(|event| event.outcome).collect();
    let made = events.iter().filter(|outcome| **outcome == choice::Outcome::Success).count();
    assert_eq!((made, events.len()), (1, 16), "those that were told of it are on record too");
    let next = mutate(&client, "customerCreate", "customerNumber", new_customer("after@new.example")).await;
    assert_eq!(next.done()["customerNumber"], "C-000042", "those refused took a number");
}

async fn numbers(app: TestApp) {
    let client = app.login(ADMIN).await;
    let inputs = (0..8).map(|n| new_customer(&format!("n{n}@new.example"))).collect();
    let outcomes = at_once(&client, "customerCreate", "customerNumber", inputs).await;
    let given: BTreeSet<String> =
        outcomes.iter().map(|made| made.done()["customerNumber"].as_str().unwrap().to_owned()).collect();
    let expected: BTreeSet<String> = (41..=48).map(|n| format!("C-{n:06}")).collect();
    assert_eq!(given, expected);
}

async fn one_version(app: TestApp) {
    let client = app.login(ADMIN).await;
    let before = customer(&app, MARIA).await;
    let mut log = Log::mark(&app).await;
    // Each changes another field: if the loser's were taken over, the winner's would be lost.
    let changes = [
        json!({ "firstName": "A" }),
        json!({ "lastName": "B" }),
        json!({ "riskScore": 3 }),
        json!({ "language": "de" }),
    ];
    let inputs: Vec<Value> = changes
        .into_iter()
        .map(|change| super::with(&change, json!({ "id": before.id.encode(), "version": before.version })))
        .collect();
    let outcomes = at_once(&client, "customerUpdate", "version", inputs).await;
    assert_eq!(count(&outcomes), counts([("done", 1), ("CONFLICT", 3)]));
    log.one(&app, "CUSTOMER_UPDATED").await;
    let after = customer(&app, MARIA).await;
    assert_eq!(after.version, before.version + 1);
    let changed = [
        after.first_name != before.first_name,
        after.last_name != before.last_name,
        after.risk_score != before.risk_score,
        after.language != before.language,
    ];
    assert_eq!(changed.into_iter().filter(|changed| *changed).count(), 1, "{changed:?}");
}

async fn one_step(app: TestApp) {
    let client = app.login(ADMIN).await;
    let before = customer(&app, MARIA).await;
    let mut log = Log::mark(&app).await;
    let input = json!({ "id": before.id.encode(), "version": before.version });
    let outcomes = at_once(&client, "customerSuspend", "status", vec![input; 6]).await;
    let counts = count(&outcomes);
    // Who comes before the winner's commit is told of the version, who comes behind it of the state.
    assert_eq!(counts.get("done"), Some(&1), "{counts:?}");
    let known = ["done", "CONFLICT", "- INVALID_TRANSITION"];
    assert!(counts.keys().all(|summary| known.contains(&summary.as_str())), "{counts:?}");
    log.one(&app, "CUSTOMER_TRANSITIONED").await;
    assert_eq!(customer(&app, MARIA).await.version, before.version + 1);
}

async fn removed(app: TestApp) {
    let client = app.login(ADMIN).await;
    let maria = customer(&app, MARIA).await;
    let of_maria =
        all::<contact::Entity>(&app).await.into_iter().find(|row| row.customer_id == maria.id).unwrap();
    let id = of_maria.id.encode();
    let mut log = Log::mark(&app).await;
    let (deleted, updated) = tokio::join!(
        at_once(&client, "contactDelete", "id", vec![json!({ "id": id }); 4]),
        at_once(&client, "contactUpdate", "id", vec![json!({ "id": id, "jobTitle": "Head" }); 4]),
    );
    assert_eq!(count(&deleted), counts([("done", 1), ("NOT_FOUND", 3)]));
    let events = log.gained(&app).await;
    assert_eq!(of_type(&events, "CONTACT_DELETED").len(), 1);
    let done = count(&updated).get("done").copied().unwrap_or_default();
    assert_eq!(of_type(&events, "CONTACT_UPDATED").len(), done, "an event for each change that was made");
    assert!(all::<contact::Entity>(&app).await.iter().all(|row| row.id != of_maria.id), "it came back");
}
