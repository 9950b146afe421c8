//! Who takes nothing of what is told loses his socket, and nobody waits for him.

use std::time::Instant;

use custodian::news::Changed;
use custodian_entity::id::TypedId;
use serde_json::json;

use super::socket::{PATIENCE, Place, Socket, serve};
use super::told::changed;
use crate::app::TestApp;
use crate::fixture::{ADMIN, MARIA, SUPPORT, customer};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.sqlite("live::who takes nothing loses his socket, and others are told meanwhile", cut);
}

async fn cut(app: TestApp) {
    let (service, router) = app
        .instance(|config| {
            config.websocket.waiting = 4;
            config.websocket.ping_seconds = 2;
        })
        .await;
    let place = Place { address: serve(router).await };
    let maria = customer(&app, MARIA).await;
    let variables = json!({ "id": maria.id.encode() });
    // An answer of some length.
    let fields: String =
        (0..90).map(|n| format!("a{n}: addresses {{ id line1 city postalCode countryCode }} ")).collect();
    let mut slow = Socket::narrow(place.address, 4096).await;
    slow.init(&app.token(SUPPORT).await).await;
    slow.subscribe("1", &changed(&fields), variables.clone()).await;
    let mut other = place.signed_in(&app, ADMIN).await;
    other.subscribe("1", &changed("version"), variables).await;
    assert_eq!(service.live.subscriptions(), 2);
    let begun = Instant::now();
    // The socket is closed, whoever it was that noticed.
    while service.live.subscriptions() == 2 {
        assert!(begun.elapsed() < PATIENCE, "who takes nothing keeps his socket");
        service.news.changed(Changed {
            event: "CUSTOMER_UPDATED".to_owned(),
            tenant: Some(maria.tenant_id.encode()),
            customer: Some(maria.id.encode()),
            kind: Some("Customer".to_owned()),
            id: Some(maria.id.encode()),
            added: None,
            ends_rights: false,
        });
        other.next("1").await;
    }
    drop(slow);
}
