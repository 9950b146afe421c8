//! Subscriptions: ordering a service, its lifecycle, and its technical side.

mod network;

use custodian_entity::choice::SubscriptionStatus::{Active, Cancelled, Pending, Suspended, Terminated};
use custodian_entity::choice::{CustomerStatus, ProvisioningState, SubscriptionStatus};
use custodian_entity::id::{AddressId, CustomerId, ServicePlanId, SubscriptionId, TypedId};
use custodian_entity::subscription::{Entity, Model};
use custodian_entity::{address, customer, service_plan};
use sea_orm::{ActiveEnum, ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::fixture::{ADMIN, Log, MARIA, SUPPORT, absent, all, at_once, customer, mutate, text};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.both("services::a subscription is pending, at the price of its plan", create);
    suite.both("services::what belongs to somebody else does not exist", foreign);
    suite.both("services::what is not sold, or to whom, is refused", not_sold);
    suite.both("services::a step is taken only from where the lifecycle has it", steps);
    suite.both("services::of steps at once one is taken", one_step);
    suite.both("services::a reason is a line of text", reasons);
    network::register(suite);
}

async fn plan(app: &TestApp, code: &str) -> service_plan::Model {
    let plans = all::<service_plan::Entity>(app).await;
    plans
        .into_iter()
        .find(|plan| plan.code == code)
        .unwrap_or_else(|| panic!("no plan {code}: src/seed/plans.rs"))
}

async fn address_of(app: &TestApp, owner: CustomerId) -> AddressId {
    let addresses = all::<address::Entity>(app).await;
    addresses
        .into_iter()
        .find(|row| row.customer_id == owner)
        .expect("a customer of the demo data has one")
        .id
}

async fn stored(app: &TestApp, id: &Value) -> Model {
    let id = SubscriptionId::decode(text(id)).unwrap();
    Entity::find_by_id(id).one(app.db()).await.unwrap().unwrap()
}

async fn create(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let plan = plan(&app, "FIBRE-500").await;
    let address = address_of(&app, maria.id).await;
    let mut log = Log::mark(&app).await;
    for username in [SUPPORT, "reseller@acme.example"] {
        let client = app.login(username).await;
        log.gained(&app).await;
        let input = json!({
            "customerId": maria.id.encode(), "planId": plan.id.encode(), "serviceAddressId": address.encode(),
        });
        let fields = "id status startDate endDate plan { code } serviceAddress { id } customer { id }";
        let outcome = mutate(&client, "subscriptionCreate", fields, input).await;
        let made = outcome.done();
        assert_eq!(
            (&made["status"], &made["startDate"]),
            (&json!("PENDING"), &json!("2026-03-01")),
            "{username}"
        );
        assert_eq!((&made["plan"]["code"], &made["endDate"]), (&json!("FIBRE-500"), &Value::Null));
        let event = log.one(&app, "SUBSCRIPTION_CREATED").await;
        assert_eq!(
            (event.customer_id, event.resource_id.as_deref()),
            (Some(maria.id), Some(text(&made["id"])))
        );
        // The customer's own given names only: what was not given is not named.
        let fields: Vec<&str> = event.details["fields"].as_array().unwrap().iter().map(text).collect();
        assert_eq!(fields, ["plan", "serviceAddress"], "an event names the fields that were given");
        let row = stored(&app, &made["id"]).await;
        assert_eq!(
            (row.tenant_id, row.reseller_id, row.customer_id),
            (maria.tenant_id, maria.reseller_id, maria.id)
        );
        assert_eq!((row.price_amount, row.currency.as_str()), (3_999, "EUR"));
        assert_eq!(
            (row.service_address_id, row.provisioning_state),
            (Some(address), ProvisioningState::Pending)
        );
        assert_eq!(row.created_at, app.clock.now());
    }
    let client = app.login(SUPPORT).await;
    let input = json!({
        "customerId": maria.id.encode(), "planId": plan.id.encode(), "startDate": "2026-04-01", "endDate": "2026-04-01",
    });
    let outcome =
        mutate(&client, "subscriptionCreate", "startDate endDate serviceAddress { id }", input).await;
    assert_eq!(
        outcome.done(),
        &json!({ "startDate": "2026-04-01", "endDate": "2026-04-01", "serviceAddress": null })
    );
}

