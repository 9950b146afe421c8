//! The invoices and payments of a customer, from April to July 2026: what fell due in advance on the first of each
//! month. July is still a draft.

use chrono::{DateTime, Days, Months, NaiveDate, TimeDelta, Utc};
use custodian_entity::choice::{CustomerStatus, InvoiceStatus, PaymentFailureCode, PaymentStatus};
use custodian_entity::id::TypedId;
use custodian_entity::{customer, invoice, invoice_line, payment};

use super::batch::Batch;
use super::countries::Country;
use super::network::Service;
use super::setting::Setting;
use super::source::{Source, first_of};

/// Quantities are in units of 1/1,000.
const ONE: i64 = 1_000;

/// A line before it is a row: description, quantity, unit price.
type Item = (String, i64, i64);

/// Adds one to four invoices with their lines and payments, and says what is owed (minor units).
pub(super) fn add(
    batch: &mut Batch,
    setting: &Setting,
    owner: &customer::Model,
    country: &Country,
    services: &[Service],
    source: &mut Source,
) -> i64 {
    let ended = matches!(owner.status, CustomerStatus::Closed | CustomerStatus::Anonymized);
    let begun = services.iter().any(|service| service.billed);
    let latest = if ended { 5 } else { 6 };
    let mut owed = 0;
    if begun {
        let months = source.between(1, 3) as u32;
        for month in (latest + 1 - months).max(4)..=latest {
            let items = items(services, month == latest + 1 - months, source);
            let mut invoice = invoice(batch, setting, owner, country, first_of(month), &items, source);
            settle(batch, setting, &mut invoice, owner.status, month == latest, source);
            if invoice.status != InvoiceStatus::Void {
                owed += invoice.total - invoice.amount_paid;
            }
            batch.invoices.push(invoice);
        }
    }
    if !begun || (!ended && source.chance(25)) {
        let mut items = items(services, false, source);
        if !begun {
            items = vec![("Installation".to_owned(), ONE, 4_900)];
        }
        let draft = invoice(batch, setting, owner, country, first_of(7), &items, source);
        batch.invoices.push(draft);
    }
    owed
}

fn items(services: &[Service], first: bool, source: &mut Source) -> Vec<Item> {
    let mut items: Vec<Item> = services
        .iter()
        .filter(|service| service.billed)
        .map(|service| (service.plan_name.clone(), ONE, service.price))
        .collect();
    if first && source.chance(60) {
        items.push(("Installation".to_owned(), ONE, 4_900));
    }
    if source.chance(20) {
        items.push(("Additional data, GB".to_owned(), source.between(250, 12_000), 199));
    }
    if source.chance(10) {
        items.push(("Loyalty discount".to_owned(), ONE, -500));
    }
    items
}

/// `value` × `factor` / `unit`, rounded half away from zero.
fn scaled(value: i64, factor: i64, unit: i64) -> i64 {
    let product = value * factor;
    (product + product.signum() * unit / 2) / unit
}

/// A draft with its lines. Tax is reckoned, and rounded, for each line.
fn invoice(
    batch: &mut Batch,
    setting: &Setting,
    owner: &customer::Model,
    country: &Country,
    issue_date: NaiveDate,
    items: &[Item],
    source: &mut Source,
) -> invoice::Model {
    let created_at = issue_date.and_time(chrono::NaiveTime::MIN).and_utc() - TimeDelta::days(2)
        + TimeDelta::seconds(source.between(0, 86_000));
    let mut invoice = invoice::Model {
        id: source.id(created_at),
        tenant_id: owner.tenant_id,
        reseller_id: owner.reseller_id,
        customer_id: owner.id,
        // Given when all invoices of the batch are there, in the order of their dates.
        number: String::new(),
        status: InvoiceStatus::Draft,
        issue_date,
        due_date: issue_date + Days::new(14),
        period_start: Some(issue_date),
        period_end: Some(issue_date + Months::new(1) - Days::new(1)),
        currency: setting.currency.clone(),
        subtotal: 0,
        tax_total: 0,
        total: 0,
        amount_paid: 0,
        memo: source.chance(15).then(|| "Thank you for being with us.".to_owned()),
        internal_note: source.chance(8).then(|| "Discount agreed by phone, see ticket.".to_owned()),
        void_reason: None,
        paid_at: None,
        created_at,
    };
    for (position, (description, quantity, unit_price)) in (1..).zip(items) {
        let amount = scaled(*unit_price, *quantity, ONE);
        invoice.subtotal += amount;
        invoice.tax_total += scaled(amount, country.tax_rate, 10_000);
        batch.invoice_lines.push(invoice_line::Model {
            id: source.id(created_at),
            tenant_id: owner.tenant_id,
            reseller_id: owner.reseller_id,
            customer_id: owner.id,
            invoice_id: invoice.id,
            position,
            description: description.clone(),
            quantity: *quantity,
            unit_price: *unit_price,
            amount,
            tax_rate: country.tax_rate,
            currency: setting.currency.clone(),
        });
    }
    invoice.total = invoice.subtotal + invoice.tax_total;
    invoice
}

