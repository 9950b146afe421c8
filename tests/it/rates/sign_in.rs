//! Signing in: by address, before anything is looked at.

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;

use super::{advance, ask, limited, refused, sign_in};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::SUPPORT;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.sqlite("rates::an address signs in so often, whichever accounts it tries", by_address);
    suite.sqlite("rates::many sign-ins in one document are refused, and none is tried", aliases);
}

async fn token(client: &Client) -> Answer {
    let request = Request::post("/oauth/token").header("content-type", "application/x-www-form-urlencoded");
    client.send(request.body(Body::from("grant_type=refresh_token&refresh_token=x")).unwrap()).await
}

async fn by_address(app: TestApp) {
    let (_, router) = limited(&app, |rates| rates.sign_in = 3).await;
    let somebody = Client::new(router.clone(), None);
    for number in 0..2 {
        let answer = sign_in(&somebody, &format!("nobody-{number}@acme.example"), "wrong").await;
        assert_eq!(answer.code(), Some("UNAUTHENTICATED"), "{}", answer.text);
    }
    assert_eq!(token(&somebody).await.status, 400);
    assert_eq!(refused(&sign_in(&somebody, SUPPORT, "Custodian-Demo-1").await), 20);
    let answer = token(&somebody).await;
    assert_eq!((answer.status.as_u16(), answer.headers["retry-after"].to_str().unwrap()), (429, "20"));
    assert_eq!(answer.body["error"], "temporarily_unavailable");
    // Letters are asked for there as well; whoever is signed in goes on.
    let letter = "mutation { passwordResetRequest(username: \"x@acme.example\") { requestedAt } }";
    refused(&somebody.query(letter, Value::Null).await);
    ask(&app.login(SUPPORT).await.at(&router)).await.ok();
    sign_in(&somebody.from("192.0.2.1"), SUPPORT, "Custodian-Demo-1").await.ok();
    advance(&app, 20);
    sign_in(&somebody, SUPPORT, "Custodian-Demo-1").await.ok();
    refused(&sign_in(&somebody, SUPPORT, "Custodian-Demo-1").await);
}

async fn aliases(app: TestApp) {
    let (_, router) = limited(&app, |rates| rates.sign_in = 3).await;
    let somebody = Client::new(router, None);
    for many in [10, 20, 1_000] {
        let logins = (0..many).map(|number| {
            format!(
                "a{number}: login(username: {SUPPORT:?}, password: \"Custodian-Demo-1\") {{ accessToken }}"
            )
        });
        let document = format!("mutation {{ {} }}", logins.collect::<Vec<_>>().join(" "));
        let answer = somebody.query(&document, Value::Null).await;
        assert_eq!(answer.code(), Some("QUERY_TOO_COMPLEX"), "{}", answer.text);
        assert!(!answer.text.contains("accessToken"), "{}", answer.text);
    }
    // In an array there are none at all.
    let batch = format!(
        "[{0},{0}]",
        "{\"query\":\"mutation { login(username: \\\"x\\\", password: \\\"x\\\") { accessToken } }\"}"
    );
    let request = Request::post("/graphql").header("content-type", "application/json");
    assert_eq!(somebody.send(request.body(Body::from(batch)).unwrap()).await.status, 400);
}
