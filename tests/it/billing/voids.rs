//! Voiding invoices.

use custodian_entity::choice::InvoiceStatus;
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use serde_json::json;

use super::{balance, draft, issued, line, paid, stored};
use crate::app::TestApp;
use crate::fixture::{BILLING, Log, at_once, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("billing::a void invoice keeps its number and is owed no more", void);
    suite.both("billing::only what is issued and unpaid is voided", only_issued);
    suite.both("billing::an invoice is voided once", once);
    suite.both("billing::why an invoice was voided is a line of text", reasons);
    suite.both("billing::an invoice is paid or voided, not both", paid_or_void);
}

async fn void(app: TestApp) {
    let client = app.login(BILLING).await;
    let owed = balance(&app).await;
    let invoice = issued(&app, &client, 1_000).await;
    let before = stored(&app, &invoice).await;
    let mut log = Log::mark(&app).await;
    let input = json!({ "id": invoice, "reason": "Issued twice" });
    let outcome = mutate(&client, "invoiceVoid", "id status voidReason amountDue { amount }", input).await;
    let expected = json!({
        "id": invoice, "status": "VOID", "voidReason": "Issued twice", "amountDue": { "amount": 0 },
    });
    assert_eq!(outcome.done(), &expected);
    let event = log.one(&app, "INVOICE_VOIDED").await;
    assert_eq!(event.details, json!({ "from": "Issued", "to": "Void" }), "and not why");
    let after = stored(&app, &invoice).await;
    assert_eq!((after.status, &after.number), (InvoiceStatus::Void, &before.number));
    assert_eq!((after.total, balance(&app).await), (before.total, owed));
    // The reason is among staff.
    let customer = app.login("customer@acme.example").await;
    let ask = "query($id: ID!) { invoice(id: $id) { status voidReason } }";
    let answer = customer.query(ask, json!({ "id": invoice })).await;
    assert_eq!(answer.data()["invoice"], json!({ "status": "VOID", "voidReason": null }));
    assert_eq!(answer.code(), Some("FORBIDDEN"));
}

async fn only_issued(app: TestApp) {
    use InvoiceStatus::{Draft, Paid, PartiallyPaid, Void};

    let client = app.login(BILLING).await;
    let invoice = draft(&app, &client, json!([line(1_000)])).await;
    let owed = balance(&app).await;
    let mut log = Log::mark(&app).await;
    for status in [Draft, PartiallyPaid, Paid, Void] {
        let mut row = stored(&app, &invoice).await.into_active_model();
        row.status = Set(status);
        let before = row.update(app.db()).await.unwrap();
        let input = json!({ "id": invoice, "reason": "A mistake" });
        mutate(&client, "invoiceVoid", "id", input).await.refused(&["- INVALID_TRANSITION"]);
        assert_eq!((stored(&app, &invoice).await, balance(&app).await), (before, owed), "{status:?}");
    }
    log.none(&app).await;
}

async fn once(app: TestApp) {
    let client = app.login(BILLING).await;
    let owed = balance(&app).await;
    let invoice = issued(&app, &client, 1_000).await;
    let mut log = Log::mark(&app).await;
    let input = json!({ "id": invoice, "reason": "A mistake" });
    let outcomes = at_once(&client, "invoiceVoid", "id", vec![input; 6]).await;
    let summaries: Vec<String> = outcomes.iter().map(|outcome| outcome.summary()).collect();
    assert_eq!(summaries.iter().filter(|summary| *summary == "done").count(), 1, "{summaries:?}");
    let known = ["done", "CONFLICT", "- INVALID_TRANSITION"];
    assert!(summaries.iter().all(|summary| known.contains(&summary.as_str())), "{summaries:?}");
    assert_eq!(balance(&app).await, owed);
    log.one(&app, "INVOICE_VOIDED").await;
}

async fn reasons(app: TestApp) {
    let client = app.login(BILLING).await;
    let invoice = issued(&app, &client, 1_000).await;
    let mut log = Log::mark(&app).await;
    for (reason, expected) in [
        (json!(""), "reason INVALID"),
        (json!("a\nb"), "reason INVALID"),
        (json!("字".repeat(201)), "reason TOO_LONG"),
        (json!("Paid by 4242 4242 4242 4242"), "reason INVALID"),
        (json!(null), "BAD_USER_INPUT"),
    ] {
        let outcome = mutate(&client, "invoiceVoid", "id", json!({ "id": invoice, "reason": reason })).await;
        assert_eq!(outcome.summary(), expected, "{reason}");
    }
    log.none(&app).await;
}

async fn paid_or_void(app: TestApp) {
    let client = app.login(BILLING).await;
    let owed = balance(&app).await;
    let invoice = issued(&app, &client, 1_000).await;
    let payment = paid(&app, &client, &invoice, 400, "before the void").await;
    let void = json!({ "id": invoice, "reason": "A mistake" });
    mutate(&client, "invoiceVoid", "id", void.clone()).await.refused(&["- INVALID_TRANSITION"]);
    let refund = json!({ "id": payment, "amount": 400, "idempotencyKey": "before the void" });
    mutate(&client, "paymentRefund", "id", refund).await.done();
    mutate(&client, "invoiceVoid", "id", void).await.done();
    assert_eq!(balance(&app).await, owed, "what was paid back is not owed for a void invoice");
}
