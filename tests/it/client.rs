//! A caller of the service, as seen over HTTP, and the answers it gets.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

/// The largest answer a test reads.
const LARGEST_ANSWER: usize = 256 * 1024 * 1024;

/// Somebody who sends requests: anonymous, or with a token.
#[derive(Clone)]
pub struct Client {
    router: Router,
    token: Option<String>,
    role: Option<String>,
    address: IpAddr,
}

impl Client {
    /// A caller with this token, or none.
    pub fn new(router: Router, token: Option<String>) -> Self {
        Self { router, token, role: None, address: Ipv4Addr::LOCALHOST.into() }
    }

    /// The same caller, asking to act in this role.
    pub fn acting_as(&self, role: &str) -> Self {
        Self { role: Some(role.to_owned()), ..self.clone() }
    }

    /// The same caller, with this token.
    pub fn bringing(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same caller, from another address.
    pub fn from(&self, address: &str) -> Self {
        Self { address: address.parse().expect("an address"), ..self.clone() }
    }

    /// The same caller, at another instance.
    pub fn at(&self, router: &Router) -> Self {
        Self { router: router.clone(), ..self.clone() }
    }

    /// Sends one operation as a GraphQL client does.
    pub async fn query(&self, document: &str, variables: Value) -> Answer {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let request = Request::post("/graphql")
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/graphql-response+json")
            .body(Body::from(body))
            .expect("these headers are valid");
        self.send(request).await
    }

    /// Sends any request, with the caller's token unless the request brings credentials of its own.
    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        if let (Some(token), false) = (&self.token, request.headers().contains_key(AUTHORIZATION)) {
            let bearer = format!("Bearer {token}").parse().expect("a token fits in a header");
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        if let Some(role) = &self.role {
            let role = role.parse().expect("the name of a role fits in a header");
            request.headers_mut().insert("x-custodian-role", role);
        }
        // What a listener adds for the address limits and the audit log.
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((self.address, 40_000))));
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, LARGEST_ANSWER).await.expect("the answer's body can be read");
        let text = String::from_utf8(bytes.to_vec()).expect("an answer is UTF-8");
        let body = serde_json::from_str(&text).unwrap_or_default();
        Answer { status: head.status, headers: head.headers, body, text }
    }
}

/// An answer, with everything a caller can see of it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; null when it is none.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    /// The `data` entry; null when there is none.
    pub fn data(&self) -> &Value {
        &self.body["data"]
    }

    /// The `errors` entry; empty when there is none.
    pub fn errors(&self) -> &[Value] {
        self.body["errors"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The code of the first error.
    pub fn code(&self) -> Option<&str> {
        self.errors().first()?["extensions"]["code"].as_str()
    }

    /// The `data` entry of an operation that must succeed.
    #[track_caller]
    pub fn ok(&self) -> &Value {
        assert!(
            self.status == StatusCode::OK && self.errors().is_empty() && self.data().is_object(),
            "expected data without errors, got status {} and\n{}\n\
             FORBIDDEN: log in as a role that may, or mend policy/policy.csv. BAD_USER_INPUT: compare the document with \
             schema.graphql. INTERNAL: app.logs() has the cause.",
            self.status,
            serde_json::to_string_pretty(&self.body["errors"]).unwrap_or_else(|_| self.text.clone()),
        );
        self.data()
    }
}
