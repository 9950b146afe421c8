//! Drafting and issuing invoices.

use std::collections::BTreeSet;

use custodian_entity::choice::InvoiceStatus;
use custodian_entity::id::{CustomerId, InvoiceId, TypedId};
use custodian_entity::{customer as customers, invoice, invoice_line};
use sea_orm::{ActiveEnum, ActiveModelTrait, IntoActiveModel, Set};
use serde_json::{Value, json};

use super::{balance, draft, line, stored};
use crate::app::TestApp;
use crate::fixture::{BILLING, Log, MARIA, absent, all, at_once, customer, mutate, text};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("billing::amounts are rounded half away from zero, line by line", amounts);
    suite.both("billing::a draft has its dates and no number yet", drafts);
    suite.both("billing::quantities, prices and rates out of their bounds are refused", bad_lines);
    suite.both("billing::a sum that no amount can hold is refused", overflow);
    suite.both("billing::dates and texts are checked", bad_members);
    suite.both("billing::issuing numbers the invoice and raises what is owed", issue);
    suite.both("billing::an invoice in another currency does not count as the provider's", other_currency);
    suite.both("billing::numbers have no gaps, whoever issues at once", gapless);
    suite.both("billing::an invoice is issued once", issued_once);
    suite.both("billing::only a draft is issued", only_drafts);
}

const LINES: &str = "id status subtotal { amount currency } taxTotal { amount } total { amount } amountDue { amount } \
                     lines { description quantity unitPrice { amount } amount { amount } taxRate }";

async fn amounts(app: TestApp) {
    let client = app.login(BILLING).await;
    let maria = customer(&app, MARIA).await;
    // quantity, unit price, tax rate; amount and tax in minor units, worked out by hand.
    let cases = [
        ("1", 2_999, "0.21", 2_999, 630),         // 629.79
        ("0.5", 1, "0", 1, 0),                    // 0.5: up
        ("0.5", -1, "0", -1, 0),                  // -0.5: away from zero
        ("2.5", 1, "0.5", 3, 2),                  // 2.5 → 3; 1.5 → 2
        ("1.005", 100, "0.1", 101, 10),           // 100.5 → 101; 10.1 → 10
        ("0.001", 499, "0.2", 0, 0),              // 0.499
        ("0.001", 500, "0.2", 1, 0),              // 0.5 → 1; 0.2
        ("3.333", 333, "0.0725", 1_110, 80),      // 1,109.889; 80.475
        ("12", -550, "0.2", -6_600, -1_320),      // a discount
        ("1", 5, "0.1", 5, 1),                    // 0.5 → 1
        ("1", -5, "0.1", -5, -1),                 // -0.5 → -1
        ("1", 10_000, "1", 10_000, 10_000),       // all of it is tax
        ("1000000", 1, "0.0001", 1_000_000, 100), // the largest quantity, the smallest rate
        ("1.500", 2, "0.2100", 3, 1),             // trailing zeros change nothing
    ];
    let lines: Vec<Value> = cases
        .iter()
        .map(|(quantity, price, rate, ..)| {
            json!({ "description": "Item", "quantity": quantity, "unitPrice": price, "taxRate": rate })
        })
        .collect();
    let input = json!({ "customerId": maria.id.encode(), "lines": lines });
    let outcome = mutate(&client, "invoiceCreate", LINES, input).await;
    let made = outcome.done();
    let shown = made["lines"].as_array().unwrap();
    assert_eq!(shown.len(), cases.len());
    for (line, (quantity, price, rate, amount, _)) in shown.iter().zip(cases) {
        assert_eq!(line["amount"]["amount"], amount, "{quantity} × {price} at {rate}");
        assert_eq!(line["unitPrice"]["amount"], price);
        let same =
            |shown: &Value, given: &str| text(shown).parse::<f64>().unwrap() == given.parse::<f64>().unwrap();
        assert!(same(&line["quantity"], quantity) && same(&line["taxRate"], rate), "{line}");
    }
    let subtotal: i64 = cases.iter().map(|(.., amount, _)| amount).sum();
    let tax: i64 = cases.iter().map(|(.., tax)| tax).sum();
    assert_eq!(made["subtotal"], json!({ "amount": subtotal, "currency": "EUR" }));
    assert_eq!(
        (&made["taxTotal"]["amount"], &made["total"]["amount"]),
        (&json!(tax), &json!(subtotal + tax))
    );
    assert_eq!(made["amountDue"], made["total"]);
    // Numbers in JSON, which are binary fractions on their way, are read as what they say.
    let line = json!([{ "description": "Item", "quantity": 1.005, "unitPrice": 100, "taxRate": 0.1 }]);
    let row = stored(&app, &draft(&app, &client, line).await).await;
    assert_eq!((row.subtotal, row.tax_total), (101, 10));
}

