//! What is refused is on record, once in a minute of each viewer and limit.

use custodian_entity::choice::Outcome;
use serde_json::{Value, json};

use super::{advance, ask, limited, refused};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{BILLING, Log, SUPPORT, account};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("rates::a refusal is on record once in a minute, and of nobody known not at all", once);
}

async fn once(app: TestApp) {
    let (_, router) = limited(&app, |rates| (rates.user, rates.lookup, rates.anonymous) = (4, 1, 1)).await;
    let (support, billing) = (app.login(SUPPORT).await, app.login(BILLING).await);
    let (support, billing) = (support.at(&router), billing.at(&router));
    let mut log = Log::mark(&app).await;
    for _ in 0..2 {
        ask(&support).await.ok();
    }
    log.none(&app).await;
    let two = "{ a: customerLookup(by: { customerNumber: \"x\" }) { id } b: customerLookup(by: { customerNumber: \"x\" }) { id } }";
    for _ in 0..2 {
        refused(&support.query(two, Value::Null).await);
    }
    let event = log.one(&app, "RATE_LIMITED").await;
    assert_eq!((event.details, event.outcome), (json!({ "limit": "lookup" }), Outcome::Denied));
    for _ in 0..3 {
        refused(&ask(&support).await);
    }
    let event = log.one(&app, "RATE_LIMITED").await;
    assert_eq!(event.actor_id, Some(account(&app, SUPPORT).await.id));
    assert_eq!((event.details, event.action.as_str()), (json!({ "limit": "viewer" }), "rateLimit"));
    // Of another viewer it is news, and of the same one in the next minute.
    for _ in 0..4 {
        ask(&billing).await.ok();
    }
    refused(&ask(&billing).await);
    log.one(&app, "RATE_LIMITED").await;
    advance(&app, 60);
    for _ in 0..4 {
        ask(&support).await.ok();
    }
    refused(&ask(&support).await);
    refused(&ask(&support).await);
    log.one(&app, "RATE_LIMITED").await;

    let nobody = Client::new(router, None);
    ask(&nobody).await;
    for _ in 0..3 {
        refused(&ask(&nobody).await);
    }
    log.none(&app).await;
}
