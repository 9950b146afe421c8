//! How many sockets there are, and operations on them.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

use super::socket::{Place, Socket, serve};
use crate::app::TestApp;
use crate::fixture::{ADMIN, MARIA, SUPPORT, customer};
use crate::suite::Suite;
use custodian_entity::id::TypedId;

pub(super) fn register(suite: &mut Suite) {
    suite.sqlite("live::sockets and operations on them are counted", counted);
    suite.sqlite("live::sockets that say nothing take no room from others", unknown);
}

async fn counted(app: TestApp) {
    let (service, router) = app
        .instance(|config| {
            config.websocket.sockets = 2;
            config.websocket.subscribed_bytes = 1024;
            config.websocket.sockets_per_viewer = 1;
            config.websocket.operations_per_socket = 2;
        })
        .await;
    let place = Place { address: serve(router).await };
    let mut first = place.signed_in(&app, SUPPORT).await;
    let mut second = Socket::open(place.address).await;
    let bearer = json!({ "Authorization": format!("Bearer {}", app.token(SUPPORT).await) });
    second.say(json!({ "type": "connection_init", "payload": bearer })).await;
    second.ends(1013).await;
    drop(second);
    let other = place.signed_in(&app, ADMIN).await;

    let maria = customer(&app, MARIA).await.id.encode();
    let document = "subscription($id: ID!) { customerChanged(id: $id) { id } }";
    for id in ["1", "2"] {
        first.subscribe(id, document, json!({ "id": maria })).await;
    }
    first.ask("3", document, json!({ "id": maria })).await;
    assert_eq!(first.refused("3").await, "QUERY_TOO_COMPLEX");
    first.ask("4", "{ viewer { id } }", Value::Null).await;
    assert_eq!(first.refused("4").await, "QUERY_TOO_COMPLEX");
    first.say(json!({ "id": "1", "type": "complete" })).await;
    first.subscribe("3", document, json!({ "id": maria })).await;
    assert_eq!(service.live.subscriptions(), 2);

    let long =
        format!("subscription($id: ID!) {{ customerChanged(id: $id) {{ id }} }} # {}", "x".repeat(1000));
    first.say(json!({ "id": "3", "type": "complete" })).await;
    first.ask("5", &long, json!({ "id": maria })).await;
    assert_eq!(
        first.refused("5").await,
        "QUERY_TOO_COMPLEX",
        "documents of subscriptions have so many bytes"
    );
    first.subscribe("3", document, json!({ "id": maria })).await;
    let refused = Socket::attempt(place.address, &PROTOCOL).await.err().expect("there is no room");
    assert!(matches!(&refused, Error::Http(answer) if answer.status() == 503), "{refused}");
    drop((first, other));
    tokio::time::timeout(super::socket::PATIENCE, service.live.emptied())
        .await
        .expect("places are given back");
    assert_eq!(service.live.subscriptions(), 0);
    place.signed_in(&app, SUPPORT).await;
}

const PROTOCOL: [(&str, &str); 1] = [("sec-websocket-protocol", "graphql-transport-ws")];

async fn unknown(app: TestApp) {
    let (_, router) = app.instance(|config| config.websocket.sockets_unknown_per_address = 2).await;
    let place = Place { address: serve(router).await };
    let mut silent = Vec::new();
    let refused = loop {
        match Socket::attempt(place.address, &PROTOCOL).await {
            Ok(socket) => silent.push(socket),
            Err(error) => break error,
        }
        assert!(silent.len() <= 2, "there are more than there may be");
    };
    assert!(matches!(&refused, Error::Http(answer) if answer.status() == 503), "{refused}");
    // Who says whose it is makes room for the next.
    let bearer = json!({ "Authorization": format!("Bearer {}", app.token(SUPPORT).await) });
    let mut known = silent.pop().expect("there are two");
    known.say(json!({ "type": "connection_init", "payload": bearer })).await;
    assert_eq!(known.message().await["type"], "connection_ack");
    Socket::attempt(place.address, &PROTOCOL).await.expect("there is room again");
}
