//! Requests of one address, whoever sends them and whatever they ask for.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::ORIGIN;

use super::{limited, lines, refused};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::SUPPORT;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.sqlite("rates::an address is counted at every page but those of health", pages);
    suite.sqlite("rates::an address of IPv6 is its /64", networks);
    suite.sqlite("rates::a page of an allowed origin reads that it asked too often", origins);
    suite.sqlite("rates::the word of a trusted proxy counts, nobody else's does", proxies);
}

async fn get(client: &Client, path: &str, forwarded: Option<&str>) -> Answer {
    let mut request = Request::get(path);
    if let Some(forwarded) = forwarded {
        request = request.header("x-forwarded-for", forwarded);
    }
    client.send(request.body(Body::empty()).unwrap()).await
}

fn somebody(router: &Router, address: &str) -> Client {
    Client::new(router.clone(), None).from(address)
}

async fn pages(app: TestApp) {
    let (_, router) = limited(&app, |rates| rates.address = 4).await;
    let client = somebody(&router, "192.0.2.1");
    for (number, path) in
        ["/nowhere", "/.well-known/jwks.json", "/graphql", "/documents/x/content"].into_iter().enumerate()
    {
        let answer = get(&client, path, None).await;
        assert_ne!(answer.status, 429, "{path}");
        let told = format!("\"address\";r={};t={}", 3 - number, 15 * (number + 1));
        assert_eq!(lines(&answer, "ratelimit").last(), Some(&told.as_str()), "{path}");
        assert_eq!(lines(&answer, "ratelimit-policy").last(), Some(&"\"address\";q=4;w=60"), "{path}");
    }
    let answer = get(&client, "/nowhere", None).await;
    assert_eq!(refused(&answer), 15);
    assert_eq!(lines(&answer, "ratelimit"), ["\"address\";r=0;t=60"]);
    // Who he is makes no difference: nobody has looked yet.
    refused(&super::ask(&app.login(SUPPORT).await.at(&router).from("192.0.2.1")).await);
    refused(&super::ask(&client.bringing("no token")).await);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(&client, path, None).await.status, 200, "{path}");
    }
    assert_eq!(get(&somebody(&router, "192.0.2.2"), "/nowhere", None).await.status, 404);
    super::advance(&app, 14);
    assert_eq!(refused(&get(&client, "/nowhere", None).await), 1);
    super::advance(&app, 1);
    assert_eq!(get(&client, "/nowhere", None).await.status, 404);
    refused(&get(&client, "/nowhere", None).await);
}

async fn origins(app: TestApp) {
    const DASHBOARD: &str = "https://dashboard.example";
    let (_, router) = app
        .instance(|config| {
            config.rates.address = 1;
            config.allowed_origins = vec![DASHBOARD.to_owned()];
        })
        .await;
    let client = somebody(&router, "192.0.2.1");
    get(&client, "/nowhere", None).await;
    let request = Request::get("/nowhere").header(ORIGIN, DASHBOARD).body(Body::empty()).unwrap();
    let answer = client.send(request).await;
    refused(&answer);
    assert_eq!(lines(&answer, "access-control-allow-origin"), [DASHBOARD]);
    assert!(lines(&answer, "access-control-expose-headers")[0].contains("retry-after"));
}

async fn networks(app: TestApp) {
    let (_, router) = limited(&app, |rates| rates.address = 2).await;
    for address in ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2"] {
        assert_eq!(get(&somebody(&router, address), "/nowhere", None).await.status, 404);
    }
    refused(&get(&somebody(&router, "2001:db8:0:1:2:3:4:5"), "/nowhere", None).await);
    assert_eq!(get(&somebody(&router, "2001:db8:0:2::1"), "/nowhere", None).await.status, 404);
    // An address of IPv4 is one, however it is written.
    for address in ["192.0.2.1", "::ffff:192.0.2.1"] {
        assert_eq!(get(&somebody(&router, address), "/nowhere", None).await.status, 404);
    }
    refused(&get(&somebody(&router, "192.0.2.1"), "/nowhere", None).await);
}

async fn proxies(app: TestApp) {
    let (_, router) = app
        .instance(|config| {
            config.rates.address = 2;
            config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        })
        .await;
    // Nobody else speaks for others: whatever he says, it is he.
    let alone = somebody(&router, "192.0.2.1");
    for forwarded in ["203.0.113.1", "203.0.113.2"] {
        assert_eq!(get(&alone, "/nowhere", Some(forwarded)).await.status, 404);
    }
    refused(&get(&alone, "/nowhere", Some("203.0.113.3")).await);
    // Behind the proxy each has his own, and what a client puts before its own address is of no use to it.
    let proxy = somebody(&router, "10.1.2.3");
    for forwarded in ["203.0.113.1", "203.0.113.2", "198.51.100.1, 203.0.113.1", "203.0.113.2"] {
        assert_eq!(get(&proxy, "/nowhere", Some(forwarded)).await.status, 404, "{forwarded}");
    }
    refused(&get(&proxy, "/nowhere", Some("198.51.100.2, 203.0.113.1")).await);
    assert_eq!(get(&proxy, "/nowhere", Some("203.0.113.3")).await.status, 404);
}
