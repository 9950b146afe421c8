//! Roles that nobody acts in without a second factor.

use serde_json::{Value, json};

use super::{Authenticator, CONFIRM, DISABLE, PASSWORD, outcome, refresh, sign_in, signed_in};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{ADMIN, BILLING, SUPPORT, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("accounts::a role that takes a second factor is nobody's without one", required);
    suite.both("accounts::which roles take a second factor is for administrators to say", who_says);
}

async fn require(client: &Client, roles: Value) {
    mutate(client, "tenantUpdate", "mfaRequiredRoles", json!({ "mfaRequiredRoles": roles })).await.done();
}

async fn role(client: &Client) -> Value {
    client.query("{ viewer { role } }", Value::Null).await.ok()["viewer"]["role"].clone()
}

async fn required(app: TestApp) {
    let (admin, support) = (app.login(ADMIN).await, app.login(SUPPORT).await);
    let begun = sign_in(&app.anonymous(), SUPPORT, PASSWORD, None).await;
    require(&admin, json!(["support_agent", "customer"])).await;
    // At the next request, of sessions that are open too.
    assert_eq!(role(&support).await, "enrolling");
    let answer = sign_in(&app.anonymous(), SUPPORT, PASSWORD, None).await;
    assert_eq!(answer.ok()["login"]["viewer"]["role"], "enrolling");
    assert_eq!(refresh(&app, &begun).await.ok()["tokenRefresh"]["viewer"]["role"], "enrolling");
    let support = signed_in(&app, &answer);
    for document in [
        "{ customers(first: 1) { totalCount } }",
        "{ tenant { slug } }",
        "{ node(id: \"cust_01h455vb4pex5vsknk084sn02q\") { id } }",
        "{ __schema { queryType { name } } }",
        "mutation { mfaVerify(code: \"000000\") { verifiedUntil } }",
    ] {
        let answer = support.query(document, Value::Null).await;
        assert_eq!(
            (outcome(&answer), answer.data()),
            ("FORBIDDEN", &Value::Null),
            "{document}: {}",
            answer.text
        );
        let asked = support.acting_as("enrolling").query("{ viewer { role } }", Value::Null).await;
        assert_eq!(outcome(&asked), "FORBIDDEN", "enrolling is no role to ask for");
    }
    // Others are as they were: other roles, and other providers' users in the same role.
    assert_eq!(role(&app.login(BILLING).await).await, "billing_manager");
    assert_eq!(role(&app.login("support@globex.example").await).await, "support_agent");

    let authenticator = Authenticator::enrolled(&support).await;
    assert_eq!(role(&support).await, "enrolling", "not before it is confirmed");
    support.query(CONFIRM, json!({ "code": authenticator.code(&app, 0) })).await.ok();
    assert_eq!(role(&support).await, "support_agent");
    support.query("{ customers(first: 1) { totalCount } }", Value::Null).await.ok();

    support.query(DISABLE, json!({ "code": authenticator.code(&app, 1) })).await.ok();
    assert_eq!(role(&support).await, "enrolling");
    require(&admin, json!([])).await;
    assert_eq!(role(&support).await, "support_agent");

    require(&admin, json!(["support_agent"])).await;
    assert_eq!(support.query("mutation { logout }", Value::Null).await.ok()["logout"], true);
    assert_eq!(outcome(&support.query("{ viewer { id } }", Value::Null).await), "UNAUTHENTICATED");
}

async fn who_says(app: TestApp) {
    let admin = app.login(ADMIN).await;
    for unknown in ["support", "enrolling", "anonymous", "", "support_agent,customer"] {
        let input = json!({ "mfaRequiredRoles": ["support_agent", unknown] });
        mutate(&admin, "tenantUpdate", "slug", input).await.refused(&["mfaRequiredRoles INVALID"]);
    }
    let shown = admin.query("{ tenant { mfaRequiredRoles } }", Value::Null).await;
    assert_eq!(shown.ok()["tenant"]["mfaRequiredRoles"], json!([]));
    let support = app.login(SUPPORT).await;
    let shown = support.query("{ tenant { slug mfaRequiredRoles } }", Value::Null).await;
    assert_eq!((outcome(&shown), &shown.data()["tenant"]["mfaRequiredRoles"]), ("FORBIDDEN", &Value::Null));
}
