//! Several instances on one database: with Redis between them each tells what the others change, and what ends rights.

use std::time::Instant;

use custodian::config::RedisUrl;
use custodian_entity::id::TypedId;
use custodian_entity::role_grant;
use serde_json::{Value, json};

use super::socket::{PATIENCE, Place, serve};
use super::told::changed;
use crate::app::TestApp;
use crate::fixture::{ADMIN, BILLING, MARIA, SUPPORT, account, all, customer, mutate};
use crate::redis::Redis;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.redis("live::instances tell each other what was changed, by ids alone", told);
}

async fn until(what: &str, ask: impl Fn() -> bool) {
    let begun = Instant::now();
    while !ask() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

async fn told(app: TestApp, redis: Redis) {
    let mut redis = redis.place();
    redis.start();
    let url = RedisUrl::parse(&redis.url()).unwrap();
    let start = async || {
        let (service, router) = app.instance(|config| config.redis_url = Some(url.clone())).await;
        let following = service.clone();
        tokio::spawn(async move { following.follow().await });
        (service, router)
    };
    let ((one, at_one), (other, at_other)) = (start().await, start().await);
    until("both hear", || one.news.is_up() == Some(true) && other.news.is_up() == Some(true)).await;
    let (here, there) =
        (Place { address: serve(at_one.clone()).await }, Place { address: serve(at_other).await });
    let maria = customer(&app, MARIA).await;
    let variables = json!({ "id": maria.id.encode() });
    let mut listener = redis::Client::open(redis.url()).unwrap().get_async_pubsub().await.unwrap();
    listener.subscribe("custodian:news").await.unwrap();

    let mut sockets = Vec::new();
    for place in [&here, &there] {
        let mut socket = place.signed_in(&app, SUPPORT).await;
        socket.subscribe("1", &changed("version email"), variables.clone()).await;
        sockets.push(socket);
    }
    let mut ended = there.signed_in(&app, BILLING).await;
    ended.subscribe("1", &changed("version"), variables).await;
    let admin = app.login(ADMIN).await.at(&at_one);
    let input = json!({ "id": maria.id.encode(), "version": maria.version, "phone": "+34600111222" });
    mutate(&admin, "customerUpdate", "id", input).await.done();
    for socket in &mut sockets {
        assert_eq!(socket.next("1").await["data"]["customerChanged"]["version"], json!(maria.version + 1));
        assert_eq!(socket.until_pong().await, Vec::<Value>::new(), "a change is told once");
    }
    ended.next("1").await;
    use futures_util::StreamExt;
    let message = tokio::time::timeout(PATIENCE, listener.on_message().next()).await.unwrap().unwrap();
    let message: String = message.get_payload().unwrap();
    assert!(message.contains("CUSTOMER_UPDATED") && message.contains(&maria.id.encode()), "{message}");
    assert!(!message.contains("600111222") && !message.to_lowercase().contains("garc"), "{message}");

    // A role that is taken away here ends the socket there at once: the clock stands still.
    let billing = account(&app, BILLING).await;
    let grants = all::<role_grant::Entity>(&app).await;
    let grant = grants.iter().find(|grant| grant.user_id == billing.id).unwrap().id.encode();
    mutate(&admin, "roleRevoke", "id", json!({ "id": grant })).await.done();
    ended.ends(4403).await;

    // Without Redis nothing waits, and each instance tells what it does itself.
    redis.kill();
    until("redis is missed", || one.news.is_up() == Some(false)).await;
    let input = json!({ "id": maria.id.encode(), "version": maria.version + 1, "language": "fr" });
    mutate(&admin, "customerUpdate", "id", input).await.done();
    sockets[0].next("1").await;
}
