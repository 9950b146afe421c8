//! Whose request it is, as far as addresses tell.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::HeaderName;
use axum::http::request::Parts;
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address that a request came from. A trusted proxy says for whom it asks, at the end of `X-Forwarded-For`: the last
/// address there that is no trusted proxy's is the client's. What stands before it, and what anybody else sends, is the
/// client's own word.
pub(super) fn of(head: &Parts, trusted: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let peer = head.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
    // A byte that is no text spoils the part of whoever sent it, not what the proxy put behind it.
    let said =
        head.headers.get_all(FORWARDED_FOR).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let said: Vec<_> = said.collect();
    let said: Vec<&str> = said.iter().flat_map(|value| value.split(',')).collect();
    let mut client = peer;
    for text in said.into_iter().rev() {
        let Some(before) = parse(text.trim()).filter(|_| is_trusted(&client)) else { break };
        client = before;
    }
    Some(client)
}

/// An address, perhaps with a port.
fn parse(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}
