//! `customerActivate`, `customerSuspend`, `customerResume`, `customerClose`

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::CustomerStatus;
use custodian_entity::customer::{ActiveModel, Entity};
use custodian_entity::id::CustomerId;
use sea_orm::Set;

use super::Customer;
use super::mutation::{change_version, subject};
use crate::accept;
use crate::audit::{Change, Event, EventType, recorded};
use crate::authz::{InOperation, Scoped};
use crate::error::Result;
use crate::graphql::{Gid, Maybe, Outcome, UserError, certain};

/// A step of a customer's lifecycle.
#[derive(InputObject)]
pub struct CustomerTransitionInput {
    /// Which customer.
    id: Gid<CustomerId>,
    /// The version that was read.
    version: i32,
}

crate::payloads! { CustomerTransitionPayload { customer: Customer } }

/// The steps of a customer's lifecycle.
#[derive(Default)]
pub struct LifecycleMutation;

#[Object]
impl LifecycleMutation {
    /// A prospect, or one whose verification is pending, becomes active.
    async fn customer_activate(
        &self,
        ctx: &Context<'_>,
        input: CustomerTransitionInput,
    ) -> Maybe<CustomerTransitionPayload> {
        use CustomerStatus::{PendingVerification, Prospect};
        let from = [Prospect, PendingVerification];
        certain(step(ctx, "customerActivate", input, &from, CustomerStatus::Active)).await
    }

    /// An active customer is suspended.
    async fn customer_suspend(
        &self,
        ctx: &Context<'_>,
        input: CustomerTransitionInput,
    ) -> Maybe<CustomerTransitionPayload> {
        certain(step(ctx, "customerSuspend", input, &[CustomerStatus::Active], CustomerStatus::Suspended))
            .await
    }

    /// A suspended customer is active again.
    async fn customer_resume(
        &self,
        ctx: &Context<'_>,
        input: CustomerTransitionInput,
    ) -> Maybe<CustomerTransitionPayload> {
        certain(step(ctx, "customerResume", input, &[CustomerStatus::Suspended], CustomerStatus::Active))
            .await
    }

    /// An active or suspended customer leaves.
    async fn customer_close(
        &self,
        ctx: &Context<'_>,
        input: CustomerTransitionInput,
    ) -> Maybe<CustomerTransitionPayload> {
        use CustomerStatus::{Active, Suspended};
        certain(step(ctx, "customerClose", input, &[Active, Suspended], CustomerStatus::Closed)).await
    }
}

async fn step(
    ctx: &Context<'_>,
    action: &'static str,
    input: CustomerTransitionInput,
    from: &[CustomerStatus],
    to: CustomerStatus,
) -> Result<Outcome<custodian_entity::customer::Model>> {
    let operation = ctx.operation()?;
    recorded(operation, action, async || {
        let before = Scoped::<Entity>::of(operation).get(input.id.0).await?;
        if !from.contains(&before.status) {
            accept!(Err(vec![UserError::transition(before.status, to)]));
        }
        let row = ActiveModel { status: Set(to), ..Default::default() };
        let changed = change_version(operation, before.id, input.version, row).await?;
        let event = Event::done(EventType::CustomerTransitioned, subject(&changed)).step(before.status, to);
        Ok(Change::Done(changed, event))
    })
    .await
}
