//! The lifecycle of a customer (DOMAIN, Lifecycles): each step from each state.

use custodian_entity::choice::CustomerStatus;
use custodian_entity::choice::CustomerStatus::{
    Active, Anonymized, Closed, PendingVerification, Prospect, Suspended,
};
use custodian_entity::customer::Model;
use custodian_entity::id::TypedId;
use sea_orm::{ActiveEnum, Set};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::fixture::{ADMIN, Log, MARIA, customer, mutate};
use crate::past::change;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("customers::a step is taken only from where the lifecycle has it", steps);
    suite.both("customers::a step names the version that was read", versions);
    suite.both("customers::erased data are not filled in again", anonymized);
}

const ALL: [CustomerStatus; 6] = [Prospect, PendingVerification, Active, Suspended, Closed, Anonymized];

/// Each step, where it starts and where it ends.
const STEPS: [(&str, &[CustomerStatus], CustomerStatus); 4] = [
    ("customerActivate", &[Prospect, PendingVerification], Active),
    ("customerSuspend", &[Active], Suspended),
    ("customerResume", &[Suspended], Active),
    ("customerClose", &[Active, Suspended], Closed),
];

async fn put(app: &TestApp, status: CustomerStatus) -> Model {
    change(app, &customer(app, MARIA).await, |row| row.status = Set(status)).await;
    customer(app, MARIA).await
}

fn input(row: &Model) -> Value {
    json!({ "id": row.id.encode(), "version": row.version })
}

async fn steps(app: TestApp) {
    let client = app.login(ADMIN).await;
    let mut log = Log::mark(&app).await;
    for (step, from, to) in STEPS {
        for status in ALL {
            let before = put(&app, status).await;
            let outcome = mutate(&client, step, "status version", input(&before)).await;
            if from.contains(&status) {
                let expected = json!({ "status": to.to_value(), "version": before.version + 1 });
                assert_eq!(outcome.done(), &expected, "{step} from {status:?}");
                let event = log.one(&app, "CUSTOMER_TRANSITIONED").await;
                assert_eq!((event.action.as_str(), &event.customer_id), (step, &Some(before.id)));
                assert_eq!(event.details, json!({ "from": format!("{status:?}"), "to": format!("{to:?}") }));
                let expected =
                    Model { status: to, version: before.version + 1, updated_at: app.clock.now(), ..before };
                assert_eq!(customer(&app, MARIA).await, expected, "a step changes nothing else");
            } else {
                outcome.refused(&["- INVALID_TRANSITION"]);
                log.none(&app).await;
                assert_eq!(customer(&app, MARIA).await, before, "{step} from {status:?} changed something");
            }
        }
    }
}

async fn versions(app: TestApp) {
    let client = app.login(ADMIN).await;
    let before = customer(&app, MARIA).await;
    let mut log = Log::mark(&app).await;
    for version in [before.version - 1, before.version + 1, 0, -1, i32::MAX] {
        let input = json!({ "id": before.id.encode(), "version": version });
        for mutation in ["customerSuspend", "customerClose", "customerUpdate"] {
            mutate(&client, mutation, "id", input.clone()).await.failed("CONFLICT");
        }
    }
    log.none(&app).await;
    assert_eq!(customer(&app, MARIA).await, before);
}

async fn anonymized(app: TestApp) {
    let client = app.login(ADMIN).await;
    let before = put(&app, Anonymized).await;
    let mut log = Log::mark(&app).await;
    let mut change = input(&before);
    change["firstName"] = json!("María");
    mutate(&client, "customerUpdate", "id", change).await.refused(&["- INVALID"]);
    log.none(&app).await;
    assert_eq!(customer(&app, MARIA).await, before);
}
