//! Tokens of users and of API clients: neither passes as the other, and what binds the one does not end the other.

use custodian_entity::id::SessionId;
use serde_json::{Value, json};

use super::{Portal, RESELLER, lives};
use crate::app::TestApp;
use crate::fixture::{ADMIN, SUPPORT, absent, mutate};
use crate::suite::Suite;
use crate::tokens::Forge;

pub(super) fn register(suite: &mut Suite) {
    suite.sqlite("clients::a token is a user's or a client's, and nothing in between", either);
    suite.both("clients::a second factor that is asked of its owner is not asked of a client", second_factor);
}

async fn either(app: TestApp) {
    let portal = Portal::of(&app, RESELLER, &["customers:read", "tickets:write"]).await;
    let of_client = Forge::of(app.clone(), &portal.token().await).await;
    let of_user = Forge::of(app.clone(), &app.token(RESELLER).await).await;
    for (what, token) in [
        ("a user's with a client", of_user.with_claim("client_id", json!(portal.id))),
        ("a user's with scopes", of_user.with_claim("scope", json!("customers:read"))),
        ("a user's with no scope", of_user.with_claim("scope", json!(""))),
        ("a user's without its session", of_user.with_claim("sid", Value::Null)),
        ("a user's in a client's name", of_user.with_claim("sub", json!(portal.id))),
        ("a client's with a session", of_client.with_claim("sid", of_user.claims["sid"].clone())),
        ("a client's with no such session", of_client.with_claim("sid", json!(absent::<SessionId>()))),
        ("a client's without its client", of_client.with_claim("client_id", Value::Null)),
        ("a client's without its scopes", of_client.with_claim("scope", Value::Null)),
        ("a client's in a user's name", of_client.with_claim("sub", of_user.claims["sub"].clone())),
        ("a client's of an older secret", of_client.with_claim("ver", json!(-1))),
    ] {
        of_user.refuses(what, &token).await;
    }
    // What the client does not have, its token cannot give it.
    let wider = of_client.with_claim("scope", json!("customers:read invoices:read"));
    let answer = app.anonymous().bringing(&wider).query("{ invoices { totalCount } }", Value::Null).await;
    assert_eq!(answer.code(), Some("FORBIDDEN"), "{}", answer.text);
}

async fn second_factor(app: TestApp) {
    let portal = Portal::of(&app, SUPPORT, &["customers:read"]).await;
    let (owner, caller) = (app.login(SUPPORT).await, portal.caller().await);
    let roles = json!({ "mfaRequiredRoles": ["support_agent"] });
    mutate(&app.login(ADMIN).await, "tenantUpdate", "mfaRequiredRoles", roles).await.done();
    let asked = owner.query("{ customers { totalCount } }", Value::Null).await;
    assert_eq!(asked.code(), Some("FORBIDDEN"), "{}", asked.text);
    // Its secret is a credential of its own.
    caller.query("{ customers { totalCount } }", Value::Null).await.ok();
    lives(&portal.caller().await).await;
    // And no more than that: it sets up nothing in its owner's name.
    for document in ["mutation { mfaEnrol { enrolment { secret } } }", "mutation { logoutEverywhere }"] {
        let answer = caller.query(document, Value::Null).await;
        assert_eq!((answer.code(), answer.data()), (Some("FORBIDDEN"), &Value::Null), "{}", answer.text);
    }
}
