//! `networkServiceUpdate`

use async_graphql::{Context, InputObject, MaybeUndefined, Object};
use custodian_entity::choice::{AccessTechnology, ConnectionType};
use custodian_entity::id::NetworkServiceId;
use custodian_entity::network_service::{ActiveModel, Entity, Model};
use custodian_entity::personal::{IpAddress, IpPrefix, LineAddress, MacAddresses};
use garde::Validate;

use super::NetworkService;
use crate::accept;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::{InOperation, Scoped};
use crate::error::Result;
use crate::graphql::scalar::{self, Cidr, MacAddress};
use crate::graphql::validate::{Given, optional_line};
use crate::graphql::{Choice, Gid, Maybe, Outcome, UserError, UserErrorCode, certain};

/// What is to be changed; what is not given stays, null removes.
#[derive(InputObject, Validate)]
pub struct NetworkServiceUpdateInput {
    /// Which one.
    #[garde(skip)]
    id: Gid<NetworkServiceId>,
    /// The medium of the access line.
    #[garde(skip)]
    access_technology: Option<Choice<AccessTechnology>>,
    /// How the line gets its address.
    #[garde(skip)]
    connection_type: Option<Choice<ConnectionType>>,
    /// Its IPv4 address.
    #[garde(skip)]
    ipv4: MaybeUndefined<scalar::IpAddress>,
    /// Its IPv6 prefix.
    #[garde(skip)]
    ipv6_prefix: MaybeUndefined<Cidr>,
    /// The hardware seen on it; at most 16.
    #[garde(skip)]
    mac_addresses: MaybeUndefined<Vec<MacAddress>>,
    /// VLAN of the service, 1 to 4094.
    #[garde(skip)]
    service_vlan: MaybeUndefined<i32>,
    /// VLAN of the customer, 1 to 4094.
    #[garde(skip)]
    customer_vlan: MaybeUndefined<i32>,
    /// The name of the line in the network.
    #[garde(custom(optional_line::<100>))]
    circuit_id: MaybeUndefined<String>,
    /// The node it is connected to.
    #[garde(custom(optional_line::<100>))]
    access_node: MaybeUndefined<String>,
    /// The port of that node.
    #[garde(custom(optional_line::<100>))]
    access_port: MaybeUndefined<String>,
}

crate::payloads! { NetworkServiceUpdatePayload { network_service: NetworkService } }

/// What can be changed about the technical side of subscriptions.
#[derive(Default)]
pub struct NetworkMutation;

#[Object]
impl NetworkMutation {
    /// Changes the technical side of a subscription.
    async fn network_service_update(
        &self,
        ctx: &Context<'_>,
        input: NetworkServiceUpdateInput,
    ) -> Maybe<NetworkServiceUpdatePayload> {
        certain(async { update(ctx, input).await }).await
    }
}

async fn update(ctx: &Context<'_>, input: NetworkServiceUpdateInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "networkServiceUpdate", async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        let mut row = ActiveModel::default();
        let mut given = Given::checked(&input);
        fill(&mut given, &mut row, input);
        let names = accept!(given.finish());
        let changed = match names.is_empty() {
            true => before,
            false => rows.change(before.id, row, |update| update).await?,
        };
        let subject = Subject::row("NetworkService", changed.id, changed.tenant_id)
            .of_customer(changed.customer_id, changed.reseller_id);
        let event = Event::done(EventType::NetworkServiceUpdated, subject).fields(names);
        Ok(Change::Done(changed, event))
    })
    .await
}

fn fill(given: &mut Given, row: &mut ActiveModel, input: NetworkServiceUpdateInput) {
    let technology = input.access_technology.map(|technology| technology.0);
    given.set("accessTechnology", &mut row.access_technology, technology);
    given.set("connectionType", &mut row.connection_type, input.connection_type.map(|kind| kind.0));
    let ipv4 = given.read(input.ipv4, |address| ipv4(address.0));
    given.set_or_clear("ipv4", &mut row.ipv4, ipv4);
    let prefix = given.read(input.ipv6_prefix, |prefix| ipv6_prefix(prefix.0));
    given.set_or_clear("ipv6Prefix", &mut row.ipv6_prefix, prefix);
    let macs = given.read(input.mac_addresses, mac_addresses);
    // No address is none.
    let macs = macs.map(Option::flatten);
    given.set_or_clear("macAddresses", &mut row.mac_addresses, macs);
    let service = given.read(input.service_vlan, |number| vlan("serviceVlan", number));
    given.set_or_clear("serviceVlan", &mut row.service_vlan, service);
    let customer = given.read(input.customer_vlan, |number| vlan("customerVlan", number));
    given.set_or_clear("customerVlan", &mut row.customer_vlan, customer);
    given.set_or_clear("circuitId", &mut row.circuit_id, input.circuit_id);
    given.set_or_clear("accessNode", &mut row.access_node, input.access_node);
    given.set_or_clear("accessPort", &mut row.access_port, input.access_port);
}

fn invalid(field: &str, text: &str) -> Vec<UserError> {
    vec![UserError::on(field, UserErrorCode::Invalid, text)]
}

#[expect(clippy::disallowed_methods, reason = "tells an address of version 4 from one of version 6")]
fn ipv4(address: IpAddress) -> Outcome<LineAddress> {
    match address.expose() {
        text if text.contains(':') => Err(invalid("ipv4", "is not an IPv4 address")),
        text => Ok(LineAddress::new(text)),
    }
}

#[expect(clippy::disallowed_methods, reason = "tells a prefix of version 6 from one of version 4")]
fn ipv6_prefix(prefix: IpPrefix) -> Outcome<IpPrefix> {
    if prefix.expose().is_some_and(|prefix| prefix.contains(':')) {
        Ok(prefix)
    } else {
        Err(invalid("ipv6Prefix", "is not an IPv6 prefix"))
    }
}

/// IEEE 802.1Q, 9.6: 0 and 4095 are reserved.
fn vlan(field: &str, number: i32) -> Outcome<i32> {
    if (1..=4094).contains(&number) { Ok(number) } else { Err(invalid(field, "lies between 1 and 4094")) }
}

/// Each hardware address once, as octets in capitals between colons.
fn mac_addresses(given: Vec<MacAddress>) -> Outcome<Option<MacAddresses>> {
    const MOST: usize = 16;
    if given.len() > MOST {
        return Err(vec![UserError::on("macAddresses", UserErrorCode::TooLong, "are at most 16")]);
    }
    let mut addresses = Vec::with_capacity(given.len());
    for MacAddress(text) in given {
        let address =
            mac_address(&text).ok_or_else(|| invalid("macAddresses", "is not a hardware address"))?;
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok((!addresses.is_empty()).then(|| MacAddresses::new(addresses.join(","))))
}

/// An EUI-48 (IEEE 802), as it comes from devices: `3C:84:6A:12:34:56`, `3c-84-6a-…`, `3c84.6a12.3456`, or bare.
fn mac_address(text: &str) -> Option<String> {
    let forms: [(char, usize); 3] = [(':', 2), ('-', 2), ('.', 4)];
    let groups: Vec<&str> = match forms.iter().find(|(separator, _)| text.contains(*separator)) {
        Some((separator, length)) => {
            let groups: Vec<&str> = text.split(*separator).collect();
            groups.iter().all(|group| group.len() == *length).then_some(groups)?
        }
        None => vec![text],
    };
    let digits = groups.concat();
    if digits.len() != 12 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let octets = digits.as_bytes().chunks(2).map(|octet| String::from_utf8_lossy(octet).to_ascii_uppercase());
    Some(octets.collect::<Vec<_>>().join(":"))
}
