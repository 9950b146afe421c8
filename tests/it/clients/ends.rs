//! What ends a client's tokens, at once and without it being told (abuse case AZ14).

use chrono::TimeDelta;
use custodian_entity::id::TypedId;
use custodian_entity::role_grant;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::{Portal, RESELLER, VIEWER, is_dead, lives, second_role};
use crate::app::TestApp;
use crate::fixture::{ADMIN, SUPPORT, account, mutate};
use crate::past::by_name;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("clients::what ends its owner ends the client", owner_ends);
    suite.both("clients::a token of before its reseller was suspended stays dead", suspended);
    suite.both("clients::without the role it was made in a client is nobody", role_is_lost);
    suite.both("clients::a client calls from its networks only", networks);
    suite.both("clients::a client ends by the clock", clock_ends);
    suite.both("clients::a client acts in the role it was made in, and in no other", one_role);
}

async fn execute(app: &TestApp, statement: &str) {
    app.db()
        .execute_unprepared(&by_name(app, statement).await)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

async fn owner_ends(app: TestApp) {
    let portal = Portal::of(&app, RESELLER, &["customers:read"]).await;
    let caller = portal.caller().await;
    let north = "(SELECT reseller_id FROM \"user\" WHERE username = 'reseller@acme.example')";
    for (end, mend) in [
        (
            "UPDATE \"user\" SET status = 'DISABLED' WHERE username = 'reseller@acme.example'".to_owned(),
            "UPDATE \"user\" SET status = 'ACTIVE' WHERE username = 'reseller@acme.example'".to_owned(),
        ),
        (
            format!("UPDATE reseller SET status = 'SUSPENDED' WHERE id = {north}"),
            format!("UPDATE reseller SET status = 'ACTIVE' WHERE id = {north}"),
        ),
        (
            "UPDATE tenant SET status = 'SUSPENDED' WHERE slug = 'acme'".to_owned(),
            "UPDATE tenant SET status = 'ACTIVE' WHERE slug = 'acme'".to_owned(),
        ),
    ] {
        lives(&caller).await;
        execute(&app, &end).await;
        is_dead(&caller, &end).await;
        assert_eq!(portal.ask(&[]).await.status, 401, "{end}");
        execute(&app, &mend).await;
    }
    lives(&caller).await;
}

async fn suspended(app: TestApp) {
    let portal = Portal::of(&app, RESELLER, &["customers:read"]).await;
    let (caller, admin) = (portal.caller().await, app.login(ADMIN).await);
    let id = account(&app, RESELLER).await.reseller_id.unwrap().encode();
    mutate(&admin, "resellerSuspend", "id", json!({ "id": id })).await.done();
    is_dead(&caller, "its reseller is suspended").await;
    assert_eq!(portal.ask(&[]).await.status, 401);
    mutate(&admin, "resellerResume", "id", json!({ "id": id })).await.done();
    is_dead(&caller, "it is of before").await;
    // The client itself goes on: it asks for a new one.
    lives(&portal.caller().await).await;
}

async fn role_is_lost(app: TestApp) {
    let portal = Portal::of(&app, SUPPORT, &["customers:read"]).await;
    let caller = portal.caller().await;
    lives(&caller).await;
    let holder = account(&app, SUPPORT).await;
    let gone = role_grant::Entity::delete_many().filter(role_grant::Column::UserId.eq(holder.id));
    gone.exec(app.db()).await.unwrap();
    is_dead(&caller, "the role was taken away").await;
    assert_eq!(portal.ask(&[]).await.status, 401);
}

async fn networks(app: TestApp) {
    // Tests call from 127.0.0.1.
    let inside = Portal::with(
        &app,
        SUPPORT,
        &["customers:read"],
        json!({ "allowedIps": ["10.0.0.0/8", "127.0.0.0/30"] }),
    )
    .await;
    let outside = Portal::with(
        &app,
        SUPPORT,
        &["customers:read"],
        json!({ "allowedIps": ["127.0.0.2/32", "::1/128"] }),
    )
    .await;
    assert_eq!(outside.ask(&[]).await.status, 401, "from elsewhere no token is given");
    let caller = inside.caller().await;
    lives(&caller).await;
    // On each request, not only when a token is given.
    execute(&app, "UPDATE api_client SET allowed_ips = '10.0.0.0/8'").await;
    is_dead(&caller, "another network").await;
    // What cannot be read lets nothing through.
    execute(&app, "UPDATE api_client SET allowed_ips = 'anywhere'").await;
    is_dead(&caller, "a malformed list").await;
    execute(&app, "UPDATE api_client SET allowed_ips = ''").await;
    lives(&caller).await;
}

async fn clock_ends(app: TestApp) {
    let until = (app.clock.now() + TimeDelta::minutes(5)).to_rfc3339();
    let portal = Portal::with(&app, SUPPORT, &["customers:read"], json!({ "expiresAt": until })).await;
    let caller = portal.caller().await;
    app.clock.advance(TimeDelta::minutes(5) - TimeDelta::milliseconds(1));
    lives(&caller).await;
    app.clock.advance(TimeDelta::milliseconds(1));
    is_dead(&caller, "it is over").await;
    assert_eq!(portal.ask(&[]).await.status, 401);
    let admin = app.login(ADMIN).await;
    let answer = admin.query("{ apiClients { nodes { status } } }", Value::Null).await;
    assert_eq!(answer.ok()["apiClients"]["nodes"], json!([{ "status": "EXPIRED" }]));
}

async fn one_role(app: TestApp) {
    let portal = Portal::of(&app, SUPPORT, &["customers:read"]).await;
    second_role(&app).await;
    let caller = portal.caller().await;
    let viewer = caller.query(VIEWER, Value::Null).await;
    assert_eq!(viewer.ok()["viewer"]["role"], "support_agent");
    assert_eq!(viewer.ok()["viewer"]["roles"], json!(["support_agent"]));
    let other = caller.acting_as("tenant_admin").query(VIEWER, Value::Null).await;
    assert_eq!((other.status.as_u16(), other.code()), (403, Some("FORBIDDEN")), "{}", other.text);
    caller.acting_as("support_agent").query(VIEWER, Value::Null).await.ok();
}
