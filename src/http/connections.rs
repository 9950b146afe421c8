//! The connections: how many there are, how long each may take to say what it wants, and in which protocol.
//!
//! Whoever opens connections and says nothing, or says it slowly, holds a place for `http.header_timeout_seconds`, and as
//! many of them as `http.connections_per_address`; a connection beyond the places is closed before anything is read of
//! it, so those that are served go on being served.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use ipnet::IpNet;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::Service;

use super::activity::Activity;
use super::patience::Connection;
use super::shares::{Share, Shares};
use super::tls::Certificate;
use crate::config::{Config, Profile};

/// Connections that were closed because there was no place for them.
pub(super) const TURNED_AWAY: &str = "custodian_http_connections_turned_away_total";

/// Streams of one HTTP/2 connection at a time.
const STREAMS: u32 = 100;

/// Header lines of a request.
const HEADERS: usize = 100;

/// How often it is looked within the time that something may take.
const LOOKS: u32 = 4;

/// What is ended with a connection.
type Ended = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Takes connections of one listener, and serves them.
pub(super) struct Front {
    router: Router,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    certificate: Option<Arc<Certificate>>,
    header_timeout: Duration,
    idle: Duration,
    places: Arc<Shares>,
    /// From where connections are taken, where not from everywhere.
    only: Option<Vec<IpNet>>,
}

impl Front {
    /// Of these pages, in TLS if there is a certificate.
    pub(super) fn new(config: &Config, router: Router, certificate: Option<Arc<Certificate>>) -> Self {
        let http = config.http;
        let header_timeout = http.header_timeout();
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(header_timeout)
            .max_headers(HEADERS)
            .max_buf_size(http.header_bytes);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .keep_alive_interval(header_timeout)
            .keep_alive_timeout(header_timeout)
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(u32::try_from(http.header_bytes).unwrap_or(u32::MAX));
        let proxies = config.trusted_proxies.clone();
        let places = Shares::with(http.connections, http.connections_per_address, proxies);
        let (idle, only) = (config.downloads.idle(), None);
        Self { router, http1, http2, certificate, header_timeout, idle, places, only }
    }

    /// As it is configured for whoever calls the API: in production nobody is served in clear but this machine and the proxies
    /// that are named, which ended the TLS of others.
    pub(super) fn of_api(config: &Config, router: Router, certificate: Option<Arc<Certificate>>) -> Self {
        let is_clear = config.profile == Profile::Production && certificate.is_none();
        let only = is_clear.then(|| config.trusted_proxies.clone());
        Self { only, ..Self::new(config, router, certificate) }
    }

    fn serves(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_named = |only: &Vec<IpNet>| only.iter().any(|network| network.contains(&address));
        address.is_loopback() || self.only.as_ref().is_none_or(is_named)
    }

    /// Serves until told to stop, then lets running requests finish.
    pub(super) async fn run(self, mut listener: TcpListener, stopped: watch::Receiver<()>) -> io::Result<()> {
        let front = Arc::new(self);
        // Nothing is sent: each connection has a sender, and the last one ends the channel.
        let (alive, mut ended) = mpsc::channel::<()>(1);
        let mut told = pin!(told(stopped.clone()));
        loop {
            let (stream, address) = tokio::select! {
                biased;
                () = &mut told => break,
                taken = Listener::accept(&mut listener) => taken,
            };
            let place = front.places.take(Some(address.ip())).filter(|_| front.serves(address.ip()));
            let Some(place) = place else {
                metrics::counter!(TURNED_AWAY).increment(1);
                continue;
            };
            let (front, stopped, alive) = (Arc::clone(&front), stopped.clone(), alive.clone());
            tokio::spawn(async move {
                let _alive = alive;
                let from = Peer { address, place: Arc::new(place) };
                if let Err(error) = front.serve(stream, from, stopped).await {
                    tracing::debug!(error, "a connection ended");
                }
            });
        }
        drop((listener, alive));
        while ended.recv().await.is_some() {}
        Ok(())
    }

    async fn serve(&self, stream: TcpStream, from: Peer, stopped: watch::Receiver<()>) -> Ended {
        // Answers are written whole: waiting to fill a packet only delays them.
        stream.set_nodelay(true)?;
        let connection = Connection::new(stream, self.idle);
        let Some(certificate) = &self.certificate else {
            return self.answer(connection, false, from, stopped).await;
        };
        let acceptor = TlsAcceptor::from(certificate.server());
        let connection = timeout(self.header_timeout, acceptor.accept(connection)).await??;
        let is_http2 = connection.get_ref().1.alpn_protocol() == Some(b"h2");
        self.answer(connection, is_http2, from, stopped).await
    }

    async fn answer<C>(
        &self,
        connection: C,
        is_http2: bool,
        from: Peer,
        stopped: watch::Receiver<()>,
    ) -> Ended
    where
        C: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Activity::new();
        let service = service_fn({
            let (activity, router) = (Arc::clone(&activity), self.router.clone());
            move |request: Request<Incoming>| {
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(ConnectInfo(from.address));
                request.extensions_mut().insert(from.place.clone());
                let working = activity.request();
                // A router is always ready.
                let answering = router.clone().call(request);
                async move { answering.await.map(|response| working.answered(response)) }
            }
        });
        let (connection, told) = (TokioIo::new(connection), told(stopped));
        if !is_http2 {
            let mut served = pin!(self.http1.serve_connection(connection, service).with_upgrades());
            tokio::select! {
                ended = &mut served => return Ok(ended?),
                () = told => served.as_mut().graceful_shutdown(),
            }
            return Ok(served.await?);
        }
        let mut served = pin!(self.http2.serve_connection(connection, service));
        tokio::select! {
            ended = &mut served => return Ok(ended?),
            () = self.stuck(&activity) => return Ok(()),
            () = self.silent(&activity) => {
                served.as_mut().graceful_shutdown();
                return Ok(timeout(self.header_timeout, served).await??);
            }
            () = told => served.as_mut().graceful_shutdown(),
        }
        tokio::select! {
            ended = &mut served => Ok(ended?),
            () = self.stuck(&activity) => Ok(()),
        }
    }

    /// Done when nothing was asked for too long. HTTP/1 counts the time of each head; HTTP/2 would wait for ever.
    async fn silent(&self, activity: &Activity) {
        while !activity.is_silent(self.header_timeout) {
            sleep(self.header_timeout / LOOKS).await;
        }
    }

    /// Done when nothing was taken of an answer for too long. HTTP/1 has but one, and [`Connection`] sees to it.
    async fn stuck(&self, activity: &Activity) {
        while !activity.is_stuck(self.idle) {
            sleep(self.idle / LOOKS).await;
        }
    }
}

/// Where a connection comes from.
struct Peer {
    address: SocketAddr,
    place: Arc<Share>,
}

/// Done when the server is told to stop.
async fn told(mut stopped: watch::Receiver<()>) {
    // Nothing is ever sent: the sender's end is the message.
    while stopped.changed().await.is_ok() {}
}
