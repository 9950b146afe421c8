//! Recording payments.

use custodian_entity::choice::{InvoiceStatus, PaymentStatus};
use custodian_entity::id::{CustomerId, InvoiceId, PaymentId, TypedId};
use custodian_entity::payment;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::{Value, json};

use super::{balance, draft, issued, line, stored};
use crate::app::TestApp;
use crate::fixture::{ADMIN, BILLING, Log, MARIA, absent, account, all, at_once, customer, mutate, text};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("billing::payments in part and in full settle the invoice", settle);
    suite.both("billing::a payment without an invoice lowers what is owed", without_invoice);
    suite.both("billing::more than what is left is refused", too_much);
    suite.both("billing::an invoice that is not owed takes no payment", not_owed);
    suite.both("billing::amounts and keys are checked", bad_members);
    suite.both("billing::a payment sent again is the first one", replay);
    suite.both("billing::a key belongs to its customer", keys);
    suite.both("billing::a key sent many times at once makes one payment", replay_at_once);
    suite.both("billing::payments at once never exceed the total", at_once_bounded);
    suite.both("billing::a payment announced by the customer is pending", announced);
    suite.both("billing::another's invoice does not exist", foreign);
}

const CUSTOMER: &str = "customer@acme.example";
const FIELDS: &str = "id status amount { amount currency } paidAt refundedAmount { amount } invoice { id }";

async fn payment(app: &TestApp, invoice: Option<&str>, amount: i64, key: &str) -> Value {
    let mut input = json!({
        "customerId": customer(app, MARIA).await.id.encode(), "amount": amount, "idempotencyKey": key,
    });
    if let Some(invoice) = invoice {
        input["invoiceId"] = json!(invoice);
    }
    input
}

async fn settle(app: TestApp) {
    let client = app.login(BILLING).await;
    let invoice = issued(&app, &client, 1_000).await;
    let owed = balance(&app).await;
    let mut log = Log::mark(&app).await;
    for (amount, paid, status) in [
        (400, 400, InvoiceStatus::PartiallyPaid),
        (599, 999, InvoiceStatus::PartiallyPaid),
        (1, 1_000, InvoiceStatus::Paid),
    ] {
        let input = payment(&app, Some(&invoice), amount, &format!("part {paid}")).await;
        let outcome = mutate(&client, "paymentCreate", FIELDS, input).await;
        let made = outcome.done();
        assert_eq!(
            (&made["status"], &made["paidAt"]),
            (&json!("SUCCEEDED"), &json!("2026-03-01T12:00:00.000Z"))
        );
        assert_eq!(made["amount"], json!({ "amount": amount, "currency": "EUR" }));
        assert_eq!((&made["refundedAmount"]["amount"], &made["invoice"]["id"]), (&json!(0), &json!(invoice)));
        let event = log.one(&app, "PAYMENT_CREATED").await;
        assert_eq!(event.resource_id.as_deref(), Some(text(&made["id"])));
        let row = stored(&app, &invoice).await;
        assert_eq!((row.amount_paid, row.status), (paid, status));
        assert_eq!(row.paid_at, (paid == 1_000).then(|| app.clock.now()));
        assert_eq!(balance(&app).await, owed - paid);
        let id = PaymentId::decode(text(&made["id"])).unwrap();
        let stored = payment::Entity::find_by_id(id).one(app.db()).await.unwrap().unwrap();
        assert_eq!(stored.recorded_by, Some(account(&app, BILLING).await.id));
    }
}

async fn without_invoice(app: TestApp) {
    let client = app.login(ADMIN).await;
    let owed = balance(&app).await;
    let outcome =
        mutate(&client, "paymentCreate", FIELDS, payment(&app, None, 700, "on account").await).await;
    assert_eq!((&outcome.done()["status"], &outcome.done()["invoice"]), (&json!("SUCCEEDED"), &Value::Null));
    assert_eq!(balance(&app).await, owed - 700);
}

async fn too_much(app: TestApp) {
    let client = app.login(BILLING).await;
    let invoice = issued(&app, &client, 1_000).await;
    let refused = async |amount: i64| {
        let (before, owed) = (stored(&app, &invoice).await, balance(&app).await);
        let payments = all::<payment::Entity>(&app).await.len();
        let mut log = Log::mark(&app).await;
        let input = payment(&app, Some(&invoice), amount, "much too much").await;
        mutate(&client, "paymentCreate", "id", input).await.refused(&["amount INVALID"]);
        log.none(&app).await;
        assert_eq!((stored(&app, &invoice).await, balance(&app).await), (before, owed));
        assert_eq!(all::<payment::Entity>(&app).await.len(), payments);
    };
    refused(1_001).await;
    mutate(&client, "paymentCreate", "id", payment(&app, Some(&invoice), 400, "a first part").await)
        .await
        .done();
    refused(601).await;
    // What was refused used no key up.
    mutate(&client, "paymentCreate", "id", payment(&app, Some(&invoice), 600, "much too much").await)
        .await
        .done();
}

