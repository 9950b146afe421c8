//! How often: counted from the audit log.

use chrono::TimeDelta;
use custodian_entity::audit_event;
use custodian_entity::choice::Outcome::Denied;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::{maria, reveal};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{ADMIN, BILLING, Log, MARIA, Outcome, account, all, at_once};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("reveal::a user unmasks so often within an hour", by_the_hour);
    suite.both("reveal::of many at once no more than the quota succeed", many_at_once);
    suite.both("reveal::that somebody asks too often is on record once an hour", on_record);
    suite.both("reveal::what is refused takes nothing from the quota, and fills no log", refusals);
}

/// What the service allows by default.
const PER_HOUR: usize = 30;

/// Everybody's reveals so far.
async fn reveals(app: &TestApp) -> Vec<audit_event::Model> {
    let mut events = all::<audit_event::Entity>(app).await;
    events.retain(|event| event.event_type == "FIELD_REVEALED");
    events
}

async fn put(app: &TestApp, event: &audit_event::Model, age: TimeDelta) {
    let moved = audit_event::Entity::update_many()
        .col_expr(audit_event::Column::OccurredAt, Expr::value(app.clock.now() - age))
        .filter(audit_event::Column::Id.eq(event.id));
    assert_eq!(moved.exec(app.db()).await.unwrap().rows_affected, 1);
}

/// Another instance of the service on the same database, with this quota, and the same viewer there.
async fn instance(app: &TestApp, per_hour: usize) -> Client {
    let (_, router) = app.instance(|config| config.reveal.per_hour = per_hour).await;
    Client::new(router, Some(app.token(BILLING).await))
}

async fn by_the_hour(app: TestApp) {
    let (client, maria) = (app.login(BILLING).await, maria(&app).await);
    for _ in 0..PER_HOUR {
        reveal(&client, &maria, &["email"], json!({})).await.done();
    }
    let refused = |outcome: &Outcome, seconds: u64| {
        outcome.failed("RATE_LIMITED");
        // The request itself was served: the errors are a field's (GraphQL over HTTP).
        assert_eq!(outcome.answer.status.as_u16(), 200);
        assert_eq!(outcome.answer.errors()[0]["extensions"]["retryAfter"], seconds);
        assert!(!outcome.answer.text.contains(MARIA));
    };
    refused(&reveal(&client, &maria, &["email"], json!({})).await, 3_600);
    // Whatever the row: it is not looked at.
    refused(&reveal(&client, "cust_01h455vb4pex5vsknk084sn02q", &["email"], json!({})).await, 3_600);

    // Another instance on the same database, started later.
    refused(&reveal(&instance(&app, PER_HOUR).await, &maria, &["email"], json!({})).await, 3_600);
    // One that is configured to allow more does.
    reveal(&instance(&app, PER_HOUR + 1).await, &maria, &["email"], json!({})).await.done();

    // Somebody else has his own.
    reveal(&app.login(ADMIN).await, &maria, &["dateOfBirth"], json!({})).await.done();

    // It is the last hour that counts.
    let billing = account(&app, BILLING).await.id;
    let mut mine = reveals(&app).await;
    mine.retain(|event| event.actor_id == Some(billing));
    assert_eq!(mine.len(), PER_HOUR + 1);
    put(&app, &mine[0], TimeDelta::minutes(59)).await;
    put(&app, &mine[1], TimeDelta::minutes(58)).await;
    // One more than allowed: the second-oldest has to go as well.
    refused(&reveal(&client, &maria, &["email"], json!({})).await, 120);
    put(&app, &mine[0], TimeDelta::hours(1)).await;
    put(&app, &mine[1], TimeDelta::hours(1) - TimeDelta::milliseconds(1)).await;
    refused(&reveal(&client, &maria, &["email"], json!({})).await, 1);
    put(&app, &mine[1], TimeDelta::hours(1)).await;
    reveal(&client, &maria, &["email"], json!({})).await.done();
    refused(&reveal(&client, &maria, &["email"], json!({})).await, 3_600);
}

async fn many_at_once(app: TestApp) {
    let (client, maria) = (app.login(BILLING).await, maria(&app).await);
    for _ in 0..PER_HOUR - 2 {
        reveal(&client, &maria, &["email"], json!({})).await.done();
    }
    let input = json!({ "id": maria, "fields": ["phone"], "purpose": "BILLING_DISPUTE" });
    let outcomes = at_once(&client, "fieldReveal", "value", vec![input; 8]).await;
    let mut summaries: Vec<String> = outcomes.iter().map(Outcome::summary).collect();
    summaries.sort();
    let mut expected = vec!["RATE_LIMITED".to_owned(); 6];
    expected.extend(vec!["done".to_owned(); 2]);
    assert_eq!(summaries, expected);
    assert_eq!(reveals(&app).await.len(), PER_HOUR);
}

async fn on_record(app: TestApp) {
    let (client, maria) = (instance(&app, 1).await, maria(&app).await);
    reveal(&client, &maria, &["email"], json!({})).await.done();
    let mut log = Log::mark(&app).await;
    reveal(&client, &maria, &["email"], json!({})).await.failed("RATE_LIMITED");
    let event = log.one(&app, "RATE_LIMITED").await;
    let billing = account(&app, BILLING).await;
    assert_eq!((event.actor_id, event.actor_role.as_deref()), (Some(billing.id), Some("billing_manager")));
    assert_eq!((event.outcome, event.action.as_str()), (Denied, "fieldReveal"));
    assert!(event.resource_id.is_none() && event.customer_id.is_none(), "it was not looked at");
    for _ in 0..3 {
        reveal(&client, &maria, &["email"], json!({})).await.failed("RATE_LIMITED");
    }
    log.none(&app).await;
    put(&app, &event, TimeDelta::hours(1)).await;
    reveal(&client, &maria, &["email"], json!({})).await.failed("RATE_LIMITED");
    log.one(&app, "RATE_LIMITED").await;
    assert_eq!(reveals(&app).await.len(), 1);
}

async fn refusals(app: TestApp) {
    let (client, maria) = (instance(&app, 2).await, maria(&app).await);
    let mut log = Log::mark(&app).await;
    for _ in 0..2 {
        reveal(&client, &maria, &["taxId", "dateOfBirth"], json!({})).await.failed("FORBIDDEN");
    }
    for _ in 0..3 {
        let outcome = reveal(&client, &maria, &["taxId", "dateOfBirth"], json!({})).await;
        outcome.failed("RATE_LIMITED");
        assert_eq!(outcome.answer.errors().len(), 1, "{}", outcome.answer.text);
    }
    let mut types: Vec<String> = log.gained(&app).await.into_iter().map(|event| event.event_type).collect();
    types.sort();
    assert_eq!(types, ["RATE_LIMITED", "REVEAL_DENIED", "REVEAL_DENIED"]);
    for _ in 0..2 {
        reveal(&client, &maria, &["email"], json!({})).await.done();
    }
    reveal(&client, &maria, &["email"], json!({})).await.failed("RATE_LIMITED");
    assert_eq!(reveals(&app).await.len(), 2);
}
