//! `ticketTransition`

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::TicketStatus;
use custodian_entity::id::TicketId;
use custodian_entity::ticket::{ActiveModel, Column, Entity, Model};
use sea_orm::{ColumnTrait, QueryFilter, Set};

use super::Ticket;
use super::mutation::subject;
use crate::accept;
use crate::audit::{Change, Event, EventType, recorded};
use crate::authz::{InOperation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::{Choice, Gid, Maybe, Outcome, UserError, certain};

/// A step of a ticket's lifecycle.
#[derive(InputObject)]
pub struct TicketTransitionInput {
    /// Which ticket.
    id: Gid<TicketId>,
    /// Where it is to stand.
    status: Choice<TicketStatus>,
}

crate::payloads! { TicketTransitionPayload { ticket: Ticket } }

/// The steps of a ticket's lifecycle.
#[derive(Default)]
pub struct TransitionMutation;

#[Object]
impl TransitionMutation {
    /// Takes a step: NEW → IN_PROGRESS ⇄ PENDING → RESOLVED → CLOSED; RESOLVED → IN_PROGRESS reopens.
    async fn ticket_transition(
        &self,
        ctx: &Context<'_>,
        input: TicketTransitionInput,
    ) -> Maybe<TicketTransitionPayload> {
        certain(async { step(ctx, input).await }).await
    }
}

/// The steps there are (DOMAIN, Lifecycles). Work in progress may be resolved without waiting for anything.
fn is_step(from: TicketStatus, to: TicketStatus) -> bool {
    use TicketStatus::{Closed, InProgress, New, Pending, Resolved};
    matches!(
        (from, to),
        (New | Pending | Resolved, InProgress)
            | (InProgress, Pending)
            | (InProgress | Pending, Resolved)
            | (Resolved, Closed)
    )
}

async fn step(ctx: &Context<'_>, input: TicketTransitionInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "ticketTransition", async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        let to = input.status.0;
        if !is_step(before.status, to) {
            accept!(Err(vec![UserError::transition(before.status, to)]));
        }
        let now = operation.clock.now();
        let mut row = ActiveModel { status: Set(to), ..Default::default() };
        match to {
            TicketStatus::Resolved => row.resolved_at = Set(Some(now)),
            TicketStatus::Closed => row.closed_at = Set(Some(now)),
            TicketStatus::InProgress => row.resolved_at = Set(None),
            TicketStatus::New | TicketStatus::Pending => {}
        }
        let unchanged = Column::Status.eq(before.status);
        let changed = match rows.change(before.id, row, |update| update.filter(unchanged)).await {
            Err(Error::NotFound) => return Err(Error::Conflict),
            changed => changed?,
        };
        let event = Event::done(EventType::TicketTransitioned, subject(&changed)).step(before.status, to);
        Ok(Change::Done(changed, event))
    })
    .await
}
