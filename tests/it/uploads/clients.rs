//! Files sent as real clients send them, taken in and read back.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use custodian_entity::id::TypedId;
use serde_json::{Value, json};

use super::form::{BOUNDARY, Form};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::documents::samples;
use crate::fixture::{Log, account, text};

/// A customer's account.
pub const CUSTOMER: &str = "customer@acme.example";

const ONE: &str = "mutation Upload($input: DocumentUploadInput!) { documentUpload(input: $input) { \
    document { id filename mimeType sizeBytes status } userErrors { field code } } }";
const MANY: &str = "mutation Upload($input: DocumentUploadManyInput!) { documentUploadMany(input: $input) { \
    results { document { id title filename } userErrors { field code } } } }";

/// Sends a body of this form.
pub async fn post(client: &Client, body: Vec<u8>) -> Answer {
    let request = Request::post("/graphql")
        .header(CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
        .header("Apollo-Require-Preflight", "true")
        .body(Body::from(body));
    client.send(request.unwrap()).await
}

/// The id of the customer of this account.
pub async fn customer_id(app: &TestApp, username: &str) -> String {
    account(app, username).await.customer_id.expect("a customer's account").encode()
}

/// Sends one file under this name, in a part called so.
pub async fn upload(app: &TestApp, part: &str, file_name: &str, declared: &str, content: &[u8]) -> Answer {
    let customer = customer_id(app, CUSTOMER).await;
    let input = json!({ "customerId": customer, "type": "PASSPORT", "title": "Passport", "file": null });
    let operations = json!({ "operationName": "Upload", "query": ONE, "variables": { "input": input } });
    let map = json!({ part: ["variables.input.file"] });
    let head = format!(
        "Content-Disposition: form-data; name=\"{part}\"; filename=\"{file_name}\"\r\nContent-Type: {declared}"
    );
    let body = Form::of(&operations.to_string(), &map.to_string()).part(&head, content).end();
    post(&app.login(CUSTOMER).await, body).await
}

/// The document of a file that must be taken.
#[track_caller]
pub fn taken(answer: &Answer) -> &Value {
    let payload = &answer.ok()["documentUpload"];
    assert_eq!(payload["userErrors"], json!([]), "{}", answer.text);
    &payload["document"]
}

/// UP1: curl, Apollo's upload link and urql differ in the names of parts alone.
pub async fn one_file(app: TestApp) {
    for (part, name, declared, content) in [
        ("0", "pasaporte ñ.PNG", "image/png", samples::png()),
        ("1", "scan.jpeg", "image/jpeg", samples::jpeg()),
        ("variables.input.file", "contract.pdf", "application/octet-stream", samples::pdf()),
        ("5b2c7e0a-file", "contract.PDF", "application/pdf", samples::pdf()),
    ] {
        let answer = upload(&app, part, name, declared, &content).await;
        let document = taken(&answer);
        assert_eq!((&document["filename"], &document["sizeBytes"]), (&json!(name), &json!(content.len())));
        let (status, _, read) = super::content::get(&app, CUSTOMER, text(&document["id"]), &[]).await;
        assert_eq!((status.as_u16(), read), (200, content));
    }
}

/// A list: each by itself, told in its own place, in whatever order the parts come.
pub async fn several_files(app: TestApp) {
    let customer = customer_id(&app, CUSTOMER).await;
    let item = |title: &str| json!({ "type": "OTHER", "title": title, "file": null });
    let titles = ["good", "no picture", "too long", "good as well"];
    let items: Vec<Value> = titles.into_iter().map(item).collect();
    let input = json!({ "customerId": customer, "documents": items });
    let operations = json!({ "query": MANY, "variables": { "input": input } });
    let map: Value = (0..4)
        .map(|n| (n.to_string(), json!([format!("variables.input.documents.{n}.file")])))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let body = Form::of(&operations.to_string(), &map.to_string())
        .file("2", "c.png", &samples::png_of(10 * 1024 * 1024 + 1))
        .file("3", "d.png", &samples::png())
        .file("0", "a.png", &samples::png_of(10 * 1024 * 1024))
        .file("1", "b.png", b"<html>")
        .end();
    let client = app.login(CUSTOMER).await;
    let mut log = Log::mark(&app).await;
    let answer = post(&client, body).await;
    let events = log.gained(&app).await.into_iter();
    assert_eq!(events.filter(|event| event.event_type == "DOCUMENT_UPLOADED").count(), 2, "one for each");
    let results = &answer.ok()["documentUploadMany"]["results"];
    let told: Vec<_> = results
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            (&result["document"]["title"], &result["document"]["filename"], &result["userErrors"][0]["code"])
        })
        .collect();
    let none = &Value::Null;
    assert_eq!(
        told,
        [
            (&json!("good"), &json!("a.png"), none),
            (none, none, &json!("FILE_TYPE_NOT_ALLOWED")),
            (none, none, &json!("FILE_TOO_LARGE")),
            (&json!("good as well"), &json!("d.png"), none),
        ]
    );
}

/// A file that is cut off is no document.
pub async fn cut_off(app: TestApp) {
    let customer = customer_id(&app, CUSTOMER).await;
    let input = json!({ "customerId": customer, "type": "OTHER", "title": "cut off", "file": null });
    let operations = json!({ "query": ONE, "variables": { "input": input } });
    let form = Form::of(&operations.to_string(), r#"{"0":["variables.input.file"]}"#);
    let whole = form.file("0", "a.png", &samples::png_of(100_000)).open();
    let client = app.login(CUSTOMER).await;
    for end in [whole.len() - 2, whole.len() - 60_000] {
        let answer = post(&client, whole[..end].to_vec()).await;
        assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{}", answer.text);
    }
    let listed = client.query("{ documents { nodes { title } } }", json!({})).await;
    assert!(!listed.ok().to_string().contains("cut off"));
}
