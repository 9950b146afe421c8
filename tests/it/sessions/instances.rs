//! Several instances on one database, with Redis between them, without it, and with one that forgot everything.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use custodian::config::RedisUrl;
use custodian_entity::session;
use serde_json::{Value, json};

use super::{Held, LOGIN, client, is_accepted, sign_in};
use crate::app::TestApp;
use crate::commands::{Server, custodian};
use crate::fixture::{SUPPORT, all, text};
use crate::redis::{Place, Redis};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.redis(
        "sessions::what one server ends all refuse, with Redis, without, and after it forgot",
        servers,
    );
    suite.redis("sessions::instances hear of each other's endings", heard);
}

/// How long something that is on its way may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks until the answer is yes.
async fn until(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !ask().await {
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A process that serves.
struct Process {
    address: String,
    http: reqwest::Client,
    _server: Server,
}

impl Process {
    fn start(app: &TestApp, redis: &Place) -> Self {
        let (database, url) = (app.database(), redis.url());
        let variables = [
            ("CUSTODIAN_DATABASE_URL", database.url.as_str()),
            ("CUSTODIAN_MIGRATION_DATABASE_URL", database.owner_url.as_str()),
            ("CUSTODIAN_DATA_DIR", database.folder.path().to_str().unwrap()),
            ("CUSTODIAN_REDIS_URL", url.as_str()),
            ("CUSTODIAN_LOG", "error"),
        ];
        let arguments = ["--listen", "127.0.0.1:0", "--metrics-listen", ""];
        let mut command = custodian(database.folder.path(), &arguments, &variables);
        let mut server = Server(command.stdout(Stdio::piped()).spawn().unwrap());
        let first = BufReader::new(server.0.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        let address = first.strip_prefix("GraphQL    ").unwrap().strip_suffix("/graphql").unwrap().to_owned();
        Self { address, http: reqwest::Client::new(), _server: server }
    }

    async fn post(&self, token: Option<&str>, document: &str, variables: Value) -> (u16, Value) {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let request = self.http.post(format!("{}/graphql", self.address)).body(body);
        let request = request.header("content-type", "application/json");
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap())
    }

    async fn sign_in(&self) -> Held {
        let (_, answer) = self.post(None, LOGIN, json!({ "name": SUPPORT })).await;
        let payload = &answer["data"]["login"];
        let token = |name: &str| text(&payload[name]).to_owned();
        Held { access: token("accessToken"), refresh: token("refreshToken") }
    }

    async fn accepts(&self, held: &Held) -> bool {
        let (status, answer) = self.post(Some(&held.access), "{ viewer { id } }", Value::Null).await;
        assert!([200, 401].contains(&status), "{answer}");
        status == 200
    }

    async fn sign_out(&self, held: &Held) {
        let (status, answer) = self.post(Some(&held.access), "mutation { logout }", Value::Null).await;
        assert_eq!((status, &answer["data"]["logout"]), (200, &json!(true)), "{answer}");
    }

    /// Whether it says that Redis answers.
    async fn has_redis(&self) -> bool {
        let ready = self.http.get(format!("{}/readyz", self.address)).send().await.unwrap();
        assert_eq!(ready.status().as_u16(), 200, "a server is ready without Redis too");
        !ready.text().await.unwrap().contains("redis is away")
    }
}

async fn servers(app: TestApp, redis: Redis) {
    let mut redis = redis.place();
    redis.start();
    let (one, other) = (Process::start(&app, &redis), Process::start(&app, &redis));
    for server in [&one, &other] {
        until("redis answers", async || server.has_redis().await).await;
    }
    let mut ended = Vec::new();
    let mut end = async |what: &str| {
        let held = one.sign_in().await;
        assert!(other.accepts(&held).await, "{what}");
        one.sign_out(&held).await;
        // The very next request: nobody waits for news.
        assert!(!other.accepts(&held).await, "{what}: a session that ended is accepted beside");
        assert!(!one.accepts(&held).await, "{what}");
        ended.push(held);
    };
    end("with redis").await;
    let stored = redis::Client::open(redis.url()).unwrap();
    let mut stored = stored.get_multiplexed_async_connection().await.unwrap();
    until("the session is in redis, with an end", async || {
        let keys = redis::cmd("KEYS").arg("custodian:revoked:*").query_async(&mut stored).await;
        let keys: Vec<String> = keys.unwrap();
        let Some(key) = keys.first() else { return false };
        let left: i64 = redis::cmd("TTL").arg(key).query_async(&mut stored).await.unwrap();
        assert!((1..=900).contains(&left), "{left}");
        true
    })
    .await;

    redis.kill();
    end("without redis").await;
    for server in [&one, &other] {
        until("redis is missed", async || !server.has_redis().await).await;
    }
    end("long without redis").await;

    redis.start();
    for server in [&one, &other] {
        until("redis answers again", async || server.has_redis().await).await;
    }
    end("with a redis that forgot").await;
    let restarted = Process::start(&app, &redis);
    for held in &ended {
        for server in [&one, &other, &restarted] {
            assert!(!server.accepts(held).await, "a session that ended is accepted again");
        }
    }
}

async fn heard(app: TestApp, redis: Redis) {
    let mut redis = redis.place();
    redis.start();
    let url = RedisUrl::parse(&redis.url()).unwrap();
    let start = async || app.instance(|config| config.redis_url = Some(url.clone())).await;
    let follow = |app: &std::sync::Arc<custodian::app::App>| {
        let app = app.clone();
        tokio::spawn(async move { app.follow().await });
    };
    let ((one, at_one), (other, _)) = (start().await, start().await);
    follow(&one);
    follow(&other);
    until("both hear", async || one.news.is_up() == Some(true) && other.news.is_up() == Some(true)).await;
    let held = sign_in(&app, SUPPORT).await;
    let id = all::<session::Entity>(&app).await[0].id;
    assert!(is_accepted(&at_one, &held).await);
    client(&at_one, &held).query("mutation { logout }", Value::Null).await.ok();
    assert!(one.news.has_ended(id), "it knows what it did itself");
    until("the other hears", async || other.news.has_ended(id)).await;
    // Who starts later reads what was said before.
    let (late, _) = start().await;
    assert!(!late.news.has_ended(id));
    follow(&late);
    until("the late one catches up", async || late.news.has_ended(id)).await;
}
