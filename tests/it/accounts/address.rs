//! Guessing from one address at many accounts; whose address it is.

use axum::http::Request;
use custodian::config::Config;
use custodian_entity::personal::IpAddress;
use serde_json::json;

use super::{LOGIN, PASSWORD, outcome, sign_in};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{BILLING, Log, SUPPORT};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("accounts::an address guesses so often, whatever the accounts", by_address);
    suite.both("accounts::one's own sign-ins win no guesses at others", own_sign_ins);
    suite.sqlite("accounts::only a trusted proxy says whose request it is", proxies);
}

async fn instance(app: &TestApp, change: impl FnOnce(&mut Config)) -> Client {
    let (_, router) = app
        .instance(|config| {
            config.sign_in.address_failures = 4;
            change(config);
        })
        .await;
    Client::new(router, None)
}

async fn by_address(app: TestApp) {
    let client = instance(&app, |_| {}).await;
    for (address, same, other) in [
        ("192.0.2.7", "::ffff:192.0.2.7", "192.0.2.8"),
        ("2001:db8:1:2::7", "2001:db8:1:2:ffff::1", "2001:db8:1:3::7"),
    ] {
        let guesser = client.from(address);
        for number in 0..4 {
            let name = format!("nobody-{number}@acme.example");
            assert_eq!(outcome(&sign_in(&guesser, &name, "wrong", None).await), "UNAUTHENTICATED");
        }
        for from in [address, same] {
            let refused = sign_in(&client.from(from), SUPPORT, PASSWORD, None).await;
            assert_eq!((refused.status.as_u16(), outcome(&refused)), (429, "RATE_LIMITED"), "{from}");
        }
        sign_in(&client.from(other), SUPPORT, PASSWORD, None).await.ok();
        app.clock.advance(chrono::TimeDelta::hours(1));
        sign_in(&guesser, SUPPORT, PASSWORD, None).await.ok();
    }
}

async fn own_sign_ins(app: TestApp) {
    let client = instance(&app, |_| {}).await;
    for number in 0..4 {
        // Any number of people sign in from one office.
        for _ in 0..3 {
            sign_in(&client, BILLING, PASSWORD, None).await.ok();
        }
        let name = format!("nobody-{number}@acme.example");
        assert_eq!(outcome(&sign_in(&client, &name, "wrong", None).await), "UNAUTHENTICATED");
    }
    assert_eq!(outcome(&sign_in(&client, BILLING, PASSWORD, None).await), "RATE_LIMITED");
}

async fn said(client: &Client, forwarded: &[&str]) -> Answer {
    let mut request = Request::post("/graphql").header("content-type", "application/json");
    for value in forwarded {
        request = request.header("x-forwarded-for", *value);
    }
    let variables = json!({ "username": SUPPORT, "password": PASSWORD });
    let body = json!({ "query": LOGIN, "variables": variables }).to_string();
    client.send(request.body(body.into()).unwrap()).await
}

async fn proxies(app: TestApp) {
    let networks = ["10.0.0.0/8", "2001:db8:f::/48"].map(|network| network.parse().unwrap());
    let client = instance(&app, |config| config.trusted_proxies = networks.to_vec()).await;
    let mut log = Log::mark(&app).await;
    for (peer, forwarded, masked) in [
        ("198.51.100.9", &["203.0.113.7"][..], "198.51.100.***"),
        ("10.1.2.3", &[], "10.1.2.***"),
        ("10.1.2.3", &["203.0.113.7"], "203.0.113.***"),
        ("::ffff:10.1.2.3", &["203.0.113.7:4711"], "203.0.113.***"),
        // What stands before the last address that is no proxy's is what the client itself sent.
        ("10.1.2.3", &["192.0.2.1, 203.0.113.7"], "203.0.113.***"),
        ("10.1.2.3", &["192.0.2.1", "203.0.113.7, 10.9.9.9"], "203.0.113.***"),
        ("10.1.2.3", &["203.0.113.7, 2001:db8:f::1"], "203.0.113.***"),
        ("10.1.2.3", &["203.0.113.7, unknown"], "10.1.2.***"),
        ("10.1.2.3", &["10.4.4.4"], "10.4.4.***"),
    ] {
        said(&client.from(peer), forwarded).await.ok();
        let ip = log.one(&app, "SIGN_IN_SUCCEEDED").await.ip;
        assert_eq!(ip.as_ref().map(IpAddress::expose), Some(masked), "{peer} {forwarded:?}");
    }
}
