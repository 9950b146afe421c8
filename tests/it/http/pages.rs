//! Pages of other origins: those that are named may call, and read what they need (Fetch standard, 3.2).

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{Method, Request, StatusCode};

use super::{RESPONSE, VIEWER, header, post, router, send};
use crate::app::TestApp;
use crate::client::Client;

const DASHBOARD: &str = "https://dashboard.example";

pub async fn origins(app: TestApp) {
    let named = router(&app, |config| config.allowed_origins = vec![DASHBOARD.to_owned()]).await;
    let (named, none) = (Client::new(named, None), app.anonymous());
    let asking = |origin: &str| {
        Request::builder()
            .method(Method::OPTIONS)
            .uri("/graphql")
            .header(ORIGIN, origin)
            .header(ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(ACCESS_CONTROL_REQUEST_HEADERS, "authorization,content-type,x-custodian-role")
    };
    let answer = send(&named, asking(DASHBOARD), Body::empty()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(header(&answer, &ACCESS_CONTROL_ALLOW_ORIGIN), DASHBOARD);
    assert_eq!(header(&answer, &ACCESS_CONTROL_ALLOW_METHODS), "GET,POST");
    let sent = header(&answer, &ACCESS_CONTROL_ALLOW_HEADERS);
    for name in ["authorization", "content-type", "x-custodian-role", "graphql-require-preflight"] {
        assert!(sent.split(',').any(|one| one == name), "{name} is not in {sent}");
    }
    assert!(!answer.headers.contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS), "tokens are not a browser's");
    assert!(answer.headers.contains_key("x-request-id"), "it is an answer like others");

    for foreign in ["https://dashboard.example.evil.example", "http://dashboard.example", "null"] {
        let answer = send(&named, asking(foreign), Body::empty()).await;
        assert!(!answer.headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN), "{foreign} may call");
    }
    let answer = send(&named, post(RESPONSE).header(ORIGIN, DASHBOARD), VIEWER).await;
    assert_eq!(header(&answer, &ACCESS_CONTROL_ALLOW_ORIGIN), DASHBOARD);
    assert!(header(&answer, &ACCESS_CONTROL_EXPOSE_HEADERS).contains("x-request-id"));
    let varies: Vec<_> = answer.headers.get_all(VARY).iter().map(|value| value.to_str().unwrap()).collect();
    assert!(varies.join(",").contains("origin"), "a cache keeps answers of origins apart: {varies:?}");

    let answer = send(&none, asking(DASHBOARD), Body::empty()).await;
    assert!(!answer.headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN), "nobody was named");
}
