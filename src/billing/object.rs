//! `Invoice`, `InvoiceLine`, `Payment`

use async_graphql::{Context, ID, Object};
use custodian_entity::choice::{InvoiceStatus, PaymentFailureCode, PaymentStatus};
use custodian_entity::{customer, invoice, payment_method, user};
use rust_decimal::Decimal;

use super::PaymentMethod;
use crate::authz::{InOperation, Withheld, field};
use crate::customers::Customer;
use crate::error::{Error, Result};
use crate::graphql::link::{nodes, one};
use crate::graphql::scalar::{CurrencyCode, Date, DateTime, Money, money};
use crate::graphql::{Choice, Maybe, certain, id, maybe};
use crate::users::User;

crate::nodes! {
    /// An invoice.
    Invoice of invoice;
    /// A line of an invoice.
    InvoiceLine of invoice_line;
    /// A payment a customer made.
    Payment of payment;
}

/// An invoice. Its lines are frozen once it is issued.
#[Object]
impl Invoice {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// Without gaps within the provider once issued; a draft has a provisional one.
    async fn number(&self) -> &str {
        &self.0.number
    }
    /// Where it stands in its lifecycle.
    async fn status(&self) -> Choice<InvoiceStatus> {
        Choice(self.0.status)
    }
    /// Whether it is issued, not fully paid, and past its due date.
    async fn is_overdue(&self, ctx: &Context<'_>) -> Result<bool> {
        let open = matches!(self.0.status, InvoiceStatus::Issued | InvoiceStatus::PartiallyPaid);
        Ok(open && self.0.due_date < ctx.operation()?.clock.today())
    }
    /// The date on it.
    async fn issue_date(&self) -> Date {
        Date(self.0.issue_date)
    }
    /// When it is to be paid.
    async fn due_date(&self) -> Date {
        Date(self.0.due_date)
    }
    /// First day of the period billed.
    async fn period_start(&self) -> Option<Date> {
        self.0.period_start.map(Date)
    }
    /// Last day of the period billed.
    async fn period_end(&self) -> Option<Date> {
        self.0.period_end.map(Date)
    }
    /// The currency of all its amounts.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency.clone())
    }
    /// When it was paid in full.
    async fn paid_at(&self) -> Option<DateTime> {
        self.0.paid_at.map(DateTime)
    }
    /// The lines without tax.
    async fn subtotal(&self) -> Option<Withheld<Money, { field("Invoice.subtotal") }>> {
        Some(Withheld(money(self.0.subtotal, &self.0.currency)))
    }
    /// The tax.
    async fn tax_total(&self) -> Option<Withheld<Money, { field("Invoice.taxTotal") }>> {
        Some(Withheld(money(self.0.tax_total, &self.0.currency)))
    }
    /// The lines with tax.
    async fn total(&self) -> Option<Withheld<Money, { field("Invoice.total") }>> {
        Some(Withheld(money(self.0.total, &self.0.currency)))
    }
    /// What is left to pay.
    async fn amount_due(&self) -> Option<Withheld<Money, { field("Invoice.amountDue") }>> {
        let due = match self.0.status {
            InvoiceStatus::Void => 0,
            _ => self.0.total.saturating_sub(self.0.amount_paid),
        };
        Some(Withheld(money(due, &self.0.currency)))
    }
    /// Its lines, in order.
    async fn lines(&self, ctx: &Context<'_>) -> Maybe<Vec<InvoiceLine>> {
        certain(async {
            let mut lines = nodes::<InvoiceLine>(ctx, "invoice_id", self.0.id).await?;
            lines.sort_by_key(|line| line.0.position);
            Ok::<_, Error>(lines)
        })
        .await
    }
    /// A remark for the customer.
    async fn memo(&self) -> Option<&str> {
        self.0.memo.as_deref()
    }
    /// A remark among staff.
    async fn internal_note(&self) -> Option<&str> {
        self.0.internal_note.as_deref()
    }
    /// Why it was voided.
    async fn void_reason(&self) -> Option<&str> {
        self.0.void_reason.as_deref()
    }
    /// Who is to pay it.
    async fn customer(&self, ctx: &Context<'_>) -> Maybe<Customer> {
        maybe(one::<customer::Entity>(ctx, Some(self.0.customer_id))).await
    }
    /// What was paid on it.
    async fn payments(&self, ctx: &Context<'_>) -> Maybe<Vec<Payment>> {
        certain(nodes::<Payment>(ctx, "invoice_id", self.0.id)).await
    }
}

/// A line of an invoice.
#[Object]
impl InvoiceLine {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// What is billed.
    async fn description(&self) -> Option<&str> {
        Some(&self.0.description)
    }
    /// How much of it; three decimals.
    async fn quantity(&self) -> Option<Decimal> {
        Some(Decimal::new(self.0.quantity, 3).normalize())
    }
    /// What one costs.
    async fn unit_price(&self) -> Option<Withheld<Money, { field("InvoiceLine.unitPrice") }>> {
        Some(Withheld(money(self.0.unit_price, &self.0.currency)))
    }
    /// Quantity times price, without tax.
    async fn amount(&self) -> Option<Withheld<Money, { field("InvoiceLine.amount") }>> {
        Some(Withheld(money(self.0.amount, &self.0.currency)))
    }
    /// As a fraction: `0.21` is 21 percent.
    async fn tax_rate(&self) -> Option<Decimal> {
        Some(Decimal::new(self.0.tax_rate, 4).normalize())
    }
}

/// A payment a customer made.
#[Object]
impl Payment {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// Where it stands in its lifecycle.
    async fn status(&self) -> Choice<PaymentStatus> {
        Choice(self.0.status)
    }
    /// When it was made.
    async fn paid_at(&self) -> Option<DateTime> {
        self.0.paid_at.map(DateTime)
    }
    /// What was paid back.
    async fn refunded_amount(&self) -> Option<Withheld<Money, { field("Payment.refundedAmount") }>> {
        Some(Withheld(money(self.0.refunded_amount, &self.0.currency)))
    }
    /// What was paid.
    async fn amount(&self) -> Option<Withheld<Money, { field("Payment.amount") }>> {
        Some(Withheld(money(self.0.amount, &self.0.currency)))
    }
    /// What was paid with.
    async fn method(&self, ctx: &Context<'_>) -> Maybe<PaymentMethod> {
        maybe(one::<payment_method::Entity>(ctx, self.0.method_id)).await
    }
    /// Why it failed.
    async fn failure_code(&self) -> Option<Choice<PaymentFailureCode>> {
        self.0.failure_code.map(Choice)
    }
    /// The number the payment processor knows it by.
    async fn processor_reference(&self) -> Option<&str> {
        self.0.processor_reference.as_deref()
    }
    /// Who recorded it.
    async fn recorded_by(&self, ctx: &Context<'_>) -> Maybe<User> {
        maybe(one::<user::Entity>(ctx, self.0.recorded_by)).await
    }
    /// Who paid.
    async fn customer(&self, ctx: &Context<'_>) -> Maybe<Customer> {
        maybe(one::<customer::Entity>(ctx, Some(self.0.customer_id))).await
    }
    /// What was paid on.
    async fn invoice(&self, ctx: &Context<'_>) -> Maybe<Invoice> {
        maybe(one::<invoice::Entity>(ctx, self.0.invoice_id)).await
    }
}
