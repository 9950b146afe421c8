//! Many who listen to one customer are told by one reading of it for all who are answered alike.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use custodian::app::App;
use custodian::config::{Config, WebSocket};
use custodian::news::Changed;
use custodian_entity::id::TypedId;
use sea_orm::Statement;
use serde_json::json;

use super::socket::{Place, Socket, serve};
use super::told::changed;
use crate::app::TestApp;
use crate::database::connect;
use crate::fixture::{ADMIN, MARIA, SUPPORT, customer};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("live::2,000 subscriptions are told by one reading for each kind of viewer", one_reading);
}

/// Sockets, and subscriptions on each.
const SOCKETS: usize = 20;
const EACH: usize = 100;

async fn one_reading(app: TestApp) {
    let statements: Arc<Mutex<Vec<Statement>>> = Arc::default();
    let mut db = connect(&app.database().url).await.unwrap();
    let noted = statements.clone();
    db.set_metric_callback(move |info| noted.lock().unwrap().push(info.statement.clone()));
    let config = app.database().config();
    let websocket = WebSocket { sockets_per_viewer: SOCKETS, ..config.websocket };
    let service = App::on(Config { websocket, ..config }, app.clock.clone(), db).await.unwrap();
    let place = Place { address: serve(custodian::http::router(service.clone())).await };

    let maria = customer(&app, MARIA).await;
    let document = changed("id version email phone addresses { id city }");
    let mut opening = Vec::new();
    for n in 0..SOCKETS {
        let username = if n % 2 == 0 { SUPPORT } else { ADMIN };
        let mut socket = place.signed_in(&app, username).await;
        let (document, variables) = (document.clone(), json!({ "id": maria.id.encode() }));
        opening.push(tokio::spawn(async move {
            for id in 0..EACH {
                socket.ask(&id.to_string(), &document, variables.clone()).await;
            }
            assert_eq!(socket.until_pong().await, Vec::<serde_json::Value>::new());
            socket
        }));
    }
    let mut sockets: Vec<Socket> = Vec::new();
    for opened in opening {
        sockets.push(opened.await.unwrap());
    }
    assert_eq!(service.live.subscriptions(), SOCKETS * EACH);

    let tell = |event: &str| {
        service.news.changed(Changed {
            event: event.to_owned(),
            tenant: Some(maria.tenant_id.encode()),
            customer: Some(maria.id.encode()),
            kind: Some("Customer".to_owned()),
            id: Some(maria.id.encode()),
            added: None,
            ends_rights: false,
        });
    };
    statements.lock().unwrap().clear();
    tell("CUSTOMER_UPDATED");
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    for socket in &mut sockets {
        for _ in 0..EACH {
            let told = socket.message().await;
            assert_eq!(told["type"], "next", "{told}");
            *answers.entry(told["payload"]["data"].to_string()).or_default() += 1;
        }
    }
    assert_eq!(answers.into_values().collect::<Vec<_>>(), [SOCKETS * EACH / 2; 2], "two roles, two answers");
    let statements = std::mem::take(&mut *statements.lock().unwrap());
    let reading = |table: &str| {
        let of = format!("FROM \"{table}\"");
        statements
            .iter()
            .filter(|statement| statement.sql.starts_with("SELECT") && statement.sql.contains(&of))
            .count()
    };
    // Two kinds of viewers: support and the administrator.
    assert_eq!((reading("customer"), reading("address")), (2, 2), "{}", statements.len());
    // Nothing else grows with those who listen, who they are and what they were shown included.
    assert!(
        statements.len() < 60,
        "{} statements to tell {} subscriptions",
        statements.len(),
        SOCKETS * EACH
    );
}
