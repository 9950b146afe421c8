//! The server is told to stop under load (FA3): what it began it answers, what it acknowledged is there, and it ends in time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use custodian_entity::customer;
use sea_orm::{EntityTrait, PaginatorTrait};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::HANG;
use super::killed::{CREATE, input};
use crate::database::connect;
use crate::serving::Serving;
use crate::suite::{Suite, runtime};

pub(super) fn register(suite: &mut Suite) {
    suite.pure("faults::a server that is told to stop under load answers what it began, and ends", stopped);
}

/// How many requests it has begun with when it is told.
const BEGUN: usize = 16;

/// How many others go on asking.
const BESIDE: usize = 4;

/// By when it has ended.
const ENDED: Duration = Duration::from_secs(35);

/// A request whose head the server has taken, and which waits for its body.
async fn begin(address: SocketAddr, token: &str, email: &str) -> (TcpStream, String) {
    let body = serde_json::json!({ "query": CREATE, "variables": input(email) }).to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
         authorization: Bearer {token}\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    stream.write_all(head.as_bytes()).await.expect("the server reads");
    let mut asked = [0; 12];
    timeout(HANG, stream.read_exact(&mut asked))
        .await
        .expect("it asks for the body")
        .expect("it does not hang up");
    assert_eq!(&asked, b"HTTP/1.1 100", "it asks for the body: {}", String::from_utf8_lossy(&asked));
    (stream, body)
}

fn stopped() {
    runtime().block_on(async {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let settings = [("CUSTODIAN_CUSTOMER_CREATE_PER_MINUTE", "1000")];
        let mut serving = Serving::begin(folder.path(), &settings).await;
        let (token, base) = (Arc::new(serving.token.clone()), serving.base.clone());
        let address: SocketAddr = base.trim_start_matches("http://").parse().expect("an address");
        let url = format!("sqlite://{}", folder.path().join("data/custodian.db").display());
        let db = connect(&url).await.expect("an address");
        let before = customer::Entity::find().count(&db).await.expect("the database answers");
        let mut begun = Vec::new();
        for number in 0..BEGUN {
            begun.push(begin(address, &token, &format!("begun-{number}@load.example")).await);
        }
        let mut beside = JoinSet::new();
        for number in 0..BESIDE {
            let (token, base) = (token.clone(), base.clone());
            beside.spawn(async move {
                let http = reqwest::Client::builder()
                    .no_proxy()
                    .pool_max_idle_per_host(0)
                    .build()
                    .expect("a client");
                let mut done = 0;
                for round in 0.. {
                    let email = format!("beside-{number}-{round}@load.example");
                    let body = serde_json::json!({ "query": CREATE, "variables": input(&email) });
                    let asked =
                        http.post(format!("{base}/graphql")).bearer_auth(&*token).json(&body).send().await;
                    let Ok(answer) = asked else { break };
                    let text = answer.text().await.expect("an answer that began is finished");
                    assert!(text.contains("\"version\""), "it was answered, and not done: {text}");
                    done += 1;
                }
                done
            });
        }
        let told = Instant::now();
        crate::commands::kill(&serving.server, "-TERM");
        let mut answered = JoinSet::new();
        for (mut stream, body) in begun {
            answered.spawn(async move {
                stream.write_all(body.as_bytes()).await.expect("the server reads");
                let mut text = String::new();
                timeout(ENDED, stream.read_to_string(&mut text))
                    .await
                    .expect("it is answered")
                    .expect("it is not cut");
                text
            });
        }
        let mut done = 0;
        while let Some(text) = answered.join_next().await {
            let text = text.expect("a client does not panic");
            assert!(
                text.contains("200 OK") && text.contains("\"version\""),
                "what was begun is cut off: {text}"
            );
            done += 1;
        }
        while let Some(others) = timeout(ENDED, beside.join_next()).await.expect("nobody is served for ever")
        {
            done += others.expect("a client does not panic");
        }
        let ended =
            tokio::task::spawn_blocking(move || serving.server.0.wait()).await.expect("it can be waited for");
        assert_eq!(ended.expect("it is a child").code(), Some(0), "it ends as it should");
        assert!(told.elapsed() < ENDED, "it waited for something: {:?}", told.elapsed());
        let after = customer::Entity::find().count(&db).await.expect("the database answers");
        assert!(after - before >= done, "{done} were acknowledged, {} are there", after - before);
        assert!(done >= BEGUN as u64);
    });
}
