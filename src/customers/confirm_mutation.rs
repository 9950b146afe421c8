//! `emailVerificationConfirm`: by who brings the token of a letter, signed in or not.

#![expect(
    clippy::disallowed_methods,
    reason = "there is no viewer whose rows could be scoped: the token says whose it is"
)]

use std::convert::Infallible;
use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};
use chrono::TimeDelta;
use custodian_entity::choice::{CustomerStatus, Scope, UserKind, VerificationStatus};
use custodian_entity::email_verification::{ActiveModel, Column, Entity, Model};
use custodian_entity::personal::Email;
use custodian_entity::{customer, user};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Set, SqlErr, TransactionTrait};
use secrecy::SecretString;

use super::mutation::subject;
use super::verification::status;
use crate::accounts::{Accounts, Guess};
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authn::ANONYMOUS;
use crate::authz::{InOperation, Operation, changes};
use crate::crypto::token_hash;
use crate::database::{Settings, scopes};
use crate::error::{Error, Result};
use crate::graphql::scalar::DateTime;
use crate::graphql::{Maybe, Outcome, UserError, UserErrorCode, certain};
use crate::mail::{Notice, Outbox};

/// That an address is one's own.
#[derive(InputObject)]
pub struct EmailVerificationConfirmInput {
    /// Of the newest letter.
    #[graphql(validator(max_length = 200))]
    token: String,
}

crate::payloads! { EmailVerificationConfirmPayload { verified_at: DateTime } }

/// How customers' e-mail addresses are confirmed.
#[derive(Default)]
pub struct ConfirmMutation;

#[Object]
impl ConfirmMutation {
    /// Confirms an e-mail address by the token of the letter that came there: it is verified, and takes the place of the
    /// customer's where it is another. Nobody need sign in. A token that was never given out, is older than 24 hours, was
    /// used, or has a newer one after it, is answered alike; too many of them from one address have to wait.
    async fn email_verification_confirm(
        &self,
        ctx: &Context<'_>,
        input: EmailVerificationConfirmInput,
    ) -> Maybe<EmailVerificationConfirmPayload> {
        certain(confirm(ctx, SecretString::from(input.token))).await
    }
}

async fn confirm(ctx: &Context<'_>, token: SecretString) -> Result<Outcome<DateTime>> {
    let (operation, accounts) = (ctx.operation()?, Accounts::of(ctx)?);
    // Never two transactions at once.
    operation.end().await?;
    let guesses: Vec<_> = operation.origin.ip.map(Guess::Address).into_iter().collect();
    let attempt = accounts.attempt(&operation.told(noting(None)), &guesses).await?;
    let reading = operation.told(Settings::of_verification());
    let found = named(&reading, &token_hash(&token)).await;
    reading.end().await?;
    let found = found?;
    let noting = &operation.told(noting(found.as_ref()));
    let confirmed = recorded(noting, "emailVerificationConfirm", async || {
        let failed = |subject| Event::done(EventType::EmailVerified, subject).failed();
        let Some(found) = &found else {
            return Ok(Change::<_, Infallible>::Done(Err(no_longer_good()), failed(Subject::default())));
        };
        let (row, customer) = tried(noting, found).await?;
        let now = noting.clock.now();
        let is_erased = customer.status == CustomerStatus::Anonymized;
        if status(&row, now) != VerificationStatus::Pending || is_erased {
            return Ok(Change::Done(Err(no_longer_good()), failed(subject(&customer))));
        }
        if !put_in_place(noting, &customer, &row.email).await? {
            let taken = UserError {
                field: None,
                code: UserErrorCode::Taken,
                message: "the address is in use already".into(),
            };
            return Ok(Change::Done(Err(vec![taken]), failed(subject(&customer))));
        }
        let verified = ActiveModel {
            status: Set(VerificationStatus::Verified),
            verified_at: Set(Some(now)),
            ..Default::default()
        };
        let transaction = noting.transaction().await?;
        Entity::update_many().set(verified).filter(Column::Id.eq(row.id)).exec(&*transaction).await?;
        attempt.succeeded(noting).await?;
        let is_new = customer.email.as_ref() != Some(&row.email);
        let kind = if is_new { EventType::EmailChanged } else { EventType::EmailVerified };
        if let Some(before) = customer.email.as_ref().filter(|_| is_new) {
            follow(noting, &customer, before, &row.email).await?;
            Outbox::of(ctx)?.queue(noting, customer.tenant_id, before, Notice::EmailChanged).await?;
        }
        Ok(Change::Done(Ok(DateTime(now)), Event::done(kind, subject(&customer))))
    })
    .await?;
    let Ok(confirmed) = confirmed;
    Ok(confirmed)
}

