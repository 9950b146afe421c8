//! `tokenRefresh`, and `grant_type=refresh_token` (RFC 6749, 6): each refresh token is good once (RFC 9700, 4.14.2).
//!
//! | a token comes | then |
//! |---|---|
//! | for the first time | it is exchanged for the next, and an access token |
//! | again | somebody has a copy: the session ends, with every token of it, on record |
//! | twice at the same moment | one is exchanged; the other, which had found it unused, gets CONFLICT and harms nobody |
//!
//! A client whose answer was lost cannot know which it is. It tries again and has to sign in anew: a session that goes on
//! for who may be the thief would be worse. At no time is there more than one token that can be exchanged.

use std::convert::Infallible;
use std::sync::Arc;

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use custodian_entity::choice::SessionEnd;
use custodian_entity::{refresh_token, session};
use secrecy::SecretString;

use super::account::{self, Account};
use super::login::{LoginPayload, SignedIn};
use super::{family, limits};
use crate::accounts::end_session;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authn::{Identity, act_as};
use crate::authz::{InOperation, Operation};
use crate::config;
use crate::crypto::token_hash;
use crate::database::Settings;
use crate::error::{Error, Result};
use crate::graphql::{Maybe, certain};

/// How a session is prolonged.
#[derive(Default)]
pub struct RefreshMutation;

#[Object]
impl RefreshMutation {
    /// Exchanges a refresh token for new tokens. It is good once: who uses it again ends the session.
    async fn token_refresh(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The newest one: of `login`, or of the last `tokenRefresh`.",
            validator(max_length = 200)
        )]
        refresh_token: String,
    ) -> Maybe<LoginPayload> {
        certain(async {
            let token = SecretString::from(refresh_token);
            let signed_in = refresh(ctx.operation()?, limits(ctx)?, "tokenRefresh", &token).await?;
            LoginPayload::of(ctx, signed_in)
        })
        .await
    }
}

/// Exchanges a refresh token. The log names what asked for it.
///
/// # Errors
/// [`Error::Unauthenticated`] when it is none, or of no use any more; [`Error::Conflict`] when another was exchanged at the
/// same moment; [`Error::RoleRefused`] when the role is held no longer.
pub async fn refresh(
    operation: &Arc<Operation>,
    limits: config::Session,
    action: &'static str,
    token: &SecretString,
) -> Result<SignedIn> {
    // Never two transactions at once.
    operation.end().await?;
    let reading = operation.told(Settings::of_sign_in());
    let found = find(&reading, &token_hash(token)).await;
    reading.end().await?;
    let (seen, account) = found?.ok_or(Error::Unauthenticated)?;
    let noting = &operation.told(account::noting(Some(&account)));
    let exchanged = recorded(noting, action, async || {
        let session = family::locked(noting, seen.session_id).await?.ok_or(Error::Unauthenticated)?;
        let token = family::token(noting, &seen.hash).await?.ok_or(Error::Unauthenticated)?;
        let now = noting.clock.now();
        let subject = Subject::row("Session", session.id, session.tenant_id);
        let by_owner = |event: Event| event.by(session.user_id).in_role(&session.role);
        if !goes_on(&session, &account, now) {
            return Err(Error::Unauthenticated);
        }
        if token.used_at.is_some() {
            if seen.used_at.is_none() {
                return Err(Error::Conflict);
            }
            end_session(noting, session.id, SessionEnd::TokenReused).await?;
            let reused = by_owner(Event::denied(EventType::RefreshTokenReused, subject));
            return Ok(Change::<_, Infallible>::Done(Err(Error::Unauthenticated), reused));
        }
        if token.expires_at <= now {
            return Err(Error::Unauthenticated);
        }
        let exchanged = exchange(noting, limits, &account, &session, &token).await?;
        Ok(Change::Done(Ok(exchanged), by_owner(Event::done(EventType::TokenRefreshed, subject))))
    })
    .await?;
    let Ok(exchanged) = exchanged;
    let (identity, refresh_token) = exchanged?;
    Ok(SignedIn { account, identity, refresh_token })
}

/// The token as it is now, and whose it is.
async fn find(reading: &Arc<Operation>, hash: &str) -> Result<Option<(refresh_token::Model, Account)>> {
    let Some(token) = family::token(reading, hash).await? else { return Ok(None) };
    let account = account::of(reading, token.user_id).await?;
    Ok(account.map(|account| (token, account)))
}

fn goes_on(session: &session::Model, account: &Account, now: DateTime<Utc>) -> bool {
    session.ended_at.is_none()
        && session.expires_at > now
        && session.token_version == account.user.token_version
        && account.is_admitted
}

async fn exchange(
    noting: &Arc<Operation>,
    limits: config::Session,
    account: &Account,
    session: &session::Model,
    token: &refresh_token::Model,
) -> Result<(Identity, SecretString)> {
    let identity = act_as(&account.user, &account.held, Some(&session.role), Some(session.id))?;
    Ok((identity, family::prolong(noting, limits, session, token).await?))
}
