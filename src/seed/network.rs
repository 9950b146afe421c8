//! The services of a customer: what is subscribed to, and the line it runs over.

use chrono::{DateTime, Days, TimeDelta, Utc};
use custodian_entity::choice::{
    AccessTechnology, ConnectionType, CustomerStatus, ProvisioningState, ServiceKind, SubscriptionStatus,
};
use custodian_entity::id::{AddressId, SubscriptionId};
use custodian_entity::personal::{IpPrefix, LineAddress, MacAddresses, Username};
use custodian_entity::{customer, network_service, service_plan, subscription};

use super::batch::Batch;
use super::setting::Setting;
use super::source::{Source, first_of};

/// A service, as far as invoices and tickets ask.
pub(super) struct Service {
    pub(super) subscription: SubscriptionId,
    pub(super) plan_name: String,
    /// Minor units.
    pub(super) price: i64,
    /// Whether it appears on invoices.
    pub(super) billed: bool,
}

/// Adds one or two subscriptions of different tariffs, each with its line.
pub(super) fn add(
    batch: &mut Batch,
    setting: &Setting,
    owner: &customer::Model,
    n: u64,
    address: AddressId,
    source: &mut Source,
) -> Vec<Service> {
    let first = source.below(setting.plans.len() as u64) as usize;
    let mut plans = vec![&setting.plans[first]];
    if source.chance(40) {
        let second = (first + 1 + source.below(3) as usize) % setting.plans.len();
        plans.extend((second != first).then(|| &setting.plans[second]));
    }
    let mut services = Vec::with_capacity(plans.len());
    for (position, plan) in plans.into_iter().enumerate() {
        let mut subscription = subscription(setting, owner, plan, address, source);
        subscription.radius_username = (plan.kind == ServiceKind::Internet
            || plan.kind == ServiceKind::Bundle)
            .then(|| Username::new(format!("c{n:06}-{}@{}", position + 1, setting.domain)));
        // The first is what the customer is with us for; another may have ended or not yet begun.
        if position > 0 && owner.status == CustomerStatus::Active {
            vary(&mut subscription, source);
        }
        // Each customer has two places in every range, so that no two lines share an address.
        let place = (n * 2 + position as u64) + (setting.streams >> 20);
        batch.network_services.push(line(&subscription, plan, place, source));
        services.push(Service {
            subscription: subscription.id,
            plan_name: plan.name.clone(),
            price: plan.price_amount,
            billed: !matches!(
                subscription.status,
                SubscriptionStatus::Pending | SubscriptionStatus::Cancelled
            ),
        });
        batch.subscriptions.push(subscription);
    }
    services
}

fn subscription(
    setting: &Setting,
    owner: &customer::Model,
    plan: &service_plan::Model,
    address: AddressId,
    source: &mut Source,
) -> subscription::Model {
    let created_at = owner.created_at + TimeDelta::minutes(source.between(5, 300));
    let suspended_at = first_of(6).and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::hours(8);
    let (status, provisioning_state) = match owner.status {
        CustomerStatus::Prospect | CustomerStatus::PendingVerification => {
            (SubscriptionStatus::Pending, ProvisioningState::Pending)
        }
        CustomerStatus::Active => (SubscriptionStatus::Active, ProvisioningState::Provisioned),
        CustomerStatus::Suspended => (SubscriptionStatus::Suspended, ProvisioningState::Provisioned),
        CustomerStatus::Closed | CustomerStatus::Anonymized => {
            (SubscriptionStatus::Terminated, ProvisioningState::Deprovisioned)
        }
    };
    subscription::Model {
        id: source.id(created_at),
        tenant_id: owner.tenant_id,
        reseller_id: owner.reseller_id,
        customer_id: owner.id,
        plan_id: plan.id,
        service_address_id: Some(address),
        status,
        status_reason: match status {
            SubscriptionStatus::Suspended => Some("Invoices overdue".to_owned()),
            SubscriptionStatus::Terminated => Some("Ended by the customer".to_owned()),
            _ => None,
        },
        start_date: match status {
            SubscriptionStatus::Pending => first_of(7) + Days::new(14),
            _ => created_at.date_naive() + Days::new(1),
        },
        suspended_at: (status == SubscriptionStatus::Suspended).then_some(suspended_at),
        end_date: (status == SubscriptionStatus::Terminated).then(|| first_of(6) - Days::new(1)),
        price_amount: plan.price_amount,
        currency: setting.currency.clone(),
        next_billing_date: (status == SubscriptionStatus::Active).then(|| first_of(7)),
        provisioning_state,
        radius_username: None,
        created_at,
    }
}

