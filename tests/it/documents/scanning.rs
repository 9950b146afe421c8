//! Documents and a scanner that is there, away, and back (abuse case FA7): none is read that was not scanned.

use std::fs;
use std::path::Path;

use axum::http::StatusCode;
use custodian_entity::document;
use custodian_entity::id::{DocumentId, TypedId};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::samples;
use crate::app::TestApp;
use crate::clamd::{Clamd, EICAR_NAME, Place, eicar};
use crate::fixture::{ADMIN, Log, text};
use crate::suite::Suite;
use crate::uploads::clients::{CUSTOMER, taken, upload};
use crate::uploads::content::get;

pub fn register(suite: &mut Suite) {
    suite.scanned(
        "documents::what the scanner finds something in is refused, and nothing of it kept",
        refused,
    );
    suite.scanned("documents::the test file is refused wherever it hides (UP3)", hidden);
    suite.scanned("documents::without the scanner a document waits, and is read by nobody before", waits);
    suite.scanned("documents::what is found late ends a document, and its content", found_late);
}

/// The service with a scanner in this place.
async fn scanned_by(mut app: TestApp, place: &Place) -> TestApp {
    (app.service, app.router) = app.instance(|config| config.clamd_url = Some(place.url())).await;
    app
}

/// A sound image with the test file in it.
fn infected() -> Vec<u8> {
    samples::png_with(&samples::chunk(b"fiLl", &[samples::filler(70_000), eicar()].concat()))
}

/// The id of an image that must be taken, and its state.
async fn image(app: &TestApp, content: &[u8]) -> (String, Value) {
    let answer = upload(app, "0", "a.png", "image/png", content).await;
    let document = taken(&answer);
    (text(&document["id"]).to_owned(), document["status"].clone())
}

/// What is said of a document to one who administers.
async fn said_of(app: &TestApp, id: &str) -> Value {
    let document =
        "query($id: ID!) { document(id: $id) { status scanStatus rejectionReason content { url } } }";
    let answer = app.login(ADMIN).await.query(document, json!({ "id": id })).await;
    answer.ok()["document"].clone()
}

