//! The service on a listener of its own, in process.

use std::net::SocketAddr;

use custodian::config::Config;
use tokio::task::JoinHandle;

use crate::app::TestApp;

/// A service that listens; dropped, it ends.
pub struct Listening {
    /// Where.
    pub address: SocketAddr,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Listening {
    /// On the test's database, with a changed configuration.
    pub async fn begin(app: &TestApp, change: impl FnOnce(&mut Config)) -> Self {
        let (service, _) = app
            .instance(|config| {
                config.listen = "127.0.0.1:0".parse().unwrap();
                config.metrics_listen = None;
                change(config);
            })
            .await;
        let listeners = custodian::http::bind(&service.config).await.unwrap();
        let address = listeners.address();
        let serving = tokio::spawn(custodian::http::serve(listeners, service, std::future::pending()));
        Self { address, serving }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
