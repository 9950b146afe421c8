//! What staff note about customers stays among them (DOMAIN, rule 7).

use custodian_entity::customer_note::{self, Model};
use custodian_entity::id::{CustomerNoteId, TypedId};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{ADMIN, BILLING, Log, MARIA, ROLES, SUPPORT, absent, customer, mutate, text};
use crate::past::{all_open, plain};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("customers::a note is written, pinned and removed", written);
    suite.both("customers::its author alone changes what a note says", author);
    suite.both("customers::no note is there for resellers and customers", internal);
}

async fn notes(app: &TestApp) -> Vec<Model> {
    let maria = customer(app, MARIA).await.id;
    all_open::<customer_note::Entity>(app)
        .await
        .into_iter()
        .filter(|note| note.customer_id == maria)
        .collect()
}

async fn listed(app: &TestApp, client: &Client) -> Value {
    let maria = customer(app, MARIA).await.id.encode();
    let document = "query($id: ID!) { customer(id: $id) { notes { id body isPinned author { id } } } }";
    client.query(document, json!({ "id": maria })).await.ok()["customer"]["notes"].clone()
}

async fn create(app: &TestApp, client: &Client, body: &str) -> String {
    let maria = customer(app, MARIA).await.id.encode();
    let input = json!({ "customerId": maria, "category": "BILLING", "body": body });
    text(&mutate(client, "customerNoteCreate", "id", input).await.done()["id"]).to_owned()
}

async fn written(app: TestApp) {
    let client = app.login(BILLING).await;
    let mut log = Log::mark(&app).await;
    let id = create(&app, &client, "Pays late").await;
    let event = log.one(&app, "CUSTOMER_NOTE_CREATED").await;
    assert_eq!(event.details["fields"], json!(["category", "body"]));
    assert_eq!(event.customer_id, Some(customer(&app, MARIA).await.id));
    assert_eq!(listed(&app, &client).await.as_array().unwrap().last().unwrap()["id"], json!(id));

    let support = app.login(SUPPORT).await;
    log.gained(&app).await;
    for note in notes(&app).await.iter().filter(|note| note.is_pinned) {
        let unpin = json!({ "id": note.id.encode(), "isPinned": false });
        mutate(&support, "customerNoteUpdate", "id", unpin).await.done();
        log.one(&app, "CUSTOMER_NOTE_UPDATED").await;
    }
    mutate(&support, "customerNoteUpdate", "id", json!({ "id": id, "isPinned": true })).await.done();
    assert_eq!(listed(&app, &support).await[0]["id"], json!(id), "what is pinned comes first");
    log.gained(&app).await;

    let blank = json!({ "id": id, "body": " " });
    mutate(&support, "customerNoteUpdate", "id", blank).await.refusals();
    mutate(&support, "customerNoteDelete", "id body", json!({ "id": id })).await.done();
    log.one(&app, "CUSTOMER_NOTE_DELETED").await;
    mutate(&support, "customerNoteDelete", "id", json!({ "id": id })).await.failed("NOT_FOUND");
    log.none(&app).await;
}

async fn author(app: TestApp) {
    let (support, admin) = (app.login(SUPPORT).await, app.login(ADMIN).await);
    let id = create(&app, &support, "Calls at noon").await;
    let other = json!({ "id": id, "body": "Never calls" });
    mutate(&admin, "customerNoteUpdate", "id", other.clone()).await.refused(&["body INVALID"]);
    mutate(&admin, "customerNoteUpdate", "id", json!({ "id": id, "category": "SALES" })).await.done();
    mutate(&support, "customerNoteUpdate", "id", other).await.done();
    let id = CustomerNoteId::decode(&id).unwrap();
    let note = notes(&app).await.into_iter().find(|note| note.id == id).unwrap();
    assert_eq!(plain(note.body.expose()), "Never calls");
}

async fn internal(app: TestApp) {
    let maria = customer(&app, MARIA).await.id.encode();
    let note = notes(&app).await[0].id.encode();
    for (_, username) in ROLES.iter().filter(|(role, _)| ["reseller", "customer"].contains(role)) {
        let client = app.login(username).await;
        let list = "query($id: ID!) { customer(id: $id) { id notes { id } } }";
        let answer = client.query(list, json!({ "id": maria })).await;
        assert_eq!(answer.data()["customer"], json!({ "id": maria, "notes": null }), "{username}");
        assert_eq!(answer.errors()[0]["extensions"]["field"], "Customer.notes", "{username}");
        let node = "query($id: ID!) { node(id: $id) { id ... on CustomerNote { id } } }";
        let of = async |id: &str| {
            let answer = client.query(node, json!({ "id": id })).await;
            (answer.code().map(str::to_owned), answer.data()["node"].clone())
        };
        assert_eq!(of(&note).await, of(&absent::<CustomerNoteId>()).await, "{username}");
        assert!(of(&note).await.1.is_null(), "{username}");
        let input = json!({ "customerId": maria, "category": "GENERAL", "body": "Me" });
        mutate(&client, "customerNoteCreate", "id", input).await.failed("FORBIDDEN");
        mutate(&client, "customerNoteUpdate", "id", json!({ "id": note, "isPinned": true }))
            .await
            .failed("FORBIDDEN");
        mutate(&client, "customerNoteDelete", "id", json!({ "id": note })).await.failed("FORBIDDEN");
    }
}