async fn foreign(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let emily = customer(&app, "emily.carter@mail.example").await;
    let xiaoming = customer(&app, "wang.xiaoming@post.example").await;
    let (ours, theirs) = (plan(&app, "FIBRE-100").await.id, plan(&app, "CABLE-200").await.id);
    let own = address_of(&app, maria.id).await;
    let (foreign, other) = (address_of(&app, emily.id).await, address_of(&app, xiaoming.id).await);
    let before = all::<Entity>(&app).await.len();
    // The operator reaches every provider's rows, and ties none of different owners together either.
    for username in ["admin@acme.example", SUPPORT] {
        let client = app.login(username).await;
        let mut log = Log::mark(&app).await;
        for (customer, plan, address, what) in [
            (maria.id, theirs, own, "a plan of another provider"),
            (maria.id, absent_plan(), own, "no plan"),
            (maria.id, ours, foreign, "an address of another provider's customer"),
            (maria.id, ours, other, "an address of another customer"),
            (maria.id, ours, AddressId::decode(&absent::<AddressId>()).unwrap(), "no address"),
            (emily.id, ours, foreign, "a customer of another provider"),
        ] {
            let input = json!({
                "customerId": customer.encode(), "planId": plan.encode(), "serviceAddressId": address.encode(),
            });
            let outcome = mutate(&client, "subscriptionCreate", "id", input).await;
            assert_eq!(outcome.summary(), "NOT_FOUND", "{username}: {what}");
            outcome.failed("NOT_FOUND");
            assert_eq!(outcome.answer.body["errors"][0]["message"], "not found", "{username}: {what}");
        }
        log.none(&app).await;
    }
    assert_eq!(all::<Entity>(&app).await.len(), before);
}

fn absent_plan() -> ServicePlanId {
    ServicePlanId::decode(&absent::<ServicePlanId>()).unwrap()
}

async fn not_sold(app: TestApp) {
    let client = app.login(ADMIN).await;
    let maria = customer(&app, MARIA).await;
    let mut log = Log::mark(&app).await;
    for code in ["DSL-16", "FIBRE-8000"] {
        let input = json!({ "customerId": maria.id.encode(), "planId": plan(&app, code).await.id.encode() });
        mutate(&client, "subscriptionCreate", "id", input).await.refused(&["planId INVALID"]);
    }
    let plan = plan(&app, "FIBRE-100").await.id.encode();
    let backwards = json!({
        "customerId": maria.id.encode(), "planId": plan, "startDate": "2026-04-02", "endDate": "2026-04-01",
    });
    mutate(&client, "subscriptionCreate", "id", backwards).await.refused(&["endDate INVALID"]);
    let left = all::<customer::Entity>(&app).await;
    for status in [CustomerStatus::Closed, CustomerStatus::Anonymized] {
        let left = left.iter().find(|row| row.status == status && row.tenant_id == maria.tenant_id).unwrap();
        let input = json!({ "customerId": left.id.encode(), "planId": plan });
        mutate(&client, "subscriptionCreate", "id", input).await.refused(&["customerId INVALID"]);
    }
    log.none(&app).await;
}

const ALL: [SubscriptionStatus; 5] = [Pending, Active, Suspended, Terminated, Cancelled];

/// Each step: where it starts, and where it ends from there.
const STEPS: [(&str, &[(SubscriptionStatus, SubscriptionStatus)]); 4] = [
    ("subscriptionActivate", &[(Pending, Active)]),
    ("subscriptionSuspend", &[(Active, Suspended)]),
    ("subscriptionResume", &[(Suspended, Active)]),
    ("subscriptionTerminate", &[(Active, Terminated), (Suspended, Terminated), (Pending, Cancelled)]),
];

