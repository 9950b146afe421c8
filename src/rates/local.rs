//! Buckets in this process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::limit::{Limit, Taken};

/// How long keys are looked for in vain before they are looked for again, in microseconds: while there is no room, a flood
/// must not make every request look through all of them.
const BETWEEN: i64 = 1_000_000;

/// Buckets that are not full, up to so many. One that is full again is as good as none, and makes room.
pub struct Local {
    most: usize,
    buckets: Mutex<Buckets>,
}

#[derive(Default)]
struct Buckets {
    full_at: HashMap<String, i64>,
    swept_at: i64,
}

impl Local {
    /// How many there are at most: what a flood fills is full again within a minute, most of it much sooner.
    pub const MOST: usize = 100_000;

    /// So many at most.
    pub fn new(most: usize) -> Self {
        Self { most, buckets: Mutex::default() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.buckets().full_at.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes so much out of a bucket, if that is in it.
    pub fn take(&self, key: &str, limit: Limit, amount: u64, now: i64) -> Taken {
        let mut buckets = self.buckets();
        // Those who find no room share one bucket, of each limit. No tag reads like its key.
        let rest = format!("{}/{}", limit.size, limit.window);
        let key = if buckets.has_room(key, self.most, now) { key } else { &rest };
        let full_at = limit.within(buckets.full_at.get(key).copied().unwrap_or(now), now);
        if !limit.grants(full_at, amount, now) {
            return Taken { is_granted: false, full_at };
        }
        let full_at = full_at + limit.price(amount);
        buckets.full_at.insert(key.to_owned(), full_at);
        Taken { is_granted: true, full_at }
    }

    /// When a bucket is full.
    pub(super) fn full_at(&self, key: &str, limit: Limit, now: i64) -> i64 {
        limit.within(self.buckets().full_at.get(key).copied().unwrap_or(now), now)
    }

    /// Remembers when a bucket is full that is counted elsewhere.
    pub(super) fn note(&self, key: &str, full_at: i64, now: i64) {
        let mut buckets = self.buckets();
        if buckets.has_room(key, self.most, now) {
            let known = buckets.full_at.entry(key.to_owned()).or_insert(full_at);
            *known = full_at.max(*known);
        }
    }

    fn buckets(&self) -> MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Buckets {
    /// Whether there is room for this key, once those that are full again are gone.
    fn has_room(&mut self, key: &str, most: usize, now: i64) -> bool {
        if self.full_at.len() < most || self.full_at.contains_key(key) {
            return true;
        }
        if (now - self.swept_at).abs() >= BETWEEN {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.swept_at = now;
        }
        self.full_at.len() < most
    }
}
