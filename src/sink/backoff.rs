//! How long to wait when the server has no answer to that.

use std::time::Duration;

/// The first ceiling.
const BASE: Duration = Duration::from_secs(1);

/// The last one.
const CAP: Duration = Duration::from_secs(60);

/// Waits of chance length below a ceiling that doubles ("full jitter":
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>), so that instances that failed together do
/// not return together.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure; `random` is any number, each as likely as the others.
    pub fn next(&mut self, random: u64) -> Duration {
        let ceiling = BASE.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX)).min(CAP);
        self.failures = self.failures.saturating_add(1);
        // The upper half of the product: below the ceiling.
        let nanos = (ceiling.as_nanos() * u128::from(random)) >> 64;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// After a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}