async fn not_owed(app: TestApp) {
    let client = app.login(BILLING).await;
    let invoice = draft(&app, &client, json!([line(1_000)])).await;
    let mut log = Log::mark(&app).await;
    for status in [InvoiceStatus::Draft, InvoiceStatus::Paid, InvoiceStatus::Void] {
        let mut row = stored(&app, &invoice).await.into_active_model();
        row.status = Set(status);
        row.update(app.db()).await.unwrap();
        let input = payment(&app, Some(&invoice), 1, "for nothing at all").await;
        mutate(&client, "paymentCreate", "id", input).await.refused(&["invoiceId INVALID"]);
    }
    log.none(&app).await;
}

async fn bad_members(app: TestApp) {
    let client = app.login(BILLING).await;
    let mut log = Log::mark(&app).await;
    for (member, value, expected) in [
        ("amount", json!(0), "amount INVALID"),
        ("amount", json!(-1), "amount INVALID"),
        ("amount", json!(100_000_000_001_i64), "amount INVALID"),
        ("amount", json!(1.5), "BAD_USER_INPUT"),
        ("amount", json!("100"), "BAD_USER_INPUT"),
        ("amount", json!(9_007_199_254_740_992_i64), "BAD_USER_INPUT"),
        ("idempotencyKey", json!("seven77"), "idempotencyKey INVALID"),
        ("idempotencyKey", json!(""), "idempotencyKey INVALID"),
        ("idempotencyKey", json!("with a \u{1} in it"), "idempotencyKey INVALID"),
        ("idempotencyKey", json!("k".repeat(101)), "idempotencyKey TOO_LONG"),
        ("idempotencyKey", Value::Null, "BAD_USER_INPUT"),
        ("customerId", json!(absent::<CustomerId>()), "NOT_FOUND"),
        ("invoiceId", json!(absent::<InvoiceId>()), "NOT_FOUND"),
        ("invoiceId", json!(absent::<CustomerId>()), "BAD_USER_INPUT"),
        ("status", json!("SUCCEEDED"), "BAD_USER_INPUT"),
        ("currency", json!("JPY"), "BAD_USER_INPUT"),
        ("paidAt", json!("2026-01-01T00:00:00Z"), "BAD_USER_INPUT"),
    ] {
        let mut input = payment(&app, None, 100, "a good key").await;
        input[member] = value.clone();
        let outcome = mutate(&client, "paymentCreate", "id", input).await;
        // Several rules may be broken by one value, all of them of the same member.
        let summary = outcome.summary();
        let told: Vec<&str> = summary.split(", ").collect();
        assert!(told.iter().all(|reason| *reason == expected), "{member} {value}: {summary}");
    }
    log.none(&app).await;
}

async fn replay(app: TestApp) {
    let client = app.login(BILLING).await;
    let invoice = issued(&app, &client, 1_000).await;
    let input = payment(&app, Some(&invoice), 300, "sent again").await;
    let first = mutate(&client, "paymentCreate", FIELDS, input.clone()).await;
    let (after, owed) = (stored(&app, &invoice).await, balance(&app).await);
    let count = all::<payment::Entity>(&app).await.len();
    app.clock.advance(chrono::TimeDelta::seconds(30));
    let again = mutate(&client, "paymentCreate", FIELDS, input.clone()).await;
    assert_eq!(again.done(), first.done(), "the same payment is answered");
    let mut log = Log::mark(&app).await;
    for (member, value) in [("amount", json!(301)), ("invoiceId", Value::Null)] {
        let mut other = input.clone();
        other[member] = value;
        mutate(&client, "paymentCreate", "id", other).await.refused(&["idempotencyKey TAKEN"]);
    }
    log.none(&app).await;
    assert_eq!((stored(&app, &invoice).await, balance(&app).await), (after, owed), "paid once");
    assert_eq!(all::<payment::Entity>(&app).await.len(), count);
    // Also when nothing is left to pay, and when the first attempt's answer was lost long ago.
    mutate(&client, "paymentCreate", "id", payment(&app, Some(&invoice), 700, "all the rest").await)
        .await
        .done();
    assert_eq!(mutate(&client, "paymentCreate", "id", input).await.done()["id"], first.done()["id"]);
}

async fn keys(app: TestApp) {
    // Two customers choose their keys apart from each other: neither may learn of the other's, or be kept from paying.
    let mut ids = Vec::new();
    for (username, email) in [(CUSTOMER, MARIA), ("customer2@acme.example", "wang.xiaoming@post.example")] {
        let client = app.login(username).await;
        let owner = customer(&app, email).await;
        let input = json!({ "customerId": owner.id.encode(), "amount": 100, "idempotencyKey": "payment-1" });
        let outcome = mutate(&client, "paymentCreate", "id", input).await;
        assert_eq!(outcome.summary(), "done", "{username}: the key of another customer stands in the way");
        ids.push(outcome.done()["id"].clone());
    }
    assert_ne!(ids[0], ids[1]);
}

