//! Messages on tickets, and alerts.

use custodian::config::{ActorRule, RuleContainment};
use custodian_entity::id::TypedId;
use serde_json::{Value, json};

use super::socket::{Place, serve};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{ADMIN, MARIA, SUPPORT, customer, mutate, text};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite
        .both("live::a message is told to who reads it, and what staff write among themselves to them", told);
    suite.both("live::an alert is told to who watches over the provider", alert);
}

async fn told(app: TestApp) {
    let place = Place::of(&app).await;
    let support = app.login(SUPPORT).await;
    let maria = customer(&app, MARIA).await.id.encode();
    let input =
        json!({ "customerId": maria, "category": "GENERAL", "subject": "Slow", "description": "Very" });
    let ticket = text(&mutate(&support, "ticketCreate", "id", input).await.done()["id"]).to_owned();
    let document = "subscription($id: ID!) { ticketMessageAdded(ticketId: $id) \
                    { id body internalBody author { kind displayName } } }";
    let mut sockets = Vec::new();
    for username in [SUPPORT, "customer@acme.example", "reseller@acme.example"] {
        let mut socket = place.signed_in(&app, username).await;
        socket.subscribe("1", document, json!({ "id": ticket })).await;
        sockets.push((username, socket));
    }
    let write = async |client: &Client, members: Value| {
        let mut input = json!({ "ticketId": ticket });
        input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        text(&mutate(client, "ticketReply", "id", input).await.done()["id"]).to_owned()
    };
    let public = write(&support, json!({ "body": "We look into it" })).await;
    let note = write(&support, json!({ "internalBody": "Planted note" })).await;
    let both = write(&support, json!({ "body": "Nearly", "internalBody": "Planted remark" })).await;
    let answer = write(&app.login("customer@acme.example").await, json!({ "body": "Thank you" })).await;
    for (username, mut socket) in sockets {
        let is_staff = username == SUPPORT;
        let expected = [Some(&public), is_staff.then_some(&note), Some(&both), Some(&answer)];
        for id in expected.into_iter().flatten() {
            let told = socket.next("1").await;
            let message = &told["data"]["ticketMessageAdded"];
            assert_eq!(&message["id"], id, "{username}: {told}");
            assert!(is_staff || !told.to_string().contains("Planted"), "{username}: {told}");
        }
        assert_eq!(socket.until_pong().await, Vec::<Value>::new(), "{username}");
    }
}

async fn alert(app: TestApp) {
    let contain = RuleContainment::None;
    let rule = ActorRule { enabled: true, threshold: 1, window_minutes: 10, contain };
    let (service, router) = app.instance(|config| config.alerts.denial_burst = rule).await;
    let place = Place { address: serve(router.clone()).await };
    let document = "subscription { securityAlertRaised { id rule severity summary status } }";
    let mut admin = place.signed_in(&app, ADMIN).await;
    admin.subscribe("1", document, Value::Null).await;
    let mut root = place.signed_in(&app, "admin@acme.example").await;
    root.subscribe("1", document, Value::Null).await;
    // One of another provider, then one of this.
    for username in ["support@globex.example", SUPPORT] {
        let client = app.login(username).await.at(&router);
        let answer = client.query("{ customers(first: 1) { nodes { riskScore } } }", Value::Null).await;
        assert_eq!(answer.code(), Some("FORBIDDEN"), "{}", answer.text);
    }
    while service.watch_alerts().await.unwrap() {}
    let told = admin.next("1").await;
    let alert = &told["data"]["securityAlertRaised"];
    assert_eq!((&alert["rule"], &alert["status"]), (&json!("denial_burst"), &json!("OPEN")), "{told}");
    let whole = [root.next("1").await, root.next("1").await];
    assert!(
        whole.iter().any(|one| one["data"] == told["data"]),
        "who reaches all is told of both: {whole:?}"
    );
    assert_ne!(whole[0]["data"], whole[1]["data"]);
    assert_eq!(admin.until_pong().await, Vec::<Value>::new(), "another provider's alert was told");
}
