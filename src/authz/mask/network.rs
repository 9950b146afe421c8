//! Addresses in networks: IP addresses and prefixes, hardware addresses.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

use super::{HIDDEN, plain_text};

/// The locally administered bit in the first octet of a hardware address (IEEE 802, 8.2.2).
const LOCALLY_ADMINISTERED: u8 = 0b10;

/// An IP address or prefix: the network of 24 bits (IPv4) or 48 bits (IPv6). Port, zone and prefix length are dropped.
///
/// An IPv4 address inside an IPv6 address (RFC 4291, 2.5.5.2) is masked as such; of a 6to4 address (RFC 3056), whose
/// first 48 bits hold a whole IPv4 address, only the scheme is shown.
pub fn ip(raw: &str) -> String {
    match address(plain_text(raw).trim()).map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.***")
        }
        Some(IpAddr::V6(address)) => {
            let [a, b, c, ..] = address.segments();
            let network = if a == 0x2002 { [a, 0, 0] } else { [a, b, c] };
            let [a, b, c] = network;
            // The last five groups are zero, so that this ends in a double colon.
            format!("{}***", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
        None => HIDDEN.to_owned(),
    }
}

fn address(text: &str) -> Option<IpAddr> {
    let without_zone = || text.trim_start_matches('[').split(['%', ']']).next();
    text.parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .or_else(|| text.parse::<IpNet>().ok().map(|network| network.addr()))
        .or_else(|| without_zone()?.parse().ok().map(IpAddr::V6))
}

/// A hardware address of 48 bits, written with `:`, `-`, `.` or nothing: the manufacturer's half. An address that a
/// device made up itself has none, so nothing of it is shown.
pub fn mac(raw: &str) -> String {
    match octets(plain_text(raw).trim()) {
        Some([first, ..]) if first & LOCALLY_ADMINISTERED != 0 => "**:**:**:**:**:**".to_owned(),
        Some([a, b, c, ..]) => format!("{a:02X}:{b:02X}:{c:02X}:**:**:**"),
        None => HIDDEN.to_owned(),
    }
}

fn octets(text: &str) -> Option<[u8; 6]> {
    let separator = text.chars().find(|c| matches!(c, ':' | '-' | '.'));
    let groups: Vec<&str> = separator.map_or_else(|| vec![text], |separator| text.split(separator).collect());
    let width = match groups.len() {
        1 => 12,
        3 => 4,
        6 => 2,
        _ => return None,
    };
    if !groups.iter().all(|group| group.len() == width && group.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        return None;
    }
    let number = u64::from_str_radix(&groups.concat(), 16).ok()?;
    let [_, _, octets @ ..] = number.to_be_bytes();
    Some(octets)
}
