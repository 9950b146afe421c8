//! `mfaEnrol`, `mfaConfirm`, `mfaDisable`, `mfaVerify`: the viewer's own second factor.

use std::convert::Infallible;

use async_graphql::{Context, Object, SimpleObject};

use super::{Accounts, Guess, factor, subject};
use crate::audit::{Change, Event, EventType, recorded};
use crate::authn::totp::OneTime;
use crate::authz::InOperation;
use crate::error::Result;
use crate::graphql::scalar::DateTime;
use crate::graphql::{Maybe, Outcome, UserError, UserErrorCode, certain};

/// What an authenticator needs. It is told once.
#[derive(SimpleObject)]
pub struct MfaEnrolment {
    /// The secret in base 32, to type.
    secret: String,
    /// The same as `otpauth://totp/…`, to scan.
    uri: String,
}

crate::payloads! {
    MfaEnrolPayload { enrolment: MfaEnrolment }
    MfaConfirmPayload { recovery_codes: Vec<String> }
    MfaDisablePayload { disabled_at: DateTime }
    MfaVerifyPayload { verified_until: DateTime }
}

/// What can be changed about one's second factor.
#[derive(Default)]
pub struct FactorMutation;

#[Object]
impl FactorMutation {
    /// Gives the viewer a secret for his authenticator (RFC 6238: SHA-1, 6 digits, 30 seconds). It is his second factor
    /// once `mfaConfirm` has seen a code of it.
    async fn mfa_enrol(&self, ctx: &Context<'_>) -> Maybe<MfaEnrolPayload> {
        certain(enrol(ctx)).await
    }

    /// Takes the first code: from now on signing in asks for one. Answers ten recovery codes, each good for one sign-in,
    /// that are told once.
    async fn mfa_confirm(
        &self,
        ctx: &Context<'_>,
        #[graphql(validator(max_length = 64))] code: String,
    ) -> Maybe<MfaConfirmPayload> {
        certain(confirm(ctx, &code)).await
    }

    /// Takes the second factor away, by a code of it or a recovery code.
    async fn mfa_disable(
        &self,
        ctx: &Context<'_>,
        #[graphql(validator(max_length = 64))] code: String,
    ) -> Maybe<MfaDisablePayload> {
        certain(disable(ctx, &code)).await
    }

    /// Verifies the session by a code or a recovery code, for what asks for it (`extensions.stepUp`).
    async fn mfa_verify(
        &self,
        ctx: &Context<'_>,
        #[graphql(validator(max_length = 64))] code: String,
    ) -> Maybe<MfaVerifyPayload> {
        certain(verify(ctx, &code)).await
    }
}

async fn enrol(ctx: &Context<'_>) -> Result<Outcome<MfaEnrolment>> {
    let (operation, accounts) = (ctx.operation()?, Accounts::of(ctx)?);
    recorded(operation, "mfaEnrol", async || {
        let Some(factor) = accounts.enrol(operation).await? else {
            let message = "there is a second factor already: disable it first";
            let there = UserError { field: None, code: UserErrorCode::Invalid, message: message.to_owned() };
            return Ok(Change::Refused(vec![there]));
        };
        let told = told(&factor)?;
        Ok(Change::Done(told, Event::done(EventType::SecondFactorEnrolled, subject(ctx)?)))
    })
    .await
}

fn told(factor: &OneTime) -> Result<MfaEnrolment> {
    Ok(MfaEnrolment { secret: factor.secret(), uri: factor.uri()? })
}

async fn confirm(ctx: &Context<'_>, code: &str) -> Result<Outcome<Vec<String>>> {
    let (operation, accounts) = (ctx.operation()?, Accounts::of(ctx)?);
    prove(ctx, "mfaConfirm", EventType::SecondFactorEnabled, async || {
        if !accounts.confirm(operation, code).await? {
            return Ok(None);
        }
        let identity = operation.identity()?;
        Accounts::verified(operation, identity.user, identity.session()?).await?;
        accounts.make_recovery_codes(operation).await.map(Some)
    })
    .await
}

async fn disable(ctx: &Context<'_>, code: &str) -> Result<Outcome<DateTime>> {
    let (operation, accounts) = (ctx.operation()?, Accounts::of(ctx)?);
    prove(ctx, "mfaDisable", EventType::SecondFactorDisabled, async || {
        if !accounts.spend(operation, operation.identity()?.user, code).await? {
            return Ok(None);
        }
        factor::remove(operation).await?;
        Ok(Some(DateTime(operation.clock.now())))
    })
    .await
}

async fn verify(ctx: &Context<'_>, code: &str) -> Result<Outcome<DateTime>> {
    let (operation, accounts) = (ctx.operation()?, Accounts::of(ctx)?);
    prove(ctx, "mfaVerify", EventType::SessionVerified, async || {
        let identity = operation.identity()?;
        if !accounts.spend(operation, identity.user, code).await? {
            return Ok(None);
        }
        Accounts::verified(operation, identity.user, identity.session()?).await?;
        Ok(Some(DateTime(operation.clock.now() + accounts.step_up_lasts())))
    })
    .await
}

/// Makes a change that takes a code, which `change` answers with nothing when it is wrong. Each is an attempt at the
/// viewer's account, and on record.
async fn prove<T>(
    ctx: &Context<'_>,
    action: &'static str,
    kind: EventType,
    change: impl AsyncFnOnce() -> Result<Option<T>>,
) -> Result<Outcome<T>> {
    let (operation, accounts) = (ctx.operation()?, Accounts::of(ctx)?);
    let attempt = accounts.attempt(operation, &[Guess::Own(operation.identity()?.user)]).await?;
    let done = recorded(operation, action, async || {
        let event = Event::done(kind, subject(ctx)?);
        let Some(done) = change().await? else {
            let wrong = UserError::on("code", UserErrorCode::Invalid, "is not a code, or was used before");
            return Ok(Change::<_, Infallible>::Done(Err(vec![wrong]), event.failed()));
        };
        attempt.succeeded(operation).await?;
        Ok(Change::Done(Ok(done), event))
    })
    .await?;
    let Ok(done) = done;
    Ok(done)
}
