//! `identityCheckPerform`

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};
use chrono::TimeDelta;
use custodian_entity::choice::{self, CpniAuthMethod};
use custodian_entity::customer;
use custodian_entity::id::{CustomerId, IdentityCheckId, TicketId, TypedId};
use custodian_entity::identity_check::{ActiveModel, Column, Entity, Model};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, Set};

use super::IdentityCheck;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::{InOperation, Operation, Scoped};
use crate::error::Result;
use crate::graphql::{Choice, Gid, Maybe, Outcome, certain};
use crate::support::ticket_of;

/// How long a check counts once it was passed (DOMAIN, rule 4).
const COUNTS_FOR: TimeDelta = TimeDelta::minutes(15);

/// A check of who is calling.
#[derive(InputObject)]
pub struct IdentityCheckPerformInput {
    /// Who the caller says to be.
    customer_id: Gid<CustomerId>,
    /// What was asked for.
    method: Choice<CpniAuthMethod>,
    /// SUCCESS when it was shown, FAILURE when it was wrong, DENIED when the caller would not say.
    outcome: Choice<choice::Outcome>,
    /// The ticket it is about, of the same customer.
    ticket_id: Option<Gid<TicketId>>,
}

crate::payloads! { IdentityCheckPerformPayload { identity_check: IdentityCheck } }

/// Checks of who is calling.
#[derive(Default)]
pub struct IdentityCheckMutation;

#[Object]
impl IdentityCheckMutation {
    /// Records that the viewer checked who is calling, now. A check that was passed counts for 15 minutes.
    async fn identity_check_perform(
        &self,
        ctx: &Context<'_>,
        input: IdentityCheckPerformInput,
    ) -> Maybe<IdentityCheckPerformPayload> {
        certain(async { perform(ctx, input).await }).await
    }
}

async fn perform(ctx: &Context<'_>, input: IdentityCheckPerformInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "identityCheckPerform", async || {
        let customer = Scoped::<customer::Entity>::of(operation).get(input.customer_id.0).await?;
        let mut names = vec!["customer", "method", "outcome"];
        if let Some(id) = input.ticket_id {
            ticket_of(operation, id.0, customer.id).await?;
            names.push("ticket");
        }
        let now = operation.clock.now();
        let is_passed = input.outcome.0 == choice::Outcome::Success;
        let row = ActiveModel {
            id: Set(IdentityCheckId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(customer.tenant_id),
            reseller_id: Set(customer.reseller_id),
            customer_id: Set(customer.id),
            method: Set(input.method.0),
            outcome: Set(input.outcome.0),
            performed_by: Set(operation.identity()?.user),
            performed_at: Set(now),
            valid_until: Set(if is_passed { now + COUNTS_FOR } else { now }),
            ticket_id: Set(input.ticket_id.map(|id| id.0)),
        };
        let added = Scoped::<Entity>::of(operation).insert(row).await?;
        let subject = Subject::row("IdentityCheck", added.id, added.tenant_id)
            .of_customer(added.customer_id, added.reseller_id);
        let event = Event::done(EventType::IdentityChecked, subject).fields(names);
        Ok(Change::Done(added, event))
    })
    .await
}

/// The latest check of this customer that the viewer made himself, that was passed, and that still counts.
///
/// # Errors
/// When the database is away.
pub(crate) async fn passed(
    operation: &Arc<Operation>,
    customer: CustomerId,
) -> Result<Option<IdentityCheckId>> {
    let (me, now) = (operation.identity()?.user, operation.clock.now());
    let found = Scoped::<Entity>::of(operation)
        .one(|rows| {
            rows.filter(Column::CustomerId.eq(customer))
                .filter(Column::PerformedBy.eq(me))
                .filter(Column::Outcome.eq(choice::Outcome::Success))
                .filter(Column::PerformedAt.lte(now))
                .filter(Column::ValidUntil.gte(now))
                .order_by_desc(Column::ValidUntil)
        })
        .await?;
    Ok(found.map(|check| check.id))
}
