//! Accounts that are changed and ended by others: by none that holds less, and never the last that could give roles.

use custodian_entity::choice::{ApiClientStatus, SessionEnd, UserStatus};
use custodian_entity::id::TypedId;
use custodian_entity::{api_client, session};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::{PASSWORD, refresh, sign_in, signed_in};
use crate::app::TestApp;
use crate::client::Client;
use crate::clients::second_role;
use crate::fixture::{self, ADMIN, Log, SUPPORT, account, all, at_once, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("accounts::an account that is ended has no session, token or client left", ended);
    suite.both("accounts::nobody ends who holds more than he does, nor himself", beyond);
    suite.both("accounts::of two who end each other one is left", last);
    suite.both("accounts::names are changed, and asked for passwords not taken back", changed);
}

const SYSTEM: &str = "admin@acme.example";
const CUSTOMER: &str = "customer@acme.example";

async fn id_of(app: &TestApp, username: &str) -> String {
    account(app, username).await.id.encode()
}

async fn deactivate(client: &Client, id: &str) -> String {
    mutate(client, "userDeactivate", "id status", json!({ "id": id })).await.summary()
}

async fn ended(app: TestApp) {
    fixture::api_clients(app.db()).await;
    let begun = sign_in(&app.anonymous(), SUPPORT, PASSWORD, None).await;
    let (client, admin) = (signed_in(&app, &begun), app.login(ADMIN).await);
    let holder = account(&app, SUPPORT).await;
    let mut log = Log::mark(&app).await;
    assert_eq!(deactivate(&admin, &holder.id.encode()).await, "done");
    let event = log.one(&app, "USER_DEACTIVATED").await;
    assert_eq!(event.resource_id, Some(holder.id.encode()));

    assert_eq!(client.query("{ viewer { id } }", Value::Null).await.code(), Some("UNAUTHENTICATED"));
    assert_eq!(refresh(&app, &begun).await.code(), Some("UNAUTHENTICATED"));
    let again = sign_in(&app.anonymous(), SUPPORT, PASSWORD, None).await;
    assert_eq!(again.code(), Some("UNAUTHENTICATED"));
    let now = account(&app, SUPPORT).await;
    assert_eq!((now.status, now.token_version), (UserStatus::Disabled, holder.token_version + 1));
    let sessions = session::Entity::find().filter(session::Column::UserId.eq(holder.id));
    for session in sessions.all(app.db()).await.unwrap() {
        assert_eq!(session.ended_for, Some(SessionEnd::Disabled));
    }
    for client in all::<api_client::Entity>(&app).await {
        let is_his = client.owner_id == holder.id;
        assert_eq!(client.status == ApiClientStatus::Revoked, is_his, "{}", client.name);
    }
    log.gained(&app).await;
    assert_eq!(deactivate(&admin, &holder.id.encode()).await, "- INVALID_TRANSITION");
    log.none(&app).await;
}

async fn beyond(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let mut log = Log::mark(&app).await;
    assert_eq!(deactivate(&admin, &id_of(&app, SYSTEM).await).await, "id INVALID");
    assert_eq!(deactivate(&admin, &id_of(&app, ADMIN).await).await, "id INVALID");
    assert_eq!(deactivate(&admin, &id_of(&app, "support@globex.example").await).await, "NOT_FOUND");
    let rename = json!({ "id": id_of(&app, SYSTEM).await, "displayName": "Nobody" });
    mutate(&admin, "userUpdate", "id", rename).await.refused(&["id INVALID"]);
    log.none(&app).await;
    // The last administrator of a provider stays, also for who holds more.
    let system = app.login(SYSTEM).await;
    assert_eq!(deactivate(&system, &id_of(&app, ADMIN).await).await, "id INVALID");
    assert_eq!(deactivate(&system, &id_of(&app, SYSTEM).await).await, "id INVALID");
    second_role(&app).await;
    assert_eq!(deactivate(&system, &id_of(&app, ADMIN).await).await, "done");
    for username in [CUSTOMER, "reseller@acme.example"] {
        assert_eq!(deactivate(&system, &id_of(&app, username).await).await, "done", "{username}");
    }
}

async fn last(app: TestApp) {
    second_role(&app).await;
    let (first, second) = (app.login(ADMIN).await, app.login(SUPPORT).await);
    let input = async |username: &str| vec![json!({ "id": id_of(&app, username).await })];
    let (ends_second, ends_first) = (input(SUPPORT).await, input(ADMIN).await);
    let (one, other) = tokio::join!(
        at_once(&first, "userDeactivate", "id", ends_second),
        at_once(&second, "userDeactivate", "id", ends_first),
    );
    let done = one.iter().chain(&other).filter(|outcome| outcome.summary() == "done").count();
    assert_eq!(done, 1, "{} {}", one[0].answer.text, other[0].answer.text);
    let left = [account(&app, ADMIN).await, account(&app, SUPPORT).await];
    assert_eq!(left.iter().filter(|user| user.status == UserStatus::Active).count(), 1);
}

async fn changed(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let id = id_of(&app, SUPPORT).await;
    let mut log = Log::mark(&app).await;
    let input = json!({ "id": id, "displayName": "Amara O.", "mustChangePassword": true });
    mutate(&admin, "userUpdate", "id", input).await.done();
    let event = log.one(&app, "USER_UPDATED").await;
    assert_eq!(event.details["fields"], json!(["displayName", "mustChangePassword"]));
    let now = account(&app, SUPPORT).await;
    assert_eq!((now.display_name.as_str(), now.must_change_password), ("Amara O.", true));
    let confined = app.login(SUPPORT).await.query("{ customers { totalCount } }", Value::Null).await;
    assert_eq!(confined.code(), Some("FORBIDDEN"));
    let back = json!({ "id": id, "mustChangePassword": false });
    mutate(&admin, "userUpdate", "id", back).await.refused(&["mustChangePassword INVALID"]);

    let customer = app.login(CUSTOMER).await;
    let own = id_of(&app, CUSTOMER).await;
    mutate(&customer, "userUpdate", "id", json!({ "id": own, "displayName": "Mari" })).await.done();
    assert_eq!(account(&app, CUSTOMER).await.display_name, "Mari");
    let more = json!({ "id": own, "mustChangePassword": true });
    mutate(&customer, "userUpdate", "id", more).await.failed("FORBIDDEN");
    let other = json!({ "id": id_of(&app, "customer2@acme.example").await, "displayName": "Mari" });
    mutate(&customer, "userUpdate", "id", other).await.failed("NOT_FOUND");

    // Row-level security keeps it too, where the service would not.
    let held = "UPDATE \"user\" SET must_change_password = FALSE WHERE username = 'support@acme.example'";
    app.db().execute_unprepared(held).await.expect("the owner of the table is not held");
}