/// One text for whatever is wrong with a token: who guesses learns of none that it was one.
fn no_longer_good() -> Vec<UserError> {
    let message = "is not, or no longer, good: ask for a new letter";
    vec![UserError::on("token", UserErrorCode::TokenExpired, message)]
}

/// What row-level security is told while an answer is noted: nobody is signed in, and this customer's is the answer.
fn noting(found: Option<&Model>) -> Settings {
    let own = ["Customer", "EmailVerification"].map(|kind| (kind, Scope::Own));
    Settings {
        tenant: found.map(|row| row.tenant_id),
        customer: found.map(|row| row.customer_id),
        role: ANONYMOUS.to_owned(),
        scopes: found.map(|_| scopes(own)).unwrap_or_default(),
        ..Settings::default()
    }
}

async fn named(reading: &Arc<Operation>, hash: &str) -> Result<Option<Model>> {
    let transaction = reading.transaction().await?;
    Ok(Entity::find().filter(Column::TokenHash.eq(hash)).one(&*transaction).await?)
}

/// Counts that its token was brought, and gives it and its customer as they are now: nobody else answers, or asks anew,
/// before this transaction has ended.
async fn tried(noting: &Arc<Operation>, found: &Model) -> Result<(Model, customer::Model)> {
    let transaction = noting.transaction().await?;
    Entity::update_many()
        .col_expr(Column::AttemptCount, Expr::col(Column::AttemptCount).add(1))
        .filter(Column::Id.eq(found.id))
        .exec(&*transaction)
        .await?;
    let row = Entity::find_by_id(found.id).one(&*transaction).await?;
    let customer =
        customer::Entity::find_by_id(found.customer_id).lock_exclusive().one(&*transaction).await?;
    let (row, customer) =
        row.zip(customer).ok_or_else(|| Error::bug("a verification without its customer"))?;
    let row = noting.opened::<Entity>(row, [Column::Email]).await?;
    let customer = noting.opened::<customer::Entity>(customer, [customer::Column::Email]).await?;
    Ok((row, customer))
}

/// Gives the customer the address, verified; not where another has it meanwhile.
async fn put_in_place(noting: &Arc<Operation>, customer: &customer::Model, email: &Email) -> Result<bool> {
    let now = noting.clock.now();
    let row = customer::ActiveModel {
        email: Set(Some(email.clone())),
        email_verified_at: Set(Some(now)),
        updated_at: Set(now),
        ..Default::default()
    };
    let row = noting.sealed_change::<customer::Entity>(customer, row).await?;
    // What is refused must leave the transaction whole, which records it.
    let attempt = noting.transaction().await?.begin().await?;
    let changed = customer::Entity::update_many()
        .set(row)
        .col_expr(customer::Column::Version, Expr::col(customer::Column::Version).add(1))
        .filter(customer::Column::Id.eq(customer.id))
        .exec(&attempt)
        .await;
    match changed {
        Ok(_) => {
            attempt.commit().await?;
            let changed = customer::Model {
                email: Some(email.clone()),
                email_verified_at: Some(now),
                ..customer.clone()
            };
            let changed = customer::Model { version: customer.version + 1, ..changed };
            changes::changed::<customer::Entity>(noting, customer, &changed).await?;
            Ok(true)
        }
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            Ok(attempt.rollback().await.map(|()| false)?)
        }
        Err(error) => Err(error.into()),
    }
}

/// For how long no letter chooses the password of an account whose address has become another: whoever may change
/// addresses, or has found a session open, would otherwise take the account by a mailbox of his own. The old address has
/// been told, and there is time to object.
const HELD_BACK: TimeDelta = TimeDelta::hours(72);

/// The customer's accounts that had its address have the new one: a lost mailbox must not choose passwords, nor a letter
/// that went there before.
async fn follow(
    noting: &Arc<Operation>,
    customer: &customer::Model,
    before: &Email,
    email: &Email,
) -> Result<()> {
    let transaction = noting.transaction().await?;
    let accounts = user::Entity::find()
        .filter(user::Column::CustomerId.eq(customer.id))
        .filter(user::Column::Kind.eq(UserKind::Customer))
        .all(&*transaction)
        .await?;
    for account in accounts {
        let account = noting.opened::<user::Entity>(account, [user::Column::Email]).await?;
        if account.email != *before {
            continue;
        }
        let row = user::ActiveModel {
            email: Set(email.clone()),
            reset_not_before: Set(Some(noting.clock.now() + HELD_BACK)),
            ..Default::default()
        };
        let row = noting.sealed_change::<user::Entity>(&account, row).await?;
        let this = user::Column::Id.eq(account.id);
        user::Entity::update_many().set(row).filter(this).exec(&*transaction).await?;
    }
    Ok(())
}
