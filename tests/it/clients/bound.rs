//! What binds a client to a reseller: whatever its owner may, becomes or is assigned to, that reseller's rows are all.

use custodian_entity::id::TypedId;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{Portal, RESELLER, is_dead, lives};
use crate::app::TestApp;
use crate::fixture::{ADMIN, BILLING, account, customer, mutate};
use crate::past::by_name;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("clients::a client is bound to the reseller it was made for, and ends with him", as_made);
    suite.both("clients::being assigned to a row leads no bound client past its reseller", assigned);
    suite.both("clients::what providers share is one provider's for a bound client", shared);
}

/// The id of the reseller of `reseller@acme.example`, as SQL finds it.
const NORTH: &str = "(SELECT id FROM reseller WHERE code = 'NORTH')";

async fn execute(app: &TestApp, statement: &str) {
    app.db()
        .execute_unprepared(&by_name(app, statement).await)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

async fn as_made(app: TestApp) {
    let north = account(&app, RESELLER).await.reseller_id.unwrap().encode();
    let admins = Portal::with(&app, ADMIN, &["customers:read"], json!({ "resellerId": north })).await;
    let own = Portal::of(&app, RESELLER, &["customers:read"]).await;
    let free = Portal::of(&app, ADMIN, &["customers:read"]).await;
    let (bound, theirs) = (admins.caller().await, own.caller().await);
    execute(&app, &format!("UPDATE reseller SET status = 'SUSPENDED' WHERE id = {NORTH}")).await;
    for (portal, caller) in [(&admins, &bound), (&own, &theirs)] {
        is_dead(caller, "the reseller is suspended").await;
        assert_eq!(portal.ask(&[]).await.status, 401);
    }
    lives(&free.caller().await).await;
    execute(&app, &format!("UPDATE reseller SET status = 'ACTIVE' WHERE id = {NORTH}")).await;
    lives(&bound).await;
    lives(&theirs).await;
    // Its owner now sells for another: the client does not follow him, nor is it left behind.
    let moved = "UPDATE \"user\" SET reseller_id = (SELECT reseller_id FROM \"user\" WHERE username = \
                 'reseller2@acme.example') WHERE username IN ('reseller@acme.example', 'tenant-admin@acme.example')";
    execute(&app, moved).await;
    for (portal, caller) in [(&admins, &bound), (&own, &theirs)] {
        is_dead(caller, "its owner is another reseller's").await;
        assert_eq!(portal.ask(&[]).await.status, 401);
    }
    assert_eq!(free.ask(&[]).await.status, 401, "one that was bound to none");
}

async fn assigned(app: TestApp) {
    let id = customer(&app, crate::fixture::MARIA).await.id;
    let input = json!({ "customerId": id.encode(), "category": "BILLING", "subject": "Bill", "description": "Too high" });
    let ticket = mutate(&app.login(ADMIN).await, "ticketCreate", "id", input).await.done()["id"].clone();
    let portal = Portal::of(&app, BILLING, &["tickets:read"]).await;
    let caller = portal.caller().await;
    let sees = async || {
        let answer =
            caller.query("query($id: ID!) { ticket(id: $id) { id } }", json!({ "id": ticket })).await;
        !answer.data()["ticket"].is_null()
    };
    assert!(sees().await, "a ticket of its owner's own category");
    let other = "(SELECT reseller_id FROM \"user\" WHERE username = 'reseller2@acme.example')";
    for reseller in [NORTH, other] {
        execute(&app, &format!("UPDATE api_client SET reseller_id = {reseller}")).await;
        assert!(!sees().await, "{reseller}");
    }
    let listed = caller.query("{ tickets(first: 9) { nodes { id } } }", Value::Null).await;
    assert_eq!(listed.ok()["tickets"]["nodes"], json!([]));
}

async fn shared(app: TestApp) {
    let everywhere = Portal::of(&app, "admin@acme.example", &["subscriptions:read"]).await.caller().await;
    let plans = async |tenant: &str| {
        let document = "{ servicePlans(first: 100) { nodes { id } } }";
        let answer = everywhere.query(document, Value::Null).await;
        let nodes = answer.ok()["servicePlans"]["nodes"].as_array().unwrap().len();
        let statement = format!("UPDATE api_client SET reseller_id = {tenant}");
        execute(&app, &statement).await;
        nodes
    };
    let (all, bound) = (plans(NORTH).await, plans("NULL").await);
    assert!(0 < bound && bound < all, "{bound} of {all}");
}
