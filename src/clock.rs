//! Time as a parameter: the system's, or one that tests set.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::prelude::Uuid;

/// Where the time comes from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// A clock that stands still until it is told otherwise: milliseconds since the epoch.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock standing at this time.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.timestamp_millis())))
    }

    /// Moves a fixed clock; a system clock does not move.
    pub fn advance(&self, by: chrono::Duration) {
        if let Self::Fixed(at) = self {
            at.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
        }
    }

    /// Now, in UTC, to the millisecond: the precision both databases keep.
    #[expect(clippy::disallowed_methods, reason = "the one place where the system's clock is read")]
    pub fn now(&self) -> DateTime<Utc> {
        let millis = match self {
            Self::System => Utc::now().timestamp_millis(),
            Self::Fixed(at) => at.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_millis(millis).unwrap_or_default()
    }

    /// Today, in UTC.
    pub fn today(&self) -> NaiveDate {
        self.now().date_naive()
    }

    /// A new version 7 UUID at this clock's time (RFC 9562, 5.7).
    pub fn new_uuid(&self) -> Uuid {
        let now = self.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, now.timestamp_subsec_nanos()))
    }
}
