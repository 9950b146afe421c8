//! `logout`, `logoutEverywhere`, `sessionRevoke`, and `/oauth/revoke` for tokens of users.

use std::convert::Infallible;
use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::SessionEnd;
use custodian_entity::id::{SessionId, TenantId};
use custodian_entity::session::{Entity, Model};
use secrecy::{ExposeSecret, SecretString};

use super::account::{self, Account};
use super::{Session, family};
use crate::accounts::{end_session, end_sessions};
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authn::token::{Bearer, Tokens};
use crate::authz::{InOperation, Operation, Scoped};
use crate::crypto::token_hash;
use crate::database::Settings;
use crate::error::{Error, Result};
use crate::graphql::{Gid, Maybe, Outcome, certain};

/// Which session to end.
#[derive(InputObject)]
pub struct SessionRevokeInput {
    /// Its id.
    id: Gid<SessionId>,
}

crate::payloads! { SessionRevokePayload { session: Session } }

/// How sessions end.
#[derive(Default)]
pub struct SignOutMutation;

#[Object]
impl SignOutMutation {
    /// Ends this session: its tokens are refused from now on.
    async fn logout(&self, ctx: &Context<'_>) -> Maybe<bool> {
        certain(sign_out(ctx, false)).await
    }

    /// Ends all sessions of the viewer, this one too.
    async fn logout_everywhere(&self, ctx: &Context<'_>) -> Maybe<bool> {
        certain(sign_out(ctx, true)).await
    }

    /// Ends one session: one's own on another device, or, for administrators, somebody's.
    async fn session_revoke(
        &self,
        ctx: &Context<'_>,
        input: SessionRevokeInput,
    ) -> Maybe<SessionRevokePayload> {
        certain(revoke(ctx, input.id.0)).await
    }
}

async fn sign_out(ctx: &Context<'_>, everywhere: bool) -> Result<bool> {
    let operation = ctx.operation()?;
    let who = operation.identity()?;
    let action = if everywhere { "logoutEverywhere" } else { "logout" };
    let done = recorded(operation, action, async || {
        let event = if everywhere {
            end_sessions(operation, who.user, SessionEnd::SignedOutEverywhere).await?;
            Event::done(EventType::SignedOutEverywhere, Subject::row("User", who.user, who.tenant))
        } else {
            let session = who.session()?;
            end_session(operation, session, SessionEnd::SignedOut).await?;
            Event::done(EventType::SignedOut, subject(session, who.tenant))
        };
        Ok::<_, Error>(Change::<_, Infallible>::Done(true, event))
    })
    .await?;
    let Ok(done) = done;
    Ok(done)
}

async fn revoke(ctx: &Context<'_>, id: SessionId) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "sessionRevoke", async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(id).await?;
        if before.ended_at.is_some() {
            return Ok(Change::Same(before));
        }
        end_session(operation, id, SessionEnd::Revoked).await?;
        let event = Event::done(EventType::SessionRevoked, subject(id, before.tenant_id));
        Ok(Change::Done(rows.get(id).await?, event))
    })
    .await
}

/// Ends the session that a refresh or access token belongs to, whoever brings it (RFC 7009, 2.1). Any other text belongs to
/// none, which is what was wanted.
///
/// # Errors
/// When the database is away.
pub async fn end_by_token(
    operation: &Arc<Operation>,
    tokens: &Tokens,
    action: &'static str,
    token: &SecretString,
) -> Result<()> {
    let reading = operation.told(Settings::of_sign_in());
    let found = whose(&reading, tokens, token).await;
    reading.end().await?;
    let Some((id, account)) = found? else { return Ok(()) };
    let noting = &operation.told(account::noting(Some(&account)));
    let done = recorded(noting, action, async || {
        let session = family::locked(noting, id).await?.filter(|session| session.ended_at.is_none());
        let Some(session) = session else { return Ok(Change::<_, Infallible>::Same(())) };
        end_session(noting, id, SessionEnd::SignedOut).await?;
        let event = Event::done(EventType::SignedOut, subject(id, session.tenant_id));
        Ok(Change::Done((), event.by(session.user_id).in_role(&session.role)))
    });
    let Ok(()) = done.await?;
    Ok(())
}

/// The session of a token, with its account.
async fn whose(
    reading: &Arc<Operation>,
    tokens: &Tokens,
    token: &SecretString,
) -> Result<Option<(SessionId, Account)>> {
    let (session, user) = match tokens.verify(token.expose_secret(), &reading.clock) {
        Ok(Bearer::User(claims)) => (claims.session, claims.user),
        Ok(Bearer::Client(_)) => return Ok(None),
        Err(_) => match family::token(reading, &token_hash(token)).await? {
            Some(token) => (token.session_id, token.user_id),
            None => return Ok(None),
        },
    };
    Ok(account::of(reading, user).await?.map(|account| (session, account)))
}

fn subject(id: SessionId, tenant: TenantId) -> Subject {
    Subject::row("Session", id, tenant)
}