/// Issues the invoice and plays what happened to it since.
fn settle(
    batch: &mut Batch,
    setting: &Setting,
    invoice: &mut invoice::Model,
    owner: CustomerStatus,
    latest: bool,
    source: &mut Source,
) {
    let ended = matches!(owner, CustomerStatus::Closed | CustomerStatus::Anonymized);
    let fate = source.below(100);
    invoice.status = match fate {
        _ if ended => InvoiceStatus::Paid,
        _ if owner == CustomerStatus::Suspended && latest => InvoiceStatus::Issued,
        0..30 if latest => InvoiceStatus::Issued,
        30..42 if latest => InvoiceStatus::PartiallyPaid,
        42..45 => InvoiceStatus::Void,
        _ => InvoiceStatus::Paid,
    };
    let total = invoice.total;
    match invoice.status {
        InvoiceStatus::Paid => {
            if source.chance(10) {
                pay(batch, setting, invoice, PaymentStatus::Failed, total, 0, source);
            }
            let paid_at = match source.below(100) {
                // Paid too much by a slip; the difference went back.
                0..3 => pay(
                    batch,
                    setting,
                    invoice,
                    PaymentStatus::PartiallyRefunded,
                    total + 1_000,
                    1_000,
                    source,
                ),
                // Paid twice; one of the two went back.
                3..6 => {
                    pay(batch, setting, invoice, PaymentStatus::Refunded, total, total, source);
                    pay(batch, setting, invoice, PaymentStatus::Succeeded, total, 0, source)
                }
                _ => pay(batch, setting, invoice, PaymentStatus::Succeeded, total, 0, source),
            };
            invoice.amount_paid = total;
            invoice.paid_at = Some(paid_at);
        }
        InvoiceStatus::PartiallyPaid => {
            invoice.amount_paid = total / 2;
            pay(batch, setting, invoice, PaymentStatus::Succeeded, total / 2, 0, source);
        }
        InvoiceStatus::Issued if source.chance(20) => {
            pay(batch, setting, invoice, PaymentStatus::Pending, total, 0, source);
        }
        InvoiceStatus::Void => invoice.void_reason = Some("Issued twice by mistake".to_owned()),
        InvoiceStatus::Draft | InvoiceStatus::Issued => {}
    }
}

/// Adds a payment and gives the time at which it was made.
fn pay(
    batch: &mut Batch,
    setting: &Setting,
    invoice: &invoice::Model,
    status: PaymentStatus,
    amount: i64,
    refunded_amount: i64,
    source: &mut Source,
) -> DateTime<Utc> {
    let day = invoice.issue_date + Days::new(source.between(1, 24).unsigned_abs());
    let created_at = source.during(day);
    let failures = [
        PaymentFailureCode::InsufficientFunds,
        PaymentFailureCode::Declined,
        PaymentFailureCode::Expired,
        PaymentFailureCode::Other,
    ];
    let by_hand = source.chance(25);
    let payment = payment::Model {
        id: source.id(created_at),
        tenant_id: invoice.tenant_id,
        reseller_id: invoice.reseller_id,
        customer_id: invoice.customer_id,
        invoice_id: Some(invoice.id),
        method_id: None,
        status,
        amount,
        refunded_amount,
        currency: invoice.currency.clone(),
        paid_at: (!matches!(status, PaymentStatus::Pending | PaymentStatus::Failed)).then_some(created_at),
        failure_code: (status == PaymentStatus::Failed).then(|| *source.pick(&failures)),
        processor_reference: (!by_hand).then(|| source.fill("psp_@@######@@######")),
        idempotency_key: String::new(),
        recorded_by: by_hand.then_some(setting.billing),
        created_at,
    };
    batch.payments.push(payment::Model { idempotency_key: format!("seed-{}", payment.id.uuid()), ..payment });
    created_at
}
