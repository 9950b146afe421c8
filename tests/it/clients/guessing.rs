//! Guessing at the secrets of API clients: counted by address.

use custodian_entity::sign_in_attempt;
use serde_json::Value;

use super::{Portal, RESELLER, send};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{Log, SUPPORT, all};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both(
        "clients::an address guesses so often, whatever the clients, and shuts out nobody else",
        by_address,
    );
}

const PATHS: [&str; 3] = ["/oauth/token", "/oauth/revoke", "/oauth/introspect"];
const FORM: [(&str, &str); 2] = [("grant_type", "client_credentials"), ("token", "x")];

async fn guess(client: &Client, number: usize, id: &str, secret: &str) -> Answer {
    send(client, PATHS[number % PATHS.len()], Some((id, secret)), &FORM).await
}

/// All that a caller is told.
fn told(answer: &Answer) -> (u16, String, Option<String>) {
    let wait = answer.headers.get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    (answer.status.as_u16(), answer.text.clone(), wait)
}

async fn by_address(app: TestApp) {
    let portal = Portal::of(&app, RESELLER, &["customers:read"]).await;
    let (_, router) = app.instance(|config| config.sign_in.address_failures = 4).await;
    let (guesser, elsewhere) =
        (app.anonymous().at(&router).from("192.0.2.7"), app.anonymous().at(&router).from("192.0.2.8"));
    let mut first = None;
    for number in 0..4 {
        assert_eq!(guess(&guesser, number, &portal.id, &portal.secret).await.status, 200);
        // A client that is none looks the same.
        let id = format!("{}{number}", &portal.id[..portal.id.len() - 1]);
        let id = if number % 2 == 0 { &portal.id } else { &id };
        let wrong = told(&guess(&guesser, 0, id, "cst_wrong").await);
        assert_eq!((wrong.0, &wrong), (401, &*first.get_or_insert(wrong.clone())));
    }
    let refused = guess(&guesser, 0, &portal.id, "cst_wrong").await;
    assert_eq!((refused.status.as_u16(), &refused.headers["retry-after"]), (429, &"60".parse().unwrap()));
    // Nothing more is on record, and who has the right secret goes on, behind the same address too.
    let mut log = Log::mark(&app).await;
    for number in 0..3 {
        assert_eq!(told(&guess(&guesser, number, &portal.id, "cst_wrong").await), told(&refused));
    }
    log.none(&app).await;
    assert_eq!(guess(&guesser, 1, &portal.id, &portal.secret).await.status, 200);
    assert_eq!(
        app.login(SUPPORT)
            .await
            .at(&router)
            .from("192.0.2.7")
            .query("{ viewer { id } }", Value::Null)
            .await
            .status,
        200
    );
    assert_eq!(guess(&elsewhere, 0, &portal.id, &portal.secret).await.status, 200);
    let tried = all::<sign_in_attempt::Entity>(&app).await;
    assert!(tried.iter().all(|row| !row.key.contains("192.0.2")), "{tried:?}");
}
