//! The HTTP front: media types, methods, sizes, credentials, headers (GraphQL over HTTP; abuse cases HT1-HT6, DO9).

mod body;
mod caller;
mod connections;
mod console;
mod edge;
mod negotiation;
mod pages;
mod streams;
mod tls;

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::request::Builder;
use axum::http::{HeaderName, Request, StatusCode};
use custodian::app::App;
use custodian::config::Config;
use futures_util::Stream;

use crate::app::TestApp;
use crate::certificates;
use crate::client::{Answer, Client};
use crate::suite::Suite;

const JSON: &str = "application/json";
const RESPONSE: &str = "application/graphql-response+json";
const SUPPORT: &str = "support@acme.example";
const VIEWER: &str = r#"{"query":"{ viewer { id } }"}"#;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    suite.sqlite("http::an answer has the media type that is asked for", negotiation::media_types);
    suite.sqlite(
        "http::the status tells what happened, unless plain JSON is asked for",
        negotiation::statuses,
    );
    suite.sqlite("http::a body is read only if it is JSON in UTF-8", body::body_types);
    suite.sqlite("http::a malformed request is refused and not repeated", body::malformed);
    suite.sqlite("http::a body over the limit is refused, announced or not", body::too_large);
    suite.sqlite("http::a body that does not arrive is given up", body::slow_body);
    suite.sqlite("http::GET runs queries and nothing else", negotiation::get);
    suite.sqlite("http::other methods and addresses are refused", negotiation::methods);
    suite.sqlite("http::credentials are one well-formed bearer token or none", caller::credentials);
    suite.sqlite("http::the role is one the viewer holds", caller::role);
    suite.sqlite("http::a body is not read before the token is accepted", caller::token_first);
    suite.sqlite("http::every answer has the headers and an id of ours", edge::headers);
    suite.sqlite("http::a document that would overflow the parser's stack is refused", body::nesting);
    suite.sqlite("http::many faults give few errors", body::many_faults);
    suite.sqlite("http::health and readiness", edge::health);
    suite.sqlite(
        "http::GraphiQL without the console loads pinned files only, and only where it is on",
        edge::graphiql,
    );
    suite.sqlite("http::demo accounts are offered where they are", console::settings);
    if custodian::http::has_console() {
        suite.sqlite("http::the console is kept by browsers, and loads nothing else", console::files);
    } else {
        suite.skip("http: the console — the program was built without it");
    }
    suite.sqlite("http::a connection that says nothing, or slowly, is ended", connections::half_open);
    suite.sqlite("http::one address has so many connections", connections::places);
    suite.sqlite("http::a socket has the place of its connection", connections::sockets);
    suite.sqlite("http::a head that is too long is refused", connections::heads);
    suite.sqlite("http::what is too much at once is refused at once", connections::overload);
    suite.sqlite("http::one client has a share of what is worked on", connections::shares);
    suite.sqlite("http::in production nobody else is served in clear", connections::in_clear);
    suite.sqlite("http::pages of named origins may call, others may not", pages::origins);
    if certificates::can_be_made() {
        suite.sqlite("http::TLS 1.3 and HTTP/2 are served with the certificate", tls::served);
        suite.sqlite("http::what a client of HTTP/2 does not take is given up", streams::untaken);
        suite.sqlite("http::a connection of HTTP/2 on which nothing goes on is ended", streams::silent);
        suite.sqlite("http::a certificate that changes is served, a broken one is not", tls::renewed);
    } else {
        suite.skip("http: TLS — there is no openssl of version 3");
    }
    suite.sqlite("http::the log has neither paths, documents nor tokens", edge::log);
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

/// The service on the test's database with a changed configuration.
async fn router(app: &TestApp, change: impl FnOnce(&mut Config)) -> axum::Router {
    let mut config = app.database().config();
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
struct Pieces(VecDeque<Bytes>);

impl Stream for Pieces {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}
