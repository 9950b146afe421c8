//! `paymentCreate`

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::{InvoiceStatus, PaymentMethodStatus, PaymentStatus, UserKind};
use custodian_entity::id::{CustomerId, InvoiceId, PaymentId, PaymentMethodId, TypedId};
use custodian_entity::{customer, invoice, payment, payment_method, tenant};
use garde::Validate;
use sea_orm::{ColumnTrait, ExprTrait, QueryFilter, Set};

use super::{Payment, balance};
use crate::accept;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::{InOperation, Operation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::scalar::BigInt;
use crate::graphql::validate::{Given, reference};
use crate::graphql::{Gid, Maybe, Outcome, UserError, UserErrorCode, certain};

/// A payment that was made.
#[derive(InputObject, Validate)]
pub struct PaymentCreateInput {
    /// Who paid.
    #[garde(skip)]
    customer_id: Gid<CustomerId>,
    /// What was paid on; without one it counts towards the balance.
    #[garde(skip)]
    invoice_id: Option<Gid<InvoiceId>>,
    /// What was paid with: one of the customer's, still attached.
    #[garde(skip)]
    method_id: Option<Gid<PaymentMethodId>>,
    /// In minor units of the invoice's currency, or the provider's.
    #[garde(skip)]
    amount: BigInt,
    /// Chosen by the client, once per payment: sent again, it answers with the payment of the first time.
    #[garde(custom(reference), length(chars, min = 8, max = 100))]
    idempotency_key: String,
}

crate::payloads! { PaymentCreatePayload { payment: Payment } }

/// What can be changed about payments.
#[derive(Default)]
pub struct PaymentMutation;

#[Object]
impl PaymentMutation {
    /// Records a payment. What staff records has succeeded; what a customer announces is pending until staff sees it.
    async fn payment_create(
        &self,
        ctx: &Context<'_>,
        input: PaymentCreateInput,
    ) -> Maybe<PaymentCreatePayload> {
        certain(async { create(ctx, input).await }).await
    }
}

async fn create(ctx: &Context<'_>, input: PaymentCreateInput) -> Result<Outcome<payment::Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "paymentCreate", async || {
        let customer = Scoped::<customer::Entity>::of(operation).get(input.customer_id.0).await?;
        let invoice = match input.invoice_id {
            Some(id) => Some(Scoped::<invoice::Entity>::of(operation).get(id.0).await?),
            None => None,
        };
        if invoice.as_ref().is_some_and(|invoice| invoice.customer_id != customer.id) {
            return Err(Error::NotFound);
        }
        let method = match input.method_id {
            Some(id) => Some(method_of(operation, id.0, customer.id).await?),
            None => None,
        };
        let is_seen = operation.identity()?.kind == UserKind::Staff;
        // Whatever became of it since: who asks again has not heard that it was done.
        if let Some(first) = same_key(operation, &customer, &input).await? {
            accept!(same_payment(&first, &input, is_seen));
            return Ok(Change::Same(first));
        }
        let mut given = Given::checked(&input);
        if method.as_ref().is_some_and(|method| method.status == PaymentMethodStatus::Detached) {
            given.refuse(UserError::on("methodId", UserErrorCode::Invalid, "was detached"));
        }
        if !(1..=100_000_000_000).contains(&input.amount.0) {
            given.refuse(UserError::on(
                "amount",
                UserErrorCode::Invalid,
                "is not an amount that can be paid",
            ));
        }
        given.note("invoice", input.invoice_id.is_some());
        given.note("method", method.is_some());
        given.note("amount", true);
        let names = accept!(given.finish());
        let currency = match &invoice {
            Some(invoice) => invoice.currency.clone(),
            None => Scoped::<tenant::Entity>::of(operation).get(customer.tenant_id).await?.currency,
        };
        let identity = operation.identity()?;
        if let Some(invoice) = &invoice {
            let paid = accept!(payable(invoice, input.amount.0));
            if is_seen {
                pay(operation, invoice, paid).await?;
            }
        }
        if is_seen {
            balance::add(operation, customer.id, -input.amount.0).await?;
        }
        let now = operation.clock.now();
        let row = payment::ActiveModel {
            id: Set(PaymentId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(customer.tenant_id),
            reseller_id: Set(customer.reseller_id),
            customer_id: Set(customer.id),
            invoice_id: Set(invoice.map(|invoice| invoice.id)),
            method_id: Set(method.map(|method| method.id)),
            status: Set(if is_seen { PaymentStatus::Succeeded } else { PaymentStatus::Pending }),
            amount: Set(input.amount.0),
            refunded_amount: Set(0),
            currency: Set(currency),
            paid_at: Set(is_seen.then_some(now)),
            failure_code: Set(None),
            processor_reference: Set(None),
            idempotency_key: Set(input.idempotency_key.clone()),
            recorded_by: Set(Some(identity.user)),
            created_at: Set(now),
        };
        let added = Scoped::<payment::Entity>::of(operation).insert(row).await;
        let added = match added {
            // Sent twice at the same moment: the other one was first, and its answer is the right one.
            Err(Error::Taken(_)) => return Err(Error::Conflict),
            added => added?,
        };
        let event = Event::done(EventType::PaymentCreated, subject(&added));
        Ok(Change::Done(added, event.fields(names)))
    })
    .await
}

