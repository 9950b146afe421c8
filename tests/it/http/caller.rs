//! Credentials and roles.

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};

use super::{JSON, RESPONSE, SUPPORT, Silence, VIEWER, assert_refused, header, post, send};
use crate::app::TestApp;

pub async fn credentials(app: TestApp) {
    let anonymous = app.anonymous();
    let token = app.token(SUPPORT).await;
    for value in [format!("Bearer {token}"), format!("bearer {token}"), format!("BEARER   {token}")] {
        send(&anonymous, post(RESPONSE).header(AUTHORIZATION, value), VIEWER).await.ok();
    }
    let refused = [
        vec!["Bearer".to_owned()],
        vec!["Bearer ".to_owned()],
        vec!["Bearer planted".to_owned()],
        vec!["Bearer pla nted".to_owned()],
        vec![format!("Bearer {token}x")],
        vec![format!("Bearer {}", "x".repeat(10_000))],
        vec![format!("Basic {token}")],
        vec![token.clone()],
        vec![format!("Bearer {token}"), format!("Bearer {token}")],
    ];
    for values in refused {
        for accept in [JSON, RESPONSE] {
            let request =
                values.iter().fold(post(accept), |request, value| request.header(AUTHORIZATION, value));
            let answer = send(&anonymous, request, r#"{"query":"{ __typename }"}"#).await;
            assert_refused(&answer, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
            assert_eq!(header(&answer, &WWW_AUTHENTICATE), "Bearer error=\"invalid_token\"");
            assert!(!answer.text.contains("planted"), "repeated: {}", answer.text);
        }
    }
}

pub async fn role(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let with = |role: &str| post(RESPONSE).header("x-custodian-role", role);
    send(&client, with("support_agent"), VIEWER).await.ok();
    let answer = send(&client, with("system_admin"), VIEWER).await;
    assert_refused(&answer, StatusCode::FORBIDDEN, "FORBIDDEN");
    for request in
        [with(""), with(&"x".repeat(1000)), with("support_agent").header("x-custodian-role", "support_agent")]
    {
        assert_refused(&send(&client, request, VIEWER).await, StatusCode::BAD_REQUEST, "BAD_USER_INPUT");
    }
}

pub async fn token_first(app: TestApp) {
    let request = post(RESPONSE).header(AUTHORIZATION, "Bearer planted");
    // This body never comes: reading it first would not end.
    let answer = send(&app.anonymous(), request, Body::from_stream(Silence)).await;
    assert_refused(&answer, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
}
