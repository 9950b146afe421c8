//! The HTTP front: media types, methods, sizes, credentials, headers (GraphQL over HTTP; abuse cases HT1-HT6, DO9).

use std::collections::HashSet;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT, ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, WWW_AUTHENTICATE,
};
use axum::http::request::Builder;
use axum::http::{HeaderName, Method, Request, StatusCode};
use custodian::app::App;
use custodian::config::{Config, Profile};
use futures_util::Stream;
use serde_json::json;

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::suite::Suite;

const JSON: &str = "application/json";
const RESPONSE: &str = "application/graphql-response+json";
const SUPPORT: &str = "support@acme.example";
const VIEWER: &str = r#"{"query":"{ viewer { id } }"}"#;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.sqlite("http::an answer has the media type that is asked for", media_types);
    suite.sqlite("http::the status tells what happened, unless plain JSON is asked for", statuses);
    suite.sqlite("http::a body is read only if it is JSON in UTF-8", body_types);
    suite.sqlite("http::a malformed request is refused and not repeated", malformed);
    suite.sqlite("http::a body over the limit is refused, announced or not", too_large);
    suite.sqlite("http::a body that does not arrive is given up", slow_body);
    suite.sqlite("http::GET runs queries and nothing else", get);
    suite.sqlite("http::other methods and addresses are refused", methods);
    suite.sqlite("http::credentials are one well-formed bearer token or none", credentials);
    suite.sqlite("http::the role is one the viewer holds", role);
    suite.sqlite("http::a body is not read before the token is accepted", token_first);
    suite.sqlite("http::every answer has the headers and an id of ours", headers);
    suite.sqlite("http::a document that would overflow the parser's stack is refused", nesting);
    suite.sqlite("http::health and readiness", health);
    suite.sqlite("http::GraphiQL loads pinned files only, and only where it is on", graphiql);
    suite.sqlite("http::the log has neither paths, documents nor tokens", log);
}

fn post(accept: &str) -> Builder {
    Request::post("/graphql").header(CONTENT_TYPE, JSON).header(ACCEPT, accept)
}

async fn send(client: &Client, builder: Builder, body: impl Into<Body>) -> Answer {
    client.send(builder.body(body.into()).unwrap()).await
}

/// A GET of GraphQL with these parameters.
fn url(parameters: &[(&str, &str)]) -> String {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let pairs: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    format!("/graphql?{}", pairs.join("&"))
}

#[track_caller]
fn assert_refused(answer: &Answer, status: StatusCode, code: &str) {
    assert_eq!((answer.status, answer.code()), (status, Some(code)), "{}", answer.text);
    assert!(answer.body.get("data").is_none(), "a refusal has no data: {}", answer.text);
}

fn header<'a>(answer: &'a Answer, name: &HeaderName) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

async fn media_types(app: TestApp) {
    let client = app.login(SUPPORT).await;
    for (accept, expected) in [
        (None, JSON),
        (Some("*/*"), JSON),
        (Some("application/*"), JSON),
        (Some(JSON), JSON),
        (Some(RESPONSE), RESPONSE),
        (Some("Application/GraphQL-Response+JSON; charset=utf-8"), RESPONSE),
        (Some("application/json, application/graphql-response+json"), RESPONSE),
        (Some("application/json, application/graphql-response+json;q=0.9"), JSON),
        (Some("application/graphql-response+json;q=0, */*"), JSON),
        (Some("text/html, application/xhtml+xml, */*;q=0.8"), JSON),
    ] {
        let mut request = Request::post("/graphql").header(CONTENT_TYPE, JSON);
        if let Some(accept) = accept {
            request = request.header(ACCEPT, accept);
        }
        let answer = send(&client, request, VIEWER).await;
        answer.ok();
        assert_eq!(header(&answer, &CONTENT_TYPE), format!("{expected}; charset=utf-8"), "for {accept:?}");
    }
    for accept in ["text/html", "application/json;q=0", "application/xml, text/*", ""] {
        let answer = send(&client, post(accept), VIEWER).await;
        assert_refused(&answer, StatusCode::NOT_ACCEPTABLE, "BAD_USER_INPUT");
    }
}

