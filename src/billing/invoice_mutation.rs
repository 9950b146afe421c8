//! `invoiceCreate`, `invoiceIssue`, `invoiceVoid`

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::InvoiceStatus;
use custodian_entity::id::{CustomerId, InvoiceId, InvoiceLineId, TypedId};
use custodian_entity::{customer, invoice, invoice_line, tenant};
use garde::Validate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sea_orm::{ColumnTrait, ExprTrait, QueryFilter, Set};

use super::{Invoice, balance};
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::{InOperation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::scalar::{BigInt, CurrencyCode, Date};
use crate::graphql::validate::{self, Given, line};
use crate::graphql::{Gid, Maybe, Outcome, UserError, UserErrorCode, certain};
use crate::{accept, numbers};

/// A draft.
#[derive(InputObject, Validate)]
pub struct InvoiceCreateInput {
    /// Who is to pay it.
    #[garde(skip)]
    customer_id: Gid<CustomerId>,
    /// The date on it; today when not given.
    #[garde(skip)]
    issue_date: Option<Date>,
    /// When it is to be paid; 14 days after the date on it when not given.
    #[garde(skip)]
    due_date: Option<Date>,
    /// First day of the period billed.
    #[garde(skip)]
    period_start: Option<Date>,
    /// Last day of the period billed.
    #[garde(skip)]
    period_end: Option<Date>,
    /// The currency of all amounts; the provider's when not given.
    #[garde(skip)]
    currency: Option<CurrencyCode>,
    /// A remark for the customer.
    #[garde(inner(custom(validate::lines), length(chars, max = 1000)))]
    memo: Option<String>,
    /// A remark among staff.
    #[garde(inner(custom(validate::lines), length(chars, max = 1000)))]
    internal_note: Option<String>,
    /// What is billed; 1 to 200 lines.
    #[garde(dive, length(min = 1, max = 200))]
    lines: Vec<InvoiceLineInput>,
}

/// A line of an invoice.
#[derive(InputObject, Validate)]
pub struct InvoiceLineInput {
    /// What is billed.
    #[garde(custom(line), length(chars, max = 200))]
    description: String,
    /// How much of it; up to three decimals.
    #[garde(skip)]
    quantity: Decimal,
    /// What one costs, in minor units.
    #[garde(skip)]
    unit_price: BigInt,
    /// As a fraction of up to four decimals: `0.21` is 21 percent.
    #[garde(skip)]
    tax_rate: Decimal,
}

/// Which draft to issue.
#[derive(InputObject)]
pub struct InvoiceIssueInput {
    /// Its id.
    id: Gid<InvoiceId>,
}

/// Which invoice to void.
#[derive(InputObject, Validate)]
pub struct InvoiceVoidInput {
    /// Its id.
    #[garde(skip)]
    id: Gid<InvoiceId>,
    /// Why; among staff.
    #[garde(custom(line), length(chars, max = 200))]
    reason: String,
}

crate::payloads! {
    InvoiceCreatePayload { invoice: Invoice }
    InvoiceIssuePayload { invoice: Invoice }
    InvoiceVoidPayload { invoice: Invoice }
}

/// What can be changed about invoices.
#[derive(Default)]
pub struct InvoiceMutation;

#[Object]
impl InvoiceMutation {
    /// Drafts an invoice.
    async fn invoice_create(
        &self,
        ctx: &Context<'_>,
        input: InvoiceCreateInput,
    ) -> Maybe<InvoiceCreatePayload> {
        certain(async { create(ctx, input).await }).await
    }

    /// Issues a draft: it gets its number, its lines are frozen, and the customer owes it.
    async fn invoice_issue(&self, ctx: &Context<'_>, input: InvoiceIssueInput) -> Maybe<InvoiceIssuePayload> {
        certain(async { issue(ctx, input).await }).await
    }

    /// Voids an invoice on which nothing is paid: it keeps its number, and the customer owes nothing for it.
    async fn invoice_void(&self, ctx: &Context<'_>, input: InvoiceVoidInput) -> Maybe<InvoiceVoidPayload> {
        certain(async { void(ctx, input).await }).await
    }
}

/// The largest total of an invoice, in minor units: sums of many stay exact in JSON.
const MAX_TOTAL: i64 = 10_000_000_000_000;

/// A line with its amounts worked out.
struct Reckoned {
    quantity: i64,
    tax_rate: i64,
    amount: i64,
    tax: i64,
}

/// Amounts are rounded half away from zero, line by line, as they stand on the invoice.
fn reckon(line: &InvoiceLineInput) -> Option<Reckoned> {
    let quantity = line.quantity.checked_mul(Decimal::from(1_000))?.normalize();
    let tax_rate = line.tax_rate.checked_mul(Decimal::from(10_000))?.normalize();
    let in_range =
        (1..=1_000_000_000).contains(&quantity.to_i64()?) && (0..=10_000).contains(&tax_rate.to_i64()?);
    if !in_range
        || quantity.scale() != 0
        || tax_rate.scale() != 0
        || line.unit_price.0.abs() > 100_000_000_000
    {
        return None;
    }
    let half_up = rust_decimal::RoundingStrategy::MidpointAwayFromZero;
    let amount =
        line.quantity.checked_mul(Decimal::from(line.unit_price.0))?.round_dp_with_strategy(0, half_up);
    let tax = amount.checked_mul(line.tax_rate)?.round_dp_with_strategy(0, half_up);
    Some(Reckoned {
        quantity: quantity.to_i64()?,
        tax_rate: tax_rate.to_i64()?,
        amount: amount.to_i64()?,
        tax: tax.to_i64()?,
    })
}

async fn create(ctx: &Context<'_>, input: InvoiceCreateInput) -> Result<Outcome<invoice::Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "invoiceCreate", async || {
        let customer = Scoped::<customer::Entity>::of(operation).get(input.customer_id.0).await?;
        let tenant = Scoped::<tenant::Entity>::of(operation).get(customer.tenant_id).await?;
        let mut given = Given::checked(&input);
        let issued = input.issue_date.map_or_else(|| operation.clock.today(), |date| date.0);
        let due = input.due_date.map_or_else(|| issued + chrono::Duration::days(14), |date| date.0);
        if due < issued {
            given.refuse(UserError::on(
                "dueDate",
                UserErrorCode::Invalid,
                "lies before the date on the invoice",
            ));
        }
        if matches!((input.period_start, input.period_end), (Some(start), Some(end)) if end < start) {
            given.refuse(UserError::on("periodEnd", UserErrorCode::Invalid, "lies before the start"));
        }
        let mut reckoned = Vec::with_capacity(input.lines.len());
        for (index, line) in input.lines.iter().enumerate() {
            match reckon(line) {
                Some(amounts) => reckoned.push(amounts),
                None => given.refuse(UserError::on(
                    &format!("lines.{index}"),
                    UserErrorCode::Invalid,
                    "a quantity has up to three decimals, a tax rate up to four and lies between 0 and 1",
                )),
            }
        }
        let sum =
            |of: fn(&Reckoned) -> i64| reckoned.iter().try_fold(0_i64, |sum, line| sum.checked_add(of(line)));
        let sums = sum(|line| line.amount).zip(sum(|line| line.tax)).filter(|(amount, tax)| {
            amount.checked_add(*tax).is_some_and(|total| (-MAX_TOTAL..=MAX_TOTAL).contains(&total))
        });
        if sums.is_none() {
            given.refuse(UserError::on(
                "lines",
                UserErrorCode::Invalid,
                "the total is not an amount that can be billed",
            ));
        }
        let (subtotal, tax_total) = sums.unwrap_or_default();
        if input.currency.as_ref().is_some_and(|currency| currency.0 != tenant.currency) {
            given.refuse(UserError::on(
                "currency",
                UserErrorCode::Invalid,
                "balances are kept in the provider's own",
            ));
        }
        given.note("issueDate", input.issue_date.is_some());
        given.note("dueDate", input.due_date.is_some());
        given.note("periodStart", input.period_start.is_some());
        given.note("periodEnd", input.period_end.is_some());
        given.note("currency", input.currency.is_some());
        given.note("memo", input.memo.is_some());
        given.note("internalNote", input.internal_note.is_some());
        given.note("lines", true);
        let names = accept!(given.finish());
        let currency = tenant.currency;
        let id = InvoiceId::from_uuid(operation.clock.new_uuid());
        let row = invoice::ActiveModel {
            id: Set(id),
            tenant_id: Set(customer.tenant_id),
            reseller_id: Set(customer.reseller_id),
            customer_id: Set(customer.id),
            number: Set(format!("DRAFT-{}", id.encode())),
            status: Set(InvoiceStatus::Draft),
            issue_date: Set(issued),
            due_date: Set(due),
            period_start: Set(input.period_start.map(|date| date.0)),
            period_end: Set(input.period_end.map(|date| date.0)),
            currency: Set(currency.clone()),
            subtotal: Set(subtotal),
            tax_total: Set(tax_total),
            total: Set(subtotal + tax_total),
            amount_paid: Set(0),
            memo: Set(input.memo.clone()),
            internal_note: Set(input.internal_note.clone()),
            void_reason: Set(None),
            paid_at: Set(None),
            created_at: Set(operation.clock.now()),
        };
        let added = Scoped::<invoice::Entity>::of(operation).insert(row).await?;
        let lines = Scoped::<invoice_line::Entity>::of(operation);
        for (position, (line, amounts)) in (1..).zip(input.lines.iter().zip(&reckoned)) {
            let row = invoice_line::ActiveModel {
                id: Set(InvoiceLineId::from_uuid(operation.clock.new_uuid())),
                tenant_id: Set(customer.tenant_id),
                reseller_id: Set(customer.reseller_id),
                customer_id: Set(customer.id),
                invoice_id: Set(id),
                position: Set(position),
                description: Set(line.description.clone()),
                quantity: Set(amounts.quantity),
                unit_price: Set(line.unit_price.0),
                amount: Set(amounts.amount),
                tax_rate: Set(amounts.tax_rate),
                currency: Set(currency.clone()),
            };
            lines.insert(row).await?;
        }
        let event = Event::done(EventType::InvoiceCreated, subject(&added));
        Ok(Change::Done(added, event.fields(names)))
    })
    .await
}

