//! What is accepted as a request's body.

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{Request, StatusCode};
use custodian::config::Config;
use serde_json::json;

use super::{JSON, Pieces, RESPONSE, SUPPORT, Silence, VIEWER, assert_refused, post, router, send, url};
use crate::app::TestApp;
use crate::client::Client;

pub async fn body_types(app: TestApp) {
    let client = app.login(SUPPORT).await;
    for content_type in
        [JSON, "APPLICATION/JSON", "application/json; charset=UTF-8", "application/json;charset=\"utf-8\""]
    {
        send(&client, Request::post("/graphql").header(CONTENT_TYPE, content_type), VIEWER).await.ok();
    }
    let refused = [
        vec![],
        vec![(CONTENT_TYPE, "text/plain")],
        vec![(CONTENT_TYPE, "application/x-www-form-urlencoded")],
        vec![(CONTENT_TYPE, "application/graphql")],
        vec![(CONTENT_TYPE, "application/json; charset=iso-8859-1")],
        vec![(CONTENT_TYPE, JSON), (CONTENT_TYPE, "text/plain")],
        vec![(CONTENT_TYPE, JSON), (CONTENT_ENCODING, "gzip")],
    ];
    for headers in refused {
        let request = headers
            .iter()
            .fold(Request::post("/graphql"), |request, (name, value)| request.header(name, *value));
        let answer = send(&client, request, VIEWER).await;
        assert_refused(&answer, StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_USER_INPUT");
    }
}

pub async fn malformed(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let deep = format!(
        r#"{{"query":"{{ viewer {{ id }} }}","variables":{{"planted":{}1{}}}}}"#,
        "[".repeat(500),
        "]".repeat(500)
    );
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

pub async fn too_large(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let limit = Config::default().limits.body_bytes;
    let announced = post(RESPONSE).header(CONTENT_LENGTH, limit + 1);
    // Nothing of the body is there: it is refused by its length alone.
    let answer = send(&client, announced, Body::from_stream(Silence)).await;
    assert_refused(&answer, StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE");

    let padded = |length: usize| format!("{VIEWER}{}", " ".repeat(length - VIEWER.len()));
    let unannounced = |text: String| {
        Body::from_stream(Pieces(text.into_bytes().chunks(4096).map(Bytes::copy_from_slice).collect()))
    };
    let answer = send(&client, post(RESPONSE), unannounced(padded(limit + 1))).await;
    assert_refused(&answer, StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE");
    send(&client, post(RESPONSE), unannounced(padded(limit))).await.ok();
}

pub async fn slow_body(app: TestApp) {
    let client = Client::new(router(&app, |config| config.request_timeout_seconds = 1).await, None);
    let answer = send(&client, post(RESPONSE), Body::from_stream(Silence)).await;
    assert_refused(&answer, StatusCode::REQUEST_TIMEOUT, "TIMEOUT");
}

pub async fn nesting(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let nested = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
    let document =
        |argument: &str| format!("{{ viewer {{ access(type: {argument}, field: \"x\") {{ read }} }} }}");
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
        let answer = send(
            &client,
            Request::get(url(&[("query", &document[..document.len().min(10_000)])])),
            Body::empty(),
        )
        .await;
        assert_eq!(answer.code(), Some("QUERY_TOO_COMPLEX"), "{}", answer.text);
    }
    // Brackets in strings and comments are none.
    let brackets = "[({".repeat(100);
    for text in [
        format!("# {brackets}\n{{ viewer {{ id }} }}"),
        format!("{{ viewer {{ id }} }} #{brackets}"),
        format!(
            "query($a: String = \"\\\"{brackets}\\\\\") {{ viewer {{ id }} __typename @skip(if: true) }}"
        ),
        format!("query($a: String = \"\"\"\" \\\"\"\" {brackets}\"\"\") {{ viewer {{ id }} }}"),
    ] {
        let answer = client.query(&text, json!({})).await;
        assert_ne!(answer.code(), Some("QUERY_TOO_COMPLEX"), "{}", answer.text);
    }
}

/// A megabyte of faults must not be answered by thirty megabytes of errors.
pub async fn many_faults(app: TestApp) {
    let client = app.login(SUPPORT).await;
    for document in [
        format!("query({}) {{ __typename }}", "$a: Int ".repeat(10_000)),
        format!(
            "{{ __typename }} {}",
            (0..10_000).map(|n| format!("fragment f{n} on Query {{ a }} ")).collect::<String>()
        ),
    ] {
        let answer = client.query(&document, json!({})).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.errors().len() <= 20 && answer.text.len() < 10_000, "{} bytes", answer.text.len());
    }
}