async fn replay_at_once(app: TestApp) {
    let client = app.login(BILLING).await;
    let invoice = issued(&app, &client, 1_000).await;
    let (owed, count) = (balance(&app).await, all::<payment::Entity>(&app).await.len());
    let input = payment(&app, Some(&invoice), 250, "sent eight times").await;
    let outcomes = at_once(&client, "paymentCreate", "id", vec![input; 8]).await;
    let summaries: Vec<String> = outcomes.iter().map(|outcome| outcome.summary()).collect();
    assert!(summaries.contains(&"done".to_owned()), "{summaries:?}");
    assert!(
        summaries.iter().all(|summary| ["done", "CONFLICT"].contains(&summary.as_str())),
        "{summaries:?}"
    );
    let done: Vec<&Value> = outcomes
        .iter()
        .filter(|outcome| outcome.summary() == "done")
        .map(|outcome| &outcome.done()["id"])
        .collect();
    assert!(done.iter().all(|id| *id == done[0]), "{done:?}");
    assert_eq!((stored(&app, &invoice).await.amount_paid, balance(&app).await), (250, owed - 250));
    assert_eq!(all::<payment::Entity>(&app).await.len(), count + 1);
}

async fn at_once_bounded(app: TestApp) {
    let client = app.login(BILLING).await;
    let invoice = issued(&app, &client, 1_000).await;
    let (owed, before) = (balance(&app).await, all::<payment::Entity>(&app).await.len());
    let mut log = Log::mark(&app).await;
    let mut inputs = Vec::new();
    for n in 0..8 {
        inputs.push(payment(&app, Some(&invoice), 300, &format!("at once {n}")).await);
    }
    let outcomes = at_once(&client, "paymentCreate", "id", inputs).await;
    let summaries: Vec<String> = outcomes.iter().map(|outcome| outcome.summary()).collect();
    let done = summaries.iter().filter(|summary| *summary == "done").count();
    let known = ["done", "CONFLICT", "amount INVALID"];
    assert!(summaries.iter().all(|summary| known.contains(&summary.as_str())), "{summaries:?}");
    assert!((1..=3).contains(&done), "{summaries:?}");
    let paid = 300 * i64::try_from(done).unwrap();
    let row = stored(&app, &invoice).await;
    assert_eq!((row.amount_paid, row.status), (paid, InvoiceStatus::PartiallyPaid), "{summaries:?}");
    assert_eq!((balance(&app).await, all::<payment::Entity>(&app).await.len()), (owed - paid, before + done));
    assert_eq!(log.gained(&app).await.len(), done, "an event for each payment, and none besides");
}

async fn announced(app: TestApp) {
    let (staff, client) = (app.login(BILLING).await, app.login(CUSTOMER).await);
    let invoice = issued(&app, &staff, 1_000).await;
    let (before, owed) = (stored(&app, &invoice).await, balance(&app).await);
    let mut log = Log::mark(&app).await;
    for (invoice, key) in [(Some(invoice.as_str()), "I paid it"), (None, "I paid something")] {
        let outcome =
            mutate(&client, "paymentCreate", FIELDS, payment(&app, invoice, 1_000, key).await).await;
        assert_eq!((&outcome.done()["status"], &outcome.done()["paidAt"]), (&json!("PENDING"), &Value::Null));
        log.one(&app, "PAYMENT_CREATED").await;
        let id = PaymentId::decode(text(&outcome.done()["id"])).unwrap();
        let row = payment::Entity::find_by_id(id).one(app.db()).await.unwrap().unwrap();
        assert_eq!((row.status, row.paid_at), (PaymentStatus::Pending, None));
    }
    assert_eq!(
        (stored(&app, &invoice).await, balance(&app).await),
        (before, owed),
        "nothing is paid by saying so"
    );
    let more = payment(&app, Some(&invoice), 1_001, "I paid too much").await;
    mutate(&client, "paymentCreate", "id", more).await.refused(&["amount INVALID"]);
    log.none(&app).await;
}

async fn foreign(app: TestApp) {
    let staff = app.login("admin@acme.example").await;
    let invoice = issued(&app, &staff, 1_000).await;
    let before = stored(&app, &invoice).await;
    let mut log = Log::mark(&app).await;
    for (username, email) in [
        ("customer2@acme.example", "wang.xiaoming@post.example"),
        // The operator reaches both rows, which belong to different customers, and of different providers.
        ("admin@acme.example", "wang.xiaoming@post.example"),
        ("admin@acme.example", "emily.carter@mail.example"),
    ] {
        let client = app.login(username).await;
        log.gained(&app).await;
        let owner = customer(&app, email).await;
        let input = json!({
            "customerId": owner.id.encode(), "invoiceId": invoice, "amount": 1, "idempotencyKey": "for another",
        });
        mutate(&client, "paymentCreate", "id", input).await.failed("NOT_FOUND");
        log.none(&app).await;
    }
    assert_eq!(stored(&app, &invoice).await, before);
}
