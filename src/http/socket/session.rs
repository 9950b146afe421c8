//! A socket from its first message to its last.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request, Response, Value};
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{FutureExt, SinkExt, StreamExt};
use serde_json::Map;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::Doors;
use super::close::Close;
use super::operations::{Ending, Operations};
use super::outgoing::{Gone, Outgoing, Waiting};
use super::protocol::{Received, Said, credentials};
use crate::app::{self, App, Begun, End, Seat, Subscribed, Told};
use crate::authn::{Origin, Viewer};
use crate::authz::plan::Refusal;
use crate::error::Error;
use crate::http::gate::Place;
use crate::http::incoming::Incoming;
use crate::http::shares::Share;

/// How long it may take to close.
const CLOSING: Duration = Duration::from_secs(2);
/// How long operations that are answered once may take when the service stops.
const DRAINING: Duration = Duration::from_secs(20);

/// How many sockets were closed, by code.
pub(in crate::http) const CLOSED: &str = "custodian_sockets_closed_total";

type Sink = SplitSink<WebSocket, Message>;

/// What is known of a socket.
struct Session {
    app: Arc<App>,
    origin: Origin,
    doors: Arc<Doors>,
    said: Outgoing,
    ended: Arc<watch::Sender<Option<End>>>,
    /// As long as nobody knows whose it is.
    unknown: Option<Share>,
    seat: Option<(Arc<Seat>, Places)>,
    operations: Arc<Operations>,
    /// Subscriptions, and what looks after the seat.
    listening: JoinSet<()>,
    /// What is answered once.
    running: JoinSet<()>,
}

/// What a socket takes up once it is known whose it is: of its user's, and of all.
type Places = (Place, app::Place);

/// Serves a socket until it is closed.
pub(super) async fn serve(
    socket: WebSocket,
    app: Arc<App>,
    origin: Origin,
    doors: Arc<Doors>,
    unknown: Share,
) {
    let (mut sink, mut stream) = socket.split();
    let (said, mut saying) = Outgoing::new(app.config.websocket);
    let ended = Arc::new(watch::Sender::new(None));
    let mut session = Session {
        app: app.clone(),
        origin,
        doors,
        said,
        ended: ended.clone(),
        unknown: Some(unknown),
        seat: None,
        operations: Arc::default(),
        listening: JoinSet::new(),
        running: JoinSet::new(),
    };
    let ping = app.config.websocket.ping();
    let close = tokio::select! {
        close = ending(ended.subscribe()) => close,
        () = app.live.stopped() => Close::STOPPING,
        close = session.read(&mut stream) => close,
        close = write(&mut sink, &mut saying, ping) => close,
    };
    session.listening.shutdown().await;
    if close == Close::STOPPING {
        let finished = async {
            tokio::select! {
                () = session.finish() => {}
                _ = write(&mut sink, &mut saying, ping) => {}
            }
            while let Ok(last) = saying.try_recv() {
                let (message, _room) = last.taken();
                if timeout(ping, sink.send(message)).await.is_err() {
                    return;
                }
            }
        };
        let _ = timeout(DRAINING, finished).await;
    }
    drop(session);
    farewell(&mut sink, &mut stream, close).await;
}

/// Closes a socket that was not served.
pub(super) async fn close(socket: WebSocket, close: Close) {
    let (mut sink, mut stream) = socket.split();
    farewell(&mut sink, &mut stream, close).await;
}

/// Says why, and lets the client read it.
async fn farewell(sink: &mut Sink, stream: &mut SplitStream<WebSocket>, close: Close) {
    metrics::counter!(CLOSED, "code" => close.code.to_string()).increment(1);
    tracing::info!(code = close.code, "a socket was closed");
    let said = async {
        if sink.send(close.message()).await.is_ok() {
            while let Some(Ok(_)) = stream.next().await {}
        }
    };
    let _ = timeout(CLOSING, said).await;
}

/// Done when the seat ended.
async fn ending(mut ended: watch::Receiver<Option<End>>) -> Close {
    match ended.wait_for(Option::is_some).await.map(|end| *end) {
        Ok(Some(end)) => end.into(),
        // The sender lives as long as the socket.
        Ok(None) | Err(_) => Close::DONE,
    }
}

