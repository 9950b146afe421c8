//! Live data: how many sockets there are, and what one may take.

use std::time::Duration;

use chrono::TimeDelta;
use serde::Deserialize;

use super::value;

/// Sockets. Where several instances serve, each counts for itself.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct WebSocket {
    /// Open at a time.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 100_000>")]
    pub sockets: usize,
    /// Open at a time, of one user.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 100_000>")]
    pub sockets_per_viewer: usize,
    /// Operations under way on one socket, subscriptions among them.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 10_000>")]
    pub operations_per_socket: usize,
    /// How long a socket may take to say whose it is.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 60>")]
    pub init_timeout_seconds: u32,
    /// Sockets that did not yet say whose they are.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 100_000>")]
    pub sockets_unknown: usize,
    /// Those of one address, of IPv6 of a /64.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 100_000>")]
    pub sockets_unknown_per_address: usize,
    /// Bytes of one message of a client.
    #[serde(deserialize_with = "value::whole::<_, _, 1024, 67_108_864>")]
    pub message_bytes: usize,
    /// Messages to a client that wait at most, and events of one subscription.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 10_000>")]
    pub waiting: usize,
    /// Bytes of messages to a client that wait at most; a longer one waits alone.
    #[serde(deserialize_with = "value::whole::<_, _, 1024, 1_073_741_824>")]
    pub waiting_bytes: usize,
    /// Bytes of the documents and variables of the subscriptions of one socket.
    #[serde(deserialize_with = "value::whole::<_, _, 1024, 67_108_864>")]
    pub subscribed_bytes: usize,
    /// How often a client is asked whether it is there.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 600>")]
    pub ping_seconds: u32,
    /// How often the database is asked whether who opened a socket may still use it; it may take a minute at most.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 55>")]
    pub recheck_seconds: u32,
}

impl WebSocket {
    /// How long a socket may take to say whose it is.
    pub fn init_timeout(&self) -> Duration {
        Duration::from_secs(self.init_timeout_seconds.into())
    }

    /// How often a client is asked whether it is there.
    pub fn ping(&self) -> Duration {
        Duration::from_secs(self.ping_seconds.into())
    }

    /// How often the database is asked who may still use a socket.
    pub fn recheck(&self) -> TimeDelta {
        TimeDelta::seconds(self.recheck_seconds.into())
    }
}