/// What a customer pays with.
///
/// # Errors
/// [`Error::NotFound`] when it is another's, or the viewer does not reach it.
async fn method_of(
    operation: &Arc<Operation>,
    id: PaymentMethodId,
    customer: CustomerId,
) -> Result<payment_method::Model> {
    let found = Scoped::<payment_method::Entity>::of(operation).get(id).await?;
    if found.customer_id == customer { Ok(found) } else { Err(Error::NotFound) }
}

async fn same_key(
    operation: &Arc<Operation>,
    customer: &customer::Model,
    input: &PaymentCreateInput,
) -> Result<Option<payment::Model>> {
    Scoped::<payment::Entity>::of(operation)
        .one(|rows| {
            rows.filter(payment::Column::CustomerId.eq(customer.id))
                .filter(payment::Column::IdempotencyKey.eq(input.idempotency_key.clone()))
        })
        .await
}

/// A customer announces payments, staff has seen them: neither is the other, whoever was first with a key.
fn same_payment(first: &payment::Model, input: &PaymentCreateInput, is_seen: bool) -> Outcome<()> {
    let same = (first.status != PaymentStatus::Pending) == is_seen
        && first.amount == input.amount.0
        && first.invoice_id == input.invoice_id.map(|id| id.0)
        && first.method_id == input.method_id.map(|id| id.0);
    if same {
        return Ok(());
    }
    Err(vec![UserError::on("idempotencyKey", UserErrorCode::Taken, "was used for another payment")])
}

/// What will have been paid on an invoice after an amount, never more than its total.
fn payable(invoice: &invoice::Model, amount: i64) -> Outcome<i64> {
    let refuse = |field: &str, text: &str| Err(vec![UserError::on(field, UserErrorCode::Invalid, text)]);
    if !matches!(invoice.status, InvoiceStatus::Issued | InvoiceStatus::PartiallyPaid) {
        return refuse("invoiceId", "nothing is to be paid on it");
    }
    let paid = invoice.amount_paid.saturating_add(amount);
    if paid > invoice.total {
        return refuse("amount", "is more than what is left to pay");
    }
    Ok(paid)
}

/// Notes how much of an invoice is paid.
///
/// # Errors
/// [`Error::Conflict`] when another payment came first: the second of two at once is told to try again.
async fn pay(operation: &Arc<Operation>, invoice: &invoice::Model, paid: i64) -> Result<()> {
    use InvoiceStatus::{Paid, PartiallyPaid};
    use invoice::Column;

    let is_full = paid == invoice.total;
    let row = invoice::ActiveModel {
        status: Set(if is_full { Paid } else { PartiallyPaid }),
        amount_paid: Set(paid),
        paid_at: Set(is_full.then(|| operation.clock.now())),
        ..Default::default()
    };
    let unchanged = Column::AmountPaid.eq(invoice.amount_paid).and(Column::Status.eq(invoice.status));
    match Scoped::<invoice::Entity>::of(operation)
        .change(invoice.id, row, |update| update.filter(unchanged))
        .await
    {
        Err(Error::NotFound) => Err(Error::Conflict),
        changed => changed.map(drop),
    }
}

pub(super) fn subject(row: &payment::Model) -> Subject {
    Subject::row("Payment", row.id, row.tenant_id).of_customer(row.customer_id, row.reseller_id)
}
