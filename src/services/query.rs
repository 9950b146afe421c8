//! `servicePlans`, `subscriptions`, `networkServices`

use async_graphql::{Context, Enum, InputObject, Object};
use custodian_entity::choice::{
    AccessTechnology, PlanStatus, ProvisioningState, ServiceKind, SubscriptionStatus,
};
use custodian_entity::{service_plan, subscription};

use super::{NetworkService, ServicePlan, Subscription};
use crate::authz::InOperation;
use crate::customers::CustomerFilter;
use crate::graphql::filter::{BigIntFilter, ChoiceFilter, DateFilter, LinkFilter, StringFilter, wanted};
use crate::graphql::{Connection, Maybe, OrderDirection, certain, connection};
use crate::paging;

crate::filters! {
    /// Which plans; every condition given must hold.
    ServicePlanFilter of service_plan {
        code: StringFilter => Column::Code,
        kind: ChoiceFilter<ServiceKind> => Column::Kind,
        status: ChoiceFilter<PlanStatus> => Column::Status,
    }
    /// Which subscriptions; every condition given must hold.
    SubscriptionFilter of subscription {
        customer: LinkFilter<CustomerFilter> => Column::CustomerId,
        plan: LinkFilter<ServicePlanFilter> => Column::PlanId,
        status: ChoiceFilter<SubscriptionStatus> => Column::Status,
        provisioning_state: ChoiceFilter<ProvisioningState> => Column::ProvisioningState,
        start_date: DateFilter => Column::StartDate,
        end_date: DateFilter => Column::EndDate,
        next_billing_date: DateFilter => Column::NextBillingDate,
    }
    /// Which network services; every condition given must hold.
    NetworkServiceFilter of network_service {
        access_technology: ChoiceFilter<AccessTechnology> => Column::AccessTechnology,
        access_node: StringFilter => Column::AccessNode,
        circuit_id: StringFilter => Column::CircuitId,
        service_vlan: BigIntFilter => Column::ServiceVlan,
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
            let filter = wanted(ctx.operation()?, filter).await?;
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
            let filter = wanted(ctx.operation()?, filter).await?;
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
            let filter = wanted(ctx.operation()?, filter).await?;
            connection::list(ctx, &page, seal, filter, None).await
        })
        .await
    }
}
