//! A server that is killed in the middle of uploads (abuse cases FA1, FA2), with the program itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use custodian::app::App;
use custodian::clock::Clock;
use custodian::config::Config;
use custodian_entity::document;
use reqwest::Client;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::samples;
use crate::database::connect;
use crate::fixture::text;
use crate::serving::Serving;
use crate::suite::{Suite, runtime};
use crate::uploads::form::{BOUNDARY, Form};

pub fn register(suite: &mut Suite) {
    suite.pure("documents::a server that is killed in fifty uploads loses none that it acknowledged", killed);
}

/// How many files are sent at the same time.
const AT_ONCE: usize = 50;

/// After how many acknowledgements the server is killed, round by round.
const ROUNDS: [usize; 5] = [0, 3, 11, 24, 42];

const UPLOAD: &str = "mutation($input: DocumentUploadInput!) { documentUpload(input: $input) { \
    document { id } userErrors { code } } }";
const LIST: &str = "query($after: String) { documents(first: 100, after: $after) { \
    nodes { id title sha256 status } pageInfo { endCursor hasNextPage } } }";

/// Every document of this title: id, and SHA-256.
async fn listed(serving: &Serving, title: &str) -> Vec<(String, String)> {
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = serving.ask(LIST, json!({ "after": after })).await["documents"].clone();
        let of_title = page["nodes"].as_array().unwrap().iter().filter(|node| node["title"] == title);
        found.extend(of_title.map(|node| {
            assert_eq!(node["status"], "PENDING_REVIEW", "{node}");
            (text(&node["id"]).to_owned(), text(&node["sha256"]).to_owned())
        }));
        if page["pageInfo"]["hasNextPage"] == false {
            return found;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

async fn content(serving: &Serving, id: &str) -> Vec<u8> {
    let request =
        serving.http.get(format!("{}/documents/{id}/content", serving.base)).bearer_auth(&serving.token);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{id}");
    answer.bytes().await.unwrap().to_vec()
}

/// Sends a file; its id once that is acknowledged.
async fn upload(
    http: Client,
    base: String,
    token: String,
    customer: String,
    content: Arc<Vec<u8>>,
) -> Option<String> {
    let input = json!({ "customerId": customer, "type": "OTHER", "title": "Killed", "file": null });
    let operations = json!({ "query": UPLOAD, "variables": { "input": input } });
    let body = Form::of(&operations.to_string(), r#"{"0": ["variables.input.file"]}"#);
    let answer = http
        .post(format!("{base}/graphql"))
        .bearer_auth(token)
        .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
        .header("graphql-require-preflight", "1")
        .body(body.file("0", "a.png", &content).end())
        .send();
    let answer: Value = answer.await.ok()?.json().await.ok()?;
    let document = &answer["data"]["documentUpload"]["document"]["id"];
    assert!(document.is_string(), "it was answered, and not taken: {answer}");
    Some(text(document).to_owned())
}

/// How many files lie below a folder.
fn files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

fn killed() {
    runtime().block_on(async {
        let folder = TempDir::new().unwrap();
        let most = AT_ONCE.to_string();
        let variables = [("CUSTODIAN_UPLOADS_PER_USER", most.as_str())];
        let mut acknowledged = Vec::new();
        for (round, after) in ROUNDS.into_iter().enumerate() {
            let serving = Serving::begin(folder.path(), &variables).await;
            let customers = serving.ask("{ customers(first: 1) { nodes { id } } }", Value::Null).await;
            let customer = text(&customers["customers"]["nodes"][0]["id"]).to_owned();
            let mut sent = JoinSet::new();
            for number in 0..AT_ONCE {
                let content = Arc::new(samples::png_of(100_000 + round * 10_000 + number * 100));
                let (http, base) = (serving.http.clone(), serving.base.clone());
                let (token, customer, file) = (serving.token.clone(), customer.clone(), content.clone());
                sent.spawn(async move { (upload(http, base, token, customer, file).await, content) });
            }
            let mut these = Vec::new();
            while these.len() < after {
                let (id, content) = sent.join_next().await.expect("more are under way").unwrap();
                these.push((id.expect("the server lives"), content));
            }
            // Dropped, it is killed (SIGKILL), with the others in the middle of it.
            drop(serving);
            while let Some(ended) = sent.join_next().await {
                let (id, content) = ended.unwrap();
                these.extend(id.map(|id| (id, content)));
            }
            acknowledged.extend(these);
        }
        let serving = Serving::begin(folder.path(), &variables).await;
        let listed = listed(&serving, "Killed").await;
        let ids: BTreeSet<&str> = listed.iter().map(|(id, _)| id.as_str()).collect();
        for (id, sent) in &acknowledged {
            assert!(ids.contains(id.as_str()), "{id} was acknowledged and is gone");
            assert!(content(&serving, id).await == **sent, "{id} is not what was sent");
        }
        // One that nobody was told of, since the server died in between, is whole as well.
        for (id, sha256) in &listed {
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &content(&serving, id).await);
            let found: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(&found, sha256, "{id}");
        }
        drop(serving);
        assert!(acknowledged.len() >= ROUNDS.iter().sum(), "{} were acknowledged", acknowledged.len());

        let data = folder.path().join("data");
        let url = format!("sqlite://{}", data.join("custodian.db").display());
        let app = App::start(Config::for_tests(url.clone(), data.clone()), Clock::System).await;
        app.expect("it starts again").sweep_documents(Duration::ZERO).await.expect("it can be swept");
        let rows = document::Entity::find().filter(document::Column::ObjectName.is_not_null());
        let rows = rows.all(&connect(&url).await.unwrap()).await.unwrap();
        assert_eq!(
            files(&data.join("documents")),
            rows.len(),
            "the sweep leaves what rows name, and no orphan"
        );
        assert_eq!(files(&data.join("spool")), 0, "and nothing unfinished");
    });
}
