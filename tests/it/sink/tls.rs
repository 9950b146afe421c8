//! TLS: only with a certificate that is trusted, for the name that was asked for. Certificates and server are made by
//! `openssl`, where there is one.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::pure;
use super::server::sink;
use crate::commands::Server;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    let version = Command::new("openssl").arg("version").output();
    let is_here = version.is_ok_and(|output| output.stdout.starts_with(b"OpenSSL 3"));
    if is_here {
        pure(suite, "sink::only a certificate of the configured authority counts", certificates);
    } else {
        suite.skip("sink: certificates — there is no openssl of version 3");
    }
}

fn openssl(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new("openssl");
    command.current_dir(folder).args(arguments.split(' ')).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// Makes a certificate of its own, or of another.
fn certify(folder: &Path, name: &str, more: &str) {
    let key = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2";
    let arguments = format!("{key} -keyout {name}.key -out {name}.pem -subj /CN={name} {more}");
    assert!(openssl(folder, &arguments).status().unwrap().success(), "{arguments}");
}

async fn certificates() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    certify(folder.path(), "ca", "-addext keyUsage=keyCertSign");
    certify(folder.path(), "other", "-addext keyUsage=keyCertSign");
    let leaf =
        "-CA ca.pem -CAkey ca.key -addext subjectAltName=DNS:localhost -addext basicConstraints=CA:FALSE";
    certify(folder.path(), "localhost", leaf);
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