async fn drafts(app: TestApp) {
    let client = app.login(BILLING).await;
    let maria = customer(&app, MARIA).await;
    let mut log = Log::mark(&app).await;
    let input = json!({
        "customerId": maria.id.encode(), "lines": [line(100)], "memo": "Thank you\nvery much", "internalNote": "Agreed by phone",
        "periodStart": "2026-02-01", "periodEnd": "2026-02-28",
    });
    let outcome =
        mutate(&client, "invoiceCreate", "id status number issueDate dueDate currency paidAt", input).await;
    let made = outcome.done();
    assert_eq!(
        (&made["status"], &made["currency"], &made["paidAt"]),
        (&json!("DRAFT"), &json!("EUR"), &Value::Null)
    );
    assert_eq!((&made["issueDate"], &made["dueDate"]), (&json!("2026-03-01"), &json!("2026-03-15")));
    assert!(text(&made["number"]).starts_with("DRAFT-"), "{made}");
    let event = log.one(&app, "INVOICE_CREATED").await;
    assert_eq!((event.customer_id, event.resource_id.as_deref()), (Some(maria.id), Some(text(&made["id"]))));
    assert!(!event.details.to_string().contains("Agreed"), "{}", event.details);
    let row = stored(&app, text(&made["id"])).await;
    assert_eq!(
        (row.tenant_id, row.reseller_id, row.customer_id),
        (maria.tenant_id, maria.reseller_id, maria.id)
    );
    assert_eq!((row.amount_paid, row.memo.as_deref()), (0, Some("Thank you\nvery much")));
    assert_eq!(customer(&app, MARIA).await.balance, maria.balance, "a draft is not owed");
    let input = json!({ "customerId": absent::<CustomerId>(), "lines": [line(1)] });
    mutate(&client, "invoiceCreate", "id", input).await.failed("NOT_FOUND");
    let emily = customer(&app, "emily.carter@mail.example").await;
    let input = json!({ "customerId": emily.id.encode(), "lines": [line(1)] });
    mutate(&client, "invoiceCreate", "id", input).await.failed("NOT_FOUND");
}

