//! Data keys that are kept in clear between requests: a bounded number, for a minute, and none beyond the next time that
//! any key is destroyed.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::prelude::Uuid;

use crate::crypto::Sealer;

/// How long a key is kept.
const LIFE: TimeDelta = TimeDelta::seconds(60);

/// The keys. The provider of cryptography overwrites one that is dropped.
pub(super) struct Kept {
    most: usize,
    keys: Mutex<Keys>,
}

/// In the order in which they came, which is that of their ends.
#[derive(Default)]
struct Keys {
    /// How many keys had been destroyed when these were read.
    destroyed: i64,
    by_id: HashMap<Uuid, Arc<Sealer>>,
    ends: VecDeque<(DateTime<Utc>, Uuid)>,
}

impl Kept {
    /// At most so many.
    pub(super) fn new(most: usize) -> Self {
        Self { most, keys: Mutex::default() }
    }

    /// Whether any are kept at all.
    pub(super) fn is_any(&self) -> bool {
        self.most > 0
    }

    /// Those of these keys that are kept, where so many have been destroyed by now.
    pub(super) fn find(
        &self,
        destroyed: i64,
        ids: impl IntoIterator<Item = Uuid>,
        now: DateTime<Utc>,
    ) -> Vec<(Uuid, Arc<Sealer>)> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.destroyed != destroyed {
            *keys = Keys { destroyed, ..Keys::default() };
        }
        keys.forget(|end| end <= now);
        ids.into_iter().filter_map(|id| Some((id, keys.by_id.get(&id)?.clone()))).collect()
    }

    /// Keeps these, which were read when so many had been destroyed.
    pub(super) fn keep(
        &self,
        destroyed: i64,
        read: impl IntoIterator<Item = (Uuid, Arc<Sealer>)>,
        now: DateTime<Utc>,
    ) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.destroyed != destroyed {
            return;
        }
        for (id, key) in read {
            if keys.by_id.insert(id, key).is_none() {
                keys.ends.push_back((now + LIFE, id));
            }
        }
        let most = self.most;
        let mut excess = keys.by_id.len().saturating_sub(most);
        keys.forget(|_| {
            let is_excess = excess > 0;
            excess = excess.saturating_sub(1);
            is_excess
        });
    }
}

impl Keys {
    /// Forgets the oldest, as long as this holds of their ends.
    fn forget(&mut self, mut is_over: impl FnMut(DateTime<Utc>) -> bool) {
        while self.ends.front().is_some_and(|(end, _)| is_over(*end)) {
            if let Some((_, id)) = self.ends.pop_front() {
                self.by_id.remove(&id);
            }
        }
    }
}
