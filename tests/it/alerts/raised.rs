//! Each rule, over what really is in the log.

use chrono::TimeDelta;
use custodian_entity::choice::{AlertStatus, Severity};
use custodian_entity::id::TypedId;
use serde_json::{Value, json};

use super::{PASSWORD, THREE, THREE_OF_ANYBODY, alerts, denied, sign_in, signed_in, watch, watching};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{ADMIN, MARIA, SUPPORT, account, customer, mutate, text};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("alerts::denials of an account raise one alert, which is prolonged", denials);
    suite.both("alerts::what is spread over more than the window raises nothing", spread);
    suite.both("alerts::two instances that watch at once raise one alert", at_once);
    suite.both("alerts::failed sign-ins from a network raise an alert of no provider's", sign_ins);
    suite.both("alerts::a refresh token that comes again raises an alert", refresh);
    suite.both("alerts::customers shown to an account are counted once each", disclosed);
    suite.both("alerts::what is unmasked is counted", revealed);
    suite.both("alerts::look-ups that find nobody are counted", probed);
    suite.both("alerts::an administrator from a new network raises an alert", new_network);
    suite.both("alerts::data shown to people of the provider when nobody works are counted", at_night);
    suite.both("alerts::a rule that is off raises nothing", off);
}

async fn at_night(app: TestApp) {
    let (service, _) = watching(&app, |alerts| alerts.unusual_hours.threshold = 2).await;
    let show = async |name: &str| {
        let client = signed_in(&app, name).await;
        client.query("{ customers(first: 1) { nodes { displayName } } }", Value::Null).await.ok();
        watch(&service).await;
    };
    // Noon in London, where the provider is.
    for _ in 0..3 {
        show(ADMIN).await;
    }
    assert!(alerts(&app, "unusual_hours").await.is_empty(), "at noon people work");
    app.clock.advance(TimeDelta::hours(15));
    for _ in 0..3 {
        show("customer@acme.example").await;
    }
    show(ADMIN).await;
    assert!(
        alerts(&app, "unusual_hours").await.is_empty(),
        "customers have no hours, and one is none of two"
    );
    show(ADMIN).await;
    let [alert] = &alerts(&app, "unusual_hours").await[..] else { panic!("the second raises one alert") };
    assert_eq!((alert.principal_id, alert.count), (Some(account(&app, ADMIN).await.id), 2));
}

async fn denials(app: TestApp) {
    let (service, _) = watching(&app, |alerts| alerts.denial_burst = THREE).await;
    let (client, support) = (app.login(SUPPORT).await, account(&app, SUPPORT).await);
    for _ in 0..2 {
        denied(&client).await;
    }
    watch(&service).await;
    assert!(alerts(&app, "denial_burst").await.is_empty(), "two of three raise nothing");
    let first = app.clock.now();
    denied(&client).await;
    watch(&service).await;
    let [alert] = &alerts(&app, "denial_burst").await[..] else { panic!("the third raises one alert") };
    assert_eq!((alert.principal_id, alert.tenant_id), (Some(support.id), Some(support.tenant_id)));
    assert_eq!((alert.count, alert.status, alert.severity), (3, AlertStatus::Open, Severity::Medium));
    // Somebody else goes on.
    let (service, _) = watching(&app, |alerts| alerts.denial_burst = THREE).await;
    app.clock.advance(TimeDelta::minutes(1));
    denied(&client).await;
    watch(&service).await;
    let [alert] = &alerts(&app, "denial_burst").await[..] else { panic!("an open alert is prolonged") };
    assert_eq!((alert.count, alert.first_seen_at, alert.last_seen_at), (4, first, app.clock.now()));
    assert!(alert.summary.contains(&support.id.encode()), "{}", alert.summary);
    // What somebody took note of is counted anew.
    let input = json!({ "id": alert.id.encode() });
    app.clock.advance(TimeDelta::seconds(1));
    mutate(&app.login(ADMIN).await, "securityAlertAcknowledge", "id", input.clone()).await.done();
    mutate(&app.login(ADMIN).await, "securityAlertAcknowledge", "id", input)
        .await
        .refused(&["- INVALID_TRANSITION"]);
    app.clock.advance(TimeDelta::seconds(1));
    for known in [1, 1, 2] {
        denied(&client).await;
        watch(&service).await;
        assert_eq!(alerts(&app, "denial_burst").await.len(), known);
    }
}

