//! `resellerSuspend`, `resellerResume`

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::ResellerStatus;
use custodian_entity::id::ResellerId;
use custodian_entity::reseller::{ActiveModel, Column, Entity, Model};
use sea_orm::{ColumnTrait, QueryFilter, Set};

use super::Reseller;
use super::mutation::subject;
use crate::accept;
use crate::accounts::end_reseller;
use crate::audit::{Change, Event, EventType, recorded};
use crate::authz::{InOperation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::{Gid, Maybe, Outcome, UserError, certain};

/// A step of a reseller's lifecycle.
#[derive(InputObject)]
pub struct ResellerTransitionInput {
    /// Which reseller.
    id: Gid<ResellerId>,
}

crate::payloads! { ResellerTransitionPayload { reseller: Reseller } }

/// The steps of a reseller's lifecycle.
#[derive(Default)]
pub struct StandingMutation;

#[Object]
impl StandingMutation {
    /// An active reseller is suspended: its people cannot sign in, nor get tokens for their API clients, and what they hold
    /// ends at once and for good. Its customers stay its customers, and go on signing in.
    async fn reseller_suspend(
        &self,
        ctx: &Context<'_>,
        input: ResellerTransitionInput,
    ) -> Maybe<ResellerTransitionPayload> {
        certain(step(ctx, "resellerSuspend", input, ResellerStatus::Suspended)).await
    }

    /// A suspended reseller is active again: its people sign in anew.
    async fn reseller_resume(
        &self,
        ctx: &Context<'_>,
        input: ResellerTransitionInput,
    ) -> Maybe<ResellerTransitionPayload> {
        certain(step(ctx, "resellerResume", input, ResellerStatus::Active)).await
    }
}

async fn step(
    ctx: &Context<'_>,
    action: &'static str,
    input: ResellerTransitionInput,
    to: ResellerStatus,
) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, action, async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        if before.status == to {
            accept!(Err(vec![UserError::transition(before.status, to)]));
        }
        let row = ActiveModel { status: Set(to), ..Default::default() };
        // Whoever took the step in between wins: the row is no longer in the state that was read.
        let still = Column::Status.eq(before.status);
        let changed = rows.change(before.id, row, |update| update.filter(still)).await;
        let changed = match changed {
            Err(Error::NotFound) => return Err(Error::Conflict),
            changed => changed?,
        };
        if to == ResellerStatus::Suspended {
            end_reseller(operation, changed.id).await?;
        }
        let event = Event::done(EventType::ResellerTransitioned, subject(&changed)).step(before.status, to);
        Ok(Change::Done(changed, event))
    })
    .await
}
