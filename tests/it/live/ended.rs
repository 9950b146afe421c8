//! What ends the right to ask ends a socket (abuse cases WS3, AZ14).

use chrono::TimeDelta;
use custodian::authz::policy::PolicyFiles;
use custodian_entity::id::TypedId;
use custodian_entity::{role, role_grant};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::socket::{Place, Socket, serve};
use super::told::changed;
use crate::app::TestApp;
use crate::fixture::{ADMIN, BILLING, MARIA, SUPPORT, account, all, customer, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.sqlite("live::a socket ends with its token", token);
    suite.both("live::a socket ends at once with its session", session);
    suite
        .both("live::a socket ends at once with its role, its account or what was done about it", account_of);
    suite.sqlite("live::what another server ended ends a socket within a minute, without news", elsewhere);
    suite.sqlite("live::a role that is given for a time ends with it", for_a_time);
    suite.sqlite("live::what the policy takes away ends the sockets that listen to it", policy);
}

async fn listening(app: &TestApp, place: &Place, username: &str) -> Socket {
    let maria = customer(app, MARIA).await.id.encode();
    let mut socket = place.signed_in(app, username).await;
    socket.subscribe("1", &changed("version"), json!({ "id": maria })).await;
    socket
}

/// Changes something that every socket of this file listens to.
async fn change(app: &TestApp) {
    let maria = customer(app, MARIA).await;
    let input = json!({ "id": maria.id.encode(), "version": maria.version, "language": "fr" });
    mutate(&app.login("admin@acme.example").await, "customerUpdate", "version", input).await.done();
}

async fn token(app: TestApp) {
    let place = Place::of(&app).await;
    let mut socket = listening(&app, &place, SUPPORT).await;
    change(&app).await;
    socket.next("1").await;
    let ttl = i64::from(app.service.config.access_token_ttl_seconds);
    app.clock.advance(TimeDelta::seconds(ttl - 1));
    assert_eq!(socket.until_pong().await, Vec::<Value>::new());
    app.clock.advance(TimeDelta::seconds(1));
    socket.ends(4401).await;
}

async fn session(app: TestApp) {
    let place = Place::of(&app).await;
    for way in ["mutation { logout }", "mutation { logoutEverywhere }"] {
        let begun = "mutation { login(username: \"support@acme.example\", password: \"Custodian-Demo-1\") \
                     { accessToken } }";
        let begun = app.anonymous().query(begun, Value::Null).await;
        let token = begun.ok()["login"]["accessToken"].as_str().unwrap().to_owned();
        let mut socket = Socket::open(place.address).await;
        socket.init(&token).await;
        let maria = customer(&app, MARIA).await.id.encode();
        socket.subscribe("1", &changed("version"), json!({ "id": maria })).await;
        app.anonymous().bringing(&token).query(way, Value::Null).await.ok();
        change(&app).await;
        socket.ends(4401).await;
        // A socket whose token ended opens no other.
        let mut again = Socket::open(place.address).await;
        let bearer = json!({ "Authorization": format!("Bearer {token}") });
        again.say(json!({ "type": "connection_init", "payload": bearer })).await;
        again.ends(4401).await;
    }
    // By the socket itself, of which the answer comes first.
    let token = app.token(BILLING).await;
    let mut socket = Socket::open(place.address).await;
    socket.init(&token).await;
    socket.ask("out", "mutation { logout }", Value::Null).await;
    let (code, _) = socket.closed().await;
    assert_eq!(code, Some(4401));
}

