//! PostgreSQL is gone without a word, in the middle (FA4): what waits for it is given up, and its place is free again.

use std::time::Duration;

use custodian_entity::id::TypedId;
use serde_json::{Value, json};

use super::proxy::Fate;
use super::{ASKED, BACK, back, behind, prompt, works};
use crate::app::TestApp;
use crate::fixture::{ADMIN, MARIA, SUPPORT, customer};
use crate::live::socket::{Place, Socket, serve};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.postgres("faults::connections that vanish in a statement do not use up the pool", pool);
    suite.postgres("faults::connections that vanish unused cost no request", unused);
    suite.postgres(
        "faults::what the service does by itself does not wait for a PostgreSQL that vanished",
        upkeep,
    );
    suite.postgres("faults::a socket whose viewer cannot be looked at again is closed", socket);
}

async fn pool(app: TestApp) {
    let (proxy, _service, router) = behind(&app, |_| {}).await;
    let client = app.login(SUPPORT).await.at(&router);
    client.query(ASKED, Value::Null).await.ok();
    // As many as there are connections.
    proxy.trap("BEGIN", Fate::Vanish, 4);
    let asked = (0..4).map(|_| client.query(ASKED, Value::Null));
    for answer in prompt("what vanished", futures_util::future::join_all(asked)).await {
        assert_eq!(answer.status.as_u16(), 503, "{}", answer.text);
        assert!(matches!(answer.code(), Some("TIMEOUT" | "UNAVAILABLE")), "{}", answer.text);
    }
    // Each has its place until its end is overdue (src/database/lively.rs), and no longer.
    back("the pool", async || {
        let asked = (0..8).map(|_| works(&client, ASKED));
        futures_util::future::join_all(asked).await.into_iter().all(|is_answered| is_answered)
    })
    .await;
}

async fn unused(app: TestApp) {
    let (mut proxy, _service, router) =
        behind(&app, |config| config.connections.acquire_timeout_seconds = 4).await;
    let client = app.login(SUPPORT).await.at(&router);
    let asked = (0..8).map(|_| client.query(ASKED, Value::Null));
    futures_util::future::join_all(asked).await.iter().for_each(|answer| {
        answer.ok();
    });
    // A firewall forgets them; whoever connects anew is served.
    proxy.blackhole();
    let lost = prompt("a question", client.query(ASKED, Value::Null)).await;
    assert_eq!(lost.status.as_u16(), 503, "{}", lost.text);
    proxy.pass();
    for _ in 0..4 {
        let answer = prompt("a question", client.query(ASKED, Value::Null)).await;
        assert!(
            answer.errors().is_empty(),
            "a dead connection was given to a request instead of being replaced: {}",
            answer.text
        );
    }
}

async fn upkeep(app: TestApp) {
    let (proxy, service, router) = behind(&app, |_| {}).await;
    let client = app.login(ADMIN).await.at(&router);
    proxy.trap("BEGIN", Fate::Vanish, 3);
    let (listed, signed, watched) = tokio::time::timeout(BACK, async {
        tokio::join!(service.list_disclosures(), service.sign_heads(), service.watch_alerts())
    })
    .await
    .expect("what the service does by itself waits for ever: give it unless_gone");
    for code in [listed.map(drop), signed.map(drop), watched.map(drop)]
        .map(|done| done.expect_err("it vanished").code())
    {
        assert_eq!(code, "UNAVAILABLE");
    }
    back("requests", async || works(&client, ASKED).await).await;
    back("what it does by itself", async || {
        service.list_disclosures().await.is_ok()
            && service.sign_heads().await.is_ok()
            && service.watch_alerts().await.is_ok()
    })
    .await;
    // Entries about reading go by one way for all, which is free as well.
    let shown = "{ customers(first: 1) { nodes { id email } } }";
    proxy.trap_after("UPDATE \"audit_head\"", "COMMIT", Fate::Vanish);
    let withheld = prompt("what was not put on record", client.query(shown, Value::Null)).await;
    assert!(
        withheld.data().is_null() && withheld.code().is_some(),
        "shown, and not on record: {}",
        withheld.text
    );
    back("the journal", async || works(&client, shown).await).await;
}

async fn socket(app: TestApp) {
    let (mut proxy, _service, router) = behind(&app, |_| {}).await;
    let place = Place { address: serve(router).await };
    let mut socket: Socket = place.signed_in(&app, SUPPORT).await;
    let maria = customer(&app, MARIA).await;
    let listening = "subscription($id: ID!) { customerChanged(id: $id) { version } }";
    socket.subscribe("1", listening, json!({ "id": maria.id.encode() })).await;
    proxy.blackhole();
    // Past the time after which it is looked at again.
    app.clock.advance(chrono::TimeDelta::seconds(40));
    tokio::time::timeout(Duration::from_secs(20), socket.closed()).await.expect(
        "a socket whose viewer cannot be looked at goes on: a right that was taken away would go on with it",
    );
    proxy.pass();
    let mut again = Socket::open(place.address).await;
    back("sockets", async || {
        again = Socket::open(place.address).await;
        again.say(json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {}", app.token(SUPPORT).await) } })).await;
        matches!(again.hear().await, crate::live::socket::Heard::Message(said) if said["type"] == "connection_ack")
    })
    .await;
}
