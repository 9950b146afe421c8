//! What every answer has, and the pages beside GraphQL.

use std::collections::HashSet;

use axum::body::{Body, to_bytes};
use axum::http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use axum::http::{HeaderName, Request, StatusCode};
use serde_json::json;
use tower::ServiceExt;

use super::{RESPONSE, SUPPORT, VIEWER, assert_refused, header, post, router, send, url};
use crate::app::TestApp;
use crate::client::Client;

pub async fn headers(app: TestApp) {
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
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
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
    let production = Client::new(router(&app, |config| *config = app.database().production()).await, None);
    let answer = send(&production, Request::get("/nowhere"), Body::empty()).await;
    assert!(answer.headers.contains_key("strict-transport-security"));
}

pub async fn health(app: TestApp) {
    let client = app.anonymous();
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = send(&client, Request::get(path), Body::empty()).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, text));
    }
}

pub async fn graphiql(app: TestApp) {
    let (service, _) = app.instance(|_| {}).await;
    let served = custodian::http::router_without_console(service);
    let client = Client::new(served.clone(), None);
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
    assert!(
        !page.text.contains("<style") && !page.text.contains("style=") && !page.text.contains("<script>")
    );
    for (path, content_type) in [("/graphiql/app.js", "text/javascript"), ("/graphiql/app.css", "text/css")] {
        let file = send(&client, Request::get(path), Body::empty()).await;
        assert!(header(&file, &CONTENT_TYPE).starts_with(content_type));
        assert!(page.text.contains(path), "the page does not load {path}");
    }

    for path in ["/graphiql", "/graphiql/app.js"] {
        let plain = send(&client, Request::get(path), Body::empty()).await;
        let tag = plain.headers.get(ETAG).expect("it has a tag").clone();
        for known in [tag.to_str().unwrap(), "*", &format!("\"other\", {}", tag.to_str().unwrap())] {
            let again = send(&client, Request::get(path).header(IF_NONE_MATCH, known), Body::empty()).await;
            assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path} {known}");
            assert_eq!(again.headers.get(ETAG), Some(&tag));
        }
        let other = Request::get(path).header(IF_NONE_MATCH, "W/\"other\"");
        assert_eq!(send(&client, other, Body::empty()).await.text, plain.text);
        for coding in ["br", "gzip"] {
            let packed = Request::get(path).header(ACCEPT_ENCODING, coding).body(Body::empty()).unwrap();
            let packed = served.clone().oneshot(packed).await.unwrap();
            assert_eq!(packed.headers().get(CONTENT_ENCODING).unwrap(), coding, "{path}");
            let size = to_bytes(packed.into_body(), 1 << 20).await.unwrap().len();
            assert!(size < plain.text.len(), "{path} in {coding}: {size} of {} bytes", plain.text.len());
        }
    }
    // Answers of the API are not: their length would tell of what is in them.
    let asked = post(RESPONSE).header(ACCEPT_ENCODING, "br, gzip");
    let answer = send(&client, asked, VIEWER).await;
    assert!(!answer.headers.contains_key(CONTENT_ENCODING), "an answer of the API is compressed");

    let (service, _) = app.instance(|config| config.graphiql = false).await;
    let off = Client::new(custodian::http::router_without_console(service), None);
    for path in ["/graphiql", "/graphiql/app.js"] {
        assert_refused(
            &send(&off, Request::get(path), Body::empty()).await,
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
        );
    }
}

pub async fn log(app: TestApp) {
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
