//! The listeners, and the server's end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::connections::Front;
use super::tls::{Certificate, TlsError};
use super::{metrics, router};
use crate::app::App;
use crate::config::Config;

/// How long running requests may take once the server is told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// It cannot be listened as configured.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// An address is in use, or not ours.
    #[error("{key}: {address}: {source}")]
    Address {
        /// `listen` or `metrics_listen`.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The certificate cannot be served with.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// The addresses listened on. Connections wait there until [`serve`] takes them.
pub struct Listeners {
    api: TcpListener,
    certificate: Option<Arc<Certificate>>,
    metrics: Option<TcpListener>,
    address: SocketAddr,
}

impl Listeners {
    /// The address of the API; with the port the system chose, if it was asked to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it is served in TLS.
    pub fn is_encrypted(&self) -> bool {
        self.certificate.is_some()
    }
}

/// Listens on the configured addresses, before anything is written anywhere.
///
/// # Errors
/// When an address is in use or not ours, or the certificate cannot be read.
pub async fn bind(config: &Config) -> Result<Listeners, BindError> {
    let certificate = Certificate::from_config(config)?;
    let (api, address) = listen("listen", config.listen).await?;
    let metrics = match config.metrics_listen {
        Some(address) => Some(listen("metrics_listen", address).await?.0),
        None => None,
    };
    Ok(Listeners { api, certificate, metrics, address })
}

async fn listen(key: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), BindError> {
    let failed = |source| BindError::Address { key, address, source };
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
    let Listeners { api, certificate, metrics, .. } = listeners;
    let front = Front::of_api(&app.config, router(Arc::clone(&app)), certificate.clone());
    let api = front.run(api, stopped.clone());
    let counting = async {
        let Some(listener) = metrics else { return Ok(()) };
        let handle = match metrics::install() {
            Ok(handle) => handle,
            Err(error) => {
                tracing::error!(%error, "nothing is counted");
                return Ok(());
            }
        };
        let pages = metrics::router(handle.clone(), app.clone());
        let upkeep = async {
            let mut tick = tokio::time::interval(metrics::UPKEEP);
            loop {
                tick.tick().await;
                handle.run_upkeep();
            }
        };
        tokio::select! {
            ended = Front::new(&app.config, pages, None).run(listener, stopped) => ended,
            () = upkeep => Ok(()),
        }
    };
    let renewing = async {
        match &certificate {
            Some(certificate) => certificate.follow().await,
            None => std::future::pending().await,
        }
    };
    let live = app.live.clone();
    let cut_off = async {
        stop.await;
        tracing::info!("stopping: running requests may finish");
        live.stop();
        drop(stopping);
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = async { tokio::try_join!(api, counting) } => {
            // Sockets are no requests any more: nothing above waits for them.
            let ended = ended.map(|_| ());
            if tokio::time::timeout(GRACE, app.live.emptied()).await.is_err() {
                tracing::warn!("stopped with sockets open");
            }
            ended
        }
        () = renewing => Ok(()),
        () = cut_off => {
            tracing::warn!("stopped with requests running");
            Ok(())
        }
    }
}
