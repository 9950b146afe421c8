//! TLS: only with a certificate that is trusted, for the name that was asked for. Certificates and server are made by
//! `openssl`, where there is one.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use tempfile::TempDir;

use super::pure;
use super::server::sink;
use crate::certificates::{authority, can_be_made, certify, of_authority, openssl};
use crate::commands::Server;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    if can_be_made() {
        pure(suite, "sink::only a certificate of the configured authority counts", certificates);
    } else {
        suite.skip("sink: certificates — there is no openssl of version 3");
    }
}

async fn certificates() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    authority(folder.path());
    certify(folder.path(), "other", "-addext keyUsage=keyCertSign");
    of_authority(folder.path(), "localhost");
    let serve = "s_server -accept 127.0.0.1:0 -cert localhost.pem -key localhost.key -www";
    let mut server = Server(openssl(folder.path(), serve).stdout(Stdio::piped()).spawn().unwrap());
    let lines = BufReader::new(server.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut ports = lines.filter_map(|line| Some(line.strip_prefix("ACCEPT 127.0.0.1:")?.to_owned()));
    let port = ports.next().unwrap();
    let ask = async |host: &str, authority: Option<&str>| {
        let sink = sink(&format!("https://{host}:{port}"), |config| {
            config.opensearch_ca_file = authority.map(file);
            config.opensearch_timeout_seconds = 1;
        });
        sink.ensure_template().await.unwrap_err().to_string()
    };
    // Whom it trusts it asks, and this server has nothing to say.
    assert_eq!(ask("localhost", Some("ca.pem")).await, format!("localhost:{port}: no answer in time"));
    for (host, authority) in
        [("localhost", None), ("localhost", Some("other.pem")), ("127.0.0.1", Some("ca.pem"))]
    {
        let refused = format!("{host}:{port}: no connection, or no TLS with a certificate that is trusted");
        assert_eq!(ask(host, authority).await, refused, "{authority:?}");
    }
}
