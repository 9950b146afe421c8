//! Traces: what is sent to a collector, and what is not.

use custodian::config::{Config, Sources};

use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("traces::an endpoint is for programs that send traces, and in TLS", endpoint);
    #[cfg(feature = "otel")]
    suite.pure("traces::a collector gets spans, and nothing of what was sent", sent::spans);
}

fn endpoint() {
    let load = |endpoint: &str, profile: &str| {
        let variables = [("CUSTODIAN_TRACING_ENDPOINT", endpoint), ("CUSTODIAN_PROFILE", profile)];
        let more = [("CUSTODIAN_PUBLIC_URL", "https://api.example"), ("CUSTODIAN_MASTER_KEY", "x")];
        let variables = variables.into_iter().chain(more).map(|(name, value)| (name.into(), value.into()));
        Config::load(Sources { variables: variables.collect(), ..Sources::default() })
            .map(|config| config.tracing.endpoint.map(|endpoint| endpoint.to_string()))
            .map_err(|error| error.to_string())
    };
    assert_eq!(load("", "development"), Ok(None));
    let sends = cfg!(feature = "otel");
    for (endpoint, profile) in [
        ("https://collector.example/v1/traces", "production"),
        ("http://127.0.0.1:4318/v1/traces", "production"),
        ("http://collector.example/v1/traces", "development"),
    ] {
        match load(endpoint, profile) {
            Ok(taken) => assert!(sends && taken.as_deref() == Some(endpoint), "{taken:?}"),
            Err(error) => assert!(!sends && error.contains("build it with --features otel"), "{error}"),
        }
    }
    let error = load("http://collector.example/v1/traces", "production").unwrap_err();
    assert!(error.starts_with("tracing.endpoint: "), "{error}");
    assert!(load("ftp://collector.example", "development").unwrap_err().starts_with("tracing.endpoint: "));
}

#[cfg(feature = "otel")]
mod sent {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::sync::{Arc, Mutex};

    use serde_json::json;
    use tempfile::TempDir;

    use crate::commands::kill;
    use crate::serving::Serving;
    use crate::suite::runtime;

    /// A collector in this process, and the requests it got, heads and bodies.
    fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
        let got = Arc::<Mutex<Vec<u8>>>::default();
        let gets = got.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let gets = gets.clone();
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    let mut answers = stream;
                    loop {
                        let (mut head, mut length) = (String::new(), 0);
                        loop {
                            let mut line = String::new();
                            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                                return;
                            }
                            if let Some(said) = line.to_lowercase().strip_prefix("content-length:") {
                                length = said.trim().parse().unwrap();
                            }
                            head += &line;
                            if line == "\r\n" {
                                break;
                            }
                        }
                        let mut body = vec![0; length];
                        reader.read_exact(&mut body).unwrap();
                        let mut got = gets.lock().unwrap();
                        got.extend(head.as_bytes());
                        got.extend(body);
                        drop(got);
                        let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
                        answers.write_all(answer.as_bytes()).unwrap();
                    }
                });
            }
        });
        (url, got)
    }

    pub fn spans() {
        let (url, got) = collector();
        let folder = TempDir::new().unwrap();
        let is_in = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        let (id, mut serving) = runtime().block_on(async {
            let serving = Serving::begin(folder.path(), &[("CUSTODIAN_TRACING_ENDPOINT", &url)]).await;
            // Each value says that it was planted: names, variables, headers, and what is found.
            let query = "query PlantedName($planted: String) { plantedAlias: customers(first: 2, search: $planted) \
                { nodes { displayName email } } }";
            let request = serving.http.post(format!("{}/graphql?planted=planted", serving.base));
            let request = request.bearer_auth(&serving.token).header("user-agent", "planted-agent");
            let request = request.header("x-request-id", "planted-request");
            let request =
                request.header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
            let body = json!({ "query": query, "variables": { "planted": "planted-value" } });
            let answer = request.json(&body).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), 200);
            let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
            (id, serving)
        });
        kill(&serving.server, "-TERM");
        assert!(serving.server.0.wait().unwrap().success());
        let got = got.lock().unwrap().clone();
        for part in ["POST /v1/traces", "custodian", "request", "operation", "customers", "/graphql", &id] {
            assert!(is_in(&got, part.as_bytes()), "{part:?} was not sent: {}", String::from_utf8_lossy(&got));
        }
        let text = String::from_utf8_lossy(&got).to_lowercase();
        for part in ["planted", "acme", "bearer", "select ", "displayname", "latency"] {
            assert!(!text.contains(part), "{part:?} was sent: {text}");
        }
        let traceparent = [0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6];
        assert!(!is_in(&got, &traceparent), "a client chose the id of its trace");
    }
}