async fn issue(ctx: &Context<'_>, input: InvoiceIssueInput) -> Result<Outcome<invoice::Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "invoiceIssue", async || {
        let rows = Scoped::<invoice::Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        if before.status != InvoiceStatus::Draft {
            accept!(Err(vec![UserError::transition(before.status, InvoiceStatus::Issued)]));
        }
        let number = numbers::next(operation, before.tenant_id, "INVOICE").await?;
        let row = invoice::ActiveModel {
            status: Set(InvoiceStatus::Issued),
            number: Set(format!("INV-{}-{number:06}", before.issue_date.format("%Y"))),
            ..Default::default()
        };
        let is_draft = invoice::Column::Status.eq(InvoiceStatus::Draft);
        let issued = match rows.change(before.id, row, |update| update.filter(is_draft)).await {
            Err(Error::NotFound) => return Err(Error::Conflict),
            issued => issued?,
        };
        balance::add(operation, issued.customer_id, issued.total).await?;
        let event = Event::done(EventType::InvoiceIssued, subject(&issued));
        Ok(Change::Done(issued, event.step(InvoiceStatus::Draft, InvoiceStatus::Issued)))
    })
    .await
}

async fn void(ctx: &Context<'_>, input: InvoiceVoidInput) -> Result<Outcome<invoice::Model>> {
    use InvoiceStatus::{Issued, Void};

    let operation = ctx.operation()?;
    recorded(operation, "invoiceVoid", async || {
        let rows = Scoped::<invoice::Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        accept!(Given::checked(&input).finish());
        // What something is paid on is PARTIALLY_PAID or PAID: that is paid back first.
        if before.status != Issued {
            accept!(Err(vec![UserError::transition(before.status, Void)]));
        }
        let row = invoice::ActiveModel {
            status: Set(Void),
            void_reason: Set(Some(input.reason.clone())),
            ..Default::default()
        };
        let is_unpaid = invoice::Column::Status.eq(Issued).and(invoice::Column::AmountPaid.eq(0));
        let voided = match rows.change(before.id, row, |update| update.filter(is_unpaid)).await {
            Err(Error::NotFound) => return Err(Error::Conflict),
            voided => voided?,
        };
        balance::add(operation, voided.customer_id, -voided.total).await?;
        let event = Event::done(EventType::InvoiceVoided, subject(&voided));
        Ok(Change::Done(voided, event.step(Issued, Void)))
    })
    .await
}

fn subject(row: &invoice::Model) -> Subject {
    Subject::row("Invoice", row.id, row.tenant_id).of_customer(row.customer_id, row.reseller_id)
}
