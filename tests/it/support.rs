//! Tickets and their messages: who sees what of them, and their lifecycle.

mod assign;
mod lifecycle;

use custodian_entity::choice::{AuthorKind, Channel, Priority, Severity, TicketCategory};
use custodian_entity::id::{SubscriptionId, TicketId, TicketMessageId, TypedId, UserId};
use custodian_entity::ticket::{Entity, Model};
use custodian_entity::{subscription, ticket_message};
use sea_orm::{ActiveEnum, ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{BILLING, Log, MARIA, SUPPORT, absent, account, all, customer, mutate, text};
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    suite.both("support::a customer's ticket is its own", by_customer);
    suite.both("support::staff and resellers say whose ticket it is", by_others);
    suite.both("support::who may not be named on a ticket does not exist", links);
    suite.both("support::what staff write among themselves stays there", internal);
    suite.both("support::a ticket that is not shared does not exist for the reseller", not_shared);
    suite.both("support::the messages move with their ticket, whoever moves it", messages_follow);
    assign::register(suite);
    lifecycle::register(suite);
}

const CUSTOMER: &str = "customer@acme.example";
const NETWORK: &str = "network@acme.example";
const RESELLER: &str = "reseller@acme.example";

async fn stored(app: &TestApp, id: &str) -> Model {
    Entity::find_by_id(TicketId::decode(id).unwrap()).one(app.db()).await.unwrap().unwrap()
}

async fn messages(app: &TestApp, ticket: &str) -> Vec<ticket_message::Model> {
    let id = TicketId::decode(ticket).unwrap();
    all::<ticket_message::Entity>(app).await.into_iter().filter(|message| message.ticket_id == id).collect()
}

/// A ticket of María's, opened by support.
async fn opened(app: &TestApp, members: Value) -> String {
    let maria = customer(app, MARIA).await;
    let mut input = json!({
        "customerId": maria.id.encode(), "category": "GENERAL", "subject": "Slow", "description": "Very slow",
    });
    input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let outcome = mutate(&app.login(SUPPORT).await, "ticketCreate", "id", input).await;
    text(&outcome.done()["id"]).to_owned()
}

/// The ids of the messages that somebody sees on a ticket, and how many he is told there are.
async fn seen(client: &Client, ticket: &str) -> (Vec<String>, u64) {
    let document = "query($id: ID!) { ticket(id: $id) { messages(first: 50) { totalCount nodes { id } } } }";
    let answer = client.query(document, json!({ "id": ticket })).await;
    let messages = &answer.ok()["ticket"]["messages"];
    let ids = messages["nodes"].as_array().unwrap().iter().map(|node| text(&node["id"]).to_owned()).collect();
    (ids, messages["totalCount"].as_u64().unwrap())
}

