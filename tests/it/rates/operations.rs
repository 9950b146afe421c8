//! Operations of a viewer, those that are dear by themselves, and what documents cost.

use serde_json::{Value, json};

use super::{advance, ask, exactly, limited, lines, refused};
use crate::app::TestApp;
use crate::client::Client;
use crate::clients::Portal;
use crate::fixture::{ADMIN, BILLING, SUPPORT, absent};
use crate::suite::Suite;
use custodian_entity::id::CustomerId;

pub(super) fn register(suite: &mut Suite) {
    suite.sqlite("rates::a viewer has so many operations, and is told how many are left", viewers);
    suite.sqlite("rates::an API client has those of its tier, and is not its owner", tiers);
    suite.sqlite("rates::who is not known is counted by his address", anonymous);
    suite.sqlite("rates::a document that is refused counts as one that is run", refused_documents);
    suite.sqlite("rates::what documents cost is counted, and comes back by the second", cost);
    suite.sqlite("rates::look-ups are counted one by one, wherever they are selected", lookups);
    suite.sqlite("rates::unmasking and uploads have limits of their own", dear);
}

async fn viewers(app: TestApp) {
    let (_, router) = limited(&app, |rates| rates.user = 5).await;
    let support = app.login(SUPPORT).await.at(&router);
    let first = ask(&support).await;
    assert_eq!(lines(&first, "ratelimit")[0], "\"viewer\";r=4;t=12");
    assert_eq!(lines(&first, "ratelimit-policy")[0], "\"viewer\";q=5;w=60");
    let last = exactly(&support, 4).await;
    assert_eq!(refused(&last), 12);
    assert_eq!(lines(&last, "ratelimit")[0], "\"viewer\";r=0;t=60");
    // Wherever he goes, and nobody else.
    refused(&ask(&support.from("192.0.2.1")).await);
    ask(&app.login(BILLING).await.at(&router)).await.ok();
    advance(&app, 11);
    assert_eq!(refused(&ask(&support).await), 1);
    advance(&app, 1);
    exactly(&support, 1).await;
    advance(&app, 36);
    let told =
        "{ viewer { rateLimit { limit remaining resetAt cost costLimit costRemaining costResetAt } } }";
    let answer = support.query(told, Value::Null).await;
    let told = &answer.ok()["viewer"]["rateLimit"];
    assert_eq!((&told["limit"], &told["remaining"]), (&json!(5), &json!(2)));
    // Noon, 48 seconds, and the 36 in which three come back.
    assert_eq!(told["resetAt"], "2026-03-01T12:01:24.000Z");
    assert_eq!((&told["cost"], &told["costLimit"]), (&json!(9), &json!(2_000_000_000)));
    exactly(&support, 2).await;
}

async fn tiers(app: TestApp) {
    let (_, router) = limited(&app, |rates| {
        rates.user = 4;
        rates.client_low = 2;
        rates.client_standard = 3;
    })
    .await;
    let low = Portal::with(&app, ADMIN, &["tickets:read"], json!({ "rateTier": "LOW" })).await;
    let standard = Portal::of(&app, ADMIN, &["tickets:read"]).await;
    exactly(&low.caller().await.at(&router), 2).await;
    // Another token is no other client.
    refused(&ask(&low.caller().await.at(&router)).await);
    exactly(&standard.caller().await.at(&router), 3).await;
    exactly(&app.login(ADMIN).await.at(&router), 4).await;
}

async fn anonymous(app: TestApp) {
    let (_, router) = limited(&app, |rates| rates.anonymous = 3).await;
    let nobody = Client::new(router.clone(), None);
    for _ in 0..3 {
        assert_eq!(ask(&nobody).await.code(), Some("UNAUTHENTICATED"));
    }
    refused(&ask(&nobody).await);
    assert_eq!(ask(&nobody.from("192.0.2.1")).await.code(), Some("UNAUTHENTICATED"));
    // Whoever is known is counted by himself.
    ask(&app.login(SUPPORT).await.at(&router)).await.ok();
}

