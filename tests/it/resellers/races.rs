//! Moves at the same moment as something else: nothing of a customer stays behind with its former reseller.

use std::time::{Duration, Instant};

use custodian_entity::id::TypedId;
use custodian_entity::{contact, customer};
use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
use serde_json::{Value, json};

use super::{NORTH, left_behind, number, reseller};
use crate::app::TestApp;
use crate::fixture::{ADMIN, Log, MARIA, Outcome, all, at_once, customer as named, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("resellers::of two moves at once one is made", two_moves);
    suite.both(
        "resellers::what a reseller does while its customer leaves is done before, or not at all",
        leaving,
    );
    suite.both("resellers::a customer moves while its new reseller is suspended, or does not", suspending);
    suite.postgres("resellers::what is being added to a customer is waited for, and follows", waited_for);
    suite.postgres("resellers::what is added during a move waits, and is refused", waits);
}

fn to(customer: &customer::Model, reseller: Option<&custodian_entity::reseller::Model>) -> Value {
    let reseller = reseller.map(|row| row.id.encode());
    json!({ "id": customer.id.encode(), "version": customer.version, "resellerId": reseller })
}

fn summaries(outcomes: &[Outcome]) -> Vec<String> {
    let mut summaries: Vec<String> = outcomes.iter().map(Outcome::summary).collect();
    summaries.sort();
    summaries
}

async fn two_moves(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let (maria, south) = (named(&app, MARIA).await, reseller(&app, "SOUTH").await);
    let mut log = Log::mark(&app).await;
    let inputs = vec![to(&maria, Some(&south)), to(&maria, None), to(&maria, Some(&south)), to(&maria, None)];
    let outcomes = at_once(&admin, "customerMoveReseller", "id", inputs).await;
    let summaries = summaries(&outcomes);
    assert_eq!(summaries.iter().filter(|summary| *summary == "done").count(), 1, "{summaries:?}");
    // Who wanted the same finds it done.
    let known = ["CONFLICT", "done", "resellerId INVALID"];
    assert!(summaries.iter().all(|summary| known.contains(&summary.as_str())), "{summaries:?}");
    log.one(&app, "CUSTOMER_MOVED").await;
    let after = named(&app, MARIA).await;
    assert_eq!(after.version, maria.version + 1);
    assert_eq!(left_behind(&app, maria.id.uuid(), after.reseller_id).await, []);
}

async fn leaving(app: TestApp) {
    let (admin, north) = (app.login(ADMIN).await, app.login(NORTH).await);
    let from = reseller(&app, "NORTH").await;
    for _ in 0..4 {
        let maria = named(&app, MARIA).await;
        let contact = json!({ "customerId": maria.id.encode(), "kinds": ["GENERAL"], "name": "Jo Doe" });
        let update = json!({ "id": maria.id.encode(), "version": maria.version, "language": "de" });
        let (moved, added, updated) = tokio::join!(
            mutate(&admin, "customerMoveReseller", "id", to(&maria, None)),
            at_once(&north, "contactCreate", "id", vec![contact; 4]),
            mutate(&north, "customerUpdate", "id", update),
        );
        let after = named(&app, MARIA).await;
        let done = [&moved, &updated].into_iter().filter(|outcome| outcome.summary() == "done").count();
        assert_eq!(done, 1, "{} {}", moved.answer.text, updated.answer.text);
        assert!(["done", "CONFLICT"].contains(&moved.summary().as_str()), "{}", moved.answer.text);
        let lost = ["done", "CONFLICT", "NOT_FOUND"];
        assert!(lost.contains(&updated.summary().as_str()), "{}", updated.answer.text);
        for outcome in &added {
            // Before the move it is done, after it there is no such customer, and amid it the wall stands.
            let known = ["done", "NOT_FOUND", "FORBIDDEN"];
            assert!(known.contains(&outcome.summary().as_str()), "{}", outcome.answer.text);
        }
        assert_eq!(left_behind(&app, maria.id.uuid(), after.reseller_id).await, []);
        if after.reseller_id.is_none() {
            mutate(&admin, "customerMoveReseller", "id", to(&after, Some(&from))).await.done();
        }
    }
}

async fn suspending(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let (maria, south) = (named(&app, MARIA).await, reseller(&app, "SOUTH").await);
    let (moved, suspended) = tokio::join!(
        mutate(&admin, "customerMoveReseller", "id", to(&maria, Some(&south))),
        mutate(&admin, "resellerSuspend", "id", json!({ "id": south.id.encode() })),
    );
    suspended.done();
    let after = named(&app, MARIA).await;
    match moved.summary().as_str() {
        "done" => assert_eq!(after.reseller_id, Some(south.id)),
        "resellerId INVALID" => assert_eq!(after, maria),
        _ => panic!("{}", moved.answer.text),
    }
    assert_eq!(left_behind(&app, maria.id.uuid(), after.reseller_id).await, []);
    // Away from a suspended one a customer moves at any time.
    mutate(&admin, "customerMoveReseller", "id", to(&after, None)).await.done();
}

/// Until somebody waits for a lock.
async fn somebody_waits(app: &TestApp) {
    let begun = Instant::now();
    let waiting = "SELECT count(*) AS n FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while number(app, waiting).await == 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "nobody waits");
        tokio::task::yield_now().await;
    }
}

async fn contacts(app: &TestApp, maria: &customer::Model) -> usize {
    all::<contact::Entity>(app).await.into_iter().filter(|row| row.customer_id == maria.id).count()
}

async fn waited_for(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let maria = named(&app, MARIA).await;
    // As the service adds a contact: the reference to the customer holds its row until the end.
    let adding = app.db().begin().await.unwrap();
    let copy = format!(
        "INSERT INTO contact SELECT (c).* FROM (SELECT json_populate_record(contact, json_build_object('id', gen_random_uuid())) c
         FROM contact WHERE customer_id = '{}' LIMIT 1) copies",
        maria.id.uuid()
    );
    let copy = Statement::from_string(app.db().get_database_backend(), copy);
    assert_eq!(adding.execute_raw(copy).await.unwrap().rows_affected(), 1);
    let before = contacts(&app, &maria).await;
    let input = to(&maria, None);
    let moving = tokio::spawn(async move { mutate(&admin, "customerMoveReseller", "id", input).await });
    somebody_waits(&app).await;
    adding.commit().await.unwrap();
    moving.await.unwrap().done();
    assert_eq!(contacts(&app, &maria).await, before + 1);
    assert_eq!(left_behind(&app, maria.id.uuid(), None).await, []);
}

async fn waits(app: TestApp) {
    let north = app.login(NORTH).await;
    let maria = named(&app, MARIA).await;
    let before = contacts(&app, &maria).await;
    let moving = app.db().begin().await.unwrap();
    let (id, backend) = (maria.id.uuid(), app.db().get_database_backend());
    for sql in [
        format!("SELECT id FROM customer WHERE id = '{id}' FOR UPDATE"),
        format!("UPDATE customer SET reseller_id = NULL WHERE id = '{id}'"),
    ] {
        moving.execute_raw(Statement::from_string(backend, sql)).await.unwrap();
    }
    let input = json!({ "customerId": maria.id.encode(), "kinds": ["GENERAL"], "name": "Jo Doe" });
    let adding = tokio::spawn(async move { mutate(&north, "contactCreate", "id", input).await });
    somebody_waits(&app).await;
    moving.commit().await.unwrap();
    adding.await.unwrap().failed("FORBIDDEN");
    assert_eq!(contacts(&app, &maria).await, before);
    assert_eq!(left_behind(&app, maria.id.uuid(), None).await, []);
}
