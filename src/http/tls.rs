//! TLS 1.3, with a certificate that is read again when its file changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::TLS13;

use crate::config::Config;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(5);

/// A certificate that cannot be served with.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not there, or holds none.
    #[error("{key}: {path}: {source}", path = path.display())]
    File {
        /// `tls_cert` or `tls_key`.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PemError,
    },
    /// There is no certificate in the file.
    #[error("tls_cert: {path}: there is no certificate in it", path = .0.display())]
    Empty(PathBuf),
    /// They do not belong together, or are of a kind that nobody takes.
    #[error("tls_key: {path}: {source}", path = path.display())]
    Unfit {
        /// The file of the key.
        path: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
}

/// The certificate that is served with now.
pub struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    server: ArcSwap<ServerConfig>,
}

impl Certificate {
    /// The configured one, if there is one.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn from_config(config: &Config) -> Result<Option<Arc<Self>>, TlsError> {
        let (Some(cert), Some(key)) = (&config.tls_cert, &config.tls_key) else { return Ok(None) };
        let server = ArcSwap::from_pointee(read(cert, key)?);
        Ok(Some(Arc::new(Self { cert: cert.clone(), key: key.clone(), server })))
    }

    /// What a new connection is served with.
    pub(super) fn server(&self) -> Arc<ServerConfig> {
        self.server.load_full()
    }

    /// Looks at the files every few seconds, and serves new connections with what they hold then. While they hold nothing
    /// good, the one before goes on.
    pub(super) async fn follow(&self) {
        let mut before = self.held().await;
        let mut tick = tokio::time::interval(EVERY);
        loop {
            tick.tick().await;
            let now = self.held().await;
            if now == before {
                continue;
            }
            match read(&self.cert, &self.key) {
                Ok(server) => {
                    self.server.store(Arc::new(server));
                    tracing::info!("serving with the new certificate");
                }
                Err(error) => tracing::error!(%error, "serving with the certificate from before"),
            }
            before = now;
        }
    }

    /// The texts of both files, as far as they can be read.
    async fn held(&self) -> [Option<Vec<u8>>; 2] {
        [tokio::fs::read(&self.cert).await.ok(), tokio::fs::read(&self.key).await.ok()]
    }
}

fn read(cert: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let failed = |key, path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::File { key, path, source }
    };
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(cert).map_err(failed("tls_cert", cert))?.collect();
    let chain = chain.map_err(failed("tls_cert", cert))?;
    if chain.is_empty() {
        return Err(TlsError::Empty(cert.to_owned()));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(failed("tls_key", key))?;
    let unfit = |source| TlsError::Unfit { path: key.to_owned(), source };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .map_err(unfit)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(unfit)?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(server)
}
