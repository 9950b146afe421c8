//! `passwordResetRequest`, `passwordResetConfirm`: a new password for who forgot his, the first for who was invited.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Context, Object};
use chrono::TimeDelta;
use custodian_entity::account_token;
use custodian_entity::choice::{TokenPurpose, UserStatus};
use custodian_entity::id::UserId;
use custodian_entity::user;
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Set};
use secrecy::SecretString;

use super::{Accounts, Guess, issue_token, noting, set_password, token};
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authn::username::normalised;
use crate::authn::{ANONYMOUS, admitted_by};
use crate::authz::{InOperation, Operation, mask};
use crate::database::Settings;
use crate::error::{Error, Result};
use crate::graphql::scalar::DateTime;
use crate::graphql::{Maybe, Outcome, UserError, UserErrorCode, certain};
use crate::mail::{Link, Notice, Outbox};

/// When a request for a link is answered, whatever there was to do: more than that takes.
const ANSWERED_AFTER: Duration = Duration::from_millis(300);

crate::payloads! {
    PasswordResetRequestPayload { requested_at: DateTime }
    PasswordResetConfirmPayload { changed_at: DateTime }
}

/// What can be changed about a password that is not known.
#[derive(Default)]
pub struct ResetMutation;

#[Object]
impl ResetMutation {
    /// Sends a link to the address of this account by which a new password can be chosen. The answer is the same whether
    /// there is such an account or not.
    async fn password_reset_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(validator(max_length = 320))] username: String,
    ) -> Maybe<PasswordResetRequestPayload> {
        certain(async {
            let username = normalised(&username);
            let (done, ()) = tokio::join!(request(ctx, &username), tokio::time::sleep(ANSWERED_AFTER));
            done
        })
        .await
    }

    /// Puts a password in place by the token of a link: a new one, with which every session ends, or the first one of an
    /// account that somebody was invited to. The second factor stays as it is, and nobody is signed in.
    async fn password_reset_confirm(
        &self,
        ctx: &Context<'_>,
        #[graphql(validator(max_length = 64))] token: String,
        #[graphql(validator(max_length = 512))] new_password: String,
    ) -> Maybe<PasswordResetConfirmPayload> {
        certain(confirm(ctx, &token.into(), &new_password.into())).await
    }
}

async fn request(ctx: &Context<'_>, username: &str) -> Result<Outcome<DateTime>> {
    let (operation, accounts, outbox) = (ctx.operation()?, Accounts::of(ctx)?, Outbox::of(ctx)?);
    operation.end().await?;
    let address = operation.origin.ip.map(Guess::Address);
    let guesses: Vec<_> = [Guess::Letter(username)].into_iter().chain(address).collect();
    accounts.attempt(&operation.told(noting(None)), &guesses).await?;
    let reading = operation.told(Settings::of_sign_in());
    let found = who_may_ask(&reading, username).await?;
    reading.end().await?;
    let noting = operation.told(noting(found.as_ref()));
    recorded(&noting, "passwordResetRequest", async || {
        let now = DateTime(noting.clock.now());
        let kind = EventType::PasswordResetRequested;
        // As it is now: what changed meanwhile is answered like what never was.
        let held = match found {
            Some(user) => Some(super::named_and_addressed(&noting, hold(&noting, user.id).await?).await?),
            None => None,
        };
        let is_open = |user: &user::Model| user.status == UserStatus::Active && !is_held_back(user, now.0);
        let Some(user) = held.filter(is_open) else {
            let masked = mask::username(username);
            let event = Event::done(kind, Subject::default()).username(masked).in_role(ANONYMOUS);
            return Ok(Change::Done(now, event.failed()));
        };
        let valid_for = accounts.reset_lasts();
        let token = issue_token(&noting, user.id, TokenPurpose::PasswordReset, valid_for).await?;
        let notice = Notice::PasswordReset(Link { token: &token, valid_for });
        outbox.queue(&noting, user.tenant_id, &user.email, notice).await?;
        let event = Event::done(kind, Subject::row("User", user.id, user.tenant_id));
        Ok(Change::Done(now, event.by(user.id).in_role(ANONYMOUS)))
    })
    .await
}

/// The account of this name, if it may sign in once it has a password, and a letter may choose that now.
#[expect(clippy::disallowed_methods, reason = "runs before there is a viewer whose rows could be scoped")]
async fn who_may_ask(reading: &Operation, username: &str) -> Result<Option<user::Model>> {
    let transaction = reading.transaction().await?;
    let named = user::Entity::find().filter(super::named(reading, username).await?);
    let Some(user) = named.one(&*transaction).await? else { return Ok(None) };
    let is_open = !is_held_back(&user, reading.clock.now());
    let user = super::named_and_addressed(reading, user).await?;
    Ok(admitted_by(&*transaction, &user).await?.filter(|_| is_open).map(|_| user))
}

