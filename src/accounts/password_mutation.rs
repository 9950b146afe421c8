//! `passwordChange`

use std::convert::Infallible;

use async_graphql::{Context, InputObject, Object};
use secrecy::SecretString;

use super::{Accounts, Guess, own, set_password, subject};
use crate::audit::{Change, Event, EventType, recorded};
use crate::authn::password::{self, Verdict};
use crate::authz::InOperation;
use crate::error::Result;
use crate::graphql::scalar::DateTime;
use crate::graphql::{Maybe, Outcome, UserError, UserErrorCode, certain};
use crate::mail::{Notice, Outbox};

/// A new password for the viewer himself.
#[derive(InputObject)]
pub struct PasswordChangeInput {
    /// The one he has.
    #[graphql(validator(max_length = 512))]
    current_password: String,
    /// The one he wants.
    #[graphql(validator(max_length = 512))]
    new_password: String,
}

crate::payloads! { PasswordChangePayload { changed_at: DateTime } }

/// What can be changed about one's password.
#[derive(Default)]
pub struct PasswordMutation;

#[Object]
impl PasswordMutation {
    /// Changes the viewer's own password. Every session ends with it, this one too: sign in anew.
    async fn password_change(
        &self,
        ctx: &Context<'_>,
        input: PasswordChangeInput,
    ) -> Maybe<PasswordChangePayload> {
        certain(async { change(ctx, input).await }).await
    }
}

async fn change(ctx: &Context<'_>, input: PasswordChangeInput) -> Result<Outcome<DateTime>> {
    let (operation, accounts, outbox) = (ctx.operation()?, Accounts::of(ctx)?, Outbox::of(ctx)?);
    let current = SecretString::from(input.current_password);
    let new = SecretString::from(input.new_password);
    let user = own(operation).await?;
    // Nothing of the database is held while passwords are looked at.
    operation.end().await?;
    let chosen = match accounts.choose("newPassword", &user, &new).await? {
        Ok(chosen) => chosen,
        Err(reasons) => return Ok(Err(reasons)),
    };
    let attempt = accounts.attempt(operation, &[Guess::Own(user.id)]).await?;
    let is_right = password::verify(&current, user.password_hash).await? != Verdict::Wrong;
    let new = if is_right { Some(chosen.hashed().await?) } else { None };
    let changed = recorded(operation, "passwordChange", async || {
        let event = Event::done(EventType::PasswordChanged, subject(ctx)?);
        let Some(new) = new else {
            let wrong = UserError::on("currentPassword", UserErrorCode::Invalid, "is not the password");
            return Ok(Change::<_, Infallible>::Done(Err(vec![wrong]), event.failed()));
        };
        attempt.succeeded(operation).await?;
        set_password(operation, user.id, new).await?;
        outbox.queue(operation, user.tenant_id, &user.email, Notice::PasswordChanged).await?;
        Ok(Change::Done(Ok(DateTime(operation.clock.now())), event))
    })
    .await?;
    let Ok(changed) = changed;
    Ok(changed)
}
