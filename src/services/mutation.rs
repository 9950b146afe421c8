//! `subscriptionCreate` and the steps of a subscription's lifecycle

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::{CustomerStatus, PlanStatus, ProvisioningState, SubscriptionStatus};
use custodian_entity::id::{AddressId, CustomerId, ServicePlanId, SubscriptionId, TypedId};
use custodian_entity::subscription::{ActiveModel, Entity, Model};
use custodian_entity::{address, customer, service_plan};
use garde::Validate;
use sea_orm::{ColumnTrait, QueryFilter, Set};

use super::Subscription;
use crate::accept;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::{InOperation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::scalar::Date;
use crate::graphql::validate::{Given, line};
use crate::graphql::{Gid, Maybe, Outcome, UserError, UserErrorCode, certain};

/// A new subscription.
#[derive(InputObject)]
pub struct SubscriptionCreateInput {
    /// Whose.
    customer_id: Gid<CustomerId>,
    /// The tariff; it sets the price.
    plan_id: Gid<ServicePlanId>,
    /// Where it is delivered: an address of the same customer.
    service_address_id: Option<Gid<AddressId>>,
    /// Since when it is delivered; today when not given.
    start_date: Option<Date>,
    /// Until when it is delivered.
    end_date: Option<Date>,
}

/// A step of a subscription's lifecycle.
#[derive(InputObject, Validate)]
pub struct SubscriptionTransitionInput {
    /// Which subscription.
    #[garde(skip)]
    id: Gid<SubscriptionId>,
    /// Why; the customer can read it.
    #[garde(inner(custom(line), length(chars, max = 200)))]
    reason: Option<String>,
}

crate::payloads! {
    SubscriptionCreatePayload { subscription: Subscription }
    SubscriptionTransitionPayload { subscription: Subscription }
}

/// What can be changed about subscriptions.
#[derive(Default)]
pub struct SubscriptionMutation;

#[Object]
impl SubscriptionMutation {
    /// Subscribes a customer to a plan, pending until it is activated.
    async fn subscription_create(
        &self,
        ctx: &Context<'_>,
        input: SubscriptionCreateInput,
    ) -> Maybe<SubscriptionCreatePayload> {
        certain(async { create(ctx, input).await }).await
    }

    /// A pending subscription becomes active.
    async fn subscription_activate(
        &self,
        ctx: &Context<'_>,
        input: SubscriptionTransitionInput,
    ) -> Maybe<SubscriptionTransitionPayload> {
        use SubscriptionStatus::{Active, Pending};
        certain(step(ctx, "subscriptionActivate", input, &[Pending], Active)).await
    }

    /// An active subscription is suspended.
    async fn subscription_suspend(
        &self,
        ctx: &Context<'_>,
        input: SubscriptionTransitionInput,
    ) -> Maybe<SubscriptionTransitionPayload> {
        use SubscriptionStatus::{Active, Suspended};
        certain(step(ctx, "subscriptionSuspend", input, &[Active], Suspended)).await
    }

    /// A suspended subscription is active again.
    async fn subscription_resume(
        &self,
        ctx: &Context<'_>,
        input: SubscriptionTransitionInput,
    ) -> Maybe<SubscriptionTransitionPayload> {
        use SubscriptionStatus::{Active, Suspended};
        certain(step(ctx, "subscriptionResume", input, &[Suspended], Active)).await
    }

    /// An active or suspended subscription ends; a pending one is cancelled.
    async fn subscription_terminate(
        &self,
        ctx: &Context<'_>,
        input: SubscriptionTransitionInput,
    ) -> Maybe<SubscriptionTransitionPayload> {
        use SubscriptionStatus::{Active, Pending, Suspended, Terminated};
        certain(step(ctx, "subscriptionTerminate", input, &[Active, Suspended, Pending], Terminated)).await
    }
}

async fn create(ctx: &Context<'_>, input: SubscriptionCreateInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "subscriptionCreate", async || {
        let customer = Scoped::<customer::Entity>::of(operation).get(input.customer_id.0).await?;
        let plan = Scoped::<service_plan::Entity>::of(operation).get(input.plan_id.0).await?;
        if plan.tenant_id != customer.tenant_id {
            return Err(Error::NotFound);
        }
        if let Some(address) = input.service_address_id {
            let found = Scoped::<address::Entity>::of(operation).get(address.0).await?;
            if found.customer_id != customer.id {
                return Err(Error::NotFound);
            }
        }
        let start = input.start_date.map_or_else(|| operation.clock.today(), |date| date.0);
        let end = input.end_date.map(|date| date.0);
        let mut given = Given::default();
        if plan.status != PlanStatus::Active {
            given.refuse(UserError::on("planId", UserErrorCode::Invalid, "this plan is not sold"));
        }
        if matches!(customer.status, CustomerStatus::Closed | CustomerStatus::Anonymized) {
            given.refuse(UserError::on("customerId", UserErrorCode::Invalid, "this customer has left"));
        }
        if end.is_some_and(|end| end < start) {
            given.refuse(UserError::on("endDate", UserErrorCode::Invalid, "lies before the start"));
        }
        accept!(given.finish());
        let row = ActiveModel {
            id: Set(SubscriptionId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(customer.tenant_id),
            reseller_id: Set(customer.reseller_id),
            customer_id: Set(customer.id),
            plan_id: Set(plan.id),
            service_address_id: Set(input.service_address_id.map(|address| address.0)),
            status: Set(SubscriptionStatus::Pending),
            status_reason: Set(None),
            start_date: Set(start),
            suspended_at: Set(None),
            end_date: Set(end),
            price_amount: Set(plan.price_amount),
            currency: Set(plan.currency),
            next_billing_date: Set(Some(start)),
            provisioning_state: Set(ProvisioningState::Pending),
            radius_username: Set(None),
            created_at: Set(operation.clock.now()),
        };
        let added = Scoped::<Entity>::of(operation).insert(row).await?;
        let event = Event::done(EventType::SubscriptionCreated, subject(&added));
        let given = [
            ("plan", true),
            ("serviceAddress", input.service_address_id.is_some()),
            ("startDate", input.start_date.is_some()),
            ("endDate", input.end_date.is_some()),
        ];
        let names = given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect();
        Ok(Change::Done(added, event.fields(names)))
    })
    .await
}

