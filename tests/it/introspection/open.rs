//! Who may look at the schema: the policy says, and the configuration can take it from all.

use custodian::app::App;
use custodian::authz::policy::PolicyFiles;
use custodian::config::Config;
use serde_json::json;
use tempfile::TempDir;

use super::STANDARD;
use super::oracle::Oracle;
use super::shown::{assert_sound, names};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::ROLES;
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.sqlite(
        "introspection::customers and who has not signed in see nothing unless the policy says so",
        opened,
    );
    suite.sqlite("introspection::the configuration takes it from all", closed);
}

const CUSTOMER: &str = "customer@acme.example";

/// Two ways to ask.
const DOCUMENTS: [&str; 2] = [STANDARD, "{ tenant { slug } __type(name: \"Customer\") { name } }"];

/// The same service, configured otherwise.
async fn configured(app: &TestApp, change: impl FnOnce(&mut Config)) -> axum::Router {
    let database = app.database();
    let mut config = Config::for_tests(database.url.clone(), database.folder.path().to_owned());
    change(&mut config);
    custodian::http::router(App::start(config, app.clock.clone()).await.expect("it has started before"))
}

/// The same service under the built-in policy with further lines.
async fn with_policy(app: &TestApp, lines: &str) -> (PolicyFiles, axum::Router) {
    let mut files = PolicyFiles::built_in();
    files.policy.push_str(lines);
    let folder = TempDir::new().unwrap();
    for (name, text) in [
        ("model.conf", &files.model),
        ("policy.csv", &files.policy),
        ("fields.csv", &files.fields),
        ("inputs.csv", &files.inputs),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let router = configured(app, |config| config.policy_dir = Some(folder.path().to_owned())).await;
    (files, router)
}

async fn opened(app: TestApp) {
    let customer = app.login(CUSTOMER).await;
    let answer = customer.query(STANDARD, json!({})).await;
    assert_eq!((answer.code(), answer.data().is_null()), (Some("FORBIDDEN"), true), "{}", answer.text);
    let answer = customer.query(DOCUMENTS[1], json!({})).await;
    assert_eq!(*answer.data(), json!({ "tenant": { "slug": "acme" }, "__type": null }));
    assert_eq!(answer.code(), Some("FORBIDDEN"));
    assert_eq!(app.anonymous().query(STANDARD, json!({})).await.code(), Some("UNAUTHENTICATED"));

    let (files, router) = with_policy(
        &app,
        "p, customer, operation.schema, execute, allow\np, anonymous, operation.schema, execute, allow\n",
    )
    .await;
    let customer = Client::new(router.clone(), Some(app.token(CUSTOMER).await));
    let answer = customer.query(STANDARD, json!({})).await;
    assert_eq!(names(&answer.ok()["__schema"]), Oracle::new(&files).usable("customer"));
    assert_sound(&answer.ok()["__schema"], "customer");
    // There is no schema without a field of Query.
    let answer = Client::new(router, None).query(STANDARD, json!({})).await;
    assert_eq!((answer.code(), answer.data().is_null()), (Some("FORBIDDEN"), true), "{}", answer.text);
    assert!(answer.errors()[0]["message"].as_str().unwrap().contains("no field of Query"), "{}", answer.text);

    let lines =
        "p, anonymous, operation.schema, execute, allow\np, anonymous, operation.viewer, execute, allow\n";
    let (files, router) = with_policy(&app, lines).await;
    let answer = Client::new(router, None).query(STANDARD, json!({})).await;
    let shown = names(&answer.ok()["__schema"]);
    assert_eq!(shown, Oracle::new(&files).usable("anonymous"));
    assert!(shown.contains("Mutation.login") && !shown.contains("Mutation.tenantUpdate"), "{shown:?}");
}

async fn closed(app: TestApp) {
    let router = configured(&app, |config| config.introspection = false).await;
    for (role, account) in ROLES {
        let client = Client::new(router.clone(), Some(app.token(account).await));
        for document in DOCUMENTS {
            let answer = client.query(document, json!({})).await;
            assert_eq!(answer.code(), Some("FORBIDDEN"), "{role}: {}", answer.text);
            assert!(!answer.text.contains("\"Customer\""), "{role}: {}", answer.text);
        }
    }
}
