//! `paymentRefund`

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::{InvoiceStatus, PaymentStatus};
use custodian_entity::id::{InvoiceId, PaymentId, RefundId, TypedId};
use custodian_entity::personal::FreeText;
use custodian_entity::{invoice, payment, refund};
use garde::Validate;
use sea_orm::{ColumnTrait, ExprTrait, QueryFilter, Set};

use super::payment_mutation::subject;
use super::{Payment, balance};
use crate::accept;
use crate::audit::{Change, Event, EventType, recorded};
use crate::authz::{InOperation, Operation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::scalar::BigInt;
use crate::graphql::validate::{Given, line, reference};
use crate::graphql::{Gid, Maybe, Outcome, UserError, UserErrorCode, certain};

/// What was paid back of a payment.
#[derive(InputObject, Validate)]
pub struct PaymentRefundInput {
    /// Which payment.
    #[garde(skip)]
    id: Gid<PaymentId>,
    /// In minor units of the payment's currency; at most what is left of it.
    #[garde(skip)]
    amount: BigInt,
    /// Chosen by the client, once per refund: sent again, nothing more is paid back.
    #[garde(custom(reference), length(chars, min = 8, max = 100))]
    idempotency_key: String,
    /// Why; among staff.
    #[garde(inner(custom(line), length(chars, max = 200)))]
    reason: Option<String>,
}

crate::payloads! { PaymentRefundPayload { payment: Payment } }

/// Paying back.
#[derive(Default)]
pub struct RefundMutation;

#[Object]
impl RefundMutation {
    /// Records that a payment was paid back, in part or in full. What it was paid on is due again, and the customer owes
    /// it.
    async fn payment_refund(
        &self,
        ctx: &Context<'_>,
        input: PaymentRefundInput,
    ) -> Maybe<PaymentRefundPayload> {
        certain(async { pay_back(ctx, input).await }).await
    }
}

async fn pay_back(ctx: &Context<'_>, input: PaymentRefundInput) -> Result<Outcome<payment::Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "paymentRefund", async || {
        let before = Scoped::<payment::Entity>::of(operation).get(input.id.0).await?;
        accept!(Given::checked(&input).finish());
        if let Some(first) = same_key(operation, &before, &input).await? {
            accept!(same_refund(&first, &input));
            return Ok(Change::Same(before));
        }
        let status = accept!(refundable(&before, input.amount.0));
        let changed = take_from(operation, &before, input.amount.0, status).await?;
        if let Some(invoice) = changed.invoice_id {
            due_again(operation, invoice, input.amount.0).await?;
        }
        balance::add(operation, changed.customer_id, input.amount.0).await?;
        let row = refund::ActiveModel {
            id: Set(RefundId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(changed.tenant_id),
            reseller_id: Set(changed.reseller_id),
            customer_id: Set(changed.customer_id),
            payment_id: Set(changed.id),
            amount: Set(input.amount.0),
            reason: Set(input.reason.clone().map(FreeText::new)),
            idempotency_key: Set(input.idempotency_key.clone()),
            refunded_by: Set(operation.identity()?.user),
            created_at: Set(operation.clock.now()),
        };
        match Scoped::<refund::Entity>::of(operation).insert(row).await {
            // Sent twice at the same moment: the other one was first.
            Err(Error::Taken(_)) => return Err(Error::Conflict),
            added => added?,
        };
        let event = Event::done(EventType::PaymentRefunded, subject(&changed));
        Ok(Change::Done(changed, event.step(before.status, status)))
    })
    .await
}

async fn same_key(
    operation: &Arc<Operation>,
    payment: &payment::Model,
    input: &PaymentRefundInput,
) -> Result<Option<refund::Model>> {
    let key = refund::Column::IdempotencyKey.eq(input.idempotency_key.clone());
    let of_payment = refund::Column::PaymentId.eq(payment.id);
    Scoped::<refund::Entity>::of(operation).one(|rows| rows.filter(of_payment).filter(key)).await
}

fn same_refund(first: &refund::Model, input: &PaymentRefundInput) -> Outcome<()> {
    if first.amount == input.amount.0 {
        return Ok(());
    }
    Err(vec![UserError::on("idempotencyKey", UserErrorCode::Taken, "was used for another refund")])
}

/// What becomes of a payment of which an amount is paid back, never more than is left of it.
fn refundable(payment: &payment::Model, amount: i64) -> Outcome<PaymentStatus> {
    use PaymentStatus::{PartiallyRefunded, Refunded, Succeeded};

    if !matches!(payment.status, Succeeded | PartiallyRefunded) {
        return Err(vec![UserError::transition(payment.status, Refunded)]);
    }
    let left = payment.amount.saturating_sub(payment.refunded_amount);
    if !(1..=left).contains(&amount) {
        let text = "is not an amount that is left to be paid back";
        return Err(vec![UserError::on("amount", UserErrorCode::Invalid, text)]);
    }
    Ok(if amount == left { Refunded } else { PartiallyRefunded })
}

/// Notes how much of a payment is paid back.
///
/// # Errors
/// [`Error::Conflict`] when another refund came first: the second of two at once is told to try again.
async fn take_from(
    operation: &Arc<Operation>,
    before: &payment::Model,
    amount: i64,
    status: PaymentStatus,
) -> Result<payment::Model> {
    use payment::Column;

    let row = payment::ActiveModel {
        status: Set(status),
        refunded_amount: Set(before.refunded_amount + amount),
        ..Default::default()
    };
    let unchanged = Column::RefundedAmount.eq(before.refunded_amount).and(Column::Status.eq(before.status));
    match Scoped::<payment::Entity>::of(operation)
        .change(before.id, row, |update| update.filter(unchanged))
        .await
    {
        Err(Error::NotFound) => Err(Error::Conflict),
        changed => changed,
    }
}

/// Takes an amount from what is paid on an invoice.
///
/// # Errors
/// [`Error::Conflict`] when a payment on it came first.
async fn due_again(operation: &Arc<Operation>, id: InvoiceId, amount: i64) -> Result<()> {
    use InvoiceStatus::{Issued, Paid, PartiallyPaid};
    use invoice::Column;

    let invoices = Scoped::<invoice::Entity>::of(operation);
    let before = invoices.get(id).await?;
    if !matches!(before.status, PartiallyPaid | Paid) {
        return Ok(());
    }
    // Not below zero, whatever an import wrote.
    let paid = Ord::max(before.amount_paid.saturating_sub(amount), 0);
    let (status, paid_at) = match paid {
        0 => (Issued, None),
        _ if paid < before.total => (PartiallyPaid, None),
        _ => (Paid, before.paid_at),
    };
    let row = invoice::ActiveModel {
        status: Set(status),
        amount_paid: Set(paid),
        paid_at: Set(paid_at),
        ..Default::default()
    };
    let unchanged = Column::AmountPaid.eq(before.amount_paid).and(Column::Status.eq(before.status));
    match invoices.change(id, row, |update| update.filter(unchanged)).await {
        Err(Error::NotFound) => Err(Error::Conflict),
        changed => changed.map(drop),
    }
}
