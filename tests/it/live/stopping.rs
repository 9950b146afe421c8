//! The end of the service.

use custodian::http;
use custodian_entity::id::TypedId;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::socket::{PATIENCE, Place, Socket};
use super::told::changed;
use crate::app::TestApp;
use crate::fixture::{MARIA, SUPPORT, customer};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.sqlite("live::a service that stops tells its sockets, and waits for them", stops);
}

async fn stops(app: TestApp) {
    let (service, _) = app
        .instance(|config| {
            config.listen = "127.0.0.1:0".parse().unwrap();
            config.metrics_listen = None;
        })
        .await;
    let listeners = http::bind(&service.config).await.unwrap();
    let place = Place { address: listeners.address() };
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(http::serve(listeners, service.clone(), async { drop(stopped.await) }));
    let maria = customer(&app, MARIA).await.id.encode();
    let mut listening = place.signed_in(&app, SUPPORT).await;
    listening.subscribe("1", &changed("version"), json!({ "id": maria })).await;
    let mut silent = Socket::open(place.address).await;
    silent.say(json!({ "type": "ping" })).await;
    assert_eq!(silent.message().await["type"], "pong");
    // What is under way is answered.
    let mut asking = place.signed_in(&app, SUPPORT).await;
    asking.ask("q", "{ customers(first: 50) { nodes { id email } } }", Value::Null).await;
    let _begun = asking.until_pong().await;
    stop.send(()).unwrap();
    listening.ends(1001).await;
    silent.ends(1001).await;
    assert_eq!(asking.closed().await.0, Some(1001));
    assert!(service.live.enter().is_none(), "there is no room in what stops");
    tokio::time::timeout(PATIENCE, serving).await.expect("it ends").unwrap().unwrap();
}
