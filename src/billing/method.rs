//! `PaymentMethod`

use async_graphql::{Context, ID, Object};
use chrono::{Datelike, NaiveDate};
use custodian_entity::choice::{CardBrand, PaymentMethodKind, PaymentMethodStatus};
use custodian_entity::customer;
use custodian_entity::payment_method::Model;
use custodian_entity::personal::{Iban, Name};

use crate::authz::{InOperation, Pii, Withheld, field};
use crate::customers::Customer;
use crate::error::Result;
use crate::graphql::link::one;
use crate::graphql::scalar::DateTime;
use crate::graphql::{Choice, Maybe, id, maybe};

crate::nodes! {
    /// What a customer pays with.
    PaymentMethod of payment_method;
}

/// What a customer pays with. The number of a card is the processor's to know.
#[Object]
impl PaymentMethod {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// What it is.
    async fn kind(&self) -> Option<Choice<PaymentMethodKind>> {
        Some(Choice(self.0.kind))
    }
    /// Whether it is the one to charge; at most one of a customer's is.
    async fn is_default(&self) -> Option<bool> {
        Some(self.0.is_default)
    }
    /// Whether it can be charged. Once detached it stays for the payments that were made with it.
    async fn status(&self, ctx: &Context<'_>) -> Result<Option<Choice<PaymentMethodStatus>>> {
        Ok(Some(Choice(status(&self.0, ctx.operation()?.clock.today()))))
    }
    /// When it was attached.
    async fn created_at(&self) -> Option<DateTime> {
        Some(DateTime(self.0.created_at))
    }
    /// Whose card it is.
    async fn brand(&self) -> Option<Choice<CardBrand>> {
        self.0.brand.map(Choice)
    }
    /// The last four digits of a card, or of an account without an IBAN.
    async fn last4(&self) -> Option<&str> {
        self.0.last4.as_deref()
    }
    /// The bank of an account.
    async fn bank_name(&self) -> Option<&str> {
        self.0.bank_name.as_deref()
    }
    /// The month through which a card is good.
    async fn exp_month(&self) -> Option<Withheld<i32, { field("PaymentMethod.expMonth") }>> {
        self.0.exp_month.map(Withheld)
    }
    /// The year of that month.
    async fn exp_year(&self) -> Option<Withheld<i32, { field("PaymentMethod.expYear") }>> {
        self.0.exp_year.map(Withheld)
    }
    /// In whose name it is.
    async fn holder_name(&self) -> Option<Pii<Name, { field("PaymentMethod.holderName") }>> {
        self.0.holder_name.clone().map(Pii)
    }
    /// The international number of an account.
    async fn iban(&self) -> Option<Pii<Iban, { field("PaymentMethod.iban") }>> {
        self.0.iban.clone().map(Pii)
    }
    /// Whose it is.
    async fn customer(&self, ctx: &Context<'_>) -> Maybe<Customer> {
        maybe(one::<customer::Entity>(ctx, Some(self.0.customer_id))).await
    }
}

/// Where it stands on a day: an attached card has expired once its month is over.
fn status(row: &Model, today: NaiveDate) -> PaymentMethodStatus {
    let has_expired = row.exp_year.zip(row.exp_month).is_some_and(|until| is_over(until, today));
    match row.status {
        PaymentMethodStatus::Active if has_expired => PaymentMethodStatus::Expired,
        stored => stored,
    }
}

/// Whether a month, year first, is over on a day.
pub(super) fn is_over(month: (i32, i32), today: NaiveDate) -> bool {
    (i64::from(month.0), i64::from(month.1)) < (i64::from(today.year()), i64::from(today.month()))
}
