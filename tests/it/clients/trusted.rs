//! API clients that run their trusted documents only: whoever has got their token asks for nothing else.

use std::fs;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{Request, StatusCode};
use custodian::trusted::TrustedDocuments;
use custodian_entity::audit_event;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::Portal;
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{SUPPORT, all};
use crate::live::{Socket, serve};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("clients::a client with a manifest runs its documents and no others", only);
    suite.sqlite("clients::trusted documents are read again, and a broken change is none", reloaded);
    suite.pure("clients::a manifest whose hashes or names are wrong refuses to start", broken);
}

const TRUSTED: &str = "query Page($first: Int!) { customers(first: $first) { nodes { id } } }";
const OTHER: &str = "{ customers(first: 2) { nodes { id } } }";

fn hash(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes the manifest of a client.
fn write(folder: &Path, client: &str, documents: &[&str]) {
    let documents: Map<String, Value> =
        documents.iter().map(|text| (format!("sha256:{}", hash(text)), json!(text))).collect();
    fs::write(folder.join(format!("{client}.json")), Value::from(documents).to_string()).unwrap();
}

/// Posts a request as it is.
async fn post(client: &Client, body: Value) -> Answer {
    let request = Request::post("/graphql")
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/graphql-response+json");
    client.send(request.body(Body::from(body.to_string())).unwrap()).await
}

async fn only(app: TestApp) {
    let folder = TempDir::new().unwrap();
    let (portal, free) = (
        Portal::of(&app, SUPPORT, &["customers:read"]).await,
        Portal::of(&app, SUPPORT, &["customers:read"]).await,
    );
    write(folder.path(), &portal.id, &[TRUSTED]);
    let (_, router) =
        app.instance(|config| config.trusted_documents_dir = Some(folder.path().to_owned())).await;
    let client = portal.caller().await.at(&router);
    let (id, variables) = (format!("sha256:{}", hash(TRUSTED)), json!({ "first": 2 }));

    let by_text = post(&client, json!({ "query": TRUSTED, "variables": variables })).await;
    let by_id = post(&client, json!({ "documentId": id, "variables": variables })).await;
    assert_eq!(by_text.ok(), by_id.ok());
    let url = format!("/graphql?documentId={id}&variables=%7B%22first%22%3A2%7D");
    let request = Request::get(url).header(ACCEPT, "application/graphql-response+json");
    let got = client.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(got.ok(), by_id.ok());

    let denials = async || {
        let mut events = all::<audit_event::Entity>(&app).await;
        events.retain(|event| event.event_type == "ACCESS_DENIED");
        events
    };
    let before = denials().await.len();
    let texts = [OTHER, &format!("{TRUSTED} "), &format!("{TRUSTED} query Other {OTHER}"), "{"];
    for text in texts {
        let answer = post(&client, json!({ "query": text, "operationName": null })).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, Some("FORBIDDEN")), "{text}");
    }
    let recorded = denials().await;
    assert_eq!(recorded.len() - before, texts.len(), "each is on record");
    assert!(recorded.iter().all(|event| event.details["denied"] == json!(["document"])), "{recorded:?}");
    for body in [
        json!({ "documentId": format!("sha256:{}", hash(OTHER)) }),
        json!({ "documentId": hash(TRUSTED) }),
        json!({ "documentId": "" }),
        json!({ "documentId": 7 }),
        json!({ "documentId": id, "query": TRUSTED }),
    ] {
        let answer = post(&client, body.clone()).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::BAD_REQUEST, Some("BAD_USER_INPUT")),
            "{body}"
        );
    }
    // Nothing is registered by sending it.
    let asked = json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash(OTHER) } } });
    let answer = post(&client, asked).await;
    assert_eq!(answer.errors()[0]["message"], "PersistedQueryNotSupported");

    // Others send what they like, and have no trusted documents.
    for other in [free.caller().await.at(&router), app.login(SUPPORT).await.at(&router)] {
        post(&other, json!({ "query": OTHER })).await.ok();
        let answer = post(&other, json!({ "documentId": id, "variables": variables })).await;
        assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{}", answer.text);
    }

    // On a socket, too.
    let mut socket = Socket::open(serve(router).await).await;
    socket.init(&portal.token().await).await;
    socket.ask("1", OTHER, Value::Null).await;
    assert_eq!(socket.refused("1").await, "FORBIDDEN");
    let listening = "subscription($id: ID!) { customerChanged(id: $id) { id } }";
    socket.ask("2", listening, json!({ "id": by_id.ok()["customers"]["nodes"][0]["id"] })).await;
    assert_eq!(socket.refused("2").await, "FORBIDDEN");
}

async fn reloaded(app: TestApp) {
    let folder = TempDir::new().unwrap();
    let portal = Portal::of(&app, SUPPORT, &["customers:read"]).await;
    write(folder.path(), &portal.id, &[TRUSTED]);
    let (service, router) =
        app.instance(|config| config.trusted_documents_dir = Some(folder.path().to_owned())).await;
    let client = portal.caller().await.at(&router);
    let runs = async |text: &str| post(&client, json!({ "query": text })).await.code() != Some("FORBIDDEN");
    assert!(!runs(OTHER).await);
    write(folder.path(), &portal.id, &[TRUSTED, OTHER]);
    service.trusted.refresh();
    assert!(runs(OTHER).await, "what was added counts");
    let path = folder.path().join(format!("{}.json", portal.id));
    for wrong in ["{", r#"{"00": "{ viewer { id } }"}"#] {
        fs::write(&path, wrong).unwrap();
        service.trusted.refresh();
        assert!(runs(OTHER).await && !runs("{ viewer { id } }").await, "{wrong} changes nothing");
    }
    fs::remove_file(&path).unwrap();
    service.trusted.refresh();
    assert!(runs("{ viewer { id } }").await, "without a manifest it is free");
}

fn broken() {
    let client = "client_0000000000000000000000000r";
    for (name, content, told) in [
        (client, "[]", "it is no object of texts"),
        (client, r#"{"ab": "{ viewer { id } }"}"#, "has the hash"),
        ("portal", "{}", "its name is not the id of an API client"),
    ] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join(format!("{name}.json")), content).unwrap();
        let error = TrustedDocuments::load(Some(folder.path().to_owned())).err().expect("it is refused");
        let error = error.to_string();
        assert!(error.contains(told) && error.contains(name) && !error.contains('\n'), "{told}: {error}");
    }
    let folder = TempDir::new().unwrap();
    write(folder.path(), client, &["{"]);
    let error = TrustedDocuments::load(Some(folder.path().to_owned())).err().expect("it cannot be read");
    assert!(error.to_string().contains("the document"), "{error}");
}
