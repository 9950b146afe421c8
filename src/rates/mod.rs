//! How often something may be asked for: requests by address, operations by viewer, and what is dearer than most (signing
//! in, unmasking, looking up, uploads) by itself; and what documents of a viewer may cost.
//!
//! Each limit is a bucket that holds so much and is refilled evenly (GCRA: all that is known of one is when it will be
//! full again). What is refused takes nothing out. Buckets are in this process; where Redis is configured they are there
//! too, for all instances, and this process remembers what Redis said of those it asked about. So whoever is over a limit is
//! refused without asking again, and where Redis is away, or slower than `rates.redis_timeout_milliseconds`, each instance
//! goes on by itself from there: with limits of its own, never with none.
//!
//! Time is the instance's, given to Redis: both count alike, which a test holds, and clocks that differ by some
//! milliseconds make a limit of a minute differ by as much.
//!
//! Invariants: a key is a tag that tells nothing of whose it is; no more keys are kept here than [`Local::MOST`], and one
//! that is not full is not given up for another.

mod headers;
mod limit;
mod local;
mod shared;

use std::net::IpAddr;

use custodian_entity::choice::RateTier;
use custodian_entity::id::TypedId;

pub use self::headers::{RATE_LIMIT, RATE_LIMIT_POLICY};
pub use self::limit::{Limit, Taken, Verdict};
pub use self::local::Local;
pub use self::shared::{FAILURES, Shared};
use crate::authn::{Origin, Viewer, network_of};
use crate::clock::Clock;
use crate::config::{Rates, RedisUrl};
use crate::crypto::{KeyError, Keys, Tagger};

/// What was refused, by bucket.
pub const LIMITED: &str = "custodian_rate_limited_total";

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// Requests of an address.
    Address,
    /// Operations of a viewer.
    Viewer,
    /// What takes a password, a code or a secret, or sends a letter, by address.
    SignIn,
    /// Unmasking values.
    Reveal,
    /// Looking customers up.
    Lookup,
    /// Uploads.
    Upload,
    /// What documents cost.
    Cost,
}

impl Bucket {
    /// Its name, for clients and operators.
    pub fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Viewer => "viewer",
            Self::SignIn => "sign-in",
            Self::Reveal => "reveal",
            Self::Lookup => "lookup",
            Self::Upload => "upload",
            Self::Cost => "cost",
        }
    }

    /// The operations that are counted by themselves, by the names of the schema.
    pub const OPERATIONS: [(&str, Self); 11] = [
        ("login", Self::SignIn),
        ("mfaConfirm", Self::SignIn),
        ("mfaDisable", Self::SignIn),
        ("mfaVerify", Self::SignIn),
        ("passwordChange", Self::SignIn),
        ("passwordResetConfirm", Self::SignIn),
        ("passwordResetRequest", Self::SignIn),
        ("fieldReveal", Self::Reveal),
        ("customerLookup", Self::Lookup),
        ("documentUpload", Self::Upload),
        ("documentUploadMany", Self::Upload),
    ];

    /// The bucket that an operation is counted in by itself, if there is one.
    pub fn of_operation(name: &str) -> Option<Self> {
        Self::OPERATIONS.iter().find(|(operation, _)| *operation == name).map(|(_, bucket)| *bucket)
    }
}

/// Whose bucket it is: of an address alone, or of a viewer, who where nobody knows him is his address.
#[derive(Clone, Copy, Debug)]
pub struct Who<'a> {
    viewer: Option<&'a Viewer>,
    ip: Option<IpAddr>,
}

impl<'a> Who<'a> {
    /// Whoever asks from there.
    pub fn at(ip: Option<IpAddr>) -> Self {
        Self { viewer: None, ip }
    }

    /// Who asks, and from where.
    pub fn of(viewer: &'a Viewer, origin: &Origin) -> Self {
        Self { viewer: Some(viewer), ip: origin.ip }
    }

    /// What stands for him in a bucket, with its kind.
    fn value(self, bucket: Bucket) -> (&'static str, Vec<u8>) {
        let identity = self.viewer.and_then(Viewer::identity);
        match identity.filter(|_| !matches!(bucket, Bucket::Address | Bucket::SignIn)) {
            Some(identity) => match identity.client {
                Some(client) => ("client", client.uuid().as_bytes().to_vec()),
                None => ("user", identity.user.uuid().as_bytes().to_vec()),
            },
            // Whose address is not known shares one bucket with all such.
            None => ("address", self.ip.map_or_else(Vec::new, |ip| network_of(ip).to_string().into_bytes())),
        }
    }
}