async fn statuses(app: TestApp) {
    let (anonymous, support) = (app.anonymous(), app.login(SUPPORT).await);
    let unknown = r#"{"query":"{ noSuchField }"}"#;
    for (client, body, status, code) in [
        (&support, r#"{"query":"{"}"#, StatusCode::BAD_REQUEST, "BAD_USER_INPUT"),
        (&anonymous, VIEWER, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
    ] {
        let strict = send(client, post(RESPONSE), body).await;
        assert_refused(&strict, status, code);
        let plain = send(client, post(JSON), body).await;
        assert_refused(&plain, StatusCode::OK, code);
    }
    assert!(send(&support, post(RESPONSE), unknown).await.status.is_client_error());
    assert_eq!(send(&support, post(JSON), unknown).await.status, StatusCode::OK);
    let refused = send(&anonymous, post(RESPONSE), VIEWER).await;
    assert_eq!(header(&refused, &WWW_AUTHENTICATE), "Bearer");
}

async fn body_types(app: TestApp) {
    let client = app.login(SUPPORT).await;
    for content_type in [JSON, "APPLICATION/JSON", "application/json; charset=UTF-8", "application/json;charset=\"utf-8\""] {
        send(&client, Request::post("/graphql").header(CONTENT_TYPE, content_type), VIEWER).await.ok();
    }
    let refused = [
        vec![],
        vec![(CONTENT_TYPE, "text/plain")],
        vec![(CONTENT_TYPE, "application/x-www-form-urlencoded")],
        vec![(CONTENT_TYPE, "multipart/form-data; boundary=x")],
        vec![(CONTENT_TYPE, "application/graphql")],
        vec![(CONTENT_TYPE, "application/json; charset=iso-8859-1")],
        vec![(CONTENT_TYPE, JSON), (CONTENT_TYPE, "text/plain")],
        vec![(CONTENT_TYPE, JSON), (CONTENT_ENCODING, "gzip")],
    ];
    for headers in refused {
        let request = headers.iter().fold(Request::post("/graphql"), |request, (name, value)| request.header(name, *value));
        let answer = send(&client, request, VIEWER).await;
        assert_refused(&answer, StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_USER_INPUT");
    }
}

async fn malformed(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let deep = format!(r#"{{"query":"{{ viewer {{ id }} }}","variables":{{"planted":{}1{}}}}}"#, "[".repeat(500), "]".repeat(500));
    let bodies: [&[u8]; 22] = [
        b"",
        b"planted",
        b"\"planted\"",
        b"{\"query\":\"{ planted }\"",
        b"{\"query\":\"{ planted }\"} planted",
        b"{\"query\":\"planted \xff\"}",
        b"{\"planted\":1}",
        b"{\"query\":null}",
        b"{\"query\":{\"planted\":1}}",
        b"{\"query\":[\"planted\"]}",
        b"{\"query\":\"{ viewer { id } }\",\"query\":\"{ planted }\"}",
        b"[{\"query\":\"{ viewer { id } }\"}]",
        b"[\"{ viewer { id } }\"]",
        b" \n[]",
        b"{\"query\":\"{ viewer { id } }\",\"operationName\":7}",
        b"{\"query\":\"{ viewer { id } }\",\"variables\":\"planted\"}",
        b"{\"query\":\"{ viewer { id } }\",\"variables\":[\"planted\"]}",
        b"{\"query\":\"{ viewer { id } }\",\"extensions\":\"planted\"}",
        b"{\"query\":\"{ viewer { id } }\",\"extensions\":[]}",
        // What the GraphQL library takes for an uploaded file, panicking when there is none.
        b"{\"query\":\"{ viewer { id } }\",\"variables\":{\"a\":\"#__graphql_file__:planted\"}}",
        b"{\"query\":\"{ viewer { id } }\",\"variables\":{\"a\":[{\"b\":\"#__graphql_file__:7\"}]}}",
        deep.as_bytes(),
    ];
    for body in bodies {
        for accept in [JSON, RESPONSE] {
            let answer = send(&client, post(accept), body.to_vec()).await;
            assert_refused(&answer, StatusCode::BAD_REQUEST, "BAD_USER_INPUT");
            assert!(!answer.text.contains("planted"), "repeated: {}", answer.text);
        }
    }
    for body in [
        r#"{"query":"{ viewer { id } }","operationName":null,"variables":null,"extensions":null}"#,
        r#"{"query":"query A { viewer { id } }","operationName":"A","variables":{},"extensions":{"x":1},"unknown":[1]}"#,
        r#"{"query":"{ viewer { id } }","operationName":""}"#,
    ] {
        send(&client, post(RESPONSE), body).await.ok();
    }
}

async fn too_large(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let limit = Config::default().limits.body_bytes;
    let announced = post(RESPONSE).header(CONTENT_LENGTH, limit + 1);
    // Nothing of the body is there: it is refused by its length alone.
    let answer = send(&client, announced, Body::from_stream(Silence)).await;
    assert_refused(&answer, StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE");

    let padded = |length: usize| format!("{VIEWER}{}", " ".repeat(length - VIEWER.len()));
    let unannounced = |text: String| Body::from_stream(Pieces(text.into_bytes().chunks(4096).map(Bytes::copy_from_slice).collect()));
    let answer = send(&client, post(RESPONSE), unannounced(padded(limit + 1))).await;
    assert_refused(&answer, StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE");
    send(&client, post(RESPONSE), unannounced(padded(limit))).await.ok();
}

async fn slow_body(app: TestApp) {
    let client = Client::new(router(&app, |config| config.request_timeout_seconds = 1).await, None);
    let answer = send(&client, post(RESPONSE), Body::from_stream(Silence)).await;
    assert_refused(&answer, StatusCode::REQUEST_TIMEOUT, "TIMEOUT");
}

async fn get(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let query = |parameters: &[(&str, &str)]| Request::get(url(parameters)).header(ACCEPT, RESPONSE);
    for parameters in [
        vec![("query", "{ viewer { id } }")],
        vec![("query", "query A { viewer { id } } mutation B { __typename }"), ("operationName", "A")],
        vec![("query", "query A($b: Int) { viewer { id @skip(if: false) } __typename @include(if: true) }"), ("variables", "{}")],
    ] {
        let answer = send(&client, query(&parameters), Body::empty()).await;
        assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{parameters:?}: {}", answer.text);
    }
    send(&client, query(&[("query", "{ viewer { id } }"), ("variables", "{}")]), Body::empty()).await.ok();
    for parameters in [
        vec![("query", "mutation { __typename }")],
        vec![("query", "subscription { __typename }")],
        vec![("query", "query A { __typename } mutation B { __typename }"), ("operationName", "B")],
        // Which one is meant is not said: that one of them is a mutation is enough.
        vec![("query", "query A { __typename } mutation B { __typename }")],
        vec![("query", "mutation A { __typename }"), ("operationName", "")],
    ] {
        let answer = send(&client, query(&parameters), Body::empty()).await;
        assert_refused(&answer, StatusCode::METHOD_NOT_ALLOWED, "BAD_USER_INPUT");
        assert_eq!(header(&answer, &ALLOW), "POST");
    }
    for parameters in [
        vec![],
        vec![("variables", "{}")],
        vec![("query", "{ viewer { id } }"), ("query", "{ viewer { id } }")],
        vec![("query", "{ viewer { id } }"), ("variables", "planted")],
        vec![("query", "{ viewer { id } }"), ("variables", "[]")],
        vec![("query", "{ viewer { id } }"), ("extensions", "7")],
        vec![("query", "{")],
    ] {
        let answer = send(&client, query(&parameters), Body::empty()).await;
        assert_refused(&answer, StatusCode::BAD_REQUEST, "BAD_USER_INPUT");
        assert!(!answer.text.contains("planted"), "repeated: {}", answer.text);
    }
}

async fn methods(app: TestApp) {
    let client = app.anonymous();
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS, Method::TRACE, Method::HEAD] {
        let answer = send(&client, Request::builder().method(method.clone()).uri("/graphql"), VIEWER).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(header(&answer, &ALLOW), "GET, POST", "{method}");
    }
    let answer = send(&client, Request::post("/healthz"), Body::empty()).await;
    assert_refused(&answer, StatusCode::METHOD_NOT_ALLOWED, "BAD_USER_INPUT");
    assert_eq!(header(&answer, &ALLOW), "GET,HEAD");
    for path in ["/", "/graphql/", "/metrics", "/planted", "/graphiql/../etc/passwd", "/%00"] {
        let answer = send(&client, Request::get(path), Body::empty()).await;
        assert_refused(&answer, StatusCode::NOT_FOUND, "NOT_FOUND");
        assert!(!answer.text.contains("planted"), "repeated: {}", answer.text);
    }
}

async fn credentials(app: TestApp) {
    let anonymous = app.anonymous();
    let token = app.token(SUPPORT).await;
    for value in [format!("Bearer {token}"), format!("bearer {token}"), format!("BEARER   {token}")] {
        send(&anonymous, post(RESPONSE).header(AUTHORIZATION, value), VIEWER).await.ok();
    }
    let refused = [
        vec!["Bearer".to_owned()],
        vec!["Bearer ".to_owned()],
        vec!["Bearer planted".to_owned()],
        vec!["Bearer pla nted".to_owned()],
        vec![format!("Bearer {token}x")],
        vec![format!("Bearer {}", "x".repeat(10_000))],
        vec![format!("Basic {token}")],
        vec![token.clone()],
        vec![format!("Bearer {token}"), format!("Bearer {token}")],
    ];
    for values in refused {
        for accept in [JSON, RESPONSE] {
            let request = values.iter().fold(post(accept), |request, value| request.header(AUTHORIZATION, value));
            let answer = send(&anonymous, request, r#"{"query":"{ __typename }"}"#).await;
            assert_refused(&answer, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
            assert_eq!(header(&answer, &WWW_AUTHENTICATE), "Bearer error=\"invalid_token\"");
            assert!(!answer.text.contains("planted"), "repeated: {}", answer.text);
        }
    }
}

async fn role(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let with = |role: &str| post(RESPONSE).header("x-custodian-role", role);
    send(&client, with("support_agent"), VIEWER).await.ok();
    let answer = send(&client, with("system_admin"), VIEWER).await;
    assert_refused(&answer, StatusCode::FORBIDDEN, "FORBIDDEN");
    for request in [with(""), with(&"x".repeat(1000)), with("support_agent").header("x-custodian-role", "support_agent")] {
        assert_refused(&send(&client, request, VIEWER).await, StatusCode::BAD_REQUEST, "BAD_USER_INPUT");
    }
}

async fn token_first(app: TestApp) {
    let request = post(RESPONSE).header(AUTHORIZATION, "Bearer planted");
    // This body never comes: reading it first would not end.
    let answer = send(&app.anonymous(), request, Body::from_stream(Silence)).await;
    assert_refused(&answer, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
}

async fn headers(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let foreign = "11111111-1111-1111-1111-111111111111";
    let answers = [
        (200, send(&client, post(RESPONSE).header("x-request-id", foreign), VIEWER).await),
        (400, send(&client, post(RESPONSE), "{").await),
        (401, send(&client, post(RESPONSE).header(AUTHORIZATION, "Basic x"), VIEWER).await),
        (404, send(&client, Request::get("/nowhere").header("x-request-id", foreign), Body::empty()).await),
        (405, send(&client, Request::delete("/graphql"), Body::empty()).await),
        (405, send(&client, Request::delete("/healthz"), Body::empty()).await),
        (406, send(&client, post("text/html"), VIEWER).await),
        (413, send(&client, post(RESPONSE).header(CONTENT_LENGTH, 1_u64 << 40), Body::empty()).await),
        (415, send(&client, Request::post("/graphql"), VIEWER).await),
        (200, send(&client, Request::get("/healthz"), Body::empty()).await),
        (200, send(&client, Request::get("/graphiql"), Body::empty()).await),
        (200, send(&client, Request::get("/graphiql/app.js"), Body::empty()).await),
    ];
    let mut ids = HashSet::new();
    for (status, answer) in &answers {
        assert_eq!(answer.status.as_u16(), *status, "{}", answer.text);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(header(answer, &HeaderName::from_static(name)), value, "{name} of {status}");
        }
        let policy = header(answer, &CONTENT_SECURITY_POLICY);
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(answer.headers.contains_key("permissions-policy"));
        assert!(header(answer, &CACHE_CONTROL).starts_with("no-"), "{status}");
        assert!(!answer.headers.contains_key("server"), "{status} names the server");
        // Only under TLS.
        assert!(!answer.headers.contains_key("strict-transport-security"), "{status}");

        let id = header(answer, &HeaderName::from_static("x-request-id"));
        assert!(uuid::Uuid::parse_str(id).is_ok() && id != foreign, "{id}");
        assert!(ids.insert(id.to_owned()), "{id} is given twice");
        for error in answer.errors() {
            assert_eq!(error["extensions"]["requestId"], id);
        }
    }
    let production = Client::new(router(&app, |config| config.profile = Profile::Production).await, None);
    let answer = send(&production, Request::get("/nowhere"), Body::empty()).await;
    assert!(answer.headers.contains_key("strict-transport-security"));
}

async fn nesting(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let nested = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
    let document = |argument: &str| format!("{{ viewer {{ access(type: {argument}, field: \"x\") {{ read }} }} }}");
    let refused = [
        document(&nested("[", "]", 2000)),
        document(&nested("{a:", "}", 3000)),
        document(&format!("\"\"\"x\" {}", nested("[", "]", 2000))),
        document(&format!("#\r{}", nested("[", "]", 2000))),
        document(&format!("\"\\\\\" {}", nested("[", "]", 2000))),
        format!("query($a: {}Int{}) {{ viewer {{ id }} }}", "[".repeat(5000), "]".repeat(5000)),
        "{a".repeat(100_000),
    ];
    for document in refused {
        let answer = client.query(&document, json!({})).await;
        assert_refused(&answer, StatusCode::BAD_REQUEST, "QUERY_TOO_COMPLEX");
        let answer = send(&client, Request::get(url(&[("query", &document[..document.len().min(10_000)])])), Body::empty()).await;
        assert_eq!(answer.code(), Some("QUERY_TOO_COMPLEX"), "{}", answer.text);
    }
    // Brackets in strings and comments are none.
    let brackets = "[({".repeat(100);
    for text in [
        format!("# {brackets}\n{{ viewer {{ id }} }}"),
        format!("{{ viewer {{ id }} }} #{brackets}"),
        format!("query($a: String = \"\\\"{brackets}\\\\\") {{ viewer {{ id }} __typename @skip(if: true) }}"),
        format!("query($a: String = \"\"\"\" \\\"\"\" {brackets}\"\"\") {{ viewer {{ id }} }}"),
    ] {
        let answer = client.query(&text, json!({})).await;
        assert_ne!(answer.code(), Some("QUERY_TOO_COMPLEX"), "{}", answer.text);
    }
}

async fn health(app: TestApp) {
    let client = app.anonymous();
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = send(&client, Request::get(path), Body::empty()).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, text));
    }
}

async fn graphiql(app: TestApp) {
    let client = app.anonymous();
    let page = send(&client, Request::get("/graphiql"), Body::empty()).await;
    assert_eq!(header(&page, &CONTENT_TYPE), "text/html; charset=utf-8");
    let policy = header(&page, &CONTENT_SECURITY_POLICY);
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(policy.contains("connect-src 'self'"), "{policy}");
    let foreign: Vec<_> = page.text.lines().filter(|line| line.contains("https://")).collect();
    assert_eq!(foreign.len(), 4, "{}", page.text);
    for line in foreign {
        let url = line.split('"').find(|part| part.starts_with("https://")).unwrap();
        let (_, version) = url.rsplit_once('@').unwrap();
        assert!(version.split('.').nth(2).is_some(), "{url} has no exact version");
        assert!(policy.split([' ', ';']).any(|source| source == url), "the policy lacks {url}");
        assert!(line.contains("integrity=\"sha384-") && line.contains("crossorigin=\"anonymous\""), "{line}");
    }
    assert!(!page.text.contains("<style") && !page.text.contains("style=") && !page.text.contains("<script>"));
    for (path, content_type) in [("/graphiql/app.js", "text/javascript"), ("/graphiql/app.css", "text/css")] {
        let file = send(&client, Request::get(path), Body::empty()).await;
        assert!(header(&file, &CONTENT_TYPE).starts_with(content_type));
        assert!(page.text.contains(path), "the page does not load {path}");
    }

    let off = Client::new(router(&app, |config| config.graphiql = false).await, None);
    for path in ["/graphiql", "/graphiql/app.js"] {
        assert_refused(&send(&off, Request::get(path), Body::empty()).await, StatusCode::NOT_FOUND, "NOT_FOUND");
    }
}

async fn log(app: TestApp) {
    let planted = format!("planted{}", app.clock.new_uuid().simple());
    let client = app.login(SUPPORT).await;
    let token = app.token(SUPPORT).await;
    let document = format!("query {planted} {{ viewer {{ id }} }}");
    client.query(&document, json!({ "a": planted })).await;
    client.query(&format!("{{ {planted} }}"), json!({})).await;
    client.query(&format!("{{ viewer {{ id }} {planted}"), json!({})).await;
    send(&client, Request::get(format!("/{planted}?x={planted}")), Body::empty()).await;
    send(&client, Request::get(url(&[("query", &document)])), Body::empty()).await;
    send(&client, Request::builder().method(planted.as_str()).uri("/graphql"), Body::empty()).await;
    send(&client, post(RESPONSE).header(AUTHORIZATION, format!("Bearer {planted}")), VIEWER).await;
    send(&client, post(RESPONSE).header("x-custodian-role", &planted), VIEWER).await;
    let answer = send(&client, post(RESPONSE).header("x-request-id", &planted), VIEWER).await;
    let logs = app.logs();
    assert!(!logs.contains(&planted), "logged: {:?}", logs.lines().find(|line| line.contains(&planted)));
    assert!(!logs.contains(&token), "a token is logged");
    let id = header(&answer, &HeaderName::from_static("x-request-id"));
    let of_request = |line: &&str| line.contains(id) && line.contains("status=200");
    assert!(logs.lines().any(|line| of_request(&line)), "the request's end is not logged");
}

/// The service on the test's database with a changed configuration.
async fn router(app: &TestApp, change: impl FnOnce(&mut Config)) -> axum::Router {
    let database = app.database();
    let mut config = Config::for_tests(database.url.clone(), database.folder.path().to_owned());
    change(&mut config);
    match App::start(config, app.clock.clone()).await {
        Ok(app) => custodian::http::router(app),
        Err(error) => panic!("the service does not start: {error}"),
    }
}

/// A body of which nothing ever arrives.
struct Silence;

impl Stream for Silence {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Pending
    }
}

/// A body in pieces, without a length.
struct Pieces(std::collections::VecDeque<Bytes>);

impl Stream for Pieces {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}
