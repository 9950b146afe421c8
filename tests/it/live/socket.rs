//! A client of `graphql-transport-ws`, and a service that it can reach.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::app::TestApp;

/// How long something that is on its way may take to arrive.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Serves on a port that the system chose, as long as the test runs.
pub async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// A service that sockets can reach.
pub struct Place {
    /// Where.
    pub address: SocketAddr,
}

impl Place {
    /// The service of a test.
    pub async fn of(app: &TestApp) -> Self {
        Self { address: serve(app.router.clone()).await }
    }

    /// A socket of a demo account.
    pub async fn signed_in(&self, app: &TestApp, username: &str) -> Socket {
        let mut socket = Socket::open(self.address).await;
        socket.init(&app.token(username).await).await;
        socket
    }
}

/// A socket.
pub struct Socket(WebSocketStream<TcpStream>);

/// What a client is told.
#[derive(Debug)]
pub enum Heard {
    /// A message.
    Message(Value),
    /// That the socket is closed, and by which code; none where nothing was said.
    Closed(Option<u16>),
}

impl Socket {
    /// A socket that nothing was said on.
    pub async fn open(address: SocketAddr) -> Self {
        Self::attempt(address, &[("sec-websocket-protocol", "graphql-transport-ws")]).await.unwrap()
    }

    /// As [`Self::open`], with a client that takes so few bytes before it reads.
    pub async fn narrow(address: SocketAddr, bytes: u32) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(bytes).unwrap();
        let stream = socket.connect(address).await.unwrap();
        Self::over(stream, address, &[("sec-websocket-protocol", "graphql-transport-ws")]).await.unwrap()
    }

    /// Tries to open one with these headers.
    pub async fn attempt(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        Self::over(TcpStream::connect(address).await.unwrap(), address, headers).await
    }

    async fn over(
        stream: TcpStream,
        address: SocketAddr,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let mut request = format!("ws://{address}/graphql/ws").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let opened = timeout(PATIENCE, client_async(request, stream)).await.expect("a socket opens");
        opened.map(|(stream, _)| Self(stream))
    }

    /// Says whose it is.
    pub async fn init(&mut self, token: &str) {
        self.say(
            json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {token}") } }),
        )
        .await;
        assert_eq!(self.message().await, json!({ "type": "connection_ack" }));
    }

    pub async fn say(&mut self, message: Value) {
        self.send(Message::text(message.to_string())).await;
    }

    /// Sends anything. Who is no longer heard learns so when he listens.
    pub async fn send(&mut self, message: Message) {
        let _ = timeout(PATIENCE, self.0.send(message)).await.expect("the service reads");
    }

    /// Asks for an operation.
    pub async fn ask(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    /// Subscribes; once this returns, the subscription is told what is changed.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        self.ask(id, query, variables).await;
        assert_eq!(self.until_pong().await, Vec::<Value>::new(), "{query}");
    }

    /// What was told until now.
    pub async fn until_pong(&mut self) -> Vec<Value> {
        self.say(json!({ "type": "ping" })).await;
        let mut told = Vec::new();
        loop {
            let message = self.message().await;
            if message == json!({ "type": "pong" }) {
                return told;
            }
            told.push(message);
        }
    }

    /// What is heard next.
    pub async fn hear(&mut self) -> Heard {
        loop {
            let next = timeout(PATIENCE, self.0.next()).await.expect("something is told in time");
            return match next {
                Some(Ok(Message::Text(text))) => Heard::Message(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => Heard::Closed(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => Heard::Closed(None),
            };
        }
    }

    /// The next message.
    pub async fn message(&mut self) -> Value {
        match self.hear().await {
            Heard::Message(message) => message,
            Heard::Closed(code) => panic!("the socket is closed: {code:?}"),
        }
    }

    /// What an operation is told next.
    pub async fn next(&mut self, id: &str) -> Value {
        let message = self.message().await;
        assert_eq!((&message["id"], &message["type"]), (&json!(id), &json!("next")), "{message}");
        message["payload"].clone()
    }

    /// The code of the error in place of which an operation is answered.
    pub async fn refused(&mut self, id: &str) -> String {
        let message = self.message().await;
        assert_eq!((&message["id"], &message["type"]), (&json!(id), &json!("error")), "{message}");
        message["payload"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{message}")).to_owned()
    }

    /// The code by which the socket is closed, and what was told before.
    pub async fn closed(&mut self) -> (Option<u16>, Vec<Value>) {
        let mut told = Vec::new();
        loop {
            match self.hear().await {
                Heard::Message(message) => told.push(message),
                Heard::Closed(code) => return (code, told),
            }
        }
    }

    /// That it is closed by this code, and nothing was told before.
    pub async fn ends(&mut self, code: u16) {
        assert_eq!(self.closed().await, (Some(code), Vec::new()));
    }
}
