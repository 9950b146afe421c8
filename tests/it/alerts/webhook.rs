//! A program is told of alerts: signed, at least once, under the same id and with nothing personal.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use custodian::config::{PublicUrl, WebhookSecret};
use custodian_entity::id::TypedId;
use serde_json::{Value, json};

use super::{THREE, alerts, denied, watch};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{SUPPORT, account};
use crate::live::serve;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("alerts::a program is told, signed, until it took it", told);
    suite.both("alerts::a program that is nowhere keeps nothing else waiting", nowhere);
}

const KEY: [u8; 32] = [7; 32];

/// What a program was told, and what it answers, with 204 in the end.
#[derive(Clone, Default)]
struct Program {
    calls: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    answers: Arc<Mutex<VecDeque<StatusCode>>>,
}

async fn take(State(program): State<Program>, headers: HeaderMap, body: Bytes) -> StatusCode {
    program.calls.lock().unwrap().push((headers, body));
    program.answers.lock().unwrap().pop_front().unwrap_or(StatusCode::NO_CONTENT)
}

fn secret() -> Option<WebhookSecret> {
    WebhookSecret::parse(&format!("whsec_{}", STANDARD.encode(KEY)))
}

async fn told(app: TestApp) {
    let program = Program::default();
    *program.answers.lock().unwrap() =
        [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::FOUND, StatusCode::GONE].into();
    let router = Router::new().route("/custodian", post(take)).with_state(program.clone());
    let address = serve(router).await;
    let (service, router) = app
        .instance(|config| {
            config.alerts.denial_burst = THREE;
            config.alert_webhook_url = PublicUrl::parse(&format!("http://{address}/custodian"));
            config.alert_webhook_secret = secret();
        })
        .await;
    let client = app.login(SUPPORT).await.at(&router);
    for _ in 0..3 {
        denied(&client).await;
    }
    watch(&service).await;
    for _ in 0..5 {
        while service.deliver().await.expect("the database answers") {}
        app.clock.advance(TimeDelta::minutes(10));
    }
    let calls = program.calls.lock().unwrap().clone();
    assert_eq!(calls.len(), 4, "three answers that are no success, and one that is");
    let header = |call: usize, name: &str| calls[call].0[name].to_str().unwrap().to_owned();
    let mut times = Vec::new();
    for (call, (_, body)) in calls.iter().enumerate() {
        assert_eq!((header(call, "webhook-id"), body), (header(0, "webhook-id"), &calls[0].1));
        let (id, at) = (header(call, "webhook-id"), header(call, "webhook-timestamp"));
        let signed = [format!("{id}.{at}.").as_bytes(), body].concat();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &KEY), &signed);
        assert_eq!(header(call, "webhook-signature"), format!("v1,{}", STANDARD.encode(tag)));
        times.push(at);
    }
    times.dedup();
    assert_eq!(times.len(), 4, "each call is signed with its own time");
    let [alert] = &alerts(&app, "denial_burst").await[..] else { panic!("one alert") };
    let support = account(&app, SUPPORT).await;
    let mut body: Value = serde_json::from_slice(&calls[0].1).unwrap();
    for time in ["/timestamp", "/data/lastSeenAt"] {
        let time = body.pointer_mut(time).unwrap().take();
        time.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().expect("a time");
    }
    let expected = json!({
        "type": "securityAlert.raised", "timestamp": null,
        "data": {
            "id": alert.id.encode(), "tenantId": support.tenant_id.encode(), "rule": "denial_burst",
            "severity": "MEDIUM", "count": 3, "lastSeenAt": null, "principalId": support.id.encode(),
            "apiClientId": null, "containment": null,
        },
    });
    assert_eq!(body, expected);
}

async fn nowhere(app: TestApp) {
    let (service, router) = app
        .instance(|config| {
            config.alerts.denial_burst = THREE;
            // The port that nobody listens on.
            config.alert_webhook_url = PublicUrl::parse("http://127.0.0.1:9");
            config.alert_webhook_secret = secret();
        })
        .await;
    let client = Client::new(router.clone(), None);
    let support = app.login(SUPPORT).await.at(&router);
    for _ in 0..3 {
        denied(&support).await;
    }
    watch(&service).await;
    let ask = "mutation { passwordResetRequest(username: \"customer@acme.example\") { accepted } }";
    let _ = client.query(ask, Value::Null).await;
    while service.deliver().await.expect("the database answers") {}
    assert_eq!(alerts(&app, "denial_burst").await.len(), 1);
}