/// Says what there is to say, and asks whether the client is there, until it takes nothing any more: one message for as long
/// as lies between two such questions.
async fn write(sink: &mut Sink, saying: &mut mpsc::Receiver<Waiting>, ping: Duration) -> Close {
    let mut asking = tokio::time::interval_at(Instant::now() + ping, ping);
    loop {
        let (message, _room) = tokio::select! {
            Some(waiting) = saying.recv() => {
                let (message, room) = waiting.taken();
                (message, Some(room))
            }
            _ = asking.tick() => (Message::Ping(Bytes::new()), None),
        };
        match timeout(ping, sink.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Close::DONE,
            Err(_) => return Close::TOO_SLOW,
        }
    }
}

impl Session {
    /// Reads messages until there is a reason to close.
    async fn read(&mut self, stream: &mut SplitStream<WebSocket>) -> Close {
        let settings = self.app.config.websocket;
        let init_by = Instant::now() + settings.init_timeout();
        loop {
            let next = match self.seat {
                None => timeout_at(init_by, stream.next()).await.map_err(|_| Close::INIT_LATE),
                // Whoever is there answers when he is asked.
                Some(_) => timeout(2 * settings.ping(), stream.next()).await.map_err(|_| Close::DONE),
            };
            let taken = match next {
                Err(close) => return close,
                Ok(Some(Ok(Message::Text(text)))) => self.take(&text).await,
                Ok(Some(Ok(Message::Binary(_)))) => Err(Close::INVALID),
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => Ok(()),
                Ok(Some(Ok(Message::Close(_))) | None) => return Close::DONE,
                Ok(Some(Err(error))) if is_too_large(&error) => Err(Close::TOO_LARGE),
                Ok(Some(Err(_))) => Err(Close::INVALID),
            };
            if let Err(close) = taken {
                return close;
            }
            while self.listening.try_join_next().is_some() || self.running.try_join_next().is_some() {}
        }
    }

    async fn take(&mut self, text: &str) -> Result<(), Close> {
        match Received::read(text)? {
            Received::Init(members) => self.sit(&members).await,
            Received::Ping => self.say(Said::Pong).await,
            Received::Pong => Ok(()),
            Received::Subscribe(id, incoming) => self.begin(id, incoming).await,
            Received::Complete(id) => {
                self.operations.end(&id);
                Ok(())
            }
        }
    }

    /// Waits until there is room for it, and so reads nothing more of a client that takes nothing.
    async fn say(&self, said: Said) -> Result<(), Close> {
        self.said.say(said).await.map_err(|Gone| Close::DONE)
    }

    async fn sit(&mut self, members: &Map<String, serde_json::Value>) -> Result<(), Close> {
        if self.seat.is_some() {
            return Err(Close::INIT_AGAIN);
        }
        let (bearer, role) = credentials(members)?;
        let found = self.app.sit(bearer, role, self.origin.clone(), self.ended.clone());
        let seat = timeout(self.app.config.request_timeout(), found).await;
        let seat = seat.map_err(|_| Close::UNAVAILABLE)??;
        let most = self.app.config.websocket.sockets_per_viewer;
        let place = self.doors.gate.enter(seat.user(), most, usize::MAX).map_err(|_| Close::TOO_MANY)?;
        let places = (place, self.app.live.enter().ok_or(Close::NO_ROOM)?);
        let (app, kept) = (self.app.clone(), seat.clone());
        self.listening.spawn(async move { app.keep(&kept).await });
        self.seat = Some((seat, places));
        self.unknown = None;
        self.say(Said::Acknowledged).await
    }

