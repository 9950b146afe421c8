//! Shipping the audit log, where a server for it is configured.

use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::Mutex;

use super::upkeep::unbroken;
use super::{App, StartError};
use crate::audit::{LAG_ENTRIES, LAG_SECONDS, Log, REJECTED, SHIPPED};
use crate::config::Config;
use crate::crypto;
use crate::error::Error;
use crate::sink::{Next, OpenSearch, Round, Shipper, Trouble};

/// How often new entries are looked for.
const LOOKING_FOR_ENTRIES: Duration = Duration::from_secs(2);

/// What ships the log of this database, if it is shipped.
pub(super) fn shipper(config: &Config, log: Log) -> Result<Option<Mutex<Shipper<Log>>>, StartError> {
    // Without chance it waits longest.
    let chance = || crypto::random().map_or(u64::MAX, |bytes| u64::from_be_bytes(*bytes));
    let sink = OpenSearch::from_config(config).map_err(StartError::Shipping)?;
    Ok(sink.map(|sink| Mutex::new(Shipper::new(log, sink, chance))))
}

impl App {
    /// Ships entries of the audit log, up to a limit, and says what came of it; none where it is not shipped.
    pub async fn ship_once(&self) -> Option<Round<Error>> {
        let mut shipper = self.shipper.as_ref()?.lock().await;
        let round = shipper.step(self.clock.now()).await;
        metrics::counter!(SHIPPED).increment(round.taken as u64);
        metrics::counter!(REJECTED).increment(round.rejected as u64);
        if let Some(lag) = round.lag {
            metrics::gauge!(LAG_ENTRIES).set(u32::try_from(lag.entries).unwrap_or(u32::MAX));
            metrics::gauge!(LAG_SECONDS).set(lag.behind(self.clock.now()).as_secs_f64());
        }
        Some(round)
    }

    /// Ships until `stop` is done, and finishes the round under way then. Ends at once where nothing is shipped.
    pub async fn ship_until(&self, stop: impl Future<Output = ()>) {
        let stop = stop.shared();
        unbroken("shipping", || self.keep_shipping(stop.clone())).await;
    }

    async fn keep_shipping(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        while let Some(round) = self.ship_once().await {
            match &round.trouble {
                Some(Trouble::Sink(error)) => tracing::warn!(%error, "the audit log waits to be shipped"),
                Some(Trouble::Source(error)) => error.log(),
                None => {}
            }
            let pause = match round.next {
                Next::Now => Duration::ZERO,
                Next::Idle => LOOKING_FOR_ENTRIES,
                Next::After(pause) => pause,
            };
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}
