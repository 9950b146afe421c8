//! How much memory documents take on their way in and out: `cargo bench --bench documents`.
//!
//! Each file is of 10 MiB. What the client sends is there before anything is measured, and is not copied; what it gets is
//! thrown away as it comes. Memory is what the system counts (Linux), at its peak since the measurement began.

#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures: it calls the service as a client does, and prints"
)]

#[path = "../tests/it/documents/samples.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod samples;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::Request;
use custodian::app::{App, STACK_BYTES};
use custodian::clock::Clock;
use custodian::config::Config;
use custodian::http::router;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tower::ServiceExt;

const SIZE: usize = 10 * 1024 * 1024;
const MANY: usize = 16;
const PIECE: usize = 64 * 1024;

/// By how many MiB memory may grow: for one, for many, and for many whose check holds them whole.
const BARS: [i64; 3] = [4, 32, 160 + 32];

const BOUNDARY: &str = "documents-bench";
const LOGIN: &str = "mutation($username: String!, $password: String!) { \
                     login(username: $username, password: $password) { accessToken } }";
const UPLOAD: &str = "mutation($input: DocumentUploadInput!) { documentUpload(input: $input) { \
                      document { id } userErrors { code message } } }";

fn main() {
    let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build();
    runtime.expect("the system gives threads").block_on(measure());
}

async fn measure() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("custodian.db").display());
    let mut config = Config::for_tests(url, folder.path().to_owned());
    (config.uploads.per_user, config.downloads.per_user) = (MANY, MANY);
    config.documents.customer_mebibytes = 10_000;
    let app = App::start(config, Clock::System).await.expect("the service starts");
    let client = Client::new(router(app)).await;
    let [png, pdf] = [samples::png_of(SIZE), samples::pdf_of(SIZE)].map(Bytes::from);
    // What is made once is made now.
    let id = client.upload(png.slice(..), "a.png").await;
    client.download(&id).await;
    client.upload(pdf.slice(..), "a.pdf").await;

    println!("memory over idle at its peak, files of 10 MiB\n");
    let [one, many, whole] = BARS;
    report("one image comes in", one, client.uploads(1, &png, "a.png")).await;
    report("one document is read", one, client.downloads(1, &id)).await;
    report("sixteen images come in", many, client.uploads(MANY, &png, "a.png")).await;
    report("sixteen documents are read", many, client.downloads(MANY, &id)).await;
    report("one PDF comes in", one + 40, client.uploads(1, &pdf, "a.pdf")).await;
    report("sixteen PDFs come in", whole, client.uploads(MANY, &pdf, "a.pdf")).await;
}

async fn report(what: &str, bar: i64, work: impl Future<Output = ()>) {
    // Forgets the peak so far (proc(5), clear_refs).
    let is_told = std::fs::write("/proc/self/clear_refs", "5").is_ok();
    let before = memory("VmRSS:");
    work.await;
    match (before, memory("VmHWM:")) {
        (Some(before), Some(peak)) if is_told => {
            println!("{what:<30} {:>8.1} MiB (bar {bar})", (peak - before) as f64 / 1024.0);
        }
        _ => println!("{what:<30} not told by this system"),
    }
}

/// A line of the process's status, in KiB.
fn memory(name: &str) -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

#[derive(Clone)]
struct Client {
    router: Router,
    token: String,
    customer: String,
}

impl Client {
    async fn new(router: Router) -> Self {
        let mut client = Self { router, token: String::new(), customer: String::new() };
        let admin = json!({ "username": "tenant-admin@acme.example", "password": "Custodian-Demo-1" });
        let answer = client.ask(LOGIN, admin).await;
        client.token = answer["data"]["login"]["accessToken"].as_str().expect("he signs in").to_owned();
        let answer = client.ask("{ customers(first: 1) { nodes { id } } }", Value::Null).await;
        client.customer =
            answer["data"]["customers"]["nodes"][0]["id"].as_str().expect("there are customers").to_owned();
        client
    }

    async fn ask(&self, document: &str, variables: Value) -> Value {
        let mut request = Request::post("/graphql").header("content-type", "application/json");
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        let body = json!({ "query": document, "variables": variables }).to_string();
        self.answer(request.body(Body::from(body)).expect("these headers are valid")).await
    }

    async fn answer(&self, request: Request<Body>) -> Value {
        let Ok(response) = self.router.clone().oneshot(request).await;
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("the answer can be read");
        serde_json::from_slice(&bytes).expect("an answer is JSON")
    }

    async fn upload(&self, content: Bytes, name: &str) -> String {
        let input = json!({ "customerId": self.customer, "type": "OTHER", "title": "Bench", "file": null });
        let operations = json!({ "query": UPLOAD, "variables": { "input": input } });
        let field = |name: &str, text: &str| {
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
        };
        let mut head = field("operations", &operations.to_string());
        head += &field("map", r#"{"0": ["variables.input.file"]}"#);
        head += &format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"0\"; filename=\"{name}\"\r\n\r\n"
        );
        let pieces = (0..content.len()).step_by(PIECE);
        let pieces = pieces.map(move |from| content.slice(from..content.len().min(from + PIECE)));
        let end = format!("\r\n--{BOUNDARY}--\r\n");
        let body = std::iter::once(Bytes::from(head)).chain(pieces).chain([Bytes::from(end)]);
        let body = stream::iter(body.map(Ok::<_, std::convert::Infallible>));
        let request = Request::post("/graphql")
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
            .header("graphql-require-preflight", "1")
            .body(Body::from_stream(body));
        let answer = self.answer(request.expect("these headers are valid")).await;
        let id = answer["data"]["documentUpload"]["document"]["id"].as_str();
        id.unwrap_or_else(|| panic!("it is not taken: {answer}")).to_owned()
    }

    async fn download(&self, id: &str) {
        let request = Request::get(format!("/documents/{id}/content"))
            .header("authorization", format!("Bearer {}", self.token))
            .body(Body::empty());
        let Ok(response) = self.router.clone().oneshot(request.expect("a request")).await;
        let mut body = response.into_body().into_data_stream();
        let mut length = 0;
        while let Some(piece) = body.next().await {
            length += piece.expect("it is whole").len();
        }
        assert_eq!(length, SIZE);
    }

    async fn uploads(&self, count: usize, content: &Bytes, name: &'static str) {
        let mut sent = JoinSet::new();
        for _ in 0..count {
            let (client, content) = (self.clone(), content.clone());
            sent.spawn(async move { client.upload(content, name).await });
        }
        sent.join_all().await;
    }

    async fn downloads(&self, count: usize, id: &str) {
        let mut read = JoinSet::new();
        for _ in 0..count {
            let (client, id) = (self.clone(), id.to_owned());
            read.spawn(async move { client.download(&id).await });
        }
        read.join_all().await;
    }
}
