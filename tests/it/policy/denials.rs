//! A denial is logged once an operation and counted; the rule behind it is told to those only who may explain access.

use custodian::app::App;
use custodian::authn::{Origin, Viewer};
use custodian::authz::denial::Denials;
use custodian::authz::policy::{PolicyFiles, Question};
use custodian::config::Config;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{built_in_and, catalog, load};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{ADMIN, SUPPORT, text};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.sqlite(
        "policy::the rule behind a denial is told to administrators only",
        rules_are_for_administrators,
    );
    suite.sqlite("policy::a denial is one event, with viewer, fields, rules and policy", denials_are_logged);
    suite.pure("policy::denials are counted by role and type", denials_are_counted);
}

/// Takes from the administrators, too.
const DENIED: &str = "p, office, Customer.riskScore, read, deny\n\
                      p, office, Customer.email, read, deny\n\
                      p, office, Customer.email, read:masked, deny\n\
                      p, office, Customer.phone, create, deny\n\
                      p, office, Query.resellers, execute, deny\n";

/// The place and text of one of these rules.
fn rule(files: &PolicyFiles, rule: &str) -> Value {
    let line = files.policy.lines().position(|line| line == rule).expect("the rule stands in the file");
    json!(format!("policy.csv:{}: {rule}", line + 1))
}

/// The service with these denials, on the same database.
async fn with_denials(app: &TestApp, files: &PolicyFiles) -> (TempDir, impl AsyncFn(&str) -> Client) {
    let folder = TempDir::new().unwrap();
    for (name, text) in [
        ("model.conf", &files.model),
        ("policy.csv", &files.policy),
        ("fields.csv", &files.fields),
        ("inputs.csv", &files.inputs),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let database = app.database();
    let mut config = Config::for_tests(database.url.clone(), database.folder.path().to_owned());
    config.policy_dir = Some(folder.path().to_owned());
    let strict = App::start(config, app.clock.clone()).await.expect("the policy loads");
    let router = custodian::http::router(strict);
    let app = app.clone();
    (folder, async move |account: &str| Client::new(router.clone(), Some(app.token(account).await)))
}

/// The field and the rules of each error.
fn told(answer: &Answer) -> Vec<(&str, &Value)> {
    answer
        .errors()
        .iter()
        .map(|error| (text(&error["extensions"]["field"]), &error["extensions"]["rule"]))
        .collect()
}

async fn rules_are_for_administrators(app: TestApp) {
    let files = built_in_and(DENIED);
    let (_folder, client) = with_denials(&app, &files).await;
    let risk = rule(&files, "p, office, Customer.riskScore, read, deny");
    let email = rule(&files, "p, office, Customer.email, read, deny");
    let masked = rule(&files, "p, office, Customer.email, read:masked, deny");
    let phone = rule(&files, "p, office, Customer.phone, create, deny");
    let resellers = rule(&files, "p, office, Query.resellers, execute, deny");

    let cases = [
        (
            "{ customers(first: 1) { nodes { id riskScore email } } }",
            vec![("Customer.riskScore", json!([risk])), ("Customer.email", json!([email, masked]))],
        ),
        ("{ resellers { nodes { id } } }", vec![("Query.resellers", json!([resellers]))]),
        ("{ resellers { nodes { id } } viewer { id } }", vec![("Query.resellers", json!([resellers]))]),
        (
            "{ customers(filter: { email: { eq: \"a@b.example\" } }) { nodes { id } } }",
            vec![("Customer.email", json!([email]))],
        ),
        (
            "mutation { customerCreate(input: { type: INDIVIDUAL, phone: \"+34600000000\" }) { userErrors { code } } }",
            vec![("Customer.phone", json!([phone]))],
        ),
    ];
    let (admin, support) = (client(ADMIN).await, client(SUPPORT).await);
    for (document, expected) in cases {
        let answer = admin.query(document, json!({})).await;
        let expected: Vec<(&str, &Value)> = expected.iter().map(|(field, rule)| (*field, rule)).collect();
        assert_eq!(told(&answer), expected, "{document}: {}", answer.text);
        // The same denial for somebody who may not look at the policy.
        let answer = support.query(document, json!({})).await;
        assert!(!answer.errors().is_empty(), "{document}: {}", answer.text);
        assert!(!answer.text.contains("policy.csv") && !answer.text.contains("\"rule\""), "{}", answer.text);
    }
}

async fn denials_are_logged(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let viewer = client.query("{ viewer { id } }", json!({})).await;
    let viewer = text(&viewer.ok()["viewer"]["id"]).to_owned();
    let document =
        "{ a: customers(first: 5) { nodes { taxId riskScore } } b: customers(first: 2) { nodes { taxId } } }";
    let answer = client.query(document, json!({})).await;
    assert_eq!(answer.errors().len(), 2, "{}", answer.text);
    let request = text(&answer.errors()[0]["extensions"]["requestId"]).to_owned();
    let refused = client
        .query("mutation { customerClose(input: { id: \"cust_x\" }) { customer { id } } }", json!({}))
        .await;
    let refused = text(&refused.errors()[0]["extensions"]["requestId"]).to_owned();

    let logs = app.logs();
    let version = crate::matrix::policy().await.version().to_owned();
    for (request, parts) in [
        (
            request,
            [
                "fields denied",
                r#"fields=["Customer.taxId", "Customer.riskScore"]"#,
                r#"rules=["no rule allows support_agent to read Customer.taxId", "#,
            ],
        ),
        (
            refused,
            [
                "operation refused",
                r#"fields=["Mutation.customerClose"]"#,
                r#"rules=["no rule allows support_agent to execute Mutation.customerClose"]"#,
            ],
        ),
    ] {
        let events: Vec<&str> =
            logs.lines().filter(|line| line.contains(&request) && line.contains(parts[0])).collect();
        let [event] = events.as_slice() else { panic!("not one event: {events:#?}") };
        for part in parts.into_iter().chain([&*viewer, &*version, "support_agent"]) {
            assert!(event.contains(part), "no {part} in {event}");
        }
    }
}

fn denials_are_counted() {
    let policy = load(&PolicyFiles::built_in(), &catalog()).unwrap();
    let rights = policy.rights("support_agent").expect("the policy knows the role");
    let denied = ["Customer.taxId", "Customer.riskScore", "Invoice.number"]
        .map(|name| (policy.catalog().field(name).expect("the schema has the field"), Question::Read));
    let recorder = PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, || {
        let report = |denied: &[_]| {
            let denials = Denials::of(&policy, rights, denied.iter().copied());
            denials.report(&Viewer::anonymous(), &Origin::default(), "fields denied");
        };
        report(&denied);
        report(&denied[..1]);
        report(&[]);
    });
    let counted = recorder.handle().render();
    for line in [
        r#"custodian_denials_total{role="support_agent",type="Customer"} 3"#,
        r#"custodian_denials_total{role="support_agent",type="Invoice"} 1"#,
    ] {
        assert!(counted.lines().any(|counted| counted == line), "no {line} in {counted}");
    }
}
