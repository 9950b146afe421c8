//! `emailVerificationSend`, `customerEmailChange`

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::CustomerStatus;
use custodian_entity::customer::{Column, Entity, Model};
use custodian_entity::id::CustomerId;
use custodian_entity::personal::Email;
use sea_orm::{ColumnTrait, QueryFilter};

use super::mutation::subject;
use super::{Customer, EmailVerification, verification};
use crate::accept;
use crate::audit::{Change, Event, EventType, recorded};
use crate::authz::{InOperation, Level, Operation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::scalar::EmailAddress;
use crate::graphql::{Gid, Maybe, Outcome, UserError, UserErrorCode, certain, validate};
use crate::vault::Index;

/// Whose address is to be verified.
#[derive(InputObject)]
pub struct EmailVerificationSendInput {
    /// Which customer.
    customer_id: Gid<CustomerId>,
}

/// Another address for a customer.
#[derive(InputObject)]
pub struct CustomerEmailChangeInput {
    /// Which customer.
    id: Gid<CustomerId>,
    /// Where it is to get mail; unique among the customers of the provider, or of the partner it comes through.
    email: EmailAddress,
}

crate::payloads! {
    EmailVerificationSendPayload { email_verification: EmailVerification }
    CustomerEmailChangePayload { customer: Customer }
}

/// What can be asked about customers' e-mail addresses.
#[derive(Default)]
pub struct VerificationMutation;

#[Object]
impl VerificationMutation {
    /// Sends a letter with a link by which whoever reads it confirms that the address is the customer's: the one that it is
    /// to have, if it waits for one, or else the one that it has. The link is good once, within 24 hours; links of earlier
    /// letters are good no longer. At most five letters an hour to each customer.
    async fn email_verification_send(
        &self,
        ctx: &Context<'_>,
        input: EmailVerificationSendInput,
    ) -> Maybe<EmailVerificationSendPayload> {
        certain(send(ctx, input)).await
    }

    /// Asks for another e-mail address, which takes effect once it is confirmed from there; a letter says how, as
    /// `emailVerificationSend` does. Then the address before is told, without the new one.
    async fn customer_email_change(
        &self,
        ctx: &Context<'_>,
        input: CustomerEmailChangeInput,
    ) -> Maybe<CustomerEmailChangePayload> {
        certain(change(ctx, input)).await
    }
}

async fn send(
    ctx: &Context<'_>,
    input: EmailVerificationSendInput,
) -> Result<Outcome<custodian_entity::email_verification::Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "emailVerificationSend", async || {
        let customers = Scoped::<Entity>::of(operation).opening([Column::Email]);
        let customer = customers.get(input.customer_id.0).await?;
        let email = match verification::pending(operation, customer.id).await? {
            Some(pending) => pending.email,
            None => accept!(unverified(&customer)),
        };
        if let Some(seconds) = verification::wait(operation, customer.id).await? {
            return Ok(Change::Denied(Error::RateLimited(seconds), limited(&customer)));
        }
        let asked = verification::ask(ctx, &customer, email).await?;
        Ok(Change::Done(asked, Event::done(EventType::EmailVerificationSent, subject(&customer))))
    })
    .await
}

async fn change(ctx: &Context<'_>, input: CustomerEmailChangeInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "customerEmailChange", async || {
        let customer = Scoped::<Entity>::of(operation).get(input.id.0).await?;
        let email = accept!(validate::email("email", &input.email.0));
        if customer.status == CustomerStatus::Anonymized {
            accept!(Err(vec![refused(UserErrorCode::Invalid, "its data were erased")]));
        }
        if is_known_to_be_taken(operation, &customer, &email).await? {
            accept!(Err(vec![UserError::on("email", UserErrorCode::Taken, "is in use already")]));
        }
        if let Some(seconds) = verification::wait(operation, customer.id).await? {
            return Ok(Change::Denied(Error::RateLimited(seconds), limited(&customer)));
        }
        verification::ask(ctx, &customer, email).await?;
        let event = Event::done(EventType::EmailChangeRequested, subject(&customer)).fields(vec!["email"]);
        Ok(Change::Done(customer, event))
    })
    .await
}

/// Whether another customer has the address, as far as the viewer could find out by asking for customers that have it. Who
/// could not learns nothing here: the address is looked at again when it is confirmed, by whoever reads its mail.
#[expect(clippy::disallowed_methods, reason = "what is asked for, on its way into a tag")]
async fn is_known_to_be_taken(
    operation: &std::sync::Arc<Operation>,
    customer: &Model,
    email: &Email,
) -> Result<bool> {
    if operation.rights.level_by_name("Customer.email") != Level::Clear {
        return Ok(false);
    }
    let Some(address) = email.expose() else { return Ok(false) };
    let tag = operation.keys.tag(customer.tenant_id, Index::Email, address).await?;
    let others = Scoped::<Entity>::of(operation)
        .count(|rows| {
            rows.filter(Column::TenantId.eq(customer.tenant_id))
                .filter(match customer.reseller_id {
                    Some(reseller) => Column::ResellerId.eq(reseller),
                    None => Column::ResellerId.is_null(),
                })
                .filter(Column::EmailIndex.eq(tag))
                .filter(Column::Id.ne(customer.id))
        })
        .await?;
    Ok(others > 0)
}

/// The customer's own address, where it is yet to be verified.
fn unverified(customer: &Model) -> Outcome<Email> {
    match &customer.email {
        None => Err(vec![refused(UserErrorCode::Required, "it has no e-mail address")]),
        Some(_) if customer.email_verified_at.is_some() => {
            Err(vec![refused(UserErrorCode::Invalid, "its e-mail address is verified")])
        }
        Some(email) => Ok(email.clone()),
    }
}

fn refused(code: UserErrorCode, message: &str) -> UserError {
    UserError { field: None, code, message: message.to_owned() }
}

fn limited(customer: &Model) -> Event {
    Event::denied(EventType::RateLimited, subject(customer))
}