/// The account as it is now: requests for it, and changes of its address, come one after the other.
#[expect(clippy::disallowed_methods, reason = "the account that a link is asked for, or was sent to")]
async fn hold(noting: &Operation, user: UserId) -> Result<user::Model> {
    let transaction = noting.transaction().await?;
    let held = user::Entity::find_by_id(user).lock_exclusive().one(&*transaction).await?;
    held.ok_or(Error::Conflict)
}

/// Whether no letter of this time may choose the account's password: its address became another one since, or lately.
pub(super) fn is_held_back(user: &user::Model, letter_of: DateTimeUtc) -> bool {
    user.reset_not_before.is_some_and(|time| letter_of < time)
}

async fn confirm(ctx: &Context<'_>, token: &SecretString, new: &SecretString) -> Result<Outcome<DateTime>> {
    let (operation, accounts, outbox) = (ctx.operation()?, Accounts::of(ctx)?, Outbox::of(ctx)?);
    // Nothing of the database is held while a password is hashed.
    operation.end().await?;
    let address: Vec<_> = operation.origin.ip.map(Guess::Address).into_iter().collect();
    let attempt = accounts.attempt(&operation.told(noting(None)), &address).await?;
    let reading = operation.told(Settings::of_sign_in());
    let found = token::find(&reading, token).await?;
    reading.end().await?;
    let Some((token, user)) = found else { return Ok(Err(refused(UserErrorCode::Invalid))) };
    let refusal = match token.used_at {
        None if token.expires_at <= operation.clock.now() => UserErrorCode::TokenExpired,
        _ => UserErrorCode::TokenUsed,
    };
    let new = match token.used_at.is_none() && refusal != UserErrorCode::TokenExpired {
        true => match accounts.choose("newPassword", &user, new).await? {
            Ok(chosen) => Some(chosen.hashed().await?),
            Err(reasons) => return Ok(Err(reasons)),
        },
        false => None,
    };
    let is_invitation = token.purpose == TokenPurpose::Invitation;
    let kind = if is_invitation { EventType::InvitationAccepted } else { EventType::PasswordReset };
    let noting = operation.told(noting(Some(&user)));
    let changed = recorded(&noting, "passwordResetConfirm", async || {
        let event = Event::done(kind, Subject::row("User", user.id, user.tenant_id));
        let event = event.by(user.id).in_role(ANONYMOUS);
        let now = hold(&noting, user.id).await?;
        if now.status != user.status || is_held_back(&now, token.issued_at) {
            return Err(Error::Conflict);
        }
        let new = match new {
            Some(new) if token::spend(&noting, &token).await? => new,
            _ => return Ok(Change::<_, Infallible>::Done(Err(refused(refusal)), event.failed())),
        };
        attempt.give_back(&noting).await?;
        set_password(&noting, user.id, new).await?;
        accounts.unlock(&noting, user_name(&user)).await?;
        if is_invitation {
            activate(&noting, &token).await?;
        } else {
            outbox.queue(&noting, user.tenant_id, &user.email, Notice::PasswordChanged).await?;
        }
        Ok(Change::Done(Ok(DateTime(noting.clock.now())), event))
    })
    .await?;
    let Ok(changed) = changed;
    Ok(changed)
}

fn refused(code: UserErrorCode) -> Vec<UserError> {
    let message = match code {
        UserErrorCode::TokenUsed => "was used before",
        UserErrorCode::TokenExpired => "is not valid any longer",
        _ => "is of no link, or of one that a newer one replaced",
    };
    vec![UserError::on("token", code, message)]
}

#[expect(clippy::disallowed_methods, reason = "failed sign-ins are counted by the user name")]
fn user_name(user: &user::Model) -> &str {
    user.username.expose().map(String::as_str).unwrap_or_default()
}

/// Makes an account active to which somebody was invited.
#[expect(clippy::disallowed_methods, reason = "the account whose invitation was just used up")]
async fn activate(noting: &Arc<Operation>, token: &account_token::Model) -> Result<()> {
    let row = user::ActiveModel { status: Set(UserStatus::Active), ..Default::default() };
    let transaction = noting.transaction().await?;
    let invited = user::Column::Id.eq(token.user_id).and(user::Column::Status.eq(UserStatus::Invited));
    let changed = user::Entity::update_many().set(row).filter(invited).exec(&*transaction).await?;
    if changed.rows_affected == 1 { Ok(()) } else { Err(Error::Conflict) }
}

impl Accounts {
    fn reset_lasts(&self) -> TimeDelta {
        TimeDelta::minutes(self.links.reset_minutes.into())
    }

    /// How long an invitation can be accepted.
    pub fn invitation_lasts(&self) -> TimeDelta {
        TimeDelta::days(self.links.invitation_days.into())
    }
}