async fn refused_documents(app: TestApp) {
    let (_, router) = limited(&app, |rates| rates.user = 3).await;
    let support = app.login(SUPPORT).await.at(&router);
    for document in ["{", "{ nothing }", "mutation { tenantUpdate }"] {
        let answer = support.query(document, Value::Null).await;
        assert!(answer.code().is_some_and(|code| code != "RATE_LIMITED"), "{}", answer.text);
    }
    refused(&support.query("{", Value::Null).await);
}

async fn cost(app: TestApp) {
    let (_, router) = limited(&app, |rates| {
        rates.cost_at_once = 100;
        rates.cost_per_second = 10;
    })
    .await;
    let support = app.login(SUPPORT).await.at(&router);
    let dear = "{ customers(first: 25) { nodes { id } } viewer { rateLimit { cost costRemaining } } }";
    let answer = support.query(dear, Value::Null).await;
    // customers and 25 times nodes and id, and four of viewer.
    assert_eq!(answer.ok()["viewer"]["rateLimit"], json!({ "cost": 55, "costRemaining": 45 }));
    let told = &answer.body["extensions"]["cost"];
    assert_eq!(*told, json!({ "requested": 55, "limit": 50_000, "remaining": 45 }));
    let answer = support.query(dear, Value::Null).await;
    assert_eq!(refused(&answer), 1);
    assert_eq!(lines(&answer, "ratelimit")[0], "\"cost\";r=45;t=6");
    assert_eq!(lines(&answer, "ratelimit-policy")[0], "\"cost\";q=100;w=10");
    // There is enough for something cheap, and for others.
    ask(&support).await.ok();
    app.login(ADMIN).await.at(&router).query(dear, Value::Null).await.ok();
    advance(&app, 2);
    support.query(dear, Value::Null).await.ok();
    refused(&support.query(dear, Value::Null).await);
}

async fn lookups(app: TestApp) {
    let (_, router) = limited(&app, |rates| rates.lookup = 10).await;
    let support = app.login(SUPPORT).await.at(&router);
    let one = |alias: usize| format!("a{alias}: customerLookup(by: {{ customerNumber: \"x\" }}) {{ id }}");
    let many = |numbers: std::ops::Range<usize>| numbers.map(one).collect::<Vec<_>>().join(" ");
    let document =
        format!("{{ {} ...More ...More }} fragment More on Query {{ {} }}", many(0..2), many(2..5));
    assert_ne!(support.query(&document, Value::Null).await.status, 429, "eight");
    let three = format!("{{ {} }}", many(0..3));
    assert_eq!(refused(&support.query(&three, Value::Null).await), 6);
    let two = format!("{{ {} }}", many(0..2));
    assert_ne!(support.query(&two, Value::Null).await.status, 429, "ten");
    refused(&support.query(&format!("{{ {} }}", one(0)), Value::Null).await);
    ask(&support).await.ok();
}

async fn dear(app: TestApp) {
    let (_, router) = limited(&app, |rates| (rates.reveal, rates.upload) = (1, 1)).await;
    let support = app.login(SUPPORT).await.at(&router);
    let id = absent::<CustomerId>();
    let reveal = "mutation($id: ID!) { fieldReveal(input: { id: $id, fields: [\"phone\"], purpose: CUSTOMER_REQUEST }) \
                  { userErrors { code } } }";
    let upload = "mutation($id: ID!, $file: Upload!) { documentUpload(input: { customerId: $id, title: \"x\", type: CONTRACT, file: $file }) \
                  { userErrors { code } } }";
    let variables = json!({ "id": id, "file": "no file" });
    for document in [reveal, upload] {
        let first = support.query(document, variables.clone()).await;
        assert_ne!(first.code(), Some("RATE_LIMITED"), "{}", first.text);
        refused(&support.query(document, variables.clone()).await);
    }
}
