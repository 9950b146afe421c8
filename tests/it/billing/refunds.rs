//! Paying back.

use custodian_entity::choice::{InvoiceStatus, PaymentStatus};
use custodian_entity::id::{PaymentId, TypedId};
use custodian_entity::{payment, refund};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::{Value, json};

use super::{balance, issued, paid, stored};
use crate::app::TestApp;
use crate::fixture::{BILLING, Log, MARIA, account, all, at_once, customer, mutate, text};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("billing::what is paid back is due again", parts);
    suite.both("billing::no more is paid back than was paid", too_much);
    suite.both("billing::only what was paid is paid back", not_paid);
    suite.both("billing::amount, key and reason of a refund are checked", bad_members);
    suite.both("billing::a refund sent again is the first one", replay);
    suite.both("billing::a refund sent many times at once is one", replay_at_once);
    suite.both("billing::refunds at once never exceed the payment", at_once_bounded);
    suite.both("billing::what was paid on account is paid back from it", on_account);
}

const FIELDS: &str = "id status amount { amount } refundedAmount { amount } invoice { id }";

fn refund(payment: &str, amount: i64, key: &str) -> Value {
    json!({ "id": payment, "amount": amount, "idempotencyKey": key, "reason": "Paid twice" })
}

async fn stored_payment(app: &TestApp, id: &str) -> payment::Model {
    payment::Entity::find_by_id(PaymentId::decode(id).unwrap()).one(app.db()).await.unwrap().unwrap()
}

async fn parts(app: TestApp) {
    let client = app.login(BILLING).await;
    let invoice = issued(&app, &client, 1_000).await;
    let payment = paid(&app, &client, &invoice, 1_000, "all of it").await;
    let owed = balance(&app).await;
    let mut log = Log::mark(&app).await;
    let mut from = "Succeeded";
    for (amount, refunded, status, of_invoice) in [
        (300, 300, "PARTIALLY_REFUNDED", InvoiceStatus::PartiallyPaid),
        (699, 999, "PARTIALLY_REFUNDED", InvoiceStatus::PartiallyPaid),
        (1, 1_000, "REFUNDED", InvoiceStatus::Issued),
    ] {
        let input = refund(&payment, amount, &format!("part {refunded}"));
        let outcome = mutate(&client, "paymentRefund", FIELDS, input).await;
        let made = outcome.done();
        assert_eq!(
            (&made["status"], &made["refundedAmount"]["amount"], &made["amount"]["amount"]),
            (&json!(status), &json!(refunded), &json!(1_000))
        );
        let event = log.one(&app, "PAYMENT_REFUNDED").await;
        let to = if status == "REFUNDED" { "Refunded" } else { "PartiallyRefunded" };
        assert_eq!(
            (&event.details, event.resource_id.as_deref()),
            (&json!({ "from": from, "to": to }), Some(&*payment))
        );
        from = to;
        let row = stored(&app, &invoice).await;
        assert_eq!((row.amount_paid, row.status, row.paid_at), (1_000 - refunded, of_invoice, None));
        assert_eq!(balance(&app).await, owed + refunded);
    }
    let rows = all::<refund::Entity>(&app).await;
    let of_payment: Vec<_> = rows.iter().filter(|row| row.payment_id.encode() == payment).collect();
    assert_eq!(of_payment.iter().map(|row| row.amount).sum::<i64>(), 1_000);
    let billing = account(&app, BILLING).await.id;
    assert!(of_payment.iter().all(|row| row.refunded_by == billing && row.reason.is_some()));
    // It can be paid again.
    paid(&app, &client, &invoice, 1_000, "once more").await;
    assert_eq!(stored(&app, &invoice).await.status, InvoiceStatus::Paid);
    assert_eq!(balance(&app).await, owed);
}

async fn too_much(app: TestApp) {
    let client = app.login(BILLING).await;
    let invoice = issued(&app, &client, 1_000).await;
    let payment = paid(&app, &client, &invoice, 1_000, "all of it").await;
    let refused = async |amount: i64| {
        let before = (stored(&app, &invoice).await, balance(&app).await);
        let mut log = Log::mark(&app).await;
        let input = refund(&payment, amount, "much too much");
        mutate(&client, "paymentRefund", "id", input).await.refused(&["amount INVALID"]);
        log.none(&app).await;
        assert_eq!((stored(&app, &invoice).await, balance(&app).await), before);
    };
    refused(1_001).await;
    mutate(&client, "paymentRefund", "id", refund(&payment, 400, "a first part")).await.done();
    refused(601).await;
    // What was refused used no key up.
    mutate(&client, "paymentRefund", "id", refund(&payment, 600, "much too much")).await.done();
}

async fn not_paid(app: TestApp) {
    use PaymentStatus::{Failed, Pending, Refunded};

    let client = app.login(BILLING).await;
    let invoice = issued(&app, &client, 1_000).await;
    let payment = paid(&app, &client, &invoice, 1_000, "all of it").await;
    let mut log = Log::mark(&app).await;
    for status in [Pending, Failed, Refunded] {
        let mut row = stored_payment(&app, &payment).await.into_active_model();
        row.status = Set(status);
        row.update(app.db()).await.unwrap();
        let input = refund(&payment, 1, "for nothing at all");
        mutate(&client, "paymentRefund", "id", input).await.refused(&["- INVALID_TRANSITION"]);
    }
    log.none(&app).await;
}

