//! Who is told of an alert: the log, whom the provider named, and those who administer it.

use custodian_entity::id::TypedId;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{THREE, alerts, denied, watch, watching};
use crate::app::TestApp;
use crate::fixture::{ADMIN, Log, ROLES, SUPPORT, account, mutate};
use crate::mail::post;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("alerts::an alert is on record once, and told to whom the provider named", told);
    suite.both("alerts::only administrators of the provider see its alerts", seen);
}

async fn told(app: TestApp) {
    let named = "UPDATE tenant SET security_contact = 'security@acme.example' WHERE slug = 'acme'";
    app.db().execute_unprepared(named).await.unwrap();
    let (service, _) = watching(&app, |alerts| alerts.denial_burst = THREE).await;
    let client = app.login(SUPPORT).await;
    let mut log = Log::mark(&app).await;
    for _ in 0..4 {
        denied(&client).await;
        watch(&service).await;
    }
    let [alert] = &alerts(&app, "denial_burst").await[..] else { panic!("there is one") };
    let event = log.one(&app, "SECURITY_ALERT_RAISED").await;
    assert_eq!(event.resource_id, Some(alert.id.encode()));
    assert_eq!(event.details, json!({ "rule": "denial_burst", "severity": "MEDIUM", "count": 3 }));
    let letters = post(&app).await;
    let [letter] = &letters[..] else { panic!("one letter tells of it: {letters:#?}") };
    assert!(letter.contains("\r\nTo: security@acme.example\r\n"), "{letter}");
    for part in ["denial_burst", "MEDIUM", alert.id.encode().as_str()] {
        assert!(letter.contains(part), "{part} is missing: {letter}");
    }
    assert!(!letter.contains(&account(&app, SUPPORT).await.id.encode()), "{letter}");
}

async fn seen(app: TestApp) {
    let (service, _) = watching(&app, |alerts| alerts.denial_burst = THREE).await;
    for name in [SUPPORT, "support@globex.example"] {
        let client = app.login(name).await;
        for _ in 0..3 {
            denied(&client).await;
        }
    }
    watch(&service).await;
    let found = alerts(&app, "denial_burst").await;
    assert_eq!(found.len(), 2, "each provider has its own");
    let ours = account(&app, SUPPORT).await.tenant_id;
    let document = "{ securityAlerts(filter: { rule: { eq: \"denial_burst\" }, status: { eq: OPEN } }) \
        { nodes { id principal { id } } } }";
    for (role, name) in ROLES {
        let answer = app.login(name).await.query(document, Value::Null).await;
        let expected = match role {
            "system_admin" => 2,
            "tenant_admin" => 1,
            _ => {
                assert_eq!(answer.code(), Some("FORBIDDEN"), "{role}");
                continue;
            }
        };
        assert_eq!(answer.ok()["securityAlerts"]["nodes"].as_array().unwrap().len(), expected, "{role}");
    }
    let admin = app.login(ADMIN).await;
    let theirs = found.iter().find(|alert| alert.tenant_id != Some(ours)).unwrap();
    let input = json!({ "id": theirs.id.encode() });
    mutate(&admin, "securityAlertAcknowledge", "id", input).await.failed("NOT_FOUND");
    let mut log = Log::mark(&app).await;
    let own = found.iter().find(|alert| alert.tenant_id == Some(ours)).unwrap();
    let input = json!({ "id": own.id.encode() });
    let done = mutate(&admin, "securityAlertAcknowledge", "id status", input).await;
    assert_eq!(done.done()["status"], "ACKNOWLEDGED");
    log.one(&app, "SECURITY_ALERT_ACKNOWLEDGED").await;
}
