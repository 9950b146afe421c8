//! `logout`, `logoutEverywhere`, `sessionRevoke`

use std::convert::Infallible;

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::SessionEnd;
use custodian_entity::id::{SessionId, TenantId};
use custodian_entity::session::{Entity, Model};

use super::Session;
use crate::accounts::{end_session, end_sessions};
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::{InOperation, Scoped};
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
            end_session(operation, who.session, SessionEnd::SignedOut).await?;
            Event::done(EventType::SignedOut, subject(who.session, who.tenant))
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

fn subject(id: SessionId, tenant: TenantId) -> Subject {
    Subject::row("Session", id, tenant)
}