    async fn begin(&mut self, id: String, incoming: Incoming) -> Result<(), Close> {
        let Some((seat, _)) = &self.seat else { return Err(Close::UNAUTHORIZED) };
        if self.operations.has(&id) {
            return Err(Close::TAKEN);
        }
        let origin = Origin { request_id: self.app.clock.new_uuid().to_string(), ..self.origin.clone() };
        let most = self.app.config.websocket.operations_per_socket;
        if self.operations.len() >= most {
            let text = format!("operations on a socket: {} asked for, {most} allowed", most + 1);
            return self.say(refused(id, Error::TooComplex(text), &origin)).await;
        }
        let request = match incoming.known(&self.app, seat.client()) {
            Ok(asked) => asked.into_request(),
            Err(error) => return self.say(refused(id, error, &origin)).await,
        };
        let begun = timeout(self.app.config.request_timeout(), self.app.begin(seat, &origin, &request)).await;
        let Ok(begun) = begun else { return self.say(refused(id, Error::Timeout, &origin)).await };
        let said = self.said.clone();
        match begun? {
            Begun::Refused(errors) => self.say(Said::Error(id, errors)).await,
            Begun::Listening(subscribed) => {
                let run = |ending| listen(subscribed, ending, said, origin);
                self.operations.begin(&mut self.listening, id, run);
                Ok(())
            }
            Begun::Once(viewer) => {
                let Some(share) = self.doors.room.take(origin.ip) else {
                    return self.say(refused(id, Error::Overloaded, &origin)).await;
                };
                let app = self.app.clone();
                let run = |ending| async move {
                    once(app, viewer, origin, request, ending, said).await;
                    drop(share);
                };
                self.operations.begin(&mut self.running, id, run);
                Ok(())
            }
        }
    }

    /// Done when everything that is answered once was answered.
    async fn finish(&mut self) {
        while self.running.join_next().await.is_some() {}
    }
}

/// Tells a subscriber what there is to tell. Where nobody hears, the socket is about to end.
async fn listen(mut subscribed: Subscribed, ending: Ending, said: Outgoing, origin: Origin) {
    let id = ending.name().to_owned();
    loop {
        let last = match caught(subscribed.next()).await {
            Ok(Told::Next(payload, _turn)) => {
                if said.say(Said::Next(id.clone(), payload)).await.is_err() {
                    return;
                }
                continue;
            }
            Ok(Told::Failed(errors)) => Said::Error(ending.id(), errors),
            Ok(Told::Ended) => return,
            Err(error) => refused(ending.id(), error, &origin),
        };
        let _ = said.say(last).await;
        return;
    }
}

/// Runs a query or a mutation, as over HTTP. It was counted when it began.
async fn once(
    app: Arc<App>,
    viewer: Viewer,
    origin: Origin,
    request: Request,
    ending: Ending,
    said: Outgoing,
) {
    let running = app.execute_admitted(viewer, origin.clone(), request);
    let answer = caught(timeout(app.config.request_timeout(), running)).await;
    let id = ending.id();
    let last = match answer.map(|answer| answer.map(|response| told(&id, response))) {
        Ok(Ok(Ok(next))) => {
            if said.say(next).await.is_err() {
                return;
            }
            Said::Complete(id)
        }
        Ok(Ok(Err(error))) => error,
        Ok(Err(_)) => refused(id, Error::Timeout, &origin),
        Err(error) => refused(id, error, &origin),
    };
    let _ = said.say(last).await;
}

/// What came of something; that it panicked, and nothing else, as our fault.
async fn caught<T>(run: impl Future<Output = T>) -> Result<T, Error> {
    AssertUnwindSafe(run).catch_unwind().await.map_err(|_| Error::bug("an operation on a socket panicked"))
}

/// An answer; where nothing of it was run, an error in its place.
fn told(id: &str, response: Response) -> Result<Said, Said> {
    if response.data == Value::Null && !response.errors.is_empty() {
        return Err(Said::Error(id.to_owned(), response.errors));
    }
    match serde_json::to_string(&response) {
        Ok(text) => Ok(Said::Next(id.to_owned(), text.into())),
        Err(error) => Err(refused(id.to_owned(), Error::internal(error), &Origin::default())),
    }
}

fn refused(id: String, error: Error, origin: &Origin) -> Said {
    let mut errors = Refusal::from(error).into_response().errors;
    for error in &mut errors {
        error.extensions.get_or_insert_default().set("requestId", &origin.request_id);
    }
    Said::Error(id, errors)
}

/// Whether a message was not read because of its size, as the library says it.
fn is_too_large(error: &axum::Error) -> bool {
    error.to_string().starts_with("Space limit exceeded")
}