async fn spread(app: TestApp) {
    let (service, _) = watching(&app, |alerts| alerts.denial_burst = THREE).await;
    let client = app.login(SUPPORT).await;
    for _ in 0..3 {
        denied(&client).await;
        app.clock.advance(TimeDelta::minutes(6));
        watch(&service).await;
    }
    assert!(alerts(&app, "denial_burst").await.is_empty(), "no ten minutes held three");
}

async fn at_once(app: TestApp) {
    let (one, _) = watching(&app, |alerts| alerts.denial_burst = THREE).await;
    let (other, _) = watching(&app, |alerts| alerts.denial_burst = THREE).await;
    let client = app.login(SUPPORT).await;
    for round in 1..=3 {
        for _ in 0..3 {
            denied(&client).await;
        }
        tokio::join!(watch(&one), watch(&other));
        assert_eq!(alerts(&app, "denial_burst").await.len(), 1, "in round {round}");
    }
}

async fn sign_ins(app: TestApp) {
    let (service, client) = watching(&app, |alerts| {
        alerts.failed_sign_ins = THREE_OF_ANYBODY;
        alerts.sign_in_spraying = THREE_OF_ANYBODY;
    })
    .await;
    let guesser = client.from("203.0.113.77");
    for number in 0..3 {
        watch(&service).await;
        assert!(alerts(&app, "sign_in_spraying").await.is_empty());
        let guess = sign_in(&guesser, &format!("planted-{number}@acme.example"), "planted-guess").await;
        assert_eq!(guess.code(), Some("UNAUTHENTICATED"));
    }
    watch(&service).await;
    let [alert] = &alerts(&app, "sign_in_spraying").await[..] else { panic!("there is one") };
    assert_eq!((alert.tenant_id, alert.principal_id, alert.count), (None, None, 3));
    assert!(alert.ip.is_some() && !alert.summary.contains("planted"), "{}", alert.summary);
    // Who administers one provider does not see what is of none.
    let document = "{ securityAlerts { nodes { rule ip } } }";
    let seen = async |name: &str| {
        let answer = app.login(name).await.query(document, Value::Null).await;
        answer.ok()["securityAlerts"]["nodes"].clone()
    };
    assert_eq!(
        seen("admin@acme.example").await,
        json!([{ "rule": "sign_in_spraying", "ip": "203.0.113.***" }])
    );
    assert_eq!(seen(ADMIN).await, json!([]));
    // Who guesses at an account that there is is the matter of its provider.
    for _ in 0..3 {
        assert_eq!(sign_in(&guesser, SUPPORT, "planted-guess").await.code(), Some("UNAUTHENTICATED"));
    }
    watch(&service).await;
    let support = account(&app, SUPPORT).await;
    let raised = alerts(&app, "failed_sign_ins").await;
    let [alert] = &raised.iter().filter(|alert| alert.tenant_id.is_some()).collect::<Vec<_>>()[..] else {
        panic!("there is one of a provider's: {raised:?}")
    };
    assert_eq!((alert.tenant_id, alert.principal_id), (Some(support.tenant_id), Some(support.id)));
    let told = seen(ADMIN).await;
    for alert in [
        json!({ "rule": "failed_sign_ins", "ip": null }),
        json!({ "rule": "sign_in_spraying", "ip": "203.0.113.***" }),
    ] {
        assert!(told.as_array().unwrap().contains(&alert), "of the account, and of the network: {told}");
    }
}

async fn refresh(app: TestApp) {
    let (service, client) = watching(&app, |_| {}).await;
    let begun = sign_in(&client, SUPPORT, PASSWORD).await;
    let token = text(&begun.ok()["login"]["refreshToken"]).to_owned();
    let document = "mutation($token: String!) { tokenRefresh(refreshToken: $token) { accessToken } }";
    client.query(document, json!({ "token": token })).await.ok();
    watch(&service).await;
    assert!(alerts(&app, "refresh_token_reuse").await.is_empty());
    let again = client.query(document, json!({ "token": token })).await;
    assert_eq!(again.code(), Some("UNAUTHENTICATED"));
    watch(&service).await;
    let [alert] = &alerts(&app, "refresh_token_reuse").await[..] else { panic!("there is one") };
    assert_eq!(alert.severity, Severity::High);
    assert_eq!(alert.principal_id, Some(account(&app, SUPPORT).await.id));
}

