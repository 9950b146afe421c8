//! Watching the audit log.

use std::time::Duration;

use super::App;
use crate::error::Result;

/// How often new entries are looked for.
const LOOKING: Duration = Duration::from_secs(5);

impl App {
    /// Reads the audit log on by the rules, up to a limit, and says whether there was something to read.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn watch_alerts(&self) -> Result<bool> {
        self.watcher.watch(&self.operation_of_service("alerts")).await
    }

    /// Watches for as long as the service runs. Whoever is cut off leaves an entry to the next.
    pub async fn keep_watching_alerts(&self) {
        loop {
            let was_read = self.watch_alerts().await.unwrap_or_else(|error| {
                error.log();
                false
            });
            if !was_read {
                tokio::time::sleep(LOOKING).await;
            }
        }
    }
}
