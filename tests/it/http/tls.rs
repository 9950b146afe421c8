//! TLS 1.3 with the configured certificate, which can be exchanged while the service runs.

use std::path::Path;
use std::time::Duration;

use reqwest::{Certificate, Client, Version};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::app::TestApp;
use crate::certificates::{authority, of_authority};
use crate::listening::Listening;

const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody who trusts this folder's authority and no other.
fn client(folder: &Path) -> Client {
    let trusted = Certificate::from_pem(&std::fs::read(folder.join("ca.pem")).unwrap()).unwrap();
    // A connection each: the certificate of the moment is what is asked for.
    let client = Client::builder().no_proxy().tls_certs_only([trusted]).pool_max_idle_per_host(0);
    client.build().unwrap()
}

async fn listening(app: &TestApp, folder: &Path) -> Listening {
    Listening::begin(app, |config| {
        config.tls_cert = Some(folder.join("localhost.pem"));
        config.tls_key = Some(folder.join("localhost.key"));
        config.http.header_timeout_seconds = 1;
    })
    .await
}

pub(super) fn made() -> TempDir {
    let folder = TempDir::new().unwrap();
    authority(folder.path());
    of_authority(folder.path(), "localhost");
    folder
}

pub async fn served(app: TestApp) {
    let folder = made();
    let listening = listening(&app, folder.path()).await;
    let url = format!("https://localhost:{}/healthz", listening.address.port());
    let answer = client(folder.path()).get(&url).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));
    let plain = format!("http://localhost:{}/healthz", listening.address.port());
    assert!(client(folder.path()).get(plain).send().await.is_err(), "nothing is said in clear");

    // Who opens a connection and does not go on loses it: before the handshake, and after it.
    let mut silent = TcpStream::connect(listening.address).await.unwrap();
    let ended = timeout(PATIENCE, silent.read(&mut [0; 64])).await.expect("the connection is ended");
    assert!(ended.is_err() || ended.is_ok_and(|read| read == 0), "nothing was sent");
}

pub async fn renewed(app: TestApp) {
    let folder = made();
    let listening = listening(&app, folder.path()).await;
    let url = format!("https://localhost:{}/healthz", listening.address.port());
    let before = client(folder.path());
    before.get(&url).send().await.unwrap();

    // Half of a change, as a copy leaves it: the certificate from before is served.
    std::fs::write(folder.path().join("localhost.pem"), "nothing").unwrap();
    timeout(PATIENCE, async {
        while !app.logs().contains("serving with the certificate from before") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("the log tells of it");
    before.get(&url).send().await.expect("the certificate from before");

    // Another authority signs the next.
    authority(folder.path());
    of_authority(folder.path(), "localhost");
    let after = client(folder.path());
    let renewed = async {
        while after.get(&url).send().await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, renewed).await.expect("the new certificate is served");
    assert!(before.get(&url).send().await.is_err(), "the old one is not");
}
