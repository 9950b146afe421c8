//! What there is for all, and how much of it one client may have: an address, of IPv6 its /64.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

use crate::authn::network_of;

/// Places, for all and for one client.
pub(super) struct Shares {
    most: usize,
    most_of_one: usize,
    /// Proxies: what they bring is of many.
    exempt: Vec<IpNet>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_network: HashMap<IpNet, usize>,
}

impl Shares {
    /// So many, and so many of them for one client.
    pub(super) fn new(most: usize, most_of_one: usize) -> Arc<Self> {
        Self::with(most, most_of_one, Vec::new())
    }

    /// The same, of which these networks may have all.
    pub(super) fn with(most: usize, most_of_one: usize, exempt: Vec<IpNet>) -> Arc<Self> {
        Arc::new(Self { most, most_of_one, exempt, taken: Mutex::default() })
    }

    /// A place for a client, if there is one. Who has no address is one of all.
    pub(super) fn take(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Share> {
        let address = address.map(|address| address.to_canonical());
        let counted = address.filter(|address| !self.exempt.iter().any(|network| network.contains(address)));
        let network = counted.map(network_of);
        let mut taken = self.taken();
        if taken.all >= self.most {
            return None;
        }
        if let Some(network) = network {
            let of_one = taken.by_network.entry(network).or_default();
            if *of_one >= self.most_of_one {
                return None;
            }
            *of_one += 1;
        }
        taken.all += 1;
        drop(taken);
        Some(Share { shares: Arc::clone(self), network })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place, given back when dropped.
pub(super) struct Share {
    shares: Arc<Shares>,
    network: Option<IpNet>,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.taken();
        taken.all = taken.all.saturating_sub(1);
        let Some(network) = self.network else { return };
        if let Some(of_one) = taken.by_network.get_mut(&network) {
            *of_one = of_one.saturating_sub(1);
            if *of_one == 0 {
                taken.by_network.remove(&network);
            }
        }
    }
}
