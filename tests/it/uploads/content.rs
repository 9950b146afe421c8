//! `GET /documents/{id}/content`.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::{
    ACCEPT_RANGES, AUTHORIZATION, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use chrono::TimeDelta;
use custodian_entity::audit_event;
use custodian_entity::choice::Outcome;
use custodian_entity::id::DocumentId;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tower::ServiceExt;

use super::clients::{CUSTOMER, taken, upload};
use crate::app::TestApp;
use crate::documents::samples;
use crate::fixture::{Log, absent, text};
use crate::listening::Listening;

type Got = (StatusCode, HeaderMap, Vec<u8>);

/// Sends a request; a body that breaks off is none.
async fn send(app: &TestApp, request: Request<Body>) -> (StatusCode, HeaderMap, Option<Vec<u8>>) {
    let Ok(response) = app.router.clone().oneshot(request).await;
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.ok().map(|bytes| bytes.to_vec());
    (head.status, head.headers, body)
}

async fn request(
    app: &TestApp,
    method: Method,
    who: Option<&str>,
    uri: &str,
    headers: &[(&str, &str)],
) -> Got {
    let mut request = Request::builder().method(method).uri(uri);
    if let Some(who) = who {
        request = request.header(AUTHORIZATION, format!("Bearer {}", app.token(who).await));
    }
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let (status, headers, body) = send(app, request.body(Body::empty()).unwrap()).await;
    (status, headers, body.expect("the body is whole"))
}

fn path(id: &str) -> String {
    format!("/documents/{id}/content")
}

/// The content of a document, asked for by this account.
pub async fn get(app: &TestApp, who: &str, id: &str, headers: &[(&str, &str)]) -> Got {
    request(app, Method::GET, Some(who), &path(id), headers).await
}

/// A document of [`CUSTOMER`] with this content.
async fn document(app: &TestApp, name: &str, content: &[u8]) -> String {
    let answer = upload(app, "0", name, "image/png", content).await;
    text(&taken(&answer)["id"]).to_owned()
}

#[track_caller]
fn header(headers: &HeaderMap, name: impl axum::http::header::AsHeaderName) -> &str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// What an answer says went wrong.
fn error(body: &[u8]) -> (String, String) {
    let body: Value = serde_json::from_slice(body).expect("a refusal is JSON");
    let error = &body["errors"][0];
    (text(&error["extensions"]["code"]).to_owned(), text(&error["message"]).to_owned())
}

