//! Clients of HTTP/2 that ask and do not take: the protocol lets them, and looks well meanwhile.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Request;
use h2::client::{self, SendRequest};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::tls::made;
use crate::app::TestApp;
use crate::listening::Listening;

/// Longer than anything here takes, and not for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection of HTTP/2 whose client takes so much of each answer before it takes more; and its end.
async fn connected(app: &TestApp, window: u32) -> (Listening, SendRequest<&'static [u8]>, JoinHandle<()>) {
    let folder = made();
    let listening = Listening::begin(app, |config| {
        config.tls_cert = Some(folder.path().join("localhost.pem"));
        config.tls_key = Some(folder.path().join("localhost.key"));
        config.http.header_timeout_seconds = 1;
        config.downloads.idle_seconds = 1;
    })
    .await;
    let mut trusted = RootCertStore::empty();
    trusted.add(CertificateDer::from_pem_file(folder.path().join("ca.pem")).unwrap()).unwrap();
    let mut config = ClientConfig::builder().with_root_certificates(trusted).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(listening.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let builder = client::Builder::new().initial_window_size(window).clone();
    let (asking, connection) = builder.handshake(stream).await.unwrap();
    let ended = tokio::spawn(async move { drop(connection.await) });
    (listening, asking, ended)
}

async fn ask(asking: &mut SendRequest<&'static [u8]>, path: &str) -> axum::http::Response<h2::RecvStream> {
    let request = Request::get(format!("https://localhost{path}")).body(()).unwrap();
    let (answer, _) = asking.send_request(request, true).unwrap();
    answer.await.unwrap()
}

pub async fn untaken(app: TestApp) {
    let (_listening, mut asking, ended) = connected(&app, 0).await;
    let answer = ask(&mut asking, "/graphiql").await;
    assert_eq!(answer.status(), 200);
    timeout(PATIENCE, ended).await.expect("who takes nothing loses the connection").unwrap();
    drop(answer);
}

pub async fn silent(app: TestApp) {
    let (_listening, mut asking, ended) = connected(&app, 65_535).await;
    let answer = ask(&mut asking, "/healthz").await;
    assert_eq!(answer.status(), 200);
    let mut body = answer.into_body();
    while let Some(bytes) = body.data().await {
        let taken = bytes.unwrap().len();
        body.flow_control().release_capacity(taken).unwrap();
    }
    // Pings are answered all the while, and are not enough.
    timeout(PATIENCE, ended).await.expect("a connection on which nothing is asked is ended").unwrap();
}