/// How many files lie below a folder.
fn files(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries.map(|entry| entry.unwrap().path()).map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

/// How many files store and spool hold.
pub fn kept(app: &TestApp) -> usize {
    let folder = app.database().folder.path();
    files(&folder.join("documents")) + files(&folder.join("spool"))
}

async fn refused(app: TestApp, clamd: Clamd) {
    let mut place = clamd.place();
    place.start();
    let app = scanned_by(app, &place).await;
    let (before, mut log) = (kept(&app), Log::mark(&app).await);
    let answer = upload(&app, "0", "a.png", "image/png", &infected()).await;
    let payload = &answer.ok()["documentUpload"];
    assert_eq!(payload["userErrors"], json!([{ "field": ["file"], "code": "FILE_INFECTED" }]));
    assert!(payload["document"].is_null() && !answer.text.contains(EICAR_NAME), "{}", answer.text);
    assert_eq!(kept(&app), before);
    let events = log.gained(&app).await;
    assert!(events.iter().any(|event| event.event_type == "DOCUMENT_INFECTED"), "{events:?}");
    let (id, status) = image(&app, &samples::png()).await;
    assert_eq!(status, "PENDING_REVIEW");
    assert_eq!(said_of(&app, &id).await["scanStatus"], "CLEAN");
    assert_eq!(kept(&app), before + 1);
}

/// UP3: by the scanner where a sound file holds it, by its form where no sound file can.
async fn hidden(app: TestApp, clamd: Clamd) {
    let mut place = clamd.place();
    place.start();
    let app = scanned_by(app, &place).await;
    let (eicar, before) = (eicar(), kept(&app));
    let zip = |inner: &[u8]| [b"PK\x03\x04\x14\0\0\0\0\0", inner, b"PK\x05\x06"].concat();
    let pdf = samples::Pdf::default;
    let embedded = "/Type /EmbeddedFile";
    for (how, name, declared, content, code) in [
        ("as it is", "a.pdf", "application/pdf", eicar.clone(), "FILE_TYPE_NOT_ALLOWED"),
        ("in a stream", "a.pdf", "application/pdf", pdf().stream(4, "", &eicar).build(), "FILE_INFECTED"),
        (
            "in a compressed stream",
            "a.pdf",
            "application/pdf",
            pdf().stream(4, "/Filter /FlateDecode", &samples::deflated(&eicar)).build(),
            "FILE_INFECTED",
        ),
        ("as an attachment", "a.pdf", "application/pdf", pdf().stream(4, embedded, &eicar).build(), "FILE_"),
        (
            "in a chunk",
            "a.png",
            "image/png",
            samples::png_with(&samples::chunk(b"tEXt", &[b"Comment\0", &eicar[..]].concat())),
            "FILE_INFECTED",
        ),
        (
            "in a comment",
            "a.jpg",
            "image/jpeg",
            samples::jpeg_with(&samples::segment(0xFE, &eicar), &[]),
            "FILE_INFECTED",
        ),
        ("behind", "a.png", "image/png", [samples::png(), eicar.clone()].concat(), "FILE_TYPE_NOT_ALLOWED"),
        ("in a zip", "a.pdf", "application/pdf", zip(&eicar), "FILE_TYPE_NOT_ALLOWED"),
        ("in a zip in a zip", "a.pdf", "application/pdf", zip(&zip(&eicar)), "FILE_TYPE_NOT_ALLOWED"),
    ] {
        let mut log = Log::mark(&app).await;
        let answer = upload(&app, "0", name, declared, &content).await;
        let payload = &answer.ok()["documentUpload"];
        let found = text(&payload["userErrors"][0]["code"]);
        assert!(found.starts_with(code) && payload["document"].is_null(), "{how}: {}", answer.text);
        assert_eq!(kept(&app), before, "{how}: something of it is kept");
        let events = log.gained(&app).await;
        let is_recorded = events.iter().any(|event| event.event_type == "DOCUMENT_INFECTED");
        assert_eq!(is_recorded, found == "FILE_INFECTED", "{how}");
    }
}

async fn waits(app: TestApp, clamd: Clamd) {
    let mut place = clamd.place();
    let app = scanned_by(app, &place).await;
    let content = samples::png_of(200_000);
    let (id, status) = image(&app, &content).await;
    assert_eq!(status, "SCANNING");
    let client = app.login(CUSTOMER).await;
    let link = "mutation($id: ID!) { documentDownloadLink(input: { id: $id }) { download { url } userErrors { code } } }";
    for _ in 0..2 {
        for who in [CUSTOMER, ADMIN] {
            let (status, _, body) = get(&app, who, &id, &[]).await;
            assert!(
                status.is_client_error() && !body.windows(8).any(|part| content.starts_with(part)),
                "{who}"
            );
        }
        let answer = client.query(link, json!({ "id": id })).await;
        assert!(answer.data()["documentDownloadLink"]["download"].is_null(), "{}", answer.text);
        let said = said_of(&app, &id).await;
        assert_eq!((&said["status"], &said["scanStatus"]), (&json!("SCANNING"), &json!("PENDING")));
        assert!(said["content"].is_null());
        assert_eq!(app.service.scan_waiting().await.unwrap(), 0, "it is still away");
    }
    for decision in ["documentVerify(input: { id: $id })", "documentArchive(input: { id: $id })"] {
        let document = format!("mutation($id: ID!) {{ {decision} {{ userErrors {{ code }} }} }}");
        app.login(ADMIN).await.query(&document, json!({ "id": id })).await;
        assert_eq!(said_of(&app, &id).await["status"], "SCANNING", "{decision}");
    }

    place.start();
    let mut log = Log::mark(&app).await;
    assert_eq!(app.service.scan_waiting().await.unwrap(), 1);
    let said = said_of(&app, &id).await;
    assert_eq!((&said["status"], &said["scanStatus"]), (&json!("PENDING_REVIEW"), &json!("CLEAN")));
    let events = log.gained(&app).await;
    assert!(events.iter().any(|event| event.event_type == "DOCUMENT_SCANNED"), "{events:?}");
    let (status, _, read) = get(&app, CUSTOMER, &id, &[]).await;
    assert!(status == StatusCode::OK && read == content);
    assert_eq!(app.service.scan_waiting().await.unwrap(), 0, "it waits no longer");
}

async fn found_late(app: TestApp, clamd: Clamd) {
    let mut place = clamd.place();
    let app = scanned_by(app, &place).await;
    let before = kept(&app);
    let (id, status) = image(&app, &infected()).await;
    assert_eq!((status, kept(&app)), (json!("SCANNING"), before + 1));
    place.start();
    let mut log = Log::mark(&app).await;
    assert_eq!(app.service.scan_waiting().await.unwrap(), 1);
    let said = said_of(&app, &id).await;
    assert_eq!((&said["status"], &said["scanStatus"]), (&json!("REJECTED"), &json!("INFECTED")));
    assert!(said["rejectionReason"].is_string() && said["content"].is_null(), "{said}");
    let events = log.gained(&app).await;
    assert!(events.iter().any(|event| event.event_type == "DOCUMENT_INFECTED"), "{events:?}");
    assert_eq!(get(&app, CUSTOMER, &id, &[]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(kept(&app), before, "its content is there");
    let row =
        document::Entity::find_by_id(DocumentId::decode(&id).unwrap()).one(app.db()).await.unwrap().unwrap();
    assert!(row.object_name.is_none() && row.content_key.is_none(), "its key is there");
    assert_eq!(app.service.scan_waiting().await.unwrap(), 0);
}
