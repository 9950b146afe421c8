//! `ServicePlan`, `Subscription`, `NetworkService`

use async_graphql::{Context, ID, Object};
use custodian_entity::choice::{
    AccessTechnology, BillingPeriod, ConnectionType, PlanStatus, ProvisioningState, ServiceKind,
    SubscriptionStatus,
};
use custodian_entity::personal::{IpPrefix, LineAddress, Username};
use custodian_entity::{address, customer, network_service, service_plan, subscription};

use crate::authz::{Pii, Withheld, field};
use crate::customers::{Address, Customer};
use crate::error::Error;
use crate::graphql::link::{children, one};
use crate::graphql::personal::Mac;
use crate::graphql::scalar::{BigInt, Date, DateTime, Money, money};
use crate::graphql::{Choice, Maybe, id, maybe};

crate::nodes! {
    /// A tariff.
    ServicePlan of service_plan;
    /// A service a customer has subscribed to.
    Subscription of subscription;
    /// The technical side of a subscription.
    NetworkService of network_service;
}

/// A tariff.
#[Object]
impl ServicePlan {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// Unique within the provider.
    async fn code(&self) -> &str {
        &self.0.code
    }
    /// The name it is sold under.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// What it delivers.
    async fn kind(&self) -> Choice<ServiceKind> {
        Choice(self.0.kind)
    }
    /// Speed towards the customer, in kbit/s.
    async fn download_kbps(&self) -> Option<i32> {
        self.0.download_kbps
    }
    /// Speed from the customer, in kbit/s.
    async fn upload_kbps(&self) -> Option<i32> {
        self.0.upload_kbps
    }
    /// How much may be used in a billing period.
    async fn data_cap_bytes(&self) -> Option<BigInt> {
        self.0.data_cap_bytes.map(BigInt)
    }
    /// What it costs in a billing period.
    async fn price(&self) -> Money {
        money(self.0.price_amount, &self.0.currency)
    }
    /// How often it is billed.
    async fn billing_period(&self) -> Choice<BillingPeriod> {
        Choice(self.0.billing_period)
    }
    /// Whether it can be sold.
    async fn status(&self) -> Choice<PlanStatus> {
        Choice(self.0.status)
    }
}

/// A service a customer has subscribed to.
#[Object]
impl Subscription {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// The tariff.
    async fn plan(&self, ctx: &Context<'_>) -> Maybe<ServicePlan> {
        maybe(one::<service_plan::Entity>(ctx, Some(self.0.plan_id))).await
    }
    /// Where it stands in its lifecycle.
    async fn status(&self) -> Choice<SubscriptionStatus> {
        Choice(self.0.status)
    }
    /// Why it stands there.
    async fn status_reason(&self) -> Option<&str> {
        self.0.status_reason.as_deref()
    }
    /// Where it is delivered.
    async fn service_address(&self, ctx: &Context<'_>) -> Maybe<Address> {
        maybe(one::<address::Entity>(ctx, self.0.service_address_id)).await
    }
    /// Since when it is, or will be, delivered.
    async fn start_date(&self) -> Date {
        Date(self.0.start_date)
    }
    /// Since when it is suspended.
    async fn suspended_at(&self) -> Option<DateTime> {
        self.0.suspended_at.map(DateTime)
    }
    /// Until when it is delivered.
    async fn end_date(&self) -> Option<Date> {
        self.0.end_date.map(Date)
    }
    /// What it costs in a billing period.
    async fn price(&self) -> Option<Withheld<Money, { field("Subscription.price") }>> {
        Some(Withheld(money(self.0.price_amount, &self.0.currency)))
    }
    /// When it is billed next.
    async fn next_billing_date(&self) -> Option<Date> {
        self.0.next_billing_date.map(Date)
    }
    /// What the network knows of it.
    async fn provisioning_state(&self) -> Option<Choice<ProvisioningState>> {
        Some(Choice(self.0.provisioning_state))
    }
    /// The name under which the line signs in.
    async fn radius_username(&self) -> Option<Pii<Username, { field("Subscription.radiusUsername") }>> {
        self.0.radius_username.clone().map(Pii)
    }
    /// Whose it is.
    async fn customer(&self, ctx: &Context<'_>) -> Maybe<Customer> {
        maybe(one::<customer::Entity>(ctx, Some(self.0.customer_id))).await
    }
    /// Its technical side.
    async fn network_service(&self, ctx: &Context<'_>) -> Maybe<NetworkService> {
        maybe(async {
            let rows = children::<network_service::Entity>(ctx, "subscription_id", self.0.id).await?;
            Ok::<_, Error>(rows.into_iter().next())
        })
        .await
    }
}

/// The technical side of a subscription.
#[Object]
impl NetworkService {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// The medium of the access line.
    async fn access_technology(&self) -> Choice<AccessTechnology> {
        Choice(self.0.access_technology)
    }
    /// How the line gets its address.
    async fn connection_type(&self) -> Choice<ConnectionType> {
        Choice(self.0.connection_type)
    }
    /// Its IPv4 address.
    async fn ipv4(&self) -> Option<Pii<LineAddress, { field("NetworkService.ipv4") }>> {
        self.0.ipv4.clone().map(Pii)
    }
    /// Its IPv6 prefix.
    async fn ipv6_prefix(&self) -> Option<Pii<IpPrefix, { field("NetworkService.ipv6Prefix") }>> {
        self.0.ipv6_prefix.clone().map(Pii)
    }
    /// The hardware seen on it.
    async fn mac_addresses(&self) -> Option<Vec<Pii<Mac, { field("NetworkService.macAddresses") }>>> {
        self.0.mac_addresses.as_ref().map(|list| Mac::list(list).into_iter().map(Pii).collect())
    }
    /// VLAN of the service.
    async fn service_vlan(&self) -> Option<i32> {
        self.0.service_vlan
    }
    /// VLAN of the customer.
    async fn customer_vlan(&self) -> Option<i32> {
        self.0.customer_vlan
    }
    /// The name of the line in the network.
    async fn circuit_id(&self) -> Option<&str> {
        self.0.circuit_id.as_deref()
    }
    /// The node it is connected to.
    async fn access_node(&self) -> Option<&str> {
        self.0.access_node.as_deref()
    }
    /// The port of that node.
    async fn access_port(&self) -> Option<&str> {
        self.0.access_port.as_deref()
    }
    /// What it is the technical side of.
    async fn subscription(&self, ctx: &Context<'_>) -> Maybe<Subscription> {
        maybe(one::<subscription::Entity>(ctx, Some(self.0.subscription_id))).await
    }
}
