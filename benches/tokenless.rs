//! What 64 KiB cost the server that come without any token, and what a socket costs on which nothing happens:
//! `cargo bench --bench tokenless`.
//!
//! Each input is sent to the service as a client would send it, over and over; a line is the processor time of one, the median
//! of all: at its whole size, and as long as a document may be before signing in, so that it is read. Whoever floods pays for
//! his lines more than the server does for refusing them.

#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures: it calls the service as a client does, and prints"
)]

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use cpu_time::ProcessTime;
use custodian::app::{App, STACK_BYTES};
use custodian::clock::Clock;
use custodian::config::Config;
use custodian::http::router;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tower::ServiceExt;

/// How much an input has, in bytes.
const SIZE: usize = 64 * 1024;
/// How much less a document is, for what stands around it.
const MARGIN: usize = 64;
/// How much processor time one may take.
const BAR: Duration = Duration::from_millis(5);
/// How often each is sent; the first warm up.
const TIMES: usize = 40;
const WARM: usize = 5;
/// How many sockets there are, and how much memory they may take together.
const SOCKETS: usize = 1_000;
const MEMORY_BAR_MIB: f64 = 64.0;

fn main() {
    let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build();
    runtime.expect("the system gives threads").block_on(async {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("custodian.db").display());
        let mut config = Config::for_tests(url, folder.path().to_owned());
        config.websocket.sockets_per_viewer = SOCKETS + 1;
        let accepted = config.limits.anonymous_document_bytes - MARGIN;
        let app = App::start(config, Clock::System).await.expect("the service starts");
        let router = router(app);
        println!("processor time of an input without a token (bar {BAR:.1?})\n");
        for size in [SIZE, accepted] {
            inputs(&router, size).await;
        }
        sockets(router).await;
    });
}

/// Text of so many bytes that begins and ends in this way, with as many of the parts between as fit.
fn filled(size: usize, begin: &str, part: impl Fn(usize) -> String, end: &str) -> String {
    let mut text = begin.to_owned();
    for number in 0.. {
        let part = part(number);
        if text.len() + part.len() + end.len() > size {
            break;
        }
        text += &part;
    }
    text + end
}

/// A document as a request.
fn request(document: String) -> Vec<u8> {
    json!({ "query": document }).to_string().into_bytes()
}

fn cases(size: usize) -> Vec<(&'static str, Vec<u8>)> {
    let filled = |begin: &str, part: &dyn Fn(usize) -> String, end: &str| filled(size, begin, part, end);
    let nested = |open: &str, close: &str| {
        let count = (size - 20) / (open.len() + close.len());
        format!("{{ {}{} }}", open.repeat(count), close.repeat(count))
    };
    vec![
        ("no JSON", vec![b'['; size]),
        ("nested JSON", filled("{\"query\":", &|_| "[".to_owned(), "").into_bytes()),
        ("many members", filled("{\"query\":\"{a}\"", &|n| format!(",\"m{n}\":0"), "}").into_bytes()),
        (
            "huge variables",
            filled("{\"query\":\"{ __typename }\",\"variables\":{\"a\":[0", &|_| ",0".to_owned(), "]}}")
                .into_bytes(),
        ),
        ("selections in each other", request(nested("a{", "}"))),
        ("lists in each other", request(nested("a(b:[", "])"))),
        ("a document that ends too soon", request(filled("{", &|_| "a{".to_owned(), ""))),
        ("a huge text", request(filled("{ a(b: \"", &|_| "xxxxxxxx".to_owned(), "\") }"))),
        ("a huge number", request(filled("{ a(b: ", &|_| "99999999".to_owned(), ") }"))),
        ("a huge name", request(filled("{ ", &|_| "aaaaaaaa".to_owned(), " }"))),
        ("many aliases", request(filled("{ ", &|n| format!("a{n}: __typename "), "}"))),
        ("many directives", request(filled("{ __typename ", &|_| "@skip(if: false) ".to_owned(), "}"))),
        ("many operations", request(filled("", &|n| format!("query q{n} {{ __typename }} "), ""))),
        ("many variables", request(filled("query(", &|n| format!("$v{n}: Int "), ") { __typename }"))),
        ("many fragments", request(filled("{ ...f0 }", &|n| format!(" fragment f{n} on Query {{ a }}"), ""))),
        (
            "a bomb of fragments",
            request(filled(
                "{ ...f0 }",
                &|n| format!(" fragment f{n} on Query {{ ...f{m} ...f{m} }}", m = n + 1),
                "",
            )),
        ),
        ("one field many times", request(filled("{ ", &|_| "customers { totalCount } ".to_owned(), "}"))),
        (
            "questions about the schema",
            request(filled("{ ", &|_| "__schema { types { name } } ".to_owned(), "}")),
        ),
        ("comments", request(filled("{ __typename }", &|_| "\n#########".to_owned(), ""))),
    ]
}

async fn inputs(router: &Router, size: usize) {
    for (what, body) in cases(size) {
        let mut times = Vec::with_capacity(TIMES);
        let mut status = 0;
        for turn in 0..TIMES {
            let post = Request::post("/graphql").header("content-type", "application/json");
            let post = post.header("accept", "application/graphql-response+json");
            let post = post.body(Body::from(body.clone())).unwrap();
            let begun = ProcessTime::now();
            let answer = router.clone().oneshot(post).await.unwrap();
            status = answer.status().as_u16();
            drop(to_bytes(answer.into_body(), 1 << 24).await.unwrap());
            if turn >= WARM {
                times.push(begun.elapsed());
            }
        }
        times.sort_unstable();
        let median = times[times.len() / 2];
        let verdict = if median <= BAR { "" } else { "  above the bar" };
        println!("{what:<32} {:>8} bytes  status {status}  {median:>9.2?}{verdict}", body.len());
    }
    println!();
}

/// How much memory the process has, in MiB.
fn memory_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("it is told");
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

/// Sockets that said whose they are and nothing else. Their clients are in this process, too, and count with them.
async fn sockets(router: Router) {
    let login = json!({ "query": "mutation { login(username: \"tenant-admin@acme.example\", \
                        password: \"Custodian-Demo-1\") { accessToken } }" });
    let post = Request::post("/graphql").header("content-type", "application/json");
    let answer = router.clone().oneshot(post.body(Body::from(login.to_string())).unwrap()).await.unwrap();
    let answer: Value =
        serde_json::from_slice(&to_bytes(answer.into_body(), 1 << 20).await.unwrap()).unwrap();
    let bearer = format!("Bearer {}", answer["data"]["login"]["accessToken"].as_str().expect("signed in"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/graphql/ws", listener.local_addr().unwrap());
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    let mut open = Vec::with_capacity(SOCKETS);
    let mut before = 0.0;
    for number in 0..=SOCKETS {
        let mut request = url.as_str().into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("a socket is opened");
        let init = json!({ "type": "connection_init", "payload": { "Authorization": bearer } });
        socket.send(Message::text(init.to_string())).await.unwrap();
        let acknowledged = socket.next().await.unwrap().unwrap();
        assert!(acknowledged.to_text().unwrap().contains("connection_ack"), "{acknowledged}");
        open.push(socket);
        // What the first takes is taken once.
        if number == 0 {
            before = memory_mib();
        }
    }
    let grown = memory_mib() - before;
    let verdict = if grown <= MEMORY_BAR_MIB { "" } else { "  above the bar" };
    println!(
        "\n{SOCKETS} idle sockets with their clients: {grown:.1} MiB (bar {MEMORY_BAR_MIB:.0}){verdict}"
    );
}