fn subject(row: &Model) -> Subject {
    Subject::row("Subscription", row.id, row.tenant_id).of_customer(row.customer_id, row.reseller_id)
}

async fn step(
    ctx: &Context<'_>,
    action: &'static str,
    input: SubscriptionTransitionInput,
    from: &[SubscriptionStatus],
    to: SubscriptionStatus,
) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, action, async || {
        accept!(Given::checked(&input).finish());
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        if !from.contains(&before.status) {
            accept!(Err(vec![UserError::transition(before.status, to)]));
        }
        let is_cancelled =
            before.status == SubscriptionStatus::Pending && to == SubscriptionStatus::Terminated;
        let to = if is_cancelled { SubscriptionStatus::Cancelled } else { to };
        let mut row =
            ActiveModel { status: Set(to), status_reason: Set(input.reason.clone()), ..Default::default() };
        match to {
            SubscriptionStatus::Suspended => row.suspended_at = Set(Some(operation.clock.now())),
            SubscriptionStatus::Active => row.suspended_at = Set(None),
            SubscriptionStatus::Terminated | SubscriptionStatus::Cancelled => {
                row.end_date = Set(Some(operation.clock.today()));
                row.next_billing_date = Set(None);
            }
            SubscriptionStatus::Pending => {}
        }
        // Whoever took a step in between wins: the row is no longer in the state that was read.
        let changed = rows
            .change(before.id, row, |update| {
                update.filter(custodian_entity::subscription::Column::Status.eq(before.status))
            })
            .await;
        let changed = match changed {
            Err(Error::NotFound) => return Err(Error::Conflict),
            changed => changed?,
        };
        let event =
            Event::done(EventType::SubscriptionTransitioned, subject(&changed)).step(before.status, to);
        Ok(Change::Done(changed, event))
    })
    .await
}
