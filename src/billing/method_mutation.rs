//! `paymentMethodAttach`, `paymentMethodDetach`

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};
use chrono::NaiveDate;
use custodian_entity::choice::{CardBrand, CustomerStatus, PaymentMethodKind, PaymentMethodStatus};
use custodian_entity::customer;
use custodian_entity::id::{CustomerId, PaymentMethodId, TypedId};
use custodian_entity::payment_method::{ActiveModel, Column, Entity, Model};
use custodian_entity::personal::{Name, ProcessorToken};
use garde::Validate;
use sea_orm::{ColumnTrait, ExprTrait, QueryFilter, Set};

use super::PaymentMethod;
use super::method::is_over;
use crate::accept;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::{InOperation, Operation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::validate::{self, Given, line, optional};
use crate::graphql::{Choice, Gid, Maybe, Outcome, UserError, UserErrorCode, certain};

/// What a customer is to pay with, as its processor told it. No part takes the number of a card.
#[derive(InputObject, Validate)]
pub struct PaymentMethodAttachInput {
    /// Whose.
    #[garde(skip)]
    customer_id: Gid<CustomerId>,
    /// What it is.
    #[garde(skip)]
    kind: Choice<PaymentMethodKind>,
    /// Under which the processor charges it. Nobody reads it back.
    #[garde(custom(line), length(chars, max = 255))]
    processor_token: String,
    /// Whether it is the one to charge from now on.
    #[garde(skip)]
    is_default: Option<bool>,
    /// In whose name it is.
    #[garde(inner(custom(line), length(chars, max = 200)))]
    holder_name: Option<String>,
    /// Whose card it is.
    #[garde(skip)]
    brand: Option<Choice<CardBrand>>,
    /// The last four digits of a card, or of an account without an IBAN.
    #[garde(inner(custom(four_digits)))]
    last4: Option<String>,
    /// The month through which a card is good, from 1.
    #[garde(inner(range(min = 1, max = 12)))]
    exp_month: Option<i32>,
    /// The year of that month, with all its digits.
    #[garde(inner(range(min = 2000, max = 2199)))]
    exp_year: Option<i32>,
    /// The bank of an account.
    #[garde(inner(custom(line), length(chars, max = 100)))]
    bank_name: Option<String>,
    /// The international number of an account (ISO 13616-1).
    #[garde(skip)]
    iban: Option<String>,
}

/// What is not to be paid with any longer.
#[derive(InputObject)]
pub struct PaymentMethodDetachInput {
    /// Its id.
    id: Gid<PaymentMethodId>,
}

crate::payloads! {
    PaymentMethodAttachPayload { payment_method: PaymentMethod }
    PaymentMethodDetachPayload { payment_method: PaymentMethod }
}

/// What can be changed about what customers pay with.
#[derive(Default)]
pub struct PaymentMethodMutation;

#[Object]
impl PaymentMethodMutation {
    /// Attaches a card or an account to a customer, by the token under which its processor charges it.
    async fn payment_method_attach(
        &self,
        ctx: &Context<'_>,
        input: PaymentMethodAttachInput,
    ) -> Maybe<PaymentMethodAttachPayload> {
        certain(async { attach(ctx, input).await }).await
    }

    /// Detaches it: token, holder and IBAN are forgotten. Where it was the one to charge, none is.
    async fn payment_method_detach(
        &self,
        ctx: &Context<'_>,
        input: PaymentMethodDetachInput,
    ) -> Maybe<PaymentMethodDetachPayload> {
        certain(async { detach(ctx, input).await }).await
    }
}

/// garde: the end of a number.
fn four_digits(text: &str, _: &()) -> garde::Result {
    if text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(garde::Error::new("is not four digits"))
}

/// Notes what a card or an account lacks, and what it cannot have.
fn check_kind(given: &mut Given, input: &PaymentMethodAttachInput, today: NaiveDate) {
    let is_card = input.kind.0 == PaymentMethodKind::Card;
    let of_card = [
        ("brand", input.brand.is_some()),
        ("expMonth", input.exp_month.is_some()),
        ("expYear", input.exp_year.is_some()),
    ];
    let of_account = [("bankName", input.bank_name.is_some()), ("iban", input.iban.is_some())];
    let (needed, foreign) = if is_card { (&of_card[..], &of_account[..]) } else { (&[][..], &of_card[..]) };
    for (field, _) in needed.iter().filter(|(_, is_given)| !is_given) {
        given.refuse(UserError::on(field, UserErrorCode::Required, "a card has one"));
    }
    for (field, _) in foreign.iter().filter(|(_, is_given)| *is_given) {
        given.refuse(UserError::on(field, UserErrorCode::Invalid, "is not of this kind"));
    }
    match (input.last4.is_some(), input.iban.is_some() && !is_card) {
        (false, false) => {
            given.refuse(UserError::on("last4", UserErrorCode::Required, "by what is it told apart?"));
        }
        // Who is shown the one clear sees the other masked, or not at all.
        (true, true) => given.refuse(UserError::on("last4", UserErrorCode::Invalid, "its IBAN says more")),
        _ => {}
    }
    if input.exp_year.zip(input.exp_month).is_some_and(|until| is_over(until, today)) {
        given.refuse(UserError::on("expYear", UserErrorCode::Invalid, "this card has expired"));
    }
}

async fn attach(ctx: &Context<'_>, input: PaymentMethodAttachInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "paymentMethodAttach", async || {
        let customer = Scoped::<customer::Entity>::of(operation).get(input.customer_id.0).await?;
        let mut row = ActiveModel {
            id: Set(PaymentMethodId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(customer.tenant_id),
            reseller_id: Set(customer.reseller_id),
            customer_id: Set(customer.id),
            is_default: Set(false),
            status: Set(PaymentMethodStatus::Active),
            created_at: Set(operation.clock.now()),
            ..Default::default()
        };
        let mut given = Given::checked(&input);
        if matches!(customer.status, CustomerStatus::Closed | CustomerStatus::Anonymized) {
            given.refuse(UserError::on("customerId", UserErrorCode::Invalid, "this customer has left"));
        }
        check_kind(&mut given, &input, operation.clock.today());
        given.set("kind", &mut row.kind, Some(input.kind.0));
        given.set("isDefault", &mut row.is_default, input.is_default);
        row.processor_token = Set(Some(ProcessorToken::new(input.processor_token.clone())));
        let holder = optional(input.holder_name.as_deref()).map_value(|name| Name::new(name.trim()));
        given.set_or_clear("holderName", &mut row.holder_name, holder);
        given.set_or_clear("brand", &mut row.brand, optional(input.brand).map_value(|brand| brand.0));
        given.set_or_clear("last4", &mut row.last4, optional(input.last4.clone()));
        given.set_or_clear("expMonth", &mut row.exp_month, optional(input.exp_month));
        given.set_or_clear("expYear", &mut row.exp_year, optional(input.exp_year));
        given.set_or_clear("bankName", &mut row.bank_name, optional(input.bank_name.clone()));
        let iban = given.read(optional(input.iban.as_deref()), |text| validate::iban("iban", text));
        given.set_or_clear("iban", &mut row.iban, iban);
        let names = accept!(given.finish());
        if input.is_default == Some(true) {
            no_longer_default(operation, customer.id).await?;
        }
        let added = match Scoped::<Entity>::of(operation).insert(row).await {
            // Another became the default at the same moment.
            Err(Error::Taken(_)) => return Err(Error::Conflict),
            added => added?,
        };
        let event = Event::done(EventType::PaymentMethodAttached, subject(&added));
        Ok(Change::Done(added, event.fields(names)))
    })
    .await
}

