//! Media types and statuses (GraphQL over HTTP).

use axum::body::Body;
use axum::http::header::{ACCEPT, ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{Method, Request, StatusCode};

use super::{JSON, RESPONSE, SUPPORT, VIEWER, assert_refused, header, post, send, url};
use crate::app::TestApp;

pub async fn media_types(app: TestApp) {
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

pub async fn statuses(app: TestApp) {
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

/// A query that leaves a record.
const LOOKUP: &str = "customerLookup(by: { email: \"planted@mail.example\" }) { id }";

/// Fragments of which one is spread, and the other is not and looks up.
const UNUSED: &str = "fragment F on Query { viewer { id } } \
    fragment G on Query { customerLookup(by: { email: \"planted@mail.example\" }) { id } }";

pub async fn get(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let query = |parameters: &[(&str, &str)]| Request::get(url(parameters)).header(ACCEPT, RESPONSE);
    for parameters in [
        vec![("query", "{ viewer { id } }")],
        vec![("query", "query A { viewer { id } } mutation B { __typename }"), ("operationName", "A")],
        vec![
            ("query", "query A($b: Int) { viewer { id @skip(if: false) } __typename @include(if: true) }"),
            ("variables", "{}"),
        ],
        // Nothing of it is looked up.
        vec![
            ("query", &format!("query A {{ ...F }} query B {{ {LOOKUP} }} {UNUSED}")),
            ("operationName", "A"),
        ],
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
        // A look-up leaves a record, and its value stands in the address.
        vec![("query", &format!("{{ viewer {{ id }} {LOOKUP} }}"))],
        vec![
            ("query", &format!("query A {{ viewer {{ id }} }} query B {{ {LOOKUP} }}")),
            ("operationName", "B"),
        ],
        vec![("query", &format!("{{ ... @skip(if: true) {{ ... on Query {{ who: {LOOKUP} }} }} }}"))],
        vec![(
            "query",
            &format!("{{ ...F }} fragment F on Query {{ ...F ...G }} fragment G on Query {{ {LOOKUP} }}"),
        )],
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

pub async fn methods(app: TestApp) {
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