/// Counts.
pub struct Limiter {
    rates: Rates,
    clock: Clock,
    tags: Tagger,
    local: Local,
    shared: Option<Shared>,
}

impl Limiter {
    /// With these limits; for all instances that share this Redis, if any.
    ///
    /// # Errors
    /// [`KeyError::Provider`].
    pub fn new(rates: Rates, redis: Option<RedisUrl>, keys: &Keys, clock: Clock) -> Result<Self, KeyError> {
        let shared = redis.map(|url| Shared::new(url, rates.redis_timeout()));
        Ok(Self { rates, clock, tags: keys.tagger("rates")?, local: Local::new(Local::MOST), shared })
    }

    /// Whether Redis counts; none where none is configured.
    pub fn is_shared(&self) -> Option<bool> {
        self.shared.as_ref().map(Shared::is_up)
    }

    /// Asks Redis with these credentials from the next connection on.
    pub fn renew(&self, url: RedisUrl) {
        if let Some(shared) = &self.shared {
            shared.renew(url);
        }
    }

    /// Takes so much out of a bucket, if that is in it.
    pub async fn take(&self, bucket: Bucket, who: Who<'_>, amount: u64) -> Verdict {
        let (limit, key, now) = (self.limit(bucket, who), self.key(bucket.name(), bucket, who), self.now());
        let taken = self.spend(&key, limit, amount, now).await;
        if !taken.is_granted {
            metrics::counter!(LIMITED, "bucket" => bucket.name()).increment(1);
        }
        Verdict::new(bucket, limit, amount, taken, now)
    }

    /// How a bucket stands, as far as this instance knows.
    pub fn standing(&self, bucket: Bucket, who: Who<'_>) -> Verdict {
        let (limit, now) = (self.limit(bucket, who), self.now());
        let full_at = self.local.full_at(&self.key(bucket.name(), bucket, who), limit, now);
        Verdict::new(bucket, limit, 0, Taken { is_granted: true, full_at }, now)
    }

    /// Whether it is to be told now that a bucket refused something: once a minute.
    pub async fn is_news(&self, bucket: Bucket, who: Who<'_>) -> bool {
        let key = self.key(&format!("{} told", bucket.name()), bucket, who);
        self.spend(&key, Limit::per_minute(1), 1, self.now()).await.is_granted
    }

    async fn spend(&self, key: &str, limit: Limit, amount: u64, now: i64) -> Taken {
        let Some(shared) = &self.shared else { return self.local.take(key, limit, amount, now) };
        let known = self.local.full_at(key, limit, now);
        if !limit.grants(known, amount, now) {
            return Taken { is_granted: false, full_at: known };
        }
        match shared.take(key, limit, amount, now).await {
            Some(taken) => {
                self.local.note(key, taken.full_at, now);
                taken
            }
            None => self.local.take(key, limit, amount, now),
        }
    }

    fn limit(&self, bucket: Bucket, who: Who<'_>) -> Limit {
        let rates = &self.rates;
        let per_minute = match bucket {
            Bucket::Cost => return Limit::per_second(rates.cost_at_once, rates.cost_per_second),
            Bucket::Address => rates.address,
            Bucket::SignIn => rates.sign_in,
            Bucket::Reveal => rates.reveal,
            Bucket::Lookup => rates.lookup,
            Bucket::Upload => rates.upload,
            Bucket::Viewer => match who.viewer.and_then(Viewer::identity) {
                None => rates.anonymous,
                Some(identity) => match identity.rate_tier {
                    None => rates.user,
                    Some(RateTier::Low) => rates.client_low,
                    Some(RateTier::Standard) => rates.client_standard,
                    Some(RateTier::High) => rates.client_high,
                },
            },
        };
        Limit::per_minute(per_minute)
    }

    /// The tag of a bucket of one's own.
    fn key(&self, what: &str, bucket: Bucket, who: Who<'_>) -> String {
        let (kind, value) = who.value(bucket);
        self.tags.tag(&format!("{what} {kind}"), &value)
    }

    /// In microseconds since the epoch.
    fn now(&self) -> i64 {
        self.clock.now().timestamp_micros()
    }
}
