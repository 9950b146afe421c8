//! A limit, and what it says. All times are microseconds: since the epoch, or long.

use super::Bucket;

const SECOND: u64 = 1_000_000;

/// How much a bucket holds, and how long it takes to fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How much it holds.
    pub size: u64,
    /// How long it takes to fill from nothing.
    pub window: i64,
}

impl Limit {
    /// So much at once, and again within a minute.
    pub fn per_minute(size: u64) -> Self {
        Self { size, window: micros(60 * SECOND) }
    }

    /// So much at once, of which so much is back after a second.
    pub fn per_second(size: u64, refill: u64) -> Self {
        Self { size, window: micros(size.saturating_mul(SECOND) / refill.max(1)).max(1) }
    }

    /// How long it takes until so much is back. Rounded down, so that a bucket gives all it holds.
    pub fn price(self, amount: u64) -> i64 {
        let price = i128::from(amount) * i128::from(self.window) / i128::from(self.size.max(1));
        i64::try_from(price).unwrap_or(i64::MAX / 2)
    }

    /// When a bucket is full of which something else was known: neither sooner than now nor later than a window from
    /// now, which it only seems to be where a clock was set back.
    pub(super) fn within(self, full_at: i64, now: i64) -> i64 {
        full_at.clamp(now, now.saturating_add(self.window))
    }

    /// Whether so much can be taken out of a bucket that is full again by then.
    pub(super) fn grants(self, full_at: i64, amount: u64, now: i64) -> bool {
        full_at.saturating_add(self.price(amount)).saturating_sub(now) <= self.window
    }
}

fn micros(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX / 2)
}

/// What became of an attempt to take something out of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether it was.
    pub is_granted: bool,
    /// When the bucket is full again.
    pub full_at: i64,
}

/// What a client is told of a bucket. Times are whole seconds, rounded up: what is said to be there then is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Which.
    pub bucket: Bucket,
    /// How much it holds.
    pub limit: u64,
    /// How long it takes to fill from nothing.
    pub window: u64,
    /// How much is in it.
    pub remaining: u64,
    /// How long until it is full.
    pub reset: u64,
    /// When it is full, in microseconds since the epoch.
    pub full_at: i64,
    /// How long until what was refused can be had; none where nothing was.
    pub retry_after: Option<u64>,
}

impl Verdict {
    pub(super) fn new(bucket: Bucket, limit: Limit, amount: u64, taken: Taken, now: i64) -> Self {
        let Taken { is_granted, full_at } = taken;
        let used = full_at.saturating_sub(now);
        let left = i128::from(limit.window.saturating_sub(used).max(0));
        let remaining = left * i128::from(limit.size) / i128::from(limit.window);
        let wait = used.saturating_add(limit.price(amount)).saturating_sub(limit.window);
        Self {
            bucket,
            limit: limit.size,
            window: seconds(limit.window),
            remaining: u64::try_from(remaining).unwrap_or_default(),
            reset: seconds(used),
            full_at,
            retry_after: (!is_granted).then(|| seconds(wait).max(1)),
        }
    }
}

fn seconds(micros: i64) -> u64 {
    u64::try_from(micros).unwrap_or_default().div_ceil(SECOND)
}
