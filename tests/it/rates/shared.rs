//! Several instances with Redis between them, without it, and with one that does not answer (abuse case FA5).

use std::time::{Duration, Instant};

use custodian::config::RedisUrl;
use custodian::rates::{Limit, Local, Shared};
use metrics_exporter_prometheus::PrometheusBuilder;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio::net::TcpListener;

use super::{advance, ask, exactly, refused, sign_in};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::SUPPORT;
use crate::redis::{Place, Redis};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.redis("rates::Redis counts as this process does", alike);
    suite.redis("rates::instances count together, and each by itself without Redis", together);
    suite.sqlite("rates::a Redis that says nothing holds up nobody, and turns no limit off", silent);
}

/// How long something that is on its way may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts it, and waits until it answers.
async fn start(place: &mut Place) -> RedisUrl {
    place.start();
    let url = RedisUrl::parse(&place.url()).unwrap();
    let begun = Instant::now();
    while custodian::news::ping(&url).await.is_err() {
        assert!(begun.elapsed() < PATIENCE, "redis answers");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    url
}

async fn alike(_: TestApp, redis: Redis) {
    let mut place = redis.place();
    let shared = Shared::new(start(&mut place).await, PATIENCE);
    let limits = [Limit::per_minute(7), Limit::per_minute(600), Limit::per_second(1_000, 30)];
    let step = (0..3_usize, 0..12_u64, prop_oneof![Just(0_i64), 0..4_000_000_i64, Just(-2_000_000_i64)]);
    let mut runner = TestRunner::deterministic();
    for case in 0..60 {
        let steps = vec(step.clone(), 1..60).new_tree(&mut runner).unwrap().current();
        let local = Local::new(Local::MOST);
        let mut now = 1_772_366_400_000_000;
        for (number, amount, later) in steps {
            now += later;
            // The last limit is about costs.
            let (limit, amount) = (limits[number], if number == 2 { amount * 40 } else { amount });
            let key = format!("{case} {number}");
            let here = local.take(&key, limit, amount, now);
            assert_eq!(
                shared.take(&key, limit, amount, now).await,
                Some(here),
                "{limit:?}, {amount} at {now}"
            );
        }
    }
}

async fn together(app: TestApp, redis: Redis) {
    let mut place = redis.place();
    let url = start(&mut place).await;
    let instance = async || {
        let started = app.instance(|config| {
            config.redis_url = Some(url.clone());
            (config.rates.user, config.rates.sign_in) = (6, 3);
        });
        started.await
    };
    let ((one, at_one), (other, at_other)) = (instance().await, instance().await);
    assert_eq!((one.rates.is_shared(), other.rates.is_shared()), (Some(true), Some(true)));
    let support = app.login(SUPPORT).await.from("192.0.2.77");
    let (here, there) = (support.at(&at_one), support.at(&at_other));
    for client in [&here, &there, &here, &there] {
        ask(client).await.ok();
    }
    exactly(&here, 2).await;
    assert_eq!(refused(&ask(&there).await), 10, "what one granted the other knows");
    advance(&app, 10);
    ask(&there).await.ok();
    refused(&ask(&here).await);
    for (client, number) in [(&at_one, 0), (&at_other, 1), (&at_one, 2)] {
        let client = Client::new(client.clone(), None);
        let name = format!("nobody-{number}@acme.example");
        assert_eq!(sign_in(&client, &name, "wrong").await.code(), Some("UNAUTHENTICATED"));
    }
    refused(&sign_in(&Client::new(at_other.clone(), None), "nobody-3@acme.example", "wrong").await);

    // What is there tells nothing of whose it is, and goes by itself.
    let client = redis::Client::open(place.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> =
        redis::cmd("KEYS").arg("custodian:rates:*").query_async(&mut connection).await.unwrap();
    assert!(keys.len() >= 4, "{keys:?}");
    for key in keys {
        let tag = key.strip_prefix("custodian:rates:").unwrap();
        assert!(tag.len() == 43 && !tag.contains("192.0.2"), "{key}");
        let left: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut connection).await.unwrap();
        assert!((1..=71_000).contains(&left), "{key} is there for {left} ms");
    }

    // Without Redis each counts by itself, from what it knew: what was used up stays so.
    let recorder = PrometheusBuilder::new().build_recorder();
    let counted = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    place.kill();
    refused(&ask(&here).await);
    refused(&sign_in(&Client::new(at_other.clone(), None), "nobody-3@acme.example", "wrong").await);
    advance(&app, 60);
    let begun = Instant::now();
    for client in [&here, &there] {
        exactly(client, 6).await;
    }
    for router in [&at_one, &at_other] {
        let client = Client::new(router.clone(), None);
        for number in 0..3 {
            let name = format!("nobody-{number}@globex.example");
            assert_eq!(sign_in(&client, &name, "wrong").await.code(), Some("UNAUTHENTICATED"));
        }
        refused(&sign_in(&client, SUPPORT, "Custodian-Demo-1").await);
    }
    assert!(begun.elapsed() < PATIENCE, "nobody waits for what is away");
    assert_eq!((one.rates.is_shared(), other.rates.is_shared()), (Some(false), Some(false)));
    let socket = place.url();
    let socket = socket.strip_prefix("unix://").unwrap();
    let logs = app.logs();
    let told = logs.lines().filter(|line| line.contains(socket) && line.contains("does not count")).count();
    assert_eq!(told, 2, "each instance tells it once");

    let counted = counted.render();
    for (count, least) in [
        ("custodian_rate_limited_total{bucket=\"viewer\"}", 3),
        ("custodian_rate_limited_total{bucket=\"sign-in\"}", 3),
        ("custodian_rate_limit_redis_failures_total", 2),
    ] {
        let line = counted.lines().find_map(|line| line.strip_prefix(count)?.trim().parse::<u64>().ok());
        assert!(line >= Some(least), "{count}: {counted}");
    }

    // It is asked again after some seconds.
    start(&mut place).await;
    advance(&app, 60);
    for client in [&here, &there] {
        ask(client).await.ok();
    }
    assert_eq!((one.rates.is_shared(), other.rates.is_shared()), (Some(true), Some(true)));
    exactly(&here, 4).await;
    refused(&ask(&there).await);
}

async fn silent(app: TestApp) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // It takes connections, and says nothing on them.
    tokio::spawn(async move {
        let mut taken = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            taken.push(connection);
        }
    });
    let (service, router) = app
        .instance(|config| {
            config.redis_url = RedisUrl::parse(&format!("redis://{address}"));
            (config.rates.user, config.rates.sign_in) = (6, 2);
            config.rates.redis_timeout_milliseconds = 100;
        })
        .await;
    let begun = Instant::now();
    exactly(&app.login(SUPPORT).await.at(&router), 6).await;
    let somebody = Client::new(router, None);
    for number in 0..2 {
        let name = format!("nobody-{number}@acme.example");
        assert_eq!(sign_in(&somebody, &name, "wrong").await.code(), Some("UNAUTHENTICATED"));
    }
    refused(&sign_in(&somebody, SUPPORT, "Custodian-Demo-1").await);
    assert!(begun.elapsed() < PATIENCE / 2, "nobody waits for what does not answer");
    assert_eq!(service.rates.is_shared(), Some(false));
}