async fn put(app: &TestApp, status: SubscriptionStatus) -> Model {
    let maria = customer(app, MARIA).await;
    let row = all::<Entity>(app)
        .await
        .into_iter()
        .filter(|row| row.customer_id == maria.id)
        .min_by_key(|row| row.id);
    let mut row = row.expect("María has a subscription").into_active_model();
    row.status = Set(status);
    row.status_reason = Set(None);
    row.end_date = Set(None);
    row.next_billing_date = Set(app.clock.today().succ_opt());
    row.suspended_at = Set((status == Suspended).then(|| app.clock.now() - chrono::TimeDelta::days(1)));
    row.update(app.db()).await.unwrap()
}

async fn steps(app: TestApp) {
    let client = app.login("network@acme.example").await;
    let mut log = Log::mark(&app).await;
    for (step, from) in STEPS {
        for status in ALL {
            let before = put(&app, status).await;
            let input = json!({ "id": before.id.encode(), "reason": "Asked for by phone" });
            let outcome = mutate(&client, step, "id status statusReason suspendedAt endDate", input).await;
            let after = stored(&app, &json!(before.id.encode())).await;
            let Some((_, to)) = from.iter().find(|(start, _)| *start == status) else {
                outcome.refused(&["- INVALID_TRANSITION"]);
                log.none(&app).await;
                assert_eq!(after, before, "{step} from {status:?} changed something");
                continue;
            };
            assert_eq!(outcome.done()["status"], to.to_value(), "{step} from {status:?}");
            assert_eq!(outcome.done()["statusReason"], "Asked for by phone");
            let event = log.one(&app, "SUBSCRIPTION_TRANSITIONED").await;
            assert_eq!(event.details, json!({ "from": format!("{status:?}"), "to": format!("{to:?}") }));
            assert_eq!((event.action.as_str(), event.customer_id), (step, Some(before.customer_id)));
            let has_ended = matches!(to, Terminated | Cancelled);
            let mut expected = Model {
                status: *to,
                status_reason: Some("Asked for by phone".to_owned()),
                suspended_at: if has_ended {
                    before.suspended_at
                } else {
                    (*to == Suspended).then(|| app.clock.now())
                },
                ..before
            };
            if has_ended {
                expected.end_date = Some(app.clock.today());
                expected.next_billing_date = None;
            }
            assert_eq!(after, expected, "{step} from {status:?}");
        }
    }
}

async fn one_step(app: TestApp) {
    let client = app.login(ADMIN).await;
    let before = put(&app, Active).await;
    let mut log = Log::mark(&app).await;
    let input = json!({ "id": before.id.encode() });
    let outcomes = at_once(&client, "subscriptionSuspend", "id", vec![input; 6]).await;
    let summaries: Vec<String> = outcomes.iter().map(|outcome| outcome.summary()).collect();
    assert_eq!(summaries.iter().filter(|summary| *summary == "done").count(), 1, "{summaries:?}");
    let is_known =
        |summary: &String| ["done", "CONFLICT", "- INVALID_TRANSITION"].contains(&summary.as_str());
    assert!(summaries.iter().all(is_known), "{summaries:?}");
    log.one(&app, "SUBSCRIPTION_TRANSITIONED").await;
}

async fn reasons(app: TestApp) {
    let client = app.login(ADMIN).await;
    let before = put(&app, Active).await;
    let mut log = Log::mark(&app).await;
    for (reason, expected) in [
        (String::new(), "reason INVALID"),
        ("a\u{1}b".to_owned(), "reason INVALID"),
        ("a\nb".to_owned(), "reason INVALID"),
        ("字".repeat(201), "reason TOO_LONG"),
    ] {
        let input = json!({ "id": before.id.encode(), "reason": reason });
        mutate(&client, "subscriptionSuspend", "id", input).await.refused(&[expected]);
    }
    log.none(&app).await;
    let input = json!({ "id": before.id.encode(), "reason": "字".repeat(200) });
    let outcome = mutate(&client, "subscriptionSuspend", "id", input).await;
    // A length is counted in characters, whatever their script.
    assert_eq!(outcome.summary(), "done");
}
