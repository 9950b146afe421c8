//! What is said on a socket, and what it is closed for (abuse cases WS1, WS2).

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::socket::{Place, Socket, serve};
use crate::app::TestApp;
use crate::fixture::{MARIA, SUPPORT, customer, text};
use crate::suite::Suite;
use custodian_entity::id::TypedId;

pub(super) fn register(suite: &mut Suite) {
    suite.sqlite("live::nothing is said on a socket before its token was found valid", not_before);
    suite.sqlite("live::a socket says whose it is once, and in time", once_and_in_time);
    suite.sqlite("live::a message that is none closes the socket", no_messages);
    suite.sqlite("live::an id stands for one operation at a time", ids);
    suite.sqlite("live::a token that does not count opens nothing", tokens);
    suite.sqlite("live::a socket speaks one sub-protocol", sub_protocol);
    suite.sqlite("live::pages of other sites open no socket", origins);
    suite.sqlite("live::a socket answers queries and mutations as HTTP does", answered_once);
    suite.sqlite("live::a subscription is one event, and is served on sockets only", one_event);
}

async fn not_before(app: TestApp) {
    let place = Place::of(&app).await;
    let mut socket = Socket::open(place.address).await;
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.message().await, json!({ "type": "pong" }), "a ping needs no token");
    socket.ask("1", "{ __typename }", Value::Null).await;
    socket.ends(4401).await;
}

async fn once_and_in_time(app: TestApp) {
    let place = Place::of(&app).await;
    let mut socket = place.signed_in(&app, SUPPORT).await;
    socket.say(json!({ "type": "connection_init" })).await;
    socket.ends(4429).await;

    let (_, router) = app.instance(|config| config.websocket.init_timeout_seconds = 1).await;
    let mut late = Socket::open(serve(router).await).await;
    // Saying something else does not make it longer.
    late.say(json!({ "type": "ping" })).await;
    assert_eq!(late.closed().await, (Some(4408), vec![json!({ "type": "pong" })]));
}

