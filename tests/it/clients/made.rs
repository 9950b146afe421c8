//! `apiClientCreate`, `apiClientRotate`, `apiClientRevoke`, `apiClients`.

use custodian_entity::id::TypedId;
use custodian_entity::{api_client, audit_event, customer};
use serde_json::{Value, json};

use super::{CREATE, Portal, RESELLER, create, second_role};
use crate::app::TestApp;
use crate::fixture::{ADMIN, BILLING, Log, SUPPORT, account, all, mutate, text};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("clients::a secret is shown once and stored as a hash", secret_is_shown_once);
    suite.both("clients::nobody makes a client that does more than he may", nothing_beyond);
    suite.both("clients::a client ends, and has what its owner may give it", limits);
    suite.both("clients::a reseller's client is bound to his reseller by the server", bound_to_reseller);
    suite.both("clients::a new secret is for the owner alone, revoking for who reaches it", rotation);
    suite.both("clients::in another role its owner is a stranger to a client", other_role);
}

async fn only(app: &TestApp) -> api_client::Model {
    let mut rows = all::<api_client::Entity>(app).await;
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

async fn secret_is_shown_once(app: TestApp) {
    let owner = app.login(SUPPORT).await;
    let mut log = Log::mark(&app).await;
    let answer =
        create(&owner, &["tickets:read", "customers:read"], json!({ "allowedIps": ["127.0.0.0/8"] })).await;
    let payload = &answer.ok()["apiClientCreate"];
    let secret = text(&payload["clientSecret"]);
    // 256 random bits in base64url.
    assert_eq!(secret.len(), "cst_".len() + 43, "{secret}");
    let event: audit_event::Model = log.one(&app, "API_CLIENT_CREATED").await;
    let row = only(&app).await;
    assert_eq!(event.resource_id, Some(row.id.encode()));
    assert_eq!(event.details["scopes"], "customers:read tickets:read");
    assert_eq!(row.owner_id, account(&app, SUPPORT).await.id);
    assert_eq!(payload["apiClient"]["scopes"], json!(["customers:read", "tickets:read"]));
    assert_eq!(payload["apiClient"]["rateTier"], "STANDARD");
    let prefix = text(&payload["apiClient"]["tokenPrefix"]);
    assert!(secret.starts_with(prefix) && prefix.len() == 8, "{prefix}");
    for stored in [format!("{row:?}"), format!("{:?}", all::<audit_event::Entity>(&app).await), app.logs()] {
        assert!(!stored.contains(&secret[8..]), "the secret itself is kept somewhere");
    }

    let document = "{ apiClients { totalCount nodes { id name status scopes allowedIps expiresAt createdAt \
                    tokenPrefix lastUsedAt lastUsedIp revokedAt owner { id } reseller { id } revokedBy { id } } } }";
    let listed = owner.query(document, Value::Null).await;
    let node = &listed.ok()["apiClients"]["nodes"][0];
    assert_eq!((&node["status"], &node["allowedIps"]), (&json!("ACTIVE"), &json!(["127.0.0.0/8"])));
    assert!(node["lastUsedAt"].is_null() && node["revokedBy"].is_null());
    assert!(!listed.text.contains(&secret[8..]));
    // One's own, and for administrators everybody's.
    let others = app.login(BILLING).await.query(document, Value::Null).await;
    assert_eq!(others.ok()["apiClients"]["totalCount"], 0);
    let admins = app.login(ADMIN).await.query(document, Value::Null).await;
    assert_eq!(admins.ok()["apiClients"]["totalCount"], 1);
    let customer = app.login("customer@acme.example").await.query(document, Value::Null).await;
    assert_eq!(customer.code(), Some("FORBIDDEN"));
}

/// Why a client was not made, as `field CODE`.
fn refusals(answer: &crate::client::Answer) -> Vec<String> {
    let payload = &answer.ok()["apiClientCreate"];
    assert!(payload["apiClient"].is_null() && payload["clientSecret"].is_null(), "{}", answer.text);
    let errors = payload["userErrors"].as_array().unwrap();
    errors.iter().map(|error| format!("{} {}", text(&error["field"][0]), text(&error["code"]))).collect()
}

async fn nothing_beyond(app: TestApp) {
    let network = app.login("network@acme.example").await;
    let mut log = Log::mark(&app).await;
    // No operation of payments or customers' creation is his; what he holds of tickets he may give.
    for scope in
        ["payments:write", "payments:read", "calls:read", "documents:sign", "scopes", "scope:customers:read"]
    {
        let refused = create(&network, &[scope], json!({})).await;
        assert_eq!(refusals(&refused), ["scopes INVALID"], "{scope}");
    }
    assert_eq!(
        refusals(&create(&network, &["tickets:read", "payments:read"], json!({})).await),
        ["scopes INVALID"]
    );
    assert_eq!(refusals(&create(&network, &[], json!({})).await), ["scopes INVALID"]);
    let malformed = create(&network, &["tickets:read customers:read"], json!({})).await;
    assert_eq!(malformed.code(), Some("BAD_USER_INPUT"));
    log.none(&app).await;
    create(&network, &["tickets:read"], json!({})).await.ok();
}

async fn limits(app: TestApp) {
    let owner = app.login(SUPPORT).await;
    for (more, reasons) in [
        (json!({ "expiresAt": "2026-03-01T12:00:00Z" }), vec!["expiresAt INVALID"]),
        (json!({ "expiresAt": "2027-03-01T12:00:00.001Z" }), vec!["expiresAt INVALID"]),
        (json!({ "name": " " }), vec!["name INVALID"]),
        (json!({ "name": "x".repeat(101) }), vec!["name TOO_LONG"]),
    ] {
        assert_eq!(refusals(&create(&owner, &["tickets:read"], more).await), reasons);
    }
    create(&owner, &["tickets:read"], json!({ "expiresAt": "2027-03-01T12:00:00Z" })).await.ok();
    let missing = owner.query(CREATE, json!({ "input": { "name": "P", "scopes": ["tickets:read"] } })).await;
    assert_eq!(missing.code(), Some("BAD_USER_INPUT"), "without an end: {}", missing.text);
    for ips in [json!(["127.0.0.1"]), json!(["127.0.0.0/33"]), json!(["localhost"])] {
        let answer = create(&owner, &["tickets:read"], json!({ "allowedIps": ips })).await;
        assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{ips}");
    }
    for more in [
        json!({ "rateTier": "HIGH" }),
        json!({ "resellerId": crate::fixture::absent::<custodian_entity::id::ResellerId>() }),
    ] {
        let answer = create(&owner, &["tickets:read"], more).await;
        assert_eq!(answer.code(), Some("FORBIDDEN"), "{}", answer.text);
    }
    let high = create(&app.login(ADMIN).await, &["tickets:read"], json!({ "rateTier": "HIGH" })).await;
    assert_eq!(high.ok()["apiClientCreate"]["apiClient"]["rateTier"], "HIGH");

    let (strict, router) = app.instance(|config| config.api_clients.max_lifetime_days = 30).await;
    let answer = create(&owner.at(&router), &["tickets:read"], json!({})).await;
    assert_eq!(refusals(&answer), ["expiresAt INVALID"]);
    drop(strict);
}

async fn bound_to_reseller(app: TestApp) {
    let (theirs, other) = (account(&app, RESELLER).await, account(&app, "reseller2@acme.example").await);
    let own = create(&app.login(RESELLER).await, &["customers:read"], json!({})).await;
    assert_eq!(own.ok()["apiClientCreate"]["apiClient"]["reseller"]["code"], "NORTH");
    let other = other.reseller_id.unwrap().encode();
    let refused =
        create(&app.login(RESELLER).await, &["customers:read"], json!({ "resellerId": other })).await;
    assert_eq!(refused.code(), Some("FORBIDDEN"), "{}", refused.text);

    // An administrator's, bound to a reseller, reaches that reseller's rows and no more.
    let north = theirs.reseller_id.unwrap().encode();
    let portal =
        Portal::with(&app, ADMIN, &["customers:read", "customers:write"], json!({ "resellerId": north }))
            .await;
    let document = "{ customers(first: 100) { totalCount nodes { reseller { code } } } }";
    let (bound, unbound) =
        (portal.caller().await, Portal::of(&app, ADMIN, &["customers:read"]).await.caller().await);
    let bound_sees = bound.query(document, Value::Null).await;
    let codes: Vec<&Value> = bound_sees.ok()["customers"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["reseller"]["code"])
        .collect();
    assert!(!codes.is_empty() && codes.iter().all(|code| **code == "NORTH"), "{codes:?}");
    let every = unbound.query(document, Value::Null).await.ok()["customers"]["totalCount"].as_u64().unwrap();
    assert!(every > codes.len() as u64);
    // What it adds lies there too.
    let input = json!({ "type": "INDIVIDUAL", "displayName": "Jo Doe" });
    let before: Vec<_> = all::<customer::Entity>(&app).await.into_iter().map(|row| row.id).collect();
    mutate(&bound, "customerCreate", "id", input.clone()).await.done();
    let mut outside = input;
    outside["resellerId"] = json!(other);
    mutate(&bound, "customerCreate", "id", outside).await.done();
    let mut added = all::<customer::Entity>(&app).await;
    added.retain(|row| !before.contains(&row.id));
    assert_eq!(added.len(), 2);
    assert!(added.iter().all(|row| row.reseller_id == theirs.reseller_id), "whatever it says");
}

async fn other_role(app: TestApp) {
    second_role(&app).await;
    let (low, high) = (app.login(SUPPORT).await.acting_as("support_agent"), app.login(SUPPORT).await);
    let client = |scopes: &[&str]| json!({ "name": "P", "scopes": scopes, "expiresAt": super::LATER });
    let made = mutate(&high, "apiClientCreate", "id", client(&["customers:write"])).await.done().clone();
    for mutation in ["apiClientRotate", "apiClientRevoke"] {
        mutate(&low, mutation, "id", made.clone()).await.refused(&["id INVALID"]);
    }
    mutate(&high, "apiClientRotate", "id", made.clone()).await.done();
    mutate(&high, "apiClientRevoke", "id", made).await.done();
    // The other way round a new secret is refused too; an administrator ends what he reaches.
    let lesser = mutate(&low, "apiClientCreate", "id", client(&["tickets:read"])).await.done().clone();
    mutate(&high, "apiClientRotate", "id", lesser.clone()).await.refused(&["id INVALID"]);
    mutate(&high, "apiClientRevoke", "id", lesser).await.done();
}

async fn rotation(app: TestApp) {
    let portal = Portal::of(&app, RESELLER, &["customers:read"]).await;
    let id = json!({ "id": portal.id });
    let mut log = Log::mark(&app).await;
    let admin = app.login(ADMIN).await;
    log.gained(&app).await;
    mutate(&admin, "apiClientRotate", "id", id.clone()).await.refused(&["id INVALID"]);
    mutate(&app.login(SUPPORT).await, "apiClientRotate", "id", id.clone()).await.failed("NOT_FOUND");
    log.gained(&app).await;

    let before = portal.caller().await;
    log.gained(&app).await;
    let document = "mutation($input: ApiClientRotateInput!) { apiClientRotate(input: $input) { \
                    apiClient { tokenPrefix } clientSecret userErrors { code } } }";
    let rotated = app.login(RESELLER).await.query(document, json!({ "input": id })).await;
    log.one(&app, "API_CLIENT_ROTATED").await;
    let secret = text(&rotated.ok()["apiClientRotate"]["clientSecret"]).to_owned();
    assert_ne!(secret, portal.secret);
    super::is_dead(&before, "a token from before").await;
    assert_eq!(portal.ask(&[]).await.status, 401, "the old secret");
    let renewed = Portal { secret, ..portal.clone() };
    let caller = renewed.caller().await;
    super::lives(&caller).await;

    log.gained(&app).await;
    let revoked = mutate(&admin, "apiClientRevoke", "status revokedAt revokedBy { id }", id.clone()).await;
    assert_eq!(revoked.done()["status"], "REVOKED");
    assert_eq!(revoked.done()["revokedBy"]["id"], account(&app, ADMIN).await.id.encode());
    log.one(&app, "API_CLIENT_REVOKED").await;
    super::is_dead(&caller, "revoked").await;
    assert_eq!(renewed.ask(&[]).await.status, 401, "revoked");
    mutate(&admin, "apiClientRevoke", "id", id.clone()).await.refused(&["- INVALID_TRANSITION"]);
    mutate(&app.login(RESELLER).await, "apiClientRotate", "id", id).await.refused(&["- INVALID_TRANSITION"]);
}