/// UP15.
pub async fn headers(app: TestApp) {
    let content = samples::png();
    let id = document(&app, "pasaporte ñ \\\"1\\\".png", &content).await;
    for method in [Method::GET, Method::HEAD] {
        let is_get = method == Method::GET;
        let (status, headers, body) = request(&app, method, Some(CUSTOMER), &path(&id), &[]).await;
        assert_eq!((status, body), (StatusCode::OK, if is_get { content.clone() } else { Vec::new() }));
        assert_eq!(header(&headers, CONTENT_TYPE), "image/png");
        assert_eq!(header(&headers, CONTENT_LENGTH), content.len().to_string());
        assert_eq!(header(&headers, ACCEPT_RANGES), "bytes");
        assert_eq!(header(&headers, X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(header(&headers, CACHE_CONTROL), "no-store");
        assert!(header(&headers, CONTENT_SECURITY_POLICY).contains("sandbox"));
        let disposition = header(&headers, CONTENT_DISPOSITION);
        assert!(disposition.starts_with("attachment; filename=\"pasaporte "), "{disposition}");
        assert!(disposition.contains("; filename*=UTF-8''pasaporte%20%C3%B1%20"), "{disposition}");
        assert_eq!(disposition.matches('"').count(), 2, "{disposition}");
        assert!(!headers.contains_key("etag"));
    }
}

/// UP14: whoever has no right to it learns nothing, not even that it is there.
pub async fn strangers(app: TestApp) {
    let id = document(&app, "a.png", &samples::png()).await;
    let (status, headers, body) = request(&app, Method::GET, None, &path(&id), &[]).await;
    assert_eq!((status, error(&body).0.as_str()), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
    assert_eq!(header(&headers, WWW_AUTHENTICATE), "Bearer");
    let missing = absent::<DocumentId>();
    let bad_token = [("authorization", "Bearer planted")];
    for id in [id.as_str(), &missing, "planted"] {
        let (status, ..) = request(&app, Method::GET, None, &path(id), &bad_token).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    let not_found = ("NOT_FOUND".to_owned(), "not found".to_owned());
    for who in ["customer2@acme.example", "customer@globex.example"] {
        for id in [id.as_str(), &missing, "planted", "..%2f..%2fetc%2fpasswd", "%ff", "cust_01h"] {
            let (status, headers, body) = get(&app, who, id, &[]).await;
            assert_eq!((status, error(&body)), (StatusCode::NOT_FOUND, not_found.clone()), "{who} {id}");
            assert!(!headers.contains_key(CONTENT_DISPOSITION));
        }
    }
    let mut log = Log::mark(&app).await;
    for who in ["reseller@acme.example", "reseller2@acme.example", "billing@acme.example"] {
        let refused = [get(&app, who, &id, &[]).await, get(&app, who, &missing, &[]).await];
        for (status, _, body) in refused {
            assert_eq!((status, error(&body).0.as_str()), (StatusCode::FORBIDDEN, "FORBIDDEN"), "{who}");
        }
    }
    let events = log.gained(&app).await;
    let refused = |event: &&audit_event::Model| event.event_type == "DOCUMENT_DOWNLOADED";
    let refused: Vec<_> = events.iter().filter(refused).map(|event| event.outcome).collect();
    assert_eq!(refused, [Outcome::Denied; 3], "each once in a minute");
    for method in [Method::POST, Method::DELETE, Method::PUT] {
        let (status, ..) = request(&app, method, Some(CUSTOMER), &path(&id), &[]).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

/// RFC 9110, 14: one range is answered; several, and what is none, by the whole.
pub async fn ranges(app: TestApp) {
    let content = samples::png_of(150_000);
    let id = document(&app, "a.png", &content).await;
    let size = content.len();
    let parts = [
        ("bytes=0-0", 0..1),
        ("bytes=0-", 0..size),
        ("Bytes= 10-19", 10..20),
        ("bytes=65535-65536", 65_535..65_537),
        ("bytes=149999-", 149_999..size),
        ("bytes=149990-9999999999999999999999999", 149_990..size),
        ("bytes=-1", size - 1..size),
        ("bytes=-9999999999999999999999999", 0..size),
    ];
    for (wanted, range) in parts {
        let (status, headers, body) = get(&app, CUSTOMER, &id, &[("range", wanted)]).await;
        assert_eq!(status, StatusCode::PARTIAL_CONTENT, "{wanted}");
        assert!(body == content[range.clone()], "{wanted}");
        let place = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        assert_eq!(header(&headers, CONTENT_RANGE), place);
        assert_eq!(header(&headers, CONTENT_LENGTH), range.len().to_string());
    }
    for wanted in ["bytes=150000-", "bytes=150000-150001", "bytes=99999999999999999999999-", "bytes=-0"] {
        let (status, headers, body) = get(&app, CUSTOMER, &id, &[("range", wanted)]).await;
        assert_eq!((status, body.len()), (StatusCode::RANGE_NOT_SATISFIABLE, 0), "{wanted}");
        assert_eq!(header(&headers, CONTENT_RANGE), "bytes */150000");
    }
    let thousand = format!("bytes={}", ["0-"; 1000].join(","));
    let whole = [
        "bytes=0-1,5-6",
        &thousand,
        "bytes=5-4",
        "bytes=",
        "bytes=-",
        "bytes",
        "items=0-1",
        "bytes=a-b",
        "bytes=+1-2",
        "bytes=1-2x",
        "bytes=1",
        "bytes=--1",
        "",
    ];
    for wanted in whole {
        let (status, _, body) = get(&app, CUSTOMER, &id, &[("range", wanted)]).await;
        assert_eq!((status, body.len()), (StatusCode::OK, size), "{wanted}");
    }
    let twice = [("range", "bytes=0-1"), ("range", "bytes=2-3")];
    let conditional = [("range", "bytes=0-1"), ("if-range", "\"planted\"")];
    for headers in [twice, conditional] {
        assert_eq!(get(&app, CUSTOMER, &id, &headers).await.0, StatusCode::OK);
    }
    let head = request(&app, Method::HEAD, Some(CUSTOMER), &path(&id), &[("range", "bytes=0-1")]).await;
    assert_eq!(head.0, StatusCode::OK, "ranges are for GET");
    let mut log = Log::mark(&app).await;
    request(&app, Method::HEAD, Some(CUSTOMER), &path(&id), &[]).await;
    get(&app, CUSTOMER, &id, &[("range", "bytes=150000-")]).await;
    assert!(log.gained(&app).await.is_empty(), "nothing was sent");
}

/// A link is good once, for a minute, for its own document, and instead of a token.
pub async fn links(app: TestApp) {
    let content = samples::png();
    let (id, other) = (document(&app, "a.png", &content).await, document(&app, "b.png", &content).await);
    let client = app.login(CUSTOMER).await;
    let link = async || {
        let document = "mutation($id: ID!) { documentDownloadLink(input: { id: $id }) { download { url } } }";
        let answer = client.query(document, json!({ "id": id })).await;
        let url = text(&answer.ok()["documentDownloadLink"]["download"]["url"]).to_owned();
        url[url.find("/documents/").expect("an address of ours")..].to_owned()
    };
    let status = async |uri: &str| request(&app, Method::GET, None, uri, &[]).await.0;
    let first = link().await;
    assert_eq!(status(&first.replace(&id, &other)).await, StatusCode::NOT_FOUND);
    assert_eq!(status(&format!("{first}&link=x")).await, StatusCode::BAD_REQUEST);
    let both = request(&app, Method::GET, Some(CUSTOMER), &first, &[]).await;
    assert_eq!(both.0, StatusCode::BAD_REQUEST);
    let head = request(&app, Method::HEAD, None, &first, &[]).await;
    let beyond = request(&app, Method::GET, None, &first, &[("range", "bytes=999999-")]).await;
    assert_eq!((head.0, beyond.0), (StatusCode::OK, StatusCode::RANGE_NOT_SATISFIABLE), "nothing is used up");
    let (found, _, body) = request(&app, Method::GET, None, &first, &[]).await;
    assert_eq!((found, body), (StatusCode::OK, content));
    assert_eq!(status(&first).await, StatusCode::NOT_FOUND);
    for token in ["", "planted", &"x".repeat(5000)] {
        assert_eq!(status(&format!("{}?link={token}", path(&id))).await, StatusCode::NOT_FOUND);
    }
    let second = link().await;
    app.clock.advance(TimeDelta::seconds(61));
    assert_eq!(status(&second).await, StatusCode::NOT_FOUND);
    assert!(!app.logs().contains(second.rsplit('=').next().unwrap()), "a link is logged");
}

/// What was changed in the store is not given out, and what came before it does not pass for the whole.
pub async fn damaged(app: TestApp) {
    let content = samples::png_of(300_000);
    let id = document(&app, "a.png", &content).await;
    let object = largest_file(&app.database().config().data_dir.join("documents"));
    let mut bytes = std::fs::read(&object).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&object, bytes).unwrap();
    let token = format!("Bearer {}", app.token(CUSTOMER).await);
    let request = Request::get(path(&id)).header(AUTHORIZATION, token).body(Body::empty()).unwrap();
    let (status, headers, body) = send(&app, request).await;
    assert_eq!((status, header(&headers, CONTENT_LENGTH)), (StatusCode::OK, "300000"));
    assert!(body.is_none(), "the body breaks off");
}

fn largest_file(folder: &std::path::Path) -> std::path::PathBuf {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the store is a folder") {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.into_iter().max_by_key(|path| path.metadata().unwrap().len()).expect("an object")
}

/// UP14: who asks and takes nothing keeps his place for so long and no longer, and nobody else's.
pub async fn gate(app: TestApp) {
    let listening = Listening::begin(&app, |config| {
        config.downloads.per_user = 1;
        config.downloads.idle_seconds = 1;
    })
    .await;
    let address = listening.address;
    let content = samples::png_of(10 * 1024 * 1024);
    let id = document(&app, "a.png", &content).await;
    let (path, token) = (path(&id), app.token(CUSTOMER).await);
    let ask = async || {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut connection = socket.connect(address).await.unwrap();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        connection.read_exact(&mut status).await.unwrap();
        (connection, String::from_utf8_lossy(&status[9..]).into_owned())
    };
    let (_idle, first) = ask().await;
    assert_eq!((first.as_str(), ask().await.1.as_str()), ("200", "429"));
    let place = async {
        loop {
            let (connection, status) = ask().await;
            if status == "200" {
                return connection;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let mut second =
        tokio::time::timeout(Duration::from_secs(20), place).await.expect("there is a place again");
    let mut rest = Vec::new();
    second.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(&content), "who takes it gets all of it");
}
