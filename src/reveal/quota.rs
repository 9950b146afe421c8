//! How often: counted from the audit log, so that it holds over instances and restarts.

use chrono::TimeDelta;

use crate::audit::{EventType, own_since};
use crate::authz::Operation;
use crate::error::{Error, Result};

const WINDOW: TimeDelta = TimeDelta::hours(1);

/// That the viewer may reveal once more. Within the transaction that records the reveal.
///
/// # Errors
/// [`Error::RateLimited`] when not yet.
pub(super) async fn check(operation: &Operation, per_hour: usize) -> Result<()> {
    let now = operation.clock.now();
    let times = own_since(operation, EventType::FieldRevealed, now - WINDOW).await?;
    let Some(excess) = times.len().checked_sub(per_hour) else { return Ok(()) };
    // Once this one is an hour old there is room; where none is ever allowed, there never is.
    let wait = times.get(excess).map_or(WINDOW, |time| *time + WINDOW - now);
    let millis = u64::try_from(wait.num_milliseconds()).unwrap_or_default();
    Err(Error::RateLimited(millis.div_ceil(1_000)))
}