async fn disclosed(app: TestApp) {
    let (service, _) = watching(&app, |alerts| alerts.bulk_disclosure = THREE).await;
    let client = app.login(ADMIN).await;
    let show = async |count: u32| {
        let document = format!("{{ customers(first: {count}) {{ nodes {{ displayName }} }} }}");
        client.query(&document, Value::Null).await.ok();
        watch(&service).await;
    };
    for _ in 0..3 {
        show(2).await;
    }
    assert!(alerts(&app, "bulk_disclosure").await.is_empty(), "the same two are two");
    show(3).await;
    let [alert] = &alerts(&app, "bulk_disclosure").await[..] else { panic!("the third raises one alert") };
    assert_eq!((alert.count, alert.severity), (3, Severity::High));
}

async fn revealed(app: TestApp) {
    let (service, _) = watching(&app, |alerts| alerts.reveal_burst = THREE).await;
    let client = app.login(SUPPORT).await;
    let maria = customer(&app, MARIA).await.id.encode();
    let check = json!({ "customerId": maria, "method": "PASSWORD", "outcome": "SUCCESS" });
    mutate(&client, "identityCheckPerform", "id", check).await.done();
    for number in 1..=3 {
        let input = json!({ "id": maria, "fields": ["phone"], "purpose": "CUSTOMER_REQUEST" });
        mutate(&client, "fieldReveal", "field", input).await.done();
        watch(&service).await;
        assert_eq!(alerts(&app, "reveal_burst").await.len(), usize::from(number == 3));
    }
}

async fn probed(app: TestApp) {
    let (service, _) = watching(&app, |alerts| alerts.cross_tenant_probing = THREE).await;
    let client = app.login(SUPPORT).await;
    let look_up = async |email: &str| {
        let document = "query($by: CustomerLookupInput!) { customerLookup(by: $by) { id } }";
        client.query(document, json!({ "by": { "email": email } })).await.ok();
        watch(&service).await;
    };
    for number in 0..3 {
        // Whom there is counts for nothing.
        look_up(MARIA).await;
        assert!(alerts(&app, "cross_tenant_probing").await.is_empty());
        look_up(&format!("planted-{number}@mail.example")).await;
    }
    let [alert] = &alerts(&app, "cross_tenant_probing").await[..] else { panic!("there is one") };
    assert_eq!(alert.count, 3);
    assert!(!format!("{alert:?}").contains("planted"));
}

async fn new_network(app: TestApp) {
    let (service, client) = watching(&app, |_| {}).await;
    let from = async |client: &Client, name: &str, known: usize| {
        sign_in(client, name, PASSWORD).await.ok();
        watch(&service).await;
        assert_eq!(alerts(&app, "admin_new_address").await.len(), known, "{name}");
    };
    let (home, road) = (client.from("192.0.2.7"), client.from("198.51.100.7"));
    from(&home, ADMIN, 0).await;
    from(&home, ADMIN, 0).await;
    from(&client.from("192.0.2.200"), ADMIN, 0).await;
    from(&home, SUPPORT, 0).await;
    from(&road, SUPPORT, 0).await;
    from(&road, ADMIN, 1).await;
    from(&road, ADMIN, 1).await;
    app.clock.advance(TimeDelta::days(31));
    // What was known so long ago is new.
    from(&home, ADMIN, 2).await;
}

async fn off(app: TestApp) {
    let (service, _) = watching(&app, |alerts| {
        alerts.denial_burst = THREE;
        alerts.denial_burst.enabled = false;
    })
    .await;
    let client = app.login(SUPPORT).await;
    for _ in 0..5 {
        denied(&client).await;
    }
    watch(&service).await;
    assert!(alerts(&app, "denial_burst").await.is_empty());
}
