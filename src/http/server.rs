//! The listeners, and the server's end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::patience::{Connection, Patient};
use super::{metrics, router};
use crate::app::App;
use crate::config::Config;

/// How long running requests may take once the server is told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {address}: {source}")]
pub struct BindError {
    key: &'static str,
    address: SocketAddr,
    source: std::io::Error,
}

/// The addresses listened on. Connections wait there until [`serve`] takes them.
#[derive(Debug)]
pub struct Listeners {
    api: TcpListener,
    metrics: Option<TcpListener>,
    address: SocketAddr,
}

impl Listeners {
    /// The address of the API; with the port the system chose, if it was asked to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Listens on the configured addresses, before anything is written anywhere.
///
/// # Errors
/// When an address is in use or not ours.
pub async fn bind(config: &Config) -> Result<Listeners, BindError> {
    let (api, address) = listen("listen", config.listen).await?;
    let metrics = match config.metrics_listen {
        Some(address) => Some(listen("metrics_listen", address).await?.0),
        None => None,
    };
    Ok(Listeners { api, metrics, address })
}

async fn listen(key: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), BindError> {
    let failed = |source| BindError { key, address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Serves until `stop` is done, then lets running requests finish, for half a minute at most.
///
/// # Errors
/// When a listener fails.
pub async fn serve(
    listeners: Listeners,
    app: Arc<App>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stopping, stopped) = watch::channel(());
    let profile = app.config.profile;
    let idle = app.config.downloads.idle();
    let api = run(Patient { listener: listeners.api, idle }, router(app), stopped.clone());
    let counting = async {
        let Some(listener) = listeners.metrics else { return Ok(()) };
        let handle = match metrics::install() {
            Ok(handle) => handle,
            Err(error) => {
                tracing::error!(%error, "nothing is counted");
                return Ok(());
            }
        };
        let pages = metrics::router(handle.clone(), profile);
        let upkeep = async {
            let mut tick = tokio::time::interval(metrics::UPKEEP);
            loop {
                tick.tick().await;
                handle.run_upkeep();
            }
        };
        tokio::select! {
            ended = run(Patient { listener, idle }, pages, stopped) => ended,
            () = upkeep => Ok(()),
        }
    };
    let cut_off = async {
        stop.await;
        tracing::info!("stopping: running requests may finish");
        drop(stopping);
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = async { tokio::try_join!(api, counting) } => ended.map(|_| ()),
        () = cut_off => {
            tracing::warn!("stopped with requests running");
            Ok(())
        }
    }
}

async fn run(listener: Patient, router: Router, mut stopped: watch::Receiver<()>) -> std::io::Result<()> {
    // Answers are written whole: waiting to fill a packet only delays them.
    let listener = listener.tap_io(|Connection { stream, .. }| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let told = async move {
        // Nothing is ever sent: the sender's end is the message.
        while stopped.changed().await.is_ok() {}
    };
    axum::serve(listener, service).with_graceful_shutdown(told).await
}