async fn no_messages(app: TestApp) {
    let place = Place::of(&app).await;
    let limit = app.service.config.websocket.message_bytes;
    for text in [
        "",
        "{",
        "null",
        "[]",
        r#"["ping"]"#,
        r#"{"type":null}"#,
        r#"{"type":"start","id":"1"}"#,
        r#"{"type":"ping","payload":"x"}"#,
        r#"{"type":"ping","type":"pong"}"#,
        r#"{"type":"connection_init","payload":[]}"#,
        r#"{"type":"subscribe","payload":{"query":"{ __typename }"}}"#,
        r#"{"type":"subscribe","id":"","payload":{"query":"{ __typename }"}}"#,
        r#"{"type":"subscribe","id":7,"payload":{"query":"{ __typename }"}}"#,
        r#"{"type":"subscribe","id":"1"}"#,
        r#"{"type":"subscribe","id":"1","payload":{"query":7}}"#,
        r#"{"type":"subscribe","id":"1","payload":{"query":"{ __typename }","variables":[]}}"#,
        r##"{"type":"subscribe","id":"1","payload":{"query":"{ __typename }","variables":{"f":"#__graphql_file__:0"}}}"##,
        r#"{"type":"complete"}"#,
    ] {
        let mut socket = Socket::open(place.address).await;
        socket.send(Message::text(text)).await;
        assert_eq!(socket.closed().await.0, Some(4400), "{text}");
    }
    let mut socket = place.signed_in(&app, SUPPORT).await;
    socket.send(Message::binary(br#"{"type":"ping"}"#.to_vec())).await;
    socket.ends(4400).await;
    let mut socket = place.signed_in(&app, SUPPORT).await;
    let long = json!({ "type": "ping", "payload": { "x": "y".repeat(limit) } });
    socket.say(long).await;
    socket.ends(1009).await;
    assert!(!app.logs().contains("yyyyyyyy"), "a message is in the log");
}

async fn ids(app: TestApp) {
    let place = Place::of(&app).await;
    let maria = customer(&app, MARIA).await.id.encode();
    let document = "subscription($id: ID!) { customerChanged(id: $id) { id } }";
    let mut socket = place.signed_in(&app, SUPPORT).await;
    socket.subscribe("1", document, json!({ "id": maria })).await;
    socket.subscribe("2", document, json!({ "id": maria })).await;
    // What was completed can be begun anew; to complete what there is not is no fault.
    for id in ["1", "1", "no such"] {
        socket.say(json!({ "id": id, "type": "complete" })).await;
    }
    socket.subscribe("1", document, json!({ "id": maria })).await;
    assert_eq!(app.service.live.subscriptions(), 2);
    socket.ask("1", document, json!({ "id": maria })).await;
    socket.ends(4409).await;
}

async fn tokens(app: TestApp) {
    let place = Place::of(&app).await;
    let token = app.token(SUPPORT).await;
    let bearer = |token: &str| json!({ "Authorization": format!("Bearer {token}") });
    let long = "x".repeat(10 * 1024);
    let (head, signature) = token.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    for (payload, code) in [
        (Value::Null, 4401),
        (json!({}), 4401),
        (json!({ "Authorization": null }), 4401),
        (json!({ "Authorization": token }), 4401),
        (json!({ "Authorization": format!("Basic {token}") }), 4401),
        (json!({ "Authorization": [format!("Bearer {token}")] }), 4401),
        (json!({ "Authorization": format!("Bearer {token}"), "authorization": "Bearer x" }), 4401),
        (bearer("bogus"), 4401),
        (bearer(&long), 4401),
        (bearer(&forged), 4401),
        (json!({ "Authorization": format!("Bearer {token}"), "X-Custodian-Role": "tenant_admin" }), 4403),
        (json!({ "Authorization": format!("Bearer {token}"), "X-Custodian-Role": "" }), 4403),
    ] {
        let mut socket = Socket::open(place.address).await;
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        socket.ask("1", "{ viewer { id } }", Value::Null).await;
        assert_eq!(socket.closed().await, (Some(code), Vec::new()), "{payload}");
    }
    let mut socket = Socket::open(place.address).await;
    let members = json!({ "authorization": format!("bearer {token}"), "x-custodian-role": "support_agent" });
    socket.say(json!({ "type": "connection_init", "payload": members })).await;
    assert_eq!(socket.message().await, json!({ "type": "connection_ack" }));
    assert!(!app.logs().contains(&token), "a token is in the log");
}

async fn sub_protocol(app: TestApp) {
    let place = Place::of(&app).await;
    Socket::attempt(place.address, &[]).await.unwrap().ends(4406).await;
    // The older protocol is not selected, and a client that offered only it goes away by itself.
    let older = Socket::attempt(place.address, &[("sec-websocket-protocol", "graphql-ws")]).await;
    assert!(matches!(older, Err(Error::Protocol(_))), "graphql-ws was selected");
    let both = [("sec-websocket-protocol", "graphql-ws, graphql-transport-ws")];
    let mut socket = Socket::attempt(place.address, &both).await.unwrap();
    socket.init(&app.token(SUPPORT).await).await;
}

async fn origins(app: TestApp) {
    let (_, router) =
        app.instance(|config| config.allowed_origins = vec!["https://portal.example".to_owned()]).await;
    let address = serve(router).await;
    let own = format!("http://{address}");
    for (origin, is_welcome) in [
        (own.as_str(), true),
        ("https://portal.example", true),
        ("https://portal.example.evil.example", false),
        ("https://evil.example", false),
        ("http://portal.example", false),
        ("null", false),
        ("", false),
    ] {
        let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("origin", origin)];
        let opened = Socket::attempt(address, &headers).await;
        match opened {
            Ok(_) => assert!(is_welcome, "{origin}: a page of another site opened a socket"),
            Err(Error::Http(answer)) => {
                assert!(!is_welcome && answer.status() == 403, "{origin}: {}", answer.status());
            }
            Err(error) => panic!("{origin}: {error}"),
        }
    }
}

async fn answered_once(app: TestApp) {
    let place = Place::of(&app).await;
    let maria = customer(&app, MARIA).await;
    let document = "query($id: ID!) { customer(id: $id) { customerNumber email riskScore } }";
    let variables = json!({ "id": maria.id.encode() });
    let client = app.login(SUPPORT).await;
    let over_http = client.query(document, variables.clone()).await.body;
    let mut socket = place.signed_in(&app, SUPPORT).await;
    socket.ask("q", document, variables).await;
    let mut told = socket.next("q").await;
    assert_eq!(socket.message().await, json!({ "id": "q", "type": "complete" }));
    for (one, other) in told["errors"]
        .as_array_mut()
        .into_iter()
        .flatten()
        .zip(over_http["errors"].as_array().into_iter().flatten())
    {
        one["extensions"]["requestId"] = other["extensions"]["requestId"].clone();
    }
    assert_eq!(told, over_http);

    let change =
        "mutation($input: CustomerUpdateInput!) { customerUpdate(input: $input) { customer { version } } }";
    let input = json!({ "id": maria.id.encode(), "version": maria.version, "language": "de" });
    socket.ask("m", change, json!({ "input": input })).await;
    let told = socket.next("m").await;
    assert_eq!(told["data"]["customerUpdate"]["customer"]["version"], json!(maria.version + 1), "{told}");
    assert_eq!(text(&socket.message().await["type"]), "complete");
    for (document, code) in [
        ("{ noSuchField }", "BAD_USER_INPUT"),
        ("{", "BAD_USER_INPUT"),
        ("{ accessMatrix { role } }", "FORBIDDEN"),
        ("query Q { viewer { id } } query R { viewer { id } }", "BAD_USER_INPUT"),
    ] {
        socket.ask("q", document, Value::Null).await;
        assert_eq!(socket.refused("q").await, code, "{document}");
    }
}

async fn one_event(app: TestApp) {
    let place = Place::of(&app).await;
    let maria = customer(&app, MARIA).await.id.encode();
    let mut socket = place.signed_in(&app, SUPPORT).await;
    let of = |rest: &str| format!("subscription($id: ID!, $no: Boolean = false) {rest}");
    for rest in [
        "{ __typename }",
        "{ noSuchEvent }",
        "{ customerChanged { id } }",
        "{ customerChanged(id: $id) }",
        "{ customerChanged(id: $id) { id } other: customerChanged(id: $id) { id } }",
        "{ customerChanged(id: $id) @include(if: $no) { id } }",
        "{ ... on Live { customerChanged(id: $id) { id } } }",
        "{ ...F } fragment F on Live { customerChanged(id: $id) { id } }",
        "{ customerChanged(id: \"7\") { id } }",
        "{ __schema { types { name } } }",
    ] {
        socket.ask("1", &of(rest), json!({ "id": maria })).await;
        assert_eq!(socket.refused("1").await, "BAD_USER_INPUT", "{rest}");
    }
    assert_eq!(app.service.live.subscriptions(), 0);
    let document = "subscription($id: ID!) { customerChanged(id: $id) { id } }";
    let answer = app.login(SUPPORT).await.query(document, json!({ "id": maria })).await;
    assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{}", answer.text);
    assert!(answer.text.contains("/graphql/ws"), "it says where: {}", answer.text);
}
