//! The front: who may send files, in what, and how many at a time. The operations here take no file, which a request does not
//! show before it is run.

use std::convert::Infallible;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Builder;
use axum::http::{Request, StatusCode};
use custodian::config::Config;
use futures_util::stream::{self, StreamExt};

use super::form::{BOUNDARY, Form, in_pieces};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::listening::Listening;

const SUPPORT: &str = "support@acme.example";
const OPERATIONS: &str = r#"{"query":"{ viewer { id } }","variables":{"file":null}}"#;
const MAP: &str = r#"{"0":["variables.file"]}"#;

fn post() -> Builder {
    Request::post("/graphql")
        .header(CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
        .header("graphql-require-preflight", "1")
        .header("accept", "application/graphql-response+json")
}

fn small() -> Vec<u8> {
    Form::of(OPERATIONS, MAP).file("0", "a.png", b"A").end()
}

async fn send(client: &Client, request: Builder, body: impl Into<Body>) -> Answer {
    client.send(request.body(body.into()).unwrap()).await
}

#[track_caller]
fn assert_refused(answer: &Answer, status: StatusCode, code: &str) {
    assert_eq!((answer.status, answer.code()), (status, Some(code)), "{}", answer.text);
    assert!(answer.body.get("data").is_none(), "a refusal has no data: {}", answer.text);
}

/// A body of which nothing ever arrives.
fn silence() -> Body {
    Body::from_stream(stream::pending::<Result<Bytes, Infallible>>())
}

/// What begins like this and goes on after it like that.
fn streamed(start: Vec<u8>, rest: impl futures_util::Stream<Item = Bytes> + Send + 'static) -> Body {
    Body::from_stream(in_pieces(start, 4096).chain(rest.map(Ok)))
}

/// UP17: a page of another site can send a form, with the cookies of whoever looks at it, and no header.
pub async fn preflight(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let form = || {
        Request::post("/graphql")
            .header(CONTENT_TYPE, format!("Multipart/Form-Data; charset=utf-8; boundary=\"{BOUNDARY}\""))
    };
    let answer = send(&client, form(), silence()).await;
    assert_refused(&answer, StatusCode::BAD_REQUEST, "BAD_USER_INPUT");
    for header in ["GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Requested-With"] {
        send(&client, form().header(header, "x"), small()).await.ok();
    }
    let types = ["multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=x"];
    let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
    for content_type in types.into_iter().chain([long.as_str()]) {
        let request = Request::post("/graphql")
            .header(CONTENT_TYPE, content_type)
            .header("graphql-require-preflight", "1");
        let answer = send(&client, request, silence()).await;
        assert_refused(&answer, StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_USER_INPUT");
    }
    let answer = send(&client, post().header("content-encoding", "gzip"), silence()).await;
    assert_refused(&answer, StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_USER_INPUT");
}

/// UP13: 60 MB are not taken in from whoever asks.
pub async fn strangers(app: TestApp) {
    let large = || post().header(CONTENT_LENGTH, 60_000_000);
    let answer = send(&app.anonymous(), large(), silence()).await;
    assert_refused(&answer, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
    let answer = send(&app.anonymous(), large().header(AUTHORIZATION, "Bearer planted"), silence()).await;
    assert_refused(&answer, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
}

/// The largest body: [`OPERATIONS`] and its like, and five files.
fn most() -> usize {
    let config = Config::default();
    config.limits.body_bytes + usize::from(config.uploads.files) * config.uploads.file_bytes
}

pub async fn too_large(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let answer = send(&client, post().header(CONTENT_LENGTH, most() + 200_000), silence()).await;
    assert_refused(&answer, StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE");

    // Within the head it is a refusal; after the operation has been run, its answer stands, and the rest is not waited for.
    let operations = format!("{OPERATIONS}{}", " ".repeat(Config::default().limits.body_bytes));
    let answer = send(&client, post(), Form::of(&operations, MAP).end()).await;
    assert_refused(&answer, StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE");

    let read = Arc::new(AtomicUsize::new(0));
    let counted = read.clone();
    let endless = stream::iter(std::iter::repeat_with(|| Bytes::from(vec![7; 1 << 20])));
    let endless = endless.inspect(move |bytes| {
        counted.fetch_add(bytes.len(), Ordering::Relaxed);
    });
    let start = Form::of(OPERATIONS, MAP).file("0", "a.png", b"").open();
    let answer = send(&client, post(), streamed(start[..start.len() - 2].to_vec(), endless)).await;
    answer.ok();
    assert_eq!(answer.headers[CONNECTION], "close");
    assert!(read.load(Ordering::Relaxed) < most() + (2 << 20), "read on and on");
}

pub async fn malformed(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let of = |operations: &str, map: &str| Form::of(operations, map).file("0", "a.png", b"A").end();
    let with = |variables: &str, map: &str| {
        of(&format!(r#"{{"query":"{{ viewer {{ id }} }}","variables":{variables}}}"#), map)
    };
    let typed = |content_type: &str| {
        let head =
            format!("Content-Disposition: form-data; name=\"operations\"\r\nContent-Type: {content_type}");
        Form::default().part(&head, OPERATIONS.as_bytes()).text("map", MAP).file("0", "a.png", b"A").end()
    };
    let bodies = [
        ("nothing", Vec::new()),
        ("no form", b"planted".to_vec()),
        (
            "another boundary",
            b"--planted\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{}\r\n".to_vec(),
        ),
        ("no end", Form::default().text("operations", OPERATIONS).open()),
        ("no parts", Form::default().end()),
        ("no operations", Form::default().text("map", MAP).file("0", "a.png", b"A").end()),
        ("no map", Form::default().text("operations", OPERATIONS).file("0", "a.png", b"A").end()),
        ("map first", Form::default().text("map", MAP).text("operations", OPERATIONS).end()),
        (
            "operations twice",
            Form::default().text("operations", OPERATIONS).text("operations", OPERATIONS).end(),
        ),
        ("operations in parts (UP11)", typed("multipart/mixed; boundary=planted")),
        ("operations of another type", typed("application/xml")),
        ("operations that are no JSON", of("planted", MAP)),
        ("a batch", of(&format!("[{OPERATIONS}]"), r#"{"0":["0.variables.file"]}"#)),
        ("no query", of(r#"{"variables":{"file":null}}"#, MAP)),
        ("a map that is no JSON", of(OPERATIONS, "planted")),
        ("a map that is a list", of(OPERATIONS, r#"[["variables.file"]]"#)),
        ("an empty map", of(OPERATIONS, "{}")),
        ("a path that is no list", of(OPERATIONS, r#"{"0":"variables.file"}"#)),
        ("no path", of(OPERATIONS, r#"{"0":[]}"#)),
        ("two paths", with(r#"{"a":null,"b":null}"#, r#"{"0":["variables.a","variables.b"]}"#)),
        ("the same path twice", of(OPERATIONS, r#"{"0":["variables.file"],"1":["variables.file"]}"#)),
        ("a path that is not there", of(OPERATIONS, r#"{"0":["variables.planted"]}"#)),
        ("a path that is a variable's end", of(OPERATIONS, r#"{"0":["variables.file.0"]}"#)),
        ("a path to the document", of(OPERATIONS, r#"{"0":["query"]}"#)),
        ("a path to all variables", of(OPERATIONS, r#"{"0":["variables"]}"#)),
        ("an empty path", of(OPERATIONS, r#"{"0":[""]}"#)),
        ("a path to a value", with(r#"{"file":"planted"}"#, MAP)),
        ("a path beyond a list", with(r#"{"file":[null]}"#, r#"{"0":["variables.file.1"]}"#)),
        ("a path into a list by name", with(r#"{"file":[null]}"#, r#"{"0":["variables.file.x"]}"#)),
        ("a marker of the library", with(r##"{"file":null,"a":"#__graphql_file__:0"}"##, MAP)),
        (
            "too many files",
            with(
                r#"{"f":[null,null,null,null,null,null]}"#,
                r#"{"0":["variables.f.0"],"1":["variables.f.1"],"2":["variables.f.2"],"3":["variables.f.3"],"4":["variables.f.4"],"5":["variables.f.5"]}"#,
            ),
        ),
    ];
    for (what, body) in bodies {
        let answer = send(&client, post(), body).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::BAD_REQUEST, Some("BAD_USER_INPUT")),
            "{what}: {}",
            answer.text
        );
        assert!(!answer.text.contains("planted"), "{what} is repeated: {}", answer.text);
    }
    // How clients that write JSON as a file of its own send the two fields.
    let blob = "Content-Disposition: form-data; name=\"operations\"; filename=\"blob\"\r\nContent-Type: application/json";
    let body =
        Form::default().part(blob, OPERATIONS.as_bytes()).text("map", MAP).file("0", "a.png", b"A").end();
    send(&client, post(), body).await.ok();
}

/// The guard, the checks of arguments and the measure meet a value that no JSON holds.
pub async fn misplaced(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let cases = [
        ("query($v: ID!) { customer(id: $v) { id } }", r#"{"v":null}"#, "variables.v"),
        ("query($v: Int) { customers(first: $v) { nodes { id } } }", r#"{"v":null}"#, "variables.v"),
        (
            "query($v: CustomerFilter) { customers(filter: $v) { nodes { id } } }",
            r#"{"v":null}"#,
            "variables.v",
        ),
        (
            "query($v: CustomerFilter) { customers(filter: $v) { nodes { id } } }",
            r#"{"v":{"and":[null]}}"#,
            "variables.v.and.0",
        ),
        (
            "query($v: CustomerFilter) { customers(filter: $v) { nodes { id } } }",
            r#"{"v":{"email":{"eq":null}}}"#,
            "variables.v.email.eq",
        ),
        (
            "mutation($v: CustomerUpdateInput!) { customerUpdate(input: $v) { customer { id } } }",
            r#"{"v":{"id":"cust_x","email":null}}"#,
            "variables.v.email",
        ),
        ("query($v: Boolean!) { viewer { id @include(if: $v) } }", r#"{"v":null}"#, "variables.v"),
        ("query($v: String) { __type(name: $v) { name } }", r#"{"v":null}"#, "variables.v"),
    ];
    for (query, variables, path) in cases {
        let variables: serde_json::Value = serde_json::from_str(variables).unwrap();
        let operations = serde_json::json!({ "query": query, "variables": variables }).to_string();
        let body = Form::of(&operations, &format!(r#"{{"0":["{path}"]}}"#)).file("0", "a.png", b"A").end();
        let answer = send(&client, post(), body).await;
        assert!(!answer.errors().is_empty(), "{query}: {}", answer.text);
        assert_ne!(answer.code(), Some("INTERNAL"), "{query}: {}", answer.text);
    }
}

pub async fn read_past(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let body = Form::of(OPERATIONS, MAP)
        .file("0", "a.png", &vec![7; 300_000])
        .file("planted", "b.png", &vec![7; 300_000])
        .end();
    let (read, length) = (Arc::new(AtomicUsize::new(0)), body.len());
    let counted = read.clone();
    let body = in_pieces(body, 4096).inspect(move |bytes| {
        counted.fetch_add(bytes.as_ref().map_or(0, Bytes::len), Ordering::Relaxed);
    });
    let answer = send(&client, post(), Body::from_stream(body)).await;
    answer.ok();
    assert!(!answer.headers.contains_key(CONNECTION), "the connection can be used again");
    assert!(read.load(Ordering::Relaxed) + "\r\n".len() >= length);
    // A refusal waits as long: who is still sending does not read it.
    let operations = r#"{"query":"mutation($f: String) { logout }","variables":{"f":null}}"#;
    let body =
        Form::of(operations, r#"{"0":["variables.planted"]}"#).file("0", "a.png", &vec![7; 300_000]).end();
    read.store(0, Ordering::Relaxed);
    let (counted, length) = (read.clone(), body.len());
    let body = in_pieces(body, 4096).inspect(move |bytes| {
        counted.fetch_add(bytes.as_ref().map_or(0, Bytes::len), Ordering::Relaxed);
    });
    let answer = send(&client, post(), Body::from_stream(body)).await;
    assert_refused(&answer, StatusCode::BAD_REQUEST, "BAD_USER_INPUT");
    assert!(read.load(Ordering::Relaxed) + "\r\n".len() >= length);
}

pub async fn slow(app: TestApp) {
    let (_, router) = app.instance(|config| config.uploads.idle_seconds = 1).await;
    let client = app.login(SUPPORT).await.at(&router);
    let answer = send(&client, post(), silence()).await;
    assert_refused(&answer, StatusCode::REQUEST_TIMEOUT, "TIMEOUT");
    // Once the operation has been run, its answer stands.
    let start = Form::of(OPERATIONS, MAP).file("0", "a.png", b"A").open();
    let answer = send(&client, post(), streamed(start, stream::pending())).await;
    answer.ok();
    assert_eq!(answer.headers[CONNECTION], "close");
    // The time of other requests is not that of files.
    let (_, router) = app.instance(|config| config.request_timeout_seconds = 1).await;
    let rest = stream::once(async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        Bytes::from(Form::default().file("0", "a.png", b"A").end())
    });
    let start = Form::of(OPERATIONS, MAP).open();
    send(&client.at(&router), post(), streamed(start, rest)).await.ok();
}

pub async fn gate(app: TestApp) {
    let (_, router) = app
        .instance(|config| {
            config.uploads.per_user = 1;
            config.uploads.at_once = 2;
        })
        .await;
    let client = |name| {
        let router = router.clone();
        let app = app.clone();
        async move { app.login(name).await.at(&router) }
    };
    let (support, billing) = (client(SUPPORT).await, client("billing@acme.example").await);
    let admin = client("admin@acme.example").await;
    /// A request that has its place and goes on for ever.
    async fn under_way(client: &Client) -> tokio::task::JoinHandle<()> {
        let (started, sees) = tokio::sync::oneshot::channel();
        let rest = stream::once(async move {
            let _ = started.send(());
            std::future::pending::<Bytes>().await
        });
        let client = client.clone();
        let sending = tokio::spawn(async move {
            send(&client, post(), streamed(Vec::new(), rest)).await;
        });
        sees.await.expect("the body is read");
        sending
    }
    let first = under_way(&support).await;
    let answer = send(&support, post(), silence()).await;
    assert_refused(&answer, StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED");
    assert_eq!(answer.errors()[0]["extensions"]["retryAfter"], 10);
    assert_eq!(answer.headers[RETRY_AFTER], "10");
    send(&billing, post(), small()).await.ok();
    let second = under_way(&billing).await;
    let answer = send(&admin, post(), silence()).await;
    assert_refused(&answer, StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE");
    assert_eq!(answer.headers[RETRY_AFTER], "10");
    // A client that goes away leaves its place.
    for sending in [first, second] {
        sending.abort();
        assert!(sending.await.is_err_and(|error| error.is_cancelled()));
    }
    for client in [&support, &billing, &admin] {
        send(client, post(), small()).await.ok();
    }
}

/// UP2: who writes everything before he reads anything gets his answer, and not a reset connection.
pub async fn no_reset(app: TestApp) {
    let listening = Listening::begin(&app, |_| {}).await;
    let address = listening.address;
    let token = app.token(SUPPORT).await;
    let large = Form::of(OPERATIONS, MAP).file("0", "a.png", &vec![7; 20 << 20]).end();
    let refused = Form::of(OPERATIONS, "planted").file("0", "a.png", &vec![7; 20 << 20]).end();
    for (body, status, expected) in
        [(large, "200 OK", "viewer"), (refused, "400 Bad Request", "BAD_USER_INPUT")]
    {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Apollo-Require-Preflight: x\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n\
             Content-Length: {}\r\n\r\n",
            body.len(),
        );
        let exchange = tokio::task::spawn_blocking(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&body).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        let answer = exchange.await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(expected), "{answer}");
    }
}
