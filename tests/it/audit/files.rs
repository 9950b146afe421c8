//! What happens to files is on record: that they came, that they were sent, and that they were not.

use custodian_entity::choice::Outcome;
use serde_json::json;

use crate::app::TestApp;
use crate::documents::samples;
use crate::fixture::{Log, MARIA, customer, text};
use crate::suite::Suite;
use crate::uploads::clients::{CUSTOMER, taken, upload};
use crate::uploads::content::get;

pub(super) fn register(suite: &mut Suite) {
    suite.both(
        "audit::a file leaves its event when it comes, and whenever it is sent or denied",
        coming_and_going,
    );
}

async fn coming_and_going(app: TestApp) {
    app.login(CUSTOMER).await;
    let (maria, mut log) = (customer(&app, MARIA).await, Log::mark(&app).await);
    let answer = upload(&app, "0", "passport.png", "image/png", &samples::png()).await;
    let id = text(&taken(&answer)["id"]).to_owned();
    let event = log.one(&app, "DOCUMENT_UPLOADED").await;
    assert_eq!((event.resource_id.as_ref(), event.customer_id), (Some(&id), Some(maria.id)));

    for (who, purpose) in [(CUSTOMER, None), ("tenant-admin@acme.example", None)] {
        app.login(who).await;
        log.gained(&app).await;
        assert_eq!(get(&app, who, &id, &[]).await.0, 200, "{who}");
        let event = log.one(&app, "DOCUMENT_DOWNLOADED").await;
        assert_eq!(event.fields_read, Some(json!(["Document.content"])), "{who}");
        assert_eq!((event.purpose, event.resource_id.as_ref()), (purpose, Some(&id)), "{who}");
        assert!(super::told(&app).await.contains(&(event.id, maria.id)), "{who}");
    }

    app.login("billing@acme.example").await;
    log.gained(&app).await;
    assert_eq!(get(&app, "billing@acme.example", &id, &[]).await.0, 403);
    let event = log.one(&app, "DOCUMENT_DOWNLOADED").await;
    assert_eq!(
        (event.action.as_str(), event.outcome, event.actor_role.as_deref()),
        ("documentDownloadRefused", Outcome::Denied, Some("billing_manager"))
    );
}
