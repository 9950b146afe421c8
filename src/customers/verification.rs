//! `EmailVerification`: a letter asks whoever reads mail at an address whether it is the customer's.
//!
//! | its token comes | then |
//! |---|---|
//! | within a day, for the first time | the address is verified; where it is another than the customer's, it takes its place |
//! | later, again, or after a newer one was asked for | nothing happens, whichever it was |
//!
//! A customer has one that is pending at most. The address that a customer is to have is kept nowhere else.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime as Time, TimeDelta, Utc};
use custodian_entity::choice::VerificationStatus;
use custodian_entity::customer;
use custodian_entity::email_verification::{ActiveModel, Column, Entity, Model};
use custodian_entity::id::{CustomerId, EmailVerificationId, TypedId};
use custodian_entity::personal::Email;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, Set};

use crate::authz::{InOperation, Operation, Pii, Scoped, field};
use crate::crypto::{opaque_token, token_hash};
use crate::error::{Error, Result};
use crate::graphql::scalar::DateTime;
use crate::graphql::{Choice, id};
use crate::mail::{Link, Notice, Outbox};

crate::nodes! {
    /// A question to whoever reads mail at an address whether it is the customer's.
    EmailVerification of email_verification;
}

/// How long a token is good (DOMAIN, "Lifecycles").
const GOOD_FOR: TimeDelta = TimeDelta::hours(24);

/// So many letters a customer gets within [`WINDOW`], so that nobody's mailbox is filled.
const MOST: usize = 5;
const WINDOW: TimeDelta = TimeDelta::hours(1);

/// A question to whoever reads mail at an address whether it is the customer's.
#[Object]
impl EmailVerification {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// What became of it.
    async fn status(&self, ctx: &Context<'_>) -> Result<Choice<VerificationStatus>> {
        Ok(Choice(status(&self.0, ctx.operation()?.clock.now())))
    }
    /// When it was asked.
    async fn requested_at(&self) -> DateTime {
        DateTime(self.0.requested_at)
    }
    /// Until when the link in the letter is good.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }
    /// When the address was verified.
    async fn verified_at(&self) -> Option<DateTime> {
        self.0.verified_at.map(DateTime)
    }
    /// How often somebody followed the link, whether or not it was good.
    async fn attempt_count(&self) -> i32 {
        self.0.attempt_count
    }
    /// The address asked about: the customer's, or the one it is to have.
    async fn email(&self) -> Pii<Email, { field("EmailVerification.email") }> {
        Pii(self.0.email.clone())
    }
}

/// What became of it, also when nobody has noted yet that its time is over.
pub(super) fn status(row: &Model, now: Time<Utc>) -> VerificationStatus {
    match row.status {
        VerificationStatus::Pending if row.expires_at <= now => VerificationStatus::Expired,
        status => status,
    }
}

/// The one that waits for an answer, if there is one.
pub(super) async fn pending(operation: &Arc<Operation>, customer: CustomerId) -> Result<Option<Model>> {
    let now = operation.clock.now();
    Scoped::<Entity>::of(operation)
        .opening([Column::Email])
        .one(|rows| {
            rows.filter(Column::CustomerId.eq(customer))
                .filter(Column::Status.eq(VerificationStatus::Pending))
                .filter(Column::ExpiresAt.gt(now))
        })
        .await
}

/// How many seconds until the customer may be written to again, if it may not now.
pub(super) async fn wait(operation: &Arc<Operation>, customer: CustomerId) -> Result<Option<u64>> {
    let now = operation.clock.now();
    let lately = Scoped::<Entity>::of(operation)
        .all(|rows| {
            rows.filter(Column::CustomerId.eq(customer))
                .filter(Column::RequestedAt.gt(now - WINDOW))
                .order_by_asc(Column::RequestedAt)
        })
        .await?;
    let Some(in_the_way) = lately.len().checked_sub(MOST).and_then(|excess| lately.get(excess)) else {
        return Ok(None);
    };
    let wait = in_the_way.requested_at + WINDOW - now;
    Ok(Some(u64::try_from(wait.num_milliseconds()).unwrap_or_default().div_ceil(1_000)))
}

/// Asks, within the running transaction. What was asked before is superseded.
pub(super) async fn ask(ctx: &Context<'_>, customer: &customer::Model, email: Email) -> Result<Model> {
    let operation = ctx.operation()?;
    let (rows, now) = (Scoped::<Entity>::of(operation), operation.clock.now());
    let expired = (VerificationStatus::Expired, Column::ExpiresAt.lte(now));
    let superseded = (VerificationStatus::Superseded, Column::ExpiresAt.gt(now));
    for (status, when) in [expired, superseded] {
        let row = ActiveModel { status: Set(status), ..Default::default() };
        rows.change_all(|update| {
            update
                .set(row)
                .filter(Column::CustomerId.eq(customer.id))
                .filter(Column::Status.eq(VerificationStatus::Pending))
                .filter(when)
        })
        .await?;
    }
    let token = opaque_token().map_err(Error::internal)?;
    let row = ActiveModel {
        id: Set(EmailVerificationId::from_uuid(operation.clock.new_uuid())),
        tenant_id: Set(customer.tenant_id),
        reseller_id: Set(customer.reseller_id),
        customer_id: Set(customer.id),
        status: Set(VerificationStatus::Pending),
        email: Set(email.clone()),
        token_hash: Set(token_hash(&token)),
        requested_at: Set(now),
        expires_at: Set(now + GOOD_FOR),
        verified_at: Set(None),
        attempt_count: Set(0),
    };
    let asked = rows.insert(row).await?;
    let notice = Notice::EmailVerification(Link { token: &token, valid_for: GOOD_FOR });
    Outbox::of(ctx)?.queue(operation, customer.tenant_id, &email, notice).await?;
    Ok(asked)
}
