//! Whom a ticket is given to: staff of the provider who work on tickets of its category.

use custodian_entity::id::{TypedId, UserId};
use serde_json::{Value, json};

use super::{CUSTOMER, NETWORK, RESELLER, messages, opened, stored};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{ADMIN, BILLING, Log, SUPPORT, absent, account, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("support::a ticket is given to who works on its category", by_category);
    suite.both("support::nobody outside says who works on a ticket", outside);
}

async fn assign(client: &Client, ticket: &str, to: Option<UserId>) -> String {
    let input = json!({ "id": ticket, "assigneeId": to.map(TypedId::encode) });
    mutate(client, "ticketAssign", "id", input).await.summary()
}

async fn by_category(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let of = async |username: &str| account(&app, username).await.id;
    let (billing, network, admin) = (of(BILLING).await, of(NETWORK).await, of(ADMIN).await);
    for (category, to, expected) in [
        ("BILLING", billing, "done"),
        ("BILLING", network, "assigneeId INVALID"),
        ("BILLING", admin, "done"),
        ("TECHNICAL", network, "done"),
        ("TECHNICAL", billing, "assigneeId INVALID"),
        ("GENERAL", billing, "assigneeId INVALID"),
        ("GENERAL", admin, "done"),
        ("GENERAL", of(RESELLER).await, "NOT_FOUND"),
        ("GENERAL", of("support@globex.example").await, "NOT_FOUND"),
        ("GENERAL", UserId::decode(&absent::<UserId>()).unwrap(), "NOT_FOUND"),
    ] {
        let ticket = opened(&app, json!({ "category": category })).await;
        let reply = json!({ "ticketId": ticket, "internalBody": "Whose is it?" });
        mutate(&client, "ticketReply", "id", reply).await.done();
        let mut log = Log::mark(&app).await;
        assert_eq!(assign(&client, &ticket, Some(to)).await, expected, "{category}");
        let is_done = expected == "done";
        let now = stored(&app, &ticket).await;
        assert_eq!(now.assignee_id, is_done.then_some(to), "{category}");
        assert_eq!(messages(&app, &ticket).await[0].ticket_assignee_id, now.assignee_id);
        if !is_done {
            log.none(&app).await;
            let update = json!({ "id": ticket, "assigneeId": to.encode() });
            assert_eq!(mutate(&client, "ticketUpdate", "id", update).await.summary(), expected);
            continue;
        }
        log.one(&app, "TICKET_ASSIGNED").await;
        assert_eq!(assign(&client, &ticket, None).await, "done");
        assert_eq!(stored(&app, &ticket).await.assignee_id, None);
    }
}

async fn outside(app: TestApp) {
    let ticket = opened(&app, json!({ "sharedWithReseller": true })).await;
    let to = account(&app, SUPPORT).await.id;
    for username in [RESELLER, CUSTOMER] {
        let client = app.login(username).await;
        assert_eq!(assign(&client, &ticket, Some(to)).await, "FORBIDDEN", "{username}");
        assert_eq!(assign(&client, &ticket, None).await, "FORBIDDEN", "{username}");
    }
    // Who works on tickets of one category gives no other away, and his own only to where he may lose sight of it.
    let network = app.login(NETWORK).await;
    assert_eq!(assign(&network, &ticket, None).await, "NOT_FOUND");
    let technical = opened(&app, json!({ "category": "TECHNICAL" })).await;
    assert_eq!(assign(&network, &technical, Some(to)).await, "done");
    let seen = network.query("query($id: ID!) { ticket(id: $id) { id } }", json!({ "id": technical })).await;
    assert_ne!(seen.ok()["ticket"], Value::Null);
}
