//! A commit whose answer is lost (FA4): what is said of it is true, whichever way it went, and nothing is done twice.

use custodian::config::Disclosures;
use custodian_entity::audit_event;
use custodian_entity::id::TypedId;
use serde_json::{Value, json};

use super::proxy::Fate;
use super::{ASKED, assert_discreet, back, behind, prompt, works};
use crate::app::TestApp;
use crate::audit::verified;
use crate::fixture::{ADMIN, Log, MARIA, all, customer, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.postgres("faults::of a change whose commit was cut it is said that it may be done", uncertain);
    suite.postgres("faults::entries whose commit was cut are in the log once", once);
}

/// What a transaction says that puts something on record.
const RECORDED: &str = "UPDATE \"audit_head\"";

async fn uncertain(app: TestApp) {
    let (proxy, _service, router) = behind(&app, |_| {}).await;
    let admin = app.login(ADMIN).await.at(&router);
    for (fate, is_done, language) in [(Fate::CutBefore, false, "fr"), (Fate::CutAfter, true, "de")] {
        let before = customer(&app, MARIA).await;
        let mut log = Log::mark(&app).await;
        proxy.trap_after(RECORDED, "COMMIT", fate);
        let input = json!({ "id": before.id.encode(), "version": before.version, "language": language });
        let outcome = prompt("a change", mutate(&admin, "customerUpdate", "version", input.clone())).await;
        outcome.failed("UNAVAILABLE");
        let error = &outcome.answer.errors()[0];
        assert!(
            error["message"].as_str().is_some_and(|message| message.contains("read again whether it was")),
            "nobody knows whether it was done, and that is to be said: {error}"
        );
        assert!(error["extensions"]["retryAfter"].is_null(), "it is not to be tried again unseen: {error}");
        assert_discreet(&outcome.answer, &["commit"]);
        let after = customer(&app, MARIA).await;
        assert_eq!(after.version - before.version, i32::from(is_done), "{fate:?}");
        assert_eq!(
            log.gained(&app).await.len(),
            usize::from(is_done),
            "{fate:?}: the entry goes with the change"
        );
        // Who does it again by the version that he read does it once.
        let again = mutate(&admin, "customerUpdate", "version", input).await;
        assert_eq!(again.summary(), if is_done { "CONFLICT" } else { "done" });
    }
}

/// Nobody waits for these: they are written again until they are.
async fn once(app: TestApp) {
    let (proxy, service, router) =
        behind(&app, |config| config.audit.disclosures = Disclosures::Buffered).await;
    let admin = app.login(ADMIN).await.at(&router);
    let disclosures = async || {
        let events = all::<audit_event::Entity>(&app).await.into_iter();
        events.filter(|event| event.event_type == "DATA_DISCLOSED").count()
    };
    for (fate, expected) in [(Fate::CutBefore, 1), (Fate::CutAfter, 2)] {
        service.journal.flush().await.expect("the database answers");
        proxy.trap_after(RECORDED, "COMMIT", fate);
        let shown = "{ customers(first: 2) { nodes { id email } } }";
        prompt("what is shown", admin.query(shown, Value::Null)).await.ok();
        proxy.sprung().await;
        back("the journal", async || {
            drop(service.journal.flush().await);
            disclosures().await >= expected
        })
        .await;
        service
            .journal
            .flush()
            .await
            .expect("entries that are in the log are added again, and refused for ever");
        assert_eq!(disclosures().await, expected, "{fate:?}");
        back("requests", async || works(&admin, ASKED).await).await;
    }
    assert_eq!(verified(&app, &[]).await.fault, None, "the chain is broken");
}