async fn no_longer_default(operation: &Arc<Operation>, customer: CustomerId) -> Result<()> {
    let row = ActiveModel { is_default: Set(false), ..Default::default() };
    let of_customer = Column::CustomerId.eq(customer).and(Column::IsDefault.eq(true));
    let methods = Scoped::<Entity>::of(operation);
    methods.change_all(|update| update.set(row).filter(of_customer)).await.map(drop)
}

async fn detach(ctx: &Context<'_>, input: PaymentMethodDetachInput) -> Result<Outcome<Model>> {
    use PaymentMethodStatus::{Active, Detached};

    let operation = ctx.operation()?;
    recorded(operation, "paymentMethodDetach", async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        if before.status == Detached {
            accept!(Err(vec![UserError::transition(Detached, Detached)]));
        }
        let row = ActiveModel {
            status: Set(Detached),
            is_default: Set(false),
            processor_token: Set(None),
            holder_name: Set(None),
            iban: Set(None),
            ..Default::default()
        };
        let is_attached = Column::Status.eq(Active);
        let changed = match rows.change(before.id, row, |update| update.filter(is_attached)).await {
            Err(Error::NotFound) => return Err(Error::Conflict),
            changed => changed?,
        };
        let event = Event::done(EventType::PaymentMethodDetached, subject(&changed));
        Ok(Change::Done(changed, event.step(Active, Detached)))
    })
    .await
}

fn subject(row: &Model) -> Subject {
    Subject::row("PaymentMethod", row.id, row.tenant_id).of_customer(row.customer_id, row.reseller_id)
}
