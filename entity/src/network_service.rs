//! The technical side of a subscription; one each.

use sea_orm::entity::prelude::*;

use crate::choice::{AccessTechnology, ConnectionType};
use crate::id::{CustomerId, NetworkServiceId, ResellerId, SubscriptionId, TenantId};
use crate::personal::{IpPrefix, LineAddress, MacAddresses};

/// The technical side of a subscription; one each.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "network_service")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NetworkServiceId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller it came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// Subscription id.
    pub subscription_id: SubscriptionId,
    /// Access technology.
    pub access_technology: AccessTechnology,
    /// Connection type.
    pub connection_type: ConnectionType,
    /// Ipv4.
    pub ipv4: Option<LineAddress>,
    /// Ipv6 prefix.
    pub ipv6_prefix: Option<IpPrefix>,
    /// Mac addresses.
    pub mac_addresses: Option<MacAddresses>,
    /// Service vlan.
    pub service_vlan: Option<i32>,
    /// Customer vlan.
    pub customer_vlan: Option<i32>,
    /// Circuit id.
    pub circuit_id: Option<String>,
    /// Access node.
    pub access_node: Option<String>,
    /// Access port.
    pub access_port: Option<String>,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
