//! How often something may be asked for.

use std::time::Duration;

use serde::Deserialize;

use super::sources::combined;
use super::{Config, ConfigError, value};

/// How often something may be asked for. Each number is what may be had at once, and again within a minute.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Rates {
    /// Requests of one address, whoever sends them.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub address: u64,
    /// Operations of one address whose senders are not known.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub anonymous: u64,
    /// Operations of one user.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub user: u64,
    /// Operations of one API client of the tier `LOW`.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub client_low: u64,
    /// Of the tier `STANDARD`.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub client_standard: u64,
    /// Of the tier `HIGH`.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub client_high: u64,
    /// What takes a password, a code or a secret, or sends a letter to who asks for it, from one address.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub sign_in: u64,
    /// Unmasking values.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub reveal: u64,
    /// Looking customers up.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub lookup: u64,
    /// Uploads.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub upload: u64,
    /// The cost of documents that one viewer may ask for at once.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 2_000_000_000>")]
    pub cost_at_once: u64,
    /// How much of it comes back in a second.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 2_000_000_000>")]
    pub cost_per_second: u64,
    /// How long Redis may take to count, in milliseconds.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 10_000>")]
    pub redis_timeout_milliseconds: u32,
}

/// How long it may take at most until all the cost is back, in seconds.
const LONGEST: u64 = 3_600;

impl Rates {
    /// How long Redis may take to count.
    pub fn redis_timeout(&self) -> Duration {
        Duration::from_millis(self.redis_timeout_milliseconds.into())
    }

    /// So much that nothing is ever refused: a test takes place within one moment, and a measurement waits for nothing.
    pub(super) fn for_tests() -> Self {
        let most = 1_000_000;
        Self {
            address: most,
            anonymous: most,
            user: most,
            client_low: most,
            client_standard: most,
            client_high: most,
            sign_in: most,
            reveal: most,
            lookup: most,
            upload: most,
            cost_at_once: 2_000_000_000,
            cost_per_second: 2_000_000_000,
            redis_timeout_milliseconds: 10_000,
        }
    }
}

/// A document that is allowed can be asked for, and who used all up need not wait for ever.
pub(super) fn refuse_unusable(config: &Config) -> Result<(), ConfigError> {
    let Rates { cost_at_once, cost_per_second, .. } = config.rates;
    if cost_at_once < config.limits.cost {
        return Err(combined(
            "rates.cost_at_once",
            "it is less than limits.cost, which one document may have",
        ));
    }
    if cost_at_once / cost_per_second > LONGEST {
        return Err(combined("rates.cost_per_second", "cost_at_once would not be back within an hour"));
    }
    Ok(())
}
