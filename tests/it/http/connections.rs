//! Connections that say nothing, or too much, take nothing from others (abuse case DO14).

use std::net::{IpAddr, UdpSocket};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::RETRY_AFTER;
use axum::http::{Request, StatusCode};
use custodian::config::{ClamdUrl, Profile};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{RESPONSE, Silence, assert_refused, header, post, router, send};
use crate::app::TestApp;
use crate::client::Client;
use crate::listening::Listening;

/// Longer than anything here takes, and not for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is sent back until the other side ends the connection.
async fn rest(mut connection: TcpStream) -> String {
    let mut text = Vec::new();
    let ended = timeout(PATIENCE, connection.read_to_end(&mut text)).await;
    // A reset is an end, too.
    drop(ended.expect("the connection is ended"));
    String::from_utf8_lossy(&text).into_owned()
}

async fn saying(listening: &Listening, text: &str) -> TcpStream {
    let mut connection = TcpStream::connect(listening.address).await.unwrap();
    connection.write_all(text.as_bytes()).await.unwrap();
    connection
}

const ALIVE: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

pub async fn half_open(app: TestApp) {
    let listening = Listening::begin(&app, |config| {
        config.http.connections_per_address = 8;
        config.http.header_timeout_seconds = 1;
    })
    .await;
    let mut silent = Vec::new();
    for begun in ["", "P", "GET /graphql HTTP/1.1\r\nHost: x\r\nX-A: "] {
        silent.push(saying(&listening, begun).await);
        silent.push(saying(&listening, begun).await);
    }
    assert!(rest(saying(&listening, ALIVE).await).await.starts_with("HTTP/1.1 200"), "others are served");
    for connection in silent {
        let said = rest(connection).await;
        assert!(!said.starts_with("HTTP/1.1 200"), "{said}");
    }
}

pub async fn places(app: TestApp) {
    let listening = Listening::begin(&app, |config| {
        config.http.connections_per_address = 2;
        config.http.header_timeout_seconds = 60;
    })
    .await;
    let held = [saying(&listening, "G").await, saying(&listening, "G").await];
    // Closed before anything is read: the write itself may fail.
    let mut third = TcpStream::connect(listening.address).await.unwrap();
    drop(third.write_all(ALIVE.as_bytes()).await);
    assert_eq!(rest(third).await, "", "there is no place");
    drop(held);
    let freed = async {
        loop {
            let mut next = TcpStream::connect(listening.address).await.unwrap();
            drop(next.write_all(ALIVE.as_bytes()).await);
            if rest(next).await.starts_with("HTTP/1.1 200") {
                return;
            }
        }
    };
    timeout(PATIENCE, freed).await.expect("a place is given back");
}

/// A socket is a connection like others, though no request goes on.
pub async fn sockets(app: TestApp) {
    let listening = Listening::begin(&app, |config| config.http.connections_per_address = 1).await;
    let opening = "GET /graphql/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n";
    let mut socket = saying(&listening, opening).await;
    let mut status = [0; 12];
    socket.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 101");
    let mut second = TcpStream::connect(listening.address).await.unwrap();
    drop(second.write_all(ALIVE.as_bytes()).await);
    assert_eq!(rest(second).await, "", "there is no place");
    drop(socket);
}

pub async fn heads(app: TestApp) {
    let listening = Listening::begin(&app, |config| config.http.header_bytes = 8192).await;
    let long = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: {}\r\n\r\n", "a".repeat(20_000));
    let many = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-A: a\r\n".repeat(200));
    for head in [long, many] {
        let said = rest(saying(&listening, &head).await).await;
        assert!(said.starts_with("HTTP/1.1 431"), "{said}");
    }
}

/// What cannot be worked on soon is refused at once, and whoever asks whether the server lives is told.
pub async fn overload(app: TestApp) {
    let service = Client::new(router(&app, |config| config.http.requests_at_once = 1).await, None);
    // Polled first, so it has the place.
    let mut waiting = Box::pin(send(&service, post(RESPONSE), Body::from_stream(Silence)));
    let refused = tokio::select! {
        biased;
        answer = &mut waiting => panic!("it has no body: {}", answer.text),
        answer = service.query("{ viewer { id } }", Value::Null) => answer,
    };
    assert_refused(&refused, StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE");
    assert_eq!(header(&refused, &RETRY_AFTER), "1");
    let alive = send(&service, Request::get("/healthz"), Body::empty()).await;
    assert_eq!(alive.status, StatusCode::OK);
    drop(waiting);
    let answer = service.query("{ viewer { id } }", Value::Null).await;
    assert_ne!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "the place is given back");
}

/// Who sends bodies slowly has a share of the room, and others the rest of it.
pub async fn shares(app: TestApp) {
    let service = Client::new(router(&app, |config| config.http.requests_per_address = 1).await, None);
    let slow = service.from("2001:db8::1");
    let mut waiting = Box::pin(send(&slow, post(RESPONSE), Body::from_stream(Silence)));
    let ask = async |address: &str| {
        let client = service.from(address);
        client.query("{ viewer { id } }", Value::Null).await
    };
    // Of a /64 each address is the same client.
    let refused = tokio::select! {
        biased;
        answer = &mut waiting => panic!("it has no body: {}", answer.text),
        answer = ask("2001:db8::2") => answer,
    };
    assert_refused(&refused, StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE");
    for other in ["2001:db8:0:1::1", "192.0.2.7"] {
        assert_ne!(ask(other).await.status, StatusCode::SERVICE_UNAVAILABLE, "{other} is another");
    }
}

/// In production nobody is served in clear but this machine and the proxies that are named.
pub async fn in_clear(app: TestApp) {
    let begin = async |production: bool, proxies: &str| {
        Listening::begin(&app, |config| {
            config.listen = "0.0.0.0:0".parse().unwrap();
            config.trusted_proxies = vec![proxies.parse().unwrap()];
            if production {
                config.profile = Profile::Production;
                // Nobody is there; nothing is uploaded.
                config.clamd_url = ClamdUrl::parse("tcp://127.0.0.1:9");
            }
        })
        .await
    };
    let ask = async |listening: &Listening, from: IpAddr| {
        let mut connection = TcpStream::connect((from, listening.address.port())).await.unwrap();
        drop(connection.write_all(ALIVE.as_bytes()).await);
        rest(connection).await
    };
    let here = IpAddr::from([127, 0, 0, 1]);
    // The address of this machine by which others reach it: connections to it come from it.
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect("192.0.2.1:9").expect("this machine has a network");
    let outside = socket.local_addr().unwrap().ip();
    let closed = begin(true, "198.51.100.0/24").await;
    assert!(ask(&closed, here).await.starts_with("HTTP/1.1 200"), "this machine is served");
    assert_eq!(ask(&closed, outside).await, "", "{outside} is no proxy that was named");
    for served in [begin(true, &format!("{outside}/32")).await, begin(false, "198.51.100.0/24").await] {
        assert!(ask(&served, outside).await.starts_with("HTTP/1.1 200"));
    }
}
