//! Who hands in documents of whom, and how much of them there may be.

use custodian_entity::id::{CustomerId, TypedId};
use serde_json::{Value, json};

use super::samples;
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{MARIA, absent, customer, text};
use crate::suite::Suite;
use crate::uploads::clients::post;
use crate::uploads::form::Form;

pub fn register(suite: &mut Suite) {
    suite.both("documents::of a customer out of reach none is handed in, and it looks absent", out_of_reach);
    suite.both("documents::who may not say who sees a document is refused before a byte is read", members);
    suite.both("documents::a customer's documents have so much room, whoever sees them", room);
    suite.both("documents::staff's own are no row for the customer", kept_by_staff);
}

async fn hand_in(client: &Client, customer: &str, more: Value) -> Answer {
    let mutation = "mutation($input: DocumentUploadInput!) { documentUpload(input: $input) { \
        document { id } userErrors { field code } } }";
    let mut input = json!({ "customerId": customer, "type": "CONTRACT", "title": "Contract", "file": null });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let operations = json!({ "query": mutation, "variables": { "input": input } });
    let form = Form::of(&operations.to_string(), r#"{"0": ["variables.input.file"]}"#);
    post(client, form.file("0", "contract.png", &samples::png_of(300_000)).end()).await
}

fn without_ids(answer: &Answer) -> (Option<&str>, &Value) {
    (answer.code(), &answer.body["errors"][0]["message"])
}

async fn out_of_reach(app: TestApp) {
    let maria = customer(&app, MARIA).await.id.encode();
    for username in ["customer2@acme.example", "reseller2@acme.example", "support@globex.example"] {
        let client = app.login(username).await;
        let foreign = hand_in(&client, &maria, json!({})).await;
        let nobody = hand_in(&client, &absent::<CustomerId>(), json!({})).await;
        assert_eq!(foreign.code(), Some("NOT_FOUND"), "{username}: {}", foreign.text);
        assert_eq!(without_ids(&foreign), without_ids(&nobody), "{username}");
    }
    for username in ["billing@acme.example", "network@acme.example"] {
        let answer = hand_in(&app.login(username).await, &maria, json!({})).await;
        assert_eq!(answer.code(), Some("FORBIDDEN"), "{username}: {}", answer.text);
    }
}

async fn members(app: TestApp) {
    let maria = customer(&app, MARIA).await.id.encode();
    for username in ["customer@acme.example", "reseller@acme.example"] {
        let client = app.login(username).await;
        let answer = hand_in(&client, &maria, json!({ "isVisibleToCustomer": true })).await;
        assert_eq!(answer.code(), Some("FORBIDDEN"), "{username}: {}", answer.text);
        let answer = hand_in(&client, &maria, json!({})).await;
        assert!(answer.ok()["documentUpload"]["document"]["id"].is_string(), "{}", answer.text);
    }
}

async fn room(mut app: TestApp) {
    (app.service, app.router) = app.instance(|config| config.documents.customer_mebibytes = 1).await;
    let maria = customer(&app, MARIA).await.id.encode();
    let staff = app.login("support@acme.example").await;
    let mut taken = 0;
    let refused = loop {
        let answer = hand_in(&staff, &maria, json!({})).await;
        let payload = answer.ok()["documentUpload"].clone();
        if payload["document"].is_null() {
            break payload;
        }
        taken += 1;
        assert!(taken < 10, "there is no end to it");
    };
    assert_eq!(refused["userErrors"], json!([{ "field": ["file"], "code": "FILE_TOO_LARGE" }]));
    // She sees none of them, and there is no room for hers all the same.
    let hers = hand_in(&app.login("customer@acme.example").await, &maria, json!({})).await;
    assert_eq!(hers.ok()["documentUpload"]["userErrors"], refused["userErrors"], "{}", hers.text);
    assert!((3..=4).contains(&taken), "{taken} of 300,000 bytes fit into a MiB");
}

async fn kept_by_staff(app: TestApp) {
    let maria = customer(&app, MARIA).await.id.encode();
    let staff = app.login("support@acme.example").await;
    let ids = |answer: Answer| text(&answer.ok()["documentUpload"]["document"]["id"]).to_owned();
    let hidden = ids(hand_in(&staff, &maria, json!({})).await);
    let shown = ids(hand_in(&staff, &maria, json!({ "isVisibleToCustomer": true })).await);
    let her = app.login("customer@acme.example").await;
    let ask = "query($id: ID!) { document(id: $id) { id } }";
    assert_eq!(her.query(ask, json!({ "id": hidden })).await.code(), Some("NOT_FOUND"));
    assert_eq!(her.query(ask, json!({ "id": shown })).await.ok()["document"]["id"], json!(shown));
    let link = "mutation($id: ID!) { documentDownloadLink(input: { id: $id }) { download { url } } }";
    assert_eq!(her.query(link, json!({ "id": hidden })).await.code(), Some("NOT_FOUND"));
}
