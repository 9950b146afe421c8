//! Operations on sockets are counted as those over HTTP.

use custodian_entity::id::TypedId;
use serde_json::{Value, json};

use super::{VIEWER, ask, limited, refused};
use crate::app::TestApp;
use crate::fixture::{MARIA, SUPPORT, customer};
use crate::live::socket::{Place, serve};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.sqlite("rates::operations on sockets and over HTTP are counted together", together);
}

async fn together(app: TestApp) {
    let (_, router) = limited(&app, |rates| rates.user = 4).await;
    let place = Place { address: serve(router.clone()).await };
    let mut socket = place.signed_in(&app, SUPPORT).await;
    let maria = json!({ "id": customer(&app, MARIA).await.id.encode() });
    let changes = "subscription($id: ID!) { customerChanged(id: $id) { id } }";
    socket.subscribe("1", changes, maria.clone()).await;
    for id in ["2", "3"] {
        socket.ask(id, VIEWER, Value::Null).await;
        assert!(socket.next(id).await["data"]["viewer"]["id"].is_string());
        assert_eq!(socket.message().await, json!({ "id": id, "type": "complete" }));
    }
    let support = app.login(SUPPORT).await.at(&router);
    ask(&support).await.ok();
    refused(&ask(&support).await);
    for (id, document) in [("4", VIEWER), ("5", changes)] {
        socket.ask(id, document, maria.clone()).await;
        let message = socket.message().await;
        let extensions = &message["payload"][0]["extensions"];
        assert_eq!(
            (&message["type"], &extensions["code"]),
            (&json!("error"), &json!("RATE_LIMITED")),
            "{message}"
        );
        assert_eq!(extensions["retryAfter"], 15, "{message}");
        assert!(extensions["requestId"].is_string(), "{message}");
    }
    super::advance(&app, 15);
    socket.ask("6", VIEWER, Value::Null).await;
    socket.next("6").await;
}