async fn bad_members(app: TestApp) {
    let client = app.login(BILLING).await;
    let invoice = issued(&app, &client, 1_000).await;
    let payment = paid(&app, &client, &invoice, 1_000, "all of it").await;
    let mut log = Log::mark(&app).await;
    for (member, value, expected) in [
        ("amount", json!(0), "amount INVALID"),
        ("amount", json!(-1), "amount INVALID"),
        ("amount", json!(9_007_199_254_740_991_i64), "amount INVALID"),
        ("amount", Value::Null, "BAD_USER_INPUT"),
        ("idempotencyKey", json!("seven77"), "idempotencyKey INVALID"),
        ("idempotencyKey", json!("k".repeat(101)), "idempotencyKey TOO_LONG"),
        ("reason", json!("a\nb"), "reason INVALID"),
        ("reason", json!("Card 4242-4242-4242-4242"), "reason INVALID"),
        ("reason", json!("字".repeat(201)), "reason TOO_LONG"),
        ("currency", json!("EUR"), "BAD_USER_INPUT"),
    ] {
        let mut input = refund(&payment, 100, "a good key");
        input[member] = value.clone();
        let outcome = mutate(&client, "paymentRefund", "id", input).await;
        assert_eq!(outcome.summary(), expected, "{member} {value}");
    }
    log.none(&app).await;
}

async fn replay(app: TestApp) {
    let client = app.login(BILLING).await;
    let invoice = issued(&app, &client, 1_000).await;
    let payment = paid(&app, &client, &invoice, 1_000, "all of it").await;
    let input = refund(&payment, 300, "sent again");
    let first = mutate(&client, "paymentRefund", FIELDS, input.clone()).await;
    let (after, owed) = (stored(&app, &invoice).await, balance(&app).await);
    let mut log = Log::mark(&app).await;
    let again = mutate(&client, "paymentRefund", FIELDS, input.clone()).await;
    assert_eq!(again.done(), first.done(), "nothing more is paid back");
    let other = refund(&payment, 301, "sent again");
    mutate(&client, "paymentRefund", "id", other).await.refused(&["idempotencyKey TAKEN"]);
    log.none(&app).await;
    assert_eq!((stored(&app, &invoice).await, balance(&app).await), (after, owed));
    // Also when nothing is left to be paid back.
    mutate(&client, "paymentRefund", "id", refund(&payment, 700, "all the rest")).await.done();
    assert_eq!(mutate(&client, "paymentRefund", "id", input).await.done()["id"], first.done()["id"]);
    // A key is one of its payment: that of another payment says nothing about it.
    let another = paid(&app, &client, &invoice, 1_000, "once more").await;
    mutate(&client, "paymentRefund", "id", refund(&another, 5, "sent again")).await.done();
}

async fn replay_at_once(app: TestApp) {
    let client = app.login(BILLING).await;
    let invoice = issued(&app, &client, 1_000).await;
    let payment = paid(&app, &client, &invoice, 1_000, "all of it").await;
    let owed = balance(&app).await;
    let mut log = Log::mark(&app).await;
    let input = refund(&payment, 250, "sent eight times");
    let outcomes = at_once(&client, "paymentRefund", "id", vec![input; 8]).await;
    let summaries: Vec<String> = outcomes.iter().map(|outcome| outcome.summary()).collect();
    let known = ["done", "CONFLICT"];
    assert!(summaries.iter().all(|summary| known.contains(&summary.as_str())), "{summaries:?}");
    assert!(summaries.contains(&"done".to_owned()), "{summaries:?}");
    assert_eq!(stored_payment(&app, &payment).await.refunded_amount, 250);
    assert_eq!((stored(&app, &invoice).await.amount_paid, balance(&app).await), (750, owed + 250));
    log.one(&app, "PAYMENT_REFUNDED").await;
}

async fn at_once_bounded(app: TestApp) {
    let client = app.login(BILLING).await;
    let invoice = issued(&app, &client, 1_000).await;
    let payment = paid(&app, &client, &invoice, 1_000, "all of it").await;
    let owed = balance(&app).await;
    let mut log = Log::mark(&app).await;
    let inputs = (0..8).map(|n| refund(&payment, 300, &format!("at once {n}"))).collect();
    let outcomes = at_once(&client, "paymentRefund", "id", inputs).await;
    let summaries: Vec<String> = outcomes.iter().map(|outcome| outcome.summary()).collect();
    let known = ["done", "CONFLICT", "amount INVALID"];
    assert!(summaries.iter().all(|summary| known.contains(&summary.as_str())), "{summaries:?}");
    let done = summaries.iter().filter(|summary| *summary == "done").count();
    assert!((1..=3).contains(&done), "{summaries:?}");
    let back = 300 * i64::try_from(done).unwrap();
    let row = stored_payment(&app, &payment).await;
    assert_eq!((row.refunded_amount, row.status), (back, PaymentStatus::PartiallyRefunded));
    assert_eq!((stored(&app, &invoice).await.amount_paid, balance(&app).await), (1_000 - back, owed + back));
    assert_eq!(log.gained(&app).await.len(), done, "an event for each refund, and none besides");
}

async fn on_account(app: TestApp) {
    let client = app.login(BILLING).await;
    let owed = balance(&app).await;
    let maria = customer(&app, MARIA).await.id.encode();
    let input = json!({ "customerId": maria, "amount": 700, "idempotencyKey": "on account" });
    let outcome = mutate(&client, "paymentCreate", "id", input).await;
    let payment = text(&outcome.done()["id"]).to_owned();
    let outcome = mutate(&client, "paymentRefund", FIELDS, refund(&payment, 700, "on account")).await;
    assert_eq!((&outcome.done()["status"], &outcome.done()["invoice"]), (&json!("REFUNDED"), &Value::Null));
    assert_eq!(balance(&app).await, owed);
}
