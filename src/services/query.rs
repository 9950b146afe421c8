//! `servicePlans`, `subscriptions`, `networkServices`

use async_graphql::{Context, Enum, InputObject, Object};
use custodian_entity::choice::{
    AccessTechnology, PlanStatus, ProvisioningState, ServiceKind, SubscriptionStatus,
};
use custodian_entity::id::{CustomerId, ServicePlanId};
use custodian_entity::{network_service, service_plan, subscription};
use sea_orm::Condition;

use super::{NetworkService, ServicePlan, Subscription};
use crate::graphql::filter::{BigIntFilter, DateFilter, IdFilter, StringFilter, on};
use crate::graphql::{Connection, Maybe, OrderDirection, certain, connection};
use crate::paging;

crate::choice_filters! {
    ServiceKindFilter of ServiceKind;
    PlanStatusFilter of PlanStatus;
    SubscriptionStatusFilter of SubscriptionStatus;
    ProvisioningStateFilter of ProvisioningState;
    AccessTechnologyFilter of AccessTechnology;
}

/// Which plans; every condition given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ServicePlanFilter {
    code: Option<StringFilter>,
    kind: Option<ServiceKindFilter>,
    status: Option<PlanStatusFilter>,
}

impl ServicePlanFilter {
    fn condition(&self) -> Condition {
        use service_plan::Column;
        Condition::all()
            .add(on(Column::Code, self.code.as_ref()))
            .add(on(Column::Kind, self.kind.as_ref()))
            .add(on(Column::Status, self.status.as_ref()))
    }
}

/// What plans can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ServicePlanOrderField {
    /// `code`
    Code,
    /// `name`
    Name,
}

/// An order of plans; without one, the order of creation.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct ServicePlanOrder {
    field: ServicePlanOrderField,
    #[graphql(default)]
    direction: OrderDirection,
}

impl ServicePlanOrder {
    fn column(self) -> (service_plan::Column, OrderDirection) {
        let column = match self.field {
            ServicePlanOrderField::Code => service_plan::Column::Code,
            ServicePlanOrderField::Name => service_plan::Column::Name,
        };
        (column, self.direction)
    }
}

/// Which subscriptions; every condition given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct SubscriptionFilter {
    customer: Option<IdFilter>,
    plan: Option<IdFilter>,
    status: Option<SubscriptionStatusFilter>,
    provisioning_state: Option<ProvisioningStateFilter>,
    start_date: Option<DateFilter>,
    end_date: Option<DateFilter>,
    next_billing_date: Option<DateFilter>,
}

impl SubscriptionFilter {
    fn condition(&self) -> Condition {
        use subscription::Column;
        let customer = self.customer.as_ref().map(|filter| filter.on::<CustomerId, _>(Column::CustomerId));
        let plan = self.plan.as_ref().map(|filter| filter.on::<ServicePlanId, _>(Column::PlanId));
        Condition::all()
            .add_option(customer)
            .add_option(plan)
            .add(on(Column::Status, self.status.as_ref()))
            .add(on(Column::ProvisioningState, self.provisioning_state.as_ref()))
            .add(on(Column::StartDate, self.start_date.as_ref()))
            .add(on(Column::EndDate, self.end_date.as_ref()))
            .add(on(Column::NextBillingDate, self.next_billing_date.as_ref()))
    }
}

/// What subscriptions can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum SubscriptionOrderField {
    /// `startDate`
    StartDate,
}

/// An order of subscriptions; without one, the order of creation.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct SubscriptionOrder {
    field: SubscriptionOrderField,
    #[graphql(default)]
    direction: OrderDirection,
}

impl SubscriptionOrder {
    fn column(self) -> (subscription::Column, OrderDirection) {
        let column = match self.field {
            SubscriptionOrderField::StartDate => subscription::Column::StartDate,
        };
        (column, self.direction)
    }
}

/// Which network services; every condition given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct NetworkServiceFilter {
    access_technology: Option<AccessTechnologyFilter>,
    access_node: Option<StringFilter>,
    circuit_id: Option<StringFilter>,
    service_vlan: Option<BigIntFilter>,
}

impl NetworkServiceFilter {
    fn condition(&self) -> Condition {
        use network_service::Column;
        Condition::all()
            .add(on(Column::AccessTechnology, self.access_technology.as_ref()))
            .add(on(Column::AccessNode, self.access_node.as_ref()))
            .add(on(Column::CircuitId, self.circuit_id.as_ref()))
            .add(on(Column::ServiceVlan, self.service_vlan.as_ref()))
    }
}

/// What can be asked about services.
#[derive(Default)]
pub struct ServiceQuery;

#[Object]
#[expect(
    clippy::too_many_arguments,
    reason = "the four paging arguments of Relay stand beside filter and order"
)]
impl ServiceQuery {
    /// The provider's tariffs.
    async fn service_plans(
        &self,
        ctx: &Context<'_>,
        filter: Option<ServicePlanFilter>,
        order_by: Option<ServicePlanOrder>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<ServicePlan>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let filter = filter.unwrap_or_default().condition();
            connection::list(ctx, &page, seal, filter, order_by.map(ServicePlanOrder::column)).await
        })
        .await
    }

    /// The subscriptions the viewer reaches.
    async fn subscriptions(
        &self,
        ctx: &Context<'_>,
        filter: Option<SubscriptionFilter>,
        order_by: Option<SubscriptionOrder>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Subscription>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let filter = filter.unwrap_or_default().condition();
            connection::list(ctx, &page, seal, filter, order_by.map(SubscriptionOrder::column)).await
        })
        .await
    }

    /// The network services the viewer reaches.
    async fn network_services(
        &self,
        ctx: &Context<'_>,
        filter: Option<NetworkServiceFilter>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<NetworkService>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let filter = filter.unwrap_or_default().condition();
            connection::list(ctx, &page, seal, filter, None).await
        })
        .await
    }
}
