//! The connections: how many there are, how long each may take to say what it wants, and in which protocol.
//!
//! Whoever opens connections and says nothing, or says it slowly, holds a place for `http.header_timeout_seconds`, and as
//! many of them as `http.connections_per_address`; a connection beyond the places is closed before anything is read of
//! it, so those that are served go on being served.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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

use super::client_address::network_of;
use super::patience::Connection;
use super::tls::Certificate;
use crate::config::Config;

/// Connections that were closed because there was no place for them.
pub(super) const TURNED_AWAY: &str = "custodian_http_connections_turned_away_total";

/// Streams of one HTTP/2 connection at a time.
const STREAMS: u32 = 100;

/// Header lines of a request.
const HEADERS: usize = 100;

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
    places: Arc<Places>,
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
        let places = Arc::new(Places {
            most: http.connections,
            most_of_one: http.connections_per_address,
            trusted: config.trusted_proxies.clone(),
            taken: Mutex::default(),
        });
        Self { router, http1, http2, certificate, header_timeout, idle: config.downloads.idle(), places }
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
            let Some(place) = Places::take(&front.places, address.ip()) else {
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
        let asked = Arc::new(AtomicBool::new(false));
        let service = service_fn({
            let (asked, router) = (Arc::clone(&asked), self.router.clone());
            move |request: Request<Incoming>| {
                asked.store(true, Ordering::Relaxed);
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(ConnectInfo(from.address));
                request.extensions_mut().insert(from.place.clone());
                // A router is always ready.
                router.clone().call(request)
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
        // HTTP/1 counts the time of each head; HTTP/2 would wait for a first one for ever.
        let silent = async {
            sleep(self.header_timeout).await;
            if asked.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        let mut served = pin!(self.http2.serve_connection(connection, service));
        tokio::select! {
            ended = &mut served => return Ok(ended?),
            () = silent => return Ok(()),
            () = told => served.as_mut().graceful_shutdown(),
        }
        Ok(served.await?)
    }
}

/// Where a connection comes from.
struct Peer {
    address: SocketAddr,
    place: Arc<Place>,
}

/// Done when the server is told to stop.
async fn told(mut stopped: watch::Receiver<()>) {
    // Nothing is ever sent: the sender's end is the message.
    while stopped.changed().await.is_ok() {}
}

/// How many connections there are, and from where.
struct Places {
    most: usize,
    most_of_one: usize,
    /// Proxies: what they bring is of many.
    trusted: Vec<IpNet>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_network: HashMap<IpNet, usize>,
}

impl Places {
    /// A place for a connection from this address, if there is one.
    fn take(places: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let is_trusted = places.trusted.iter().any(|network| network.contains(&address));
        let network = (!is_trusted).then(|| network_of(address));
        let mut taken = places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= places.most {
            return None;
        }
        if let Some(network) = network {
            let of_one = taken.by_network.entry(network).or_default();
            if *of_one >= places.most_of_one {
                return None;
            }
            *of_one += 1;
        }
        taken.all += 1;
        drop(taken);
        Some(Place { places: Arc::clone(places), network })
    }
}

/// Given back when dropped. Each request has its connection's, for what goes on after it.
pub(super) struct Place {
    places: Arc<Places>,
    network: Option<IpNet>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        let Some(network) = self.network else { return };
        if let Some(of_one) = taken.by_network.get_mut(&network) {
            *of_one = of_one.saturating_sub(1);
            if *of_one == 0 {
                taken.by_network.remove(&network);
            }
        }
    }
}
