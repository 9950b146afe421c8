//! Redis refuses, is silent or slow (FA5): nobody waits for it, and nothing depends on it. The database alone decides.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use custodian::app::App;
use custodian::config::RedisUrl;
use serde_json::{Value, json};

use super::proxy::{Proxy, Upstream};
use super::{assert_discreet, back, page, prompt};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{ADMIN, BILLING, SUPPORT, text};
use crate::redis::Redis;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite
        .redis("faults::whatever Redis does, sessions that ended stay so, and nobody waits for it", whatever);
}

const LOGIN: &str = "mutation($name: String!, $password: String!) { login(username: $name, password: $password) { accessToken } }";

/// An instance that follows what others tell.
async fn following(app: &TestApp, url: &RedisUrl) -> (Arc<App>, Router) {
    let (service, router) = app.instance(|config| config.redis_url = Some(url.clone())).await;
    let follower = service.clone();
    tokio::spawn(async move { follower.follow().await });
    (service, router)
}

async fn whatever(app: TestApp, redis: Redis) {
    let mut redis = redis.place();
    redis.start();
    let mut proxy = Proxy::to(Upstream::Unix(redis.socket()));
    let url = RedisUrl::parse(&format!("redis://{}", proxy.address)).expect("an address");
    let ((one, at_one), (other, at_other)) = (following(&app, &url).await, following(&app, &url).await);
    back("redis", async || one.news.is_up() == Some(true) && other.news.is_up() == Some(true)).await;
    let mut ended: Vec<Client> = Vec::new();
    for (how, account) in [("refuses", SUPPORT), ("is silent", BILLING), ("is slow", ADMIN)] {
        match how {
            "refuses" => proxy.refuse(),
            "is silent" => proxy.blackhole(),
            _ => proxy.slow(Duration::from_secs(2)),
        }
        let right = json!({ "name": account, "password": "Custodian-Demo-1" });
        let login = prompt(how, app.anonymous().at(&at_one).query(LOGIN, right)).await;
        let client = app.anonymous().bringing(text(&login.ok()["login"]["accessToken"]));
        prompt(how, client.at(&at_other).query("{ viewer { id } }", Value::Null)).await.ok();
        prompt(how, client.at(&at_one).query("mutation { logout }", Value::Null)).await.ok();
        ended.push(client);
        for client in &ended {
            for router in [&at_one, &at_other] {
                let refused = prompt(how, client.at(router).query("{ viewer { id } }", Value::Null)).await;
                assert_eq!(
                    refused.status.as_u16(),
                    401,
                    "{how}: a session that ended is accepted: {}",
                    refused.text
                );
                assert_discreet(&refused, &[]);
            }
        }
        // What guards passwords is in the database.
        let wrong = json!({ "name": format!("nobody-{account}"), "password": "wrong" });
        for _ in 0..5 {
            prompt(how, app.anonymous().at(&at_one).query(LOGIN, wrong.clone())).await;
        }
        let counted = prompt(how, app.anonymous().at(&at_other).query(LOGIN, wrong)).await;
        assert_eq!(counted.code(), Some("RATE_LIMITED"), "{how}: guesses are not counted: {}", counted.text);
        let (status, said) = prompt(how, page(&app.anonymous().at(&at_one), "/readyz")).await;
        assert_eq!(status, 200, "{how}: a server is ready without Redis: {said}");
        if how != "is slow" {
            back("that redis is missed", async || {
                page(&app.anonymous().at(&at_one), "/readyz").await.1.contains("redis is away")
            })
            .await;
        }
        proxy.pass();
        back("redis", async || one.news.is_up() == Some(true) && other.news.is_up() == Some(true)).await;
    }
    // It is used again: what one ends the other hears of without asking the database.
    let login = app
        .anonymous()
        .at(&at_one)
        .query(LOGIN, json!({ "name": SUPPORT, "password": "Custodian-Demo-1" }))
        .await;
    let client = app.anonymous().bringing(text(&login.ok()["login"]["accessToken"]));
    let session = text(
        &client
            .at(&at_one)
            .query("{ sessions(first: 50) { nodes { id isCurrent } } }", Value::Null)
            .await
            .ok()["sessions"]["nodes"]
            .as_array()
            .and_then(|nodes| nodes.iter().find(|node| node["isCurrent"] == true))
            .expect("the session is listed")["id"],
    )
    .to_owned();
    let session = custodian_entity::id::TypedId::decode(&session).expect("an id");
    client.at(&at_one).query("mutation { logout }", Value::Null).await.ok();
    back("news", async || other.news.has_ended(session)).await;
}