async fn account_of(app: TestApp) {
    let place = Place::of(&app).await;
    let admin = app.login(ADMIN).await;
    let (support, billing, network) = (
        account(&app, SUPPORT).await,
        account(&app, BILLING).await,
        account(&app, "network@acme.example").await,
    );
    let mut held = listening(&app, &place, SUPPORT).await;
    let mut deactivated = listening(&app, &place, BILLING).await;
    let mut suspended = listening(&app, &place, "network@acme.example").await;
    let mut stays = listening(&app, &place, ADMIN).await;

    let grants = all::<role_grant::Entity>(&app).await;
    let grant = grants.iter().find(|grant| grant.user_id == support.id).unwrap().id.encode();
    mutate(&admin, "roleRevoke", "id", json!({ "id": grant })).await.done();
    // What is changed from now on is told who still may be told it, and nobody else.
    change(&app).await;
    held.ends(4403).await;
    stays.next("1").await;
    deactivated.next("1").await;
    suspended.next("1").await;

    mutate(&admin, "userDeactivate", "id", json!({ "id": billing.id.encode() })).await.done();
    change(&app).await;
    deactivated.ends(4401).await;
    stays.next("1").await;
    suspended.next("1").await;

    let contain = json!({ "kind": "SUSPEND_USER", "id": network.id.encode(), "reason": "Odd" });
    mutate(&admin, "incidentContain", "id", contain).await.done();
    change(&app).await;
    suspended.ends(4401).await;
    stays.next("1").await;
}

async fn elsewhere(app: TestApp) {
    let (_, router) = app.instance(|_| {}).await;
    let place = Place { address: serve(router.clone()).await };
    let mut socket = listening(&app, &place, SUPPORT).await;
    // The service of the test tells this instance nothing: there is no Redis.
    let support = account(&app, SUPPORT).await;
    let grants = all::<role_grant::Entity>(&app).await;
    let grant = grants.iter().find(|grant| grant.user_id == support.id).unwrap().id.encode();
    mutate(&app.login(ADMIN).await, "roleRevoke", "id", json!({ "id": grant })).await.done();
    // What is begun is asked of the database.
    let mut other = Socket::open(place.address).await;
    let bearer = json!({ "Authorization": format!("Bearer {}", app.token(SUPPORT).await) });
    other.say(json!({ "type": "connection_init", "payload": bearer })).await;
    other.ends(4403).await;
    assert_eq!(socket.until_pong().await, Vec::<Value>::new());
    app.clock.advance(TimeDelta::seconds(59));
    socket.ends(4403).await;
}

async fn for_a_time(app: TestApp) {
    let place = Place::of(&app).await;
    let support = account(&app, SUPPORT).await;
    let until = app.clock.now() + TimeDelta::seconds(20);
    use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
    let grants = all::<role_grant::Entity>(&app).await;
    let grant = grants.into_iter().find(|grant| grant.user_id == support.id).unwrap();
    let mut row = grant.into_active_model();
    row.expires_at = Set(Some(until));
    row.update(app.db()).await.unwrap();
    assert!(!role::Entity::find().all(app.db()).await.unwrap().is_empty());
    let mut socket = listening(&app, &place, SUPPORT).await;
    app.clock.advance(TimeDelta::seconds(20));
    socket.ends(4403).await;
}

async fn policy(app: TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let write = |files: &PolicyFiles| {
        for (name, text) in [
            ("model.conf", &files.model),
            ("policy.csv", &files.policy),
            ("fields.csv", &files.fields),
            ("inputs.csv", &files.inputs),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
    };
    let mut files = PolicyFiles::built_in();
    write(&files);
    let (service, router) = app.instance(|config| config.policy_dir = Some(folder.path().to_owned())).await;
    let place = Place { address: serve(router).await };
    let mut support = listening(&app, &place, SUPPORT).await;
    let mut idle = place.signed_in(&app, SUPPORT).await;
    let mut billing = listening(&app, &place, BILLING).await;
    files.policy.push_str("p, support_agent, Live.customerChanged, execute, deny\n");
    write(&files);
    service.refresh_policy().await;
    support.ends(4403).await;
    // Who listens to nothing of the kind goes on, and begins nothing of it.
    let maria = customer(&app, MARIA).await.id.encode();
    idle.ask("1", &changed("version"), json!({ "id": maria })).await;
    assert_eq!(idle.refused("1").await, "FORBIDDEN");
    assert_eq!(billing.until_pong().await, Vec::<Value>::new());
}