/// Makes some further subscriptions something else than active.
fn vary(subscription: &mut subscription::Model, source: &mut Source) {
    match source.below(10) {
        0 => {
            subscription.status = SubscriptionStatus::Pending;
            subscription.provisioning_state = ProvisioningState::Provisioning;
            subscription.start_date = first_of(7) + Days::new(9);
        }
        1 => {
            subscription.status = SubscriptionStatus::Cancelled;
            subscription.status_reason = Some("Cancelled before the installation".to_owned());
            subscription.provisioning_state = ProvisioningState::Pending;
        }
        2 => {
            subscription.status = SubscriptionStatus::Pending;
            subscription.provisioning_state = ProvisioningState::Failed;
            subscription.status_reason = Some("No free port at the access node".to_owned());
        }
        _ => return,
    }
    subscription.next_billing_date = None;
}

fn line(
    subscription: &subscription::Model,
    plan: &service_plan::Model,
    place: u64,
    source: &mut Source,
) -> network_service::Model {
    let access_technology = match (plan.kind, plan.code.as_bytes().first()) {
        (ServiceKind::Mobile, _) => AccessTechnology::Mobile,
        (ServiceKind::Internet, Some(b'C')) => AccessTechnology::Cable,
        (ServiceKind::Internet, Some(b'D')) => AccessTechnology::Dsl,
        (ServiceKind::Internet, Some(b'S')) => AccessTechnology::Satellite,
        (ServiceKind::Internet, Some(b'W')) => AccessTechnology::FixedWireless,
        _ => AccessTechnology::Fibre,
    };
    let connection_type = match access_technology {
        AccessTechnology::Mobile | AccessTechnology::Cable => ConnectionType::Dhcp,
        _ => *source.pick(&[ConnectionType::Pppoe, ConnectionType::Ipoe, ConnectionType::Static]),
    };
    let running = subscription.provisioning_state == ProvisioningState::Provisioned;
    let node = format!("acc{:02}.pop{}", source.between(1, 24), source.between(1, 6));
    let port = format!("{}/{}/{}", source.below(2), source.between(1, 8), source.between(1, 48));
    let macs: Vec<String> = (0..source.between(1, 2)).map(|_| mac(source)).collect();
    let created_at: DateTime<Utc> = subscription.created_at;
    network_service::Model {
        id: source.id(created_at),
        tenant_id: subscription.tenant_id,
        reseller_id: subscription.reseller_id,
        customer_id: subscription.customer_id,
        subscription_id: subscription.id,
        access_technology,
        connection_type,
        ipv4: running.then(|| LineAddress::new(ipv4(place, connection_type))),
        ipv6_prefix: running.then(|| IpPrefix::new(ipv6_prefix(place))),
        mac_addresses: running.then(|| MacAddresses::new(macs.join(","))),
        service_vlan: Some(source.between(100, 399) as i32),
        customer_vlan: Some(source.between(2, 4_094) as i32),
        circuit_id: Some(source.fill("CKT-@@-######")),
        access_node: Some(node),
        access_port: Some(port),
        created_at,
    }
}

/// A fixed address lies in one of the documentation ranges (RFC 5737), any other in that of carrier-grade NAT
/// (RFC 6598, 100.64.0.0/10), which holds four million. The documentation ranges are small: addresses there repeat
/// once there are many customers.
fn ipv4(place: u64, connection_type: ConnectionType) -> String {
    const DOCUMENTATION: [&str; 3] = ["192.0.2", "198.51.100", "203.0.113"];
    if connection_type == ConnectionType::Static {
        let host = place % (3 * 254);
        return format!("{}.{}", DOCUMENTATION[(host / 254) as usize], host % 254 + 1);
    }
    let host = place % (1 << 22);
    format!("100.{}.{}.{}", 64 + (host >> 16), (host >> 8) & 0xff, host & 0xff)
}

/// A /56 of the documentation prefix 2001:db8::/32 (RFC 3849).
fn ipv6_prefix(place: u64) -> String {
    let network = place % (1 << 24);
    let address = std::net::Ipv6Addr::new(
        0x2001,
        0xdb8,
        (network >> 8) as u16,
        ((network & 0xff) << 8) as u16,
        0,
        0,
        0,
        0,
    );
    format!("{address}/56")
}

/// A hardware address: mostly of a maker, some locally administered (IEEE 802, second bit of the first octet).
fn mac(source: &mut Source) -> String {
    let maker = *source.pick(&["3C:84:6A", "F4:F2:6D", "98:DA:C4", "00:00:5E", "02:1A:2B"]);
    let device = source.below(1 << 24);
    format!("{maker}:{:02X}:{:02X}:{:02X}", device >> 16, (device >> 8) & 0xff, device & 0xff)
}