async fn bad_lines(app: TestApp) {
    let client = app.login(BILLING).await;
    let maria = customer(&app, MARIA).await.id.encode();
    let before = (all::<invoice::Entity>(&app).await.len(), all::<invoice_line::Entity>(&app).await.len());
    let mut log = Log::mark(&app).await;
    let mut wrong = Vec::new();
    for (member, values) in [
        (
            "quantity",
            vec![
                json!("0"),
                json!("-1"),
                json!("0.0001"),
                json!("1.0005"),
                json!("1000000.001"),
                json!("abc"),
                json!(""),
                json!("NaN"),
                json!("1,5"),
                json!("0x10"),
                json!(-0.5),
                json!(1e30),
                json!("1\0"),
                json!([]),
                json!(true),
                // The largest decimals there are: neither may overflow on the way.
                json!("79228162514264337593543950335"),
                json!("-79228162514264337593543950335"),
                json!("0.0000000000000000000000000001"),
            ],
        ),
        (
            "taxRate",
            vec![
                json!("-0.1"),
                json!("1.0001"),
                json!("0.00001"),
                json!("21"),
                json!("x"),
                json!("79228162514264337593543950335"),
            ],
        ),
        (
            "unitPrice",
            vec![
                json!(100_000_000_001_i64),
                json!(-100_000_000_001_i64),
                json!(9_007_199_254_740_992_i64),
                json!(1.5),
                json!("100"),
                json!(i64::MIN),
                json!(u64::MAX),
            ],
        ),
    ] {
        for value in values {
            let mut bad = line(100);
            bad[member] = value.clone();
            let input = json!({ "customerId": maria, "lines": [line(100), bad] });
            let outcome = mutate(&client, "invoiceCreate", "id", input).await;
            // The second line is named, or the value is none of its type.
            let summary = outcome.summary();
            if !["lines.1 INVALID", "BAD_USER_INPUT"].contains(&summary.as_str()) {
                wrong.push(format!("{member} {value}: {summary}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for lines in [json!([]), json!(vec![line(1); 201])] {
        let refusals = mutate(&client, "invoiceCreate", "id", json!({ "customerId": maria, "lines": lines }))
            .await
            .refusals();
        assert!(refusals.iter().all(|reason| reason.starts_with("lines ")), "{refusals:?}");
    }
    log.none(&app).await;
    let after = (all::<invoice::Entity>(&app).await.len(), all::<invoice_line::Entity>(&app).await.len());
    assert_eq!(after, before, "a refused invoice left something behind");
    draft(&app, &client, json!(vec![line(1); 200])).await;
}

async fn overflow(app: TestApp) {
    let client = app.login(BILLING).await;
    let maria = customer(&app, MARIA).await.id.encode();
    let mut log = Log::mark(&app).await;
    let huge = json!({ "description": "x", "quantity": "1000000", "unitPrice": 100_000_000_000_i64, "taxRate": "1" });
    // Each line is within its bounds, 200 of them are 4 × 10^19: more than 64 bits, and than JSON tells exactly.
    let input = json!({ "customerId": maria, "lines": vec![huge; 200] });
    let outcome = mutate(&client, "invoiceCreate", "id", input).await;
    let refusals = outcome.refusals();
    assert!(
        refusals.iter().all(|reason| reason.starts_with("lines") && reason.ends_with(" INVALID")),
        "{refusals:?}"
    );
    log.none(&app).await;
}

async fn bad_members(app: TestApp) {
    let client = app.login(BILLING).await;
    let base = json!({ "customerId": customer(&app, MARIA).await.id.encode(), "lines": [line(100)] });
    let mut log = Log::mark(&app).await;
    for (members, expected) in [
        (json!({ "issueDate": "2026-03-02", "dueDate": "2026-03-01" }), "dueDate INVALID"),
        (json!({ "dueDate": "2026-02-28" }), "dueDate INVALID"),
        (json!({ "periodStart": "2026-03-02", "periodEnd": "2026-03-01" }), "periodEnd INVALID"),
        (json!({ "memo": "a\u{1}b" }), "memo INVALID"),
        (json!({ "memo": "字".repeat(1_001) }), "memo TOO_LONG"),
        (json!({ "internalNote": " " }), "internalNote INVALID"),
        (json!({ "issueDate": "1899-12-31" }), "BAD_USER_INPUT"),
        (json!({ "issueDate": "2026-02-30" }), "BAD_USER_INPUT"),
        (json!({ "currency": "eur" }), "BAD_USER_INPUT"),
        (json!({ "currency": "EURO" }), "BAD_USER_INPUT"),
        (json!({ "number": "INV-1" }), "BAD_USER_INPUT"),
        (json!({ "status": "PAID" }), "BAD_USER_INPUT"),
    ] {
        let mut input = base.clone();
        input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        assert_eq!(mutate(&client, "invoiceCreate", "id", input).await.summary(), expected, "{members}");
    }
    log.none(&app).await;
    let mut input = base;
    input["memo"] = json!("字".repeat(1_000));
    let outcome = mutate(&client, "invoiceCreate", "id", input).await;
    // A length is counted in characters, whatever their script.
    assert_eq!(outcome.summary(), "done");
}

/// The numbers given out in this tenant's series, in order.
async fn numbers(app: &TestApp) -> BTreeSet<u64> {
    let tenant = customer(app, MARIA).await.tenant_id;
    let ours = all::<invoice::Entity>(app).await.into_iter().filter(|row| row.tenant_id == tenant);
    ours.filter_map(|row| row.number.strip_prefix("INV-")?.rsplit_once('-')?.1.parse().ok()).collect()
}

async fn issue(app: TestApp) {
    let client = app.login(BILLING).await;
    let owed = balance(&app).await;
    let last = *numbers(&app).await.last().unwrap();
    let id = draft(&app, &client, json!([line(1_000), line(-100)])).await;
    let before = stored(&app, &id).await;
    let lines = async || {
        let lines = all::<invoice_line::Entity>(&app).await;
        lines.into_iter().filter(|row| row.invoice_id.encode() == id).collect::<Vec<_>>()
    };
    let frozen = lines().await;
    let mut log = Log::mark(&app).await;
    let outcome =
        mutate(&client, "invoiceIssue", "id status number amountDue { amount }", json!({ "id": id })).await;
    let expected = format!("INV-2026-{:06}", last + 1);
    assert_eq!((&outcome.done()["status"], &outcome.done()["number"]), (&json!("ISSUED"), &json!(expected)));
    assert_eq!(outcome.done()["amountDue"]["amount"], 900);
    let event = log.one(&app, "INVOICE_ISSUED").await;
    assert_eq!(
        (event.details, event.customer_id),
        (json!({ "from": "Draft", "to": "Issued" }), Some(before.customer_id))
    );
    assert_eq!(balance(&app).await, owed + 900);
    let after = invoice::Model { status: InvoiceStatus::Issued, number: expected, ..before };
    assert_eq!(stored(&app, &id).await, after, "issuing changes nothing else");
    assert_eq!(lines().await, frozen);
    // No operation names a line, or gives a draft's members to an invoice that exists.
    let sdl = custodian::schema::sdl().unwrap();
    for name in ["invoiceUpdate", "invoiceLineCreate", "invoiceLineUpdate", "invoiceLineDelete"] {
        assert!(
            !sdl.contains(name),
            "{name}: test that lines of issued invoices are frozen, then remove it here"
        );
    }
}

async fn other_currency(app: TestApp) {
    let client = app.login(BILLING).await;
    let maria = customer(&app, MARIA).await;
    let input = json!({ "customerId": maria.id.encode(), "currency": "JPY", "lines": [line(1_000_000)] });
    let outcome = mutate(&client, "invoiceCreate", "id", input).await;
    if outcome.summary() == "currency INVALID" {
        return;
    }
    let id = outcome.done()["id"].clone();
    let issued = mutate(&client, "invoiceIssue", "id", json!({ "id": id })).await;
    // `customer.balance` is in the provider's currency: a million yen are not ten thousand euros.
    assert_eq!(balance(&app).await, maria.balance, "yen were added to euros ({})", issued.summary());
}

async fn gapless(app: TestApp) {
    let client = app.login(BILLING).await;
    let mut drafts = Vec::new();
    for _ in 0..8 {
        drafts.push(json!({ "id": draft(&app, &client, json!([line(100)])).await }));
    }
    let (before, owed) = (numbers(&app).await, balance(&app).await);
    let last = *before.last().unwrap();
    assert_eq!(before, (1..=last).collect(), "the demo data's own numbers have a gap");
    // Refused among them: a number is given out only with the invoice that bears it.
    drafts.insert(4, json!({ "id": absent::<InvoiceId>() }));
    let outcomes = at_once(&client, "invoiceIssue", "number", drafts).await;
    let done = outcomes.iter().filter(|outcome| outcome.summary() == "done").count();
    assert_eq!(done, 8, "{:?}", outcomes.iter().map(|outcome| outcome.summary()).collect::<Vec<_>>());
    assert_eq!(numbers(&app).await, (1..=last + 8).collect());
    assert_eq!(balance(&app).await, owed + 800);
    assert_eq!(
        all::<customers::Entity>(&app).await.iter().filter(|row| row.balance == owed + 800).count(),
        1
    );
}

async fn issued_once(app: TestApp) {
    let client = app.login(BILLING).await;
    let id = draft(&app, &client, json!([line(100)])).await;
    let (before, owed) = (numbers(&app).await, balance(&app).await);
    let mut log = Log::mark(&app).await;
    let outcomes = at_once(&client, "invoiceIssue", "id", vec![json!({ "id": id }); 8]).await;
    let summaries: Vec<String> = outcomes.iter().map(|outcome| outcome.summary()).collect();
    assert_eq!(summaries.iter().filter(|summary| *summary == "done").count(), 1, "{summaries:?}");
    let is_known =
        |summary: &String| ["done", "CONFLICT", "- INVALID_TRANSITION"].contains(&summary.as_str());
    assert!(summaries.iter().all(is_known), "{summaries:?}");
    log.one(&app, "INVOICE_ISSUED").await;
    assert_eq!((numbers(&app).await.len(), balance(&app).await), (before.len() + 1, owed + 100));
}

async fn only_drafts(app: TestApp) {
    let client = app.login(BILLING).await;
    let id = draft(&app, &client, json!([line(100)])).await;
    let (numbers_before, owed) = (numbers(&app).await, balance(&app).await);
    for status in
        [InvoiceStatus::Issued, InvoiceStatus::PartiallyPaid, InvoiceStatus::Paid, InvoiceStatus::Void]
    {
        let mut row = stored(&app, &id).await.into_active_model();
        row.status = Set(status);
        let before = row.update(app.db()).await.unwrap();
        let mut log = Log::mark(&app).await;
        let outcome = mutate(&client, "invoiceIssue", "id", json!({ "id": id })).await;
        outcome.refused(&["- INVALID_TRANSITION"]);
        log.none(&app).await;
        assert_eq!(stored(&app, &id).await, before, "{}", status.to_value());
    }
    assert_eq!((numbers(&app).await, balance(&app).await), (numbers_before, owed));
}