/// Whether a row is there for somebody; if not, it must look as one that never was.
async fn exists(client: &Client, id: &str, missing: &str) -> bool {
    let ask = async |id: &str| {
        let mut answer = client.query("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
        if !answer.errors().is_empty() {
            answer.body["errors"][0]["extensions"]["requestId"] = Value::Null;
        }
        answer
    };
    let answer = ask(id).await;
    if answer.data()["node"]["id"] == id {
        return true;
    }
    assert_eq!(answer.body, ask(missing).await.body, "a hidden row differs from a missing one");
    assert_eq!(answer.code(), Some("NOT_FOUND"), "{}", answer.text);
    false
}

async fn by_customer(app: TestApp) {
    let client = app.login(CUSTOMER).await;
    let maria = customer(&app, MARIA).await;
    let last =
        all::<Entity>(&app).await.into_iter().filter(|ticket| ticket.tenant_id == maria.tenant_id).count();
    let mut log = Log::mark(&app).await;
    let input =
        json!({ "category": "TECHNICAL", "subject": "No light", "description": "Since noon\nno light" });
    let outcome =
        mutate(&client, "ticketCreate", "id number status channel customer { id }", input.clone()).await;
    let made = outcome.done();
    assert_eq!((&made["status"], &made["channel"]), (&json!("NEW"), &json!("PORTAL")));
    assert_eq!(made["customer"]["id"], maria.id.encode(), "whose it is follows from who opens it");
    assert_eq!(made["number"], format!("T-{:06}", last + 1));
    let event = log.one(&app, "TICKET_CREATED").await;
    assert_eq!((event.customer_id, event.reseller_id), (Some(maria.id), maria.reseller_id));
    let row = stored(&app, text(&made["id"])).await;
    assert_eq!(
        (row.tenant_id, row.reseller_id, row.customer_id),
        (maria.tenant_id, maria.reseller_id, maria.id)
    );
    assert_eq!((row.severity, row.priority, row.assignee_id), (Severity::Medium, Priority::Normal, None));
    assert!(row.shared_with_reseller, "the customer came through a reseller, and did not object");

    let xiaoming = customer(&app, "wang.xiaoming@post.example").await;
    for (member, value) in [
        ("customerId", json!(xiaoming.id.encode())),
        ("customerId", json!(maria.id.encode())),
        ("severity", json!("CRITICAL")),
        ("priority", json!("URGENT")),
        ("dueAt", json!("2026-03-02T00:00:00Z")),
        ("assigneeId", json!(account(&app, SUPPORT).await.id.encode())),
    ] {
        let mut input = input.clone();
        input[member] = value;
        let outcome = mutate(&client, "ticketCreate", "id", input).await;
        outcome.failed_before_running();
        assert_eq!(outcome.answer.code(), Some("FORBIDDEN"), "{member}: {}", outcome.answer.text);
    }
    log.none(&app).await;
    let mut private = input;
    private["sharedWithReseller"] = json!(false);
    let outcome = mutate(&client, "ticketCreate", "id sharedWithReseller", private).await;
    assert_eq!(outcome.done()["sharedWithReseller"], false);
}

async fn by_others(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let mut input = json!({ "category": "GENERAL", "subject": "Slow", "description": "Very slow" });
    for username in [SUPPORT, RESELLER] {
        let client = app.login(username).await;
        mutate(&client, "ticketCreate", "id", input.clone()).await.refused(&["customerId REQUIRED"]);
    }
    input["customerId"] = json!(maria.id.encode());
    for (username, channel) in [(SUPPORT, Channel::Phone), (RESELLER, Channel::Portal)] {
        let client = app.login(username).await;
        let outcome = mutate(&client, "ticketCreate", "id channel", input.clone()).await;
        assert_eq!(outcome.done()["channel"], channel.to_value(), "{username}");
    }
    let other = app.login("reseller2@acme.example").await;
    mutate(&other, "ticketCreate", "id", input.clone()).await.failed("NOT_FOUND");
    // Who works on assigned tickets opens none that he would not see again.
    let billing = app.login(BILLING).await;
    let before = all::<Entity>(&app).await.len();
    mutate(&billing, "ticketCreate", "id", input.clone()).await.failed("FORBIDDEN");
    assert_eq!(all::<Entity>(&app).await.len(), before);
    input["category"] = json!("BILLING");
    mutate(&billing, "ticketCreate", "id", input).await.done();
}

async fn links(app: TestApp) {
    let client = app.login("admin@acme.example").await;
    let maria = customer(&app, MARIA).await;
    let foreign =
        all::<subscription::Entity>(&app).await.into_iter().find(|row| row.customer_id != maria.id).unwrap();
    let mut disabled = account(&app, NETWORK).await.into_active_model();
    disabled.status = Set(custodian_entity::choice::UserStatus::Disabled);
    disabled.update(app.db()).await.unwrap();
    let ticket = opened(&app, json!({})).await;
    let before = stored(&app, &ticket).await;
    let mut log = Log::mark(&app).await;
    for (member, id) in [
        ("subscriptionId", foreign.id.encode()),
        ("subscriptionId", absent::<SubscriptionId>()),
        ("assigneeId", account(&app, "support@globex.example").await.id.encode()),
        ("assigneeId", account(&app, CUSTOMER).await.id.encode()),
        ("assigneeId", account(&app, RESELLER).await.id.encode()),
        ("assigneeId", account(&app, NETWORK).await.id.encode()),
        ("assigneeId", absent::<UserId>()),
    ] {
        let create = json!({
            "customerId": maria.id.encode(), "category": "GENERAL", "subject": "x", "description": "y", member: id,
        });
        for (mutation, input) in
            [("ticketCreate", create), ("ticketUpdate", json!({ "id": ticket, member: id }))]
        {
            mutate(&client, mutation, "id", input).await.failed("NOT_FOUND");
        }
    }
    log.none(&app).await;
    assert_eq!(stored(&app, &ticket).await, before);
}

async fn internal(app: TestApp) {
    let ticket = opened(&app, json!({})).await;
    let support = app.login(SUPPORT).await;
    let write = async |client: &Client, members: Value| {
        let mut input = json!({ "ticketId": ticket });
        input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let outcome = mutate(client, "ticketReply", "id", input).await;
        text(&outcome.done()["id"]).to_owned()
    };
    let (customer, reseller) = (app.login(CUSTOMER).await, app.login(RESELLER).await);
    let public = write(&support, json!({ "body": "We look into it" })).await;
    let note = write(&support, json!({ "internalBody": "Planted note" })).await;
    let both = write(&support, json!({ "body": "Nearly done", "internalBody": "Planted remark" })).await;
    let answer = write(&customer, json!({ "body": "Thank you" })).await;
    let partner = write(&reseller, json!({ "body": "Any news?" })).await;

    let outside = vec![public.clone(), both.clone(), answer.clone(), partner.clone()];
    let kinds: Vec<(bool, AuthorKind)> = messages(&app, &ticket)
        .await
        .into_iter()
        .map(|message| (message.is_internal, message.author_kind))
        .collect();
    assert_eq!(kinds.iter().filter(|(is_internal, _)| *is_internal).count(), 1, "{kinds:?}");
    for kind in [AuthorKind::Customer, AuthorKind::Reseller] {
        assert_eq!(kinds.iter().filter(|(_, author)| *author == kind).count(), 1, "{kinds:?}");
    }
    for (client, expected) in [(&support, 5), (&customer, 4), (&reseller, 4)] {
        let (mut ids, count) = seen(client, &ticket).await;
        assert_eq!((ids.len(), count), (expected, expected as u64));
        ids.sort_unstable();
        let mut wanted = outside.clone();
        if expected == 5 {
            wanted.push(note.clone());
        }
        wanted.sort_unstable();
        assert_eq!(ids, wanted);
    }
    for client in [&customer, &reseller] {
        assert!(!exists(client, &note, &absent::<TicketMessageId>()).await);
        assert!(exists(client, &both, &absent::<TicketMessageId>()).await);
        let document = "query($id: ID!) { ticket(id: $id) { messages { nodes { body internalBody } } } }";
        let shown = client.query(document, json!({ "id": ticket })).await;
        assert!(!shown.text.contains("Planted"), "{}", shown.text);
        assert_eq!(shown.code(), Some("FORBIDDEN"), "{}", shown.text);
        let outcome =
            mutate(client, "ticketReply", "id", json!({ "ticketId": ticket, "internalBody": "x" })).await;
        outcome.failed_before_running();
        assert_eq!(outcome.answer.code(), Some("FORBIDDEN"), "{}", outcome.answer.text);
    }
}

async fn not_shared(app: TestApp) {
    let ticket = opened(&app, json!({ "sharedWithReseller": false })).await;
    let (support, reseller) = (app.login(SUPPORT).await, app.login(RESELLER).await);
    let message = mutate(&support, "ticketReply", "id", json!({ "ticketId": ticket, "body": "Hello" })).await;
    let message = text(&message.done()["id"]).to_owned();
    let mut log = Log::mark(&app).await;
    let hidden = async || {
        !exists(&reseller, &ticket, &absent::<TicketId>()).await
            && !exists(&reseller, &message, &absent::<TicketMessageId>()).await
    };
    assert!(hidden().await, "the reseller sees what is not shared");
    for (mutation, input) in [
        ("ticketUpdate", json!({ "id": ticket, "subject": "x" })),
        ("ticketTransition", json!({ "id": ticket, "status": "IN_PROGRESS" })),
        ("ticketReply", json!({ "ticketId": ticket, "body": "x" })),
    ] {
        mutate(&reseller, mutation, "id", input).await.failed("NOT_FOUND");
    }
    log.none(&app).await;
    let share = async |shared: bool| {
        let input = json!({ "id": ticket, "sharedWithReseller": shared });
        mutate(&support, "ticketUpdate", "id", input).await.done();
    };
    share(true).await;
    assert!(exists(&reseller, &ticket, &absent::<TicketId>()).await);
    assert_eq!(seen(&reseller, &ticket).await, (vec![message.clone()], 1));
    share(false).await;
    assert!(hidden().await, "what is no longer shared is still there");
}

async fn messages_follow(app: TestApp) {
    let (support, customer) = (app.login(SUPPORT).await, app.login(CUSTOMER).await);
    let (network, billing) = (app.login(NETWORK).await, app.login(BILLING).await);
    let ticket = opened(&app, json!({ "category": "TECHNICAL" })).await;
    for body in [json!({ "body": "Hello" }), json!({ "internalBody": "Planted note" })] {
        let mut input = body;
        input["ticketId"] = json!(ticket);
        mutate(&support, "ticketReply", "id", input).await.done();
    }
    let engineer = account(&app, NETWORK).await.id;
    let in_step = async |what: &str| {
        let row = stored(&app, &ticket).await;
        for message in messages(&app, &ticket).await {
            let of_ticket = (row.category, row.assignee_id, row.shared_with_reseller);
            let copy = (message.ticket_category, message.ticket_assignee_id, message.shared_with_reseller);
            // Scope is decided by the copies: one that stays behind shows the message to the wrong people.
            assert_eq!(
                copy, of_ticket,
                "{what}: a message stayed behind (internal: {})",
                message.is_internal
            );
        }
    };
    let mut log = Log::mark(&app).await;
    mutate(&support, "ticketUpdate", "id", json!({ "id": ticket, "assigneeId": engineer.encode() }))
        .await
        .done();
    in_step("assigned by staff").await;
    let event = log.one(&app, "TICKET_UPDATED").await;
    assert_eq!(event.details, json!({ "fields": ["assignee"] }));
    assert_eq!(seen(&network, &ticket).await.1, 2, "who works on it reads all of it");
    let moved = json!({ "id": ticket, "category": "BILLING" });
    let moved = mutate(&support, "ticketUpdate", "assignee { id }", moved).await;
    assert_eq!(moved.done()["assignee"], Value::Null, "he does not work on these");
    in_step("moved by staff, and taken away").await;
    assert!(!exists(&network, &ticket, &absent::<TicketId>()).await);

    let note =
        messages(&app, &ticket).await.into_iter().find(|message| message.is_internal).unwrap().id.encode();
    assert!(exists(&billing, &note, &absent::<TicketMessageId>()).await);
    // The customer writes the category, and does not reach the notes of staff.
    mutate(&customer, "ticketUpdate", "id", json!({ "id": ticket, "category": "TECHNICAL" })).await.done();
    assert_eq!(stored(&app, &ticket).await.category, TicketCategory::Technical);
    in_step("moved by the customer").await;
    assert!(
        !exists(&billing, &note, &absent::<TicketMessageId>()).await,
        "the note of a ticket that has moved on"
    );
    assert_eq!(seen(&network, &ticket).await.1, 2, "whose category it is now reads all of it");
    mutate(&customer, "ticketUpdate", "id", json!({ "id": ticket, "sharedWithReseller": false }))
        .await
        .done();
    in_step("hidden by the customer").await;
}
