//! What the service does by itself: it follows what changes, sends letters, and forgets what no longer counts.

use std::sync::Arc;
use std::time::Duration;

use super::App;
use crate::accounts;
use crate::authn::{Origin, Viewer};
use crate::authz::{Operation, Rights};
use crate::customers;
use crate::error::Result;
use crate::reload;

/// How often guesses that no longer count are forgotten.
const FORGETTING: Duration = Duration::from_secs(3600);

/// How often letters are looked for that another instance, or nobody, has sent.
const LOOKING_FOR_LETTERS: Duration = Duration::from_secs(2);

impl App {
    /// Follows what changes while the service runs: policy, keys, and what other instances tell.
    pub async fn follow(&self) {
        let looking = async {
            let mut fault = None;
            loop {
                tokio::select! {
                    () = tokio::time::sleep(reload::INTERVAL) => {}
                    () = self.news.of_policy() => {}
                }
                self.refresh_policy().await;
                let found = self.tokens.refresh().map_err(|error| error.to_string()).err();
                if let Some(error) = &found
                    && found != fault
                {
                    tracing::error!(error, "the signing keys stay as they were");
                }
                fault = found;
            }
        };
        tokio::join!(looking, self.news.follow());
    }

    /// Forgets guesses, letters and tags that no longer count, for as long as the service runs.
    pub async fn forget(&self) {
        loop {
            if let Err(error) = accounts::forget_attempts(&self.db, &self.clock).await {
                error.log();
            }
            if let Err(error) = self.outbox.forget(&self.operation_of_service("forgetting")).await {
                error.log();
            }
            if let Err(error) = self.forget_erased().await {
                error.log();
            }
            tokio::time::sleep(FORGETTING).await;
        }
    }

    /// Takes away what erased customers would still be found by: nothing, but for what a crash or a backup left.
    ///
    /// # Errors
    /// When the database or the key store is away.
    pub async fn forget_erased(&self) -> Result<()> {
        customers::forget_erased(&self.operation_of_service("erasure"), &self.vault).await
    }

    /// Sends the letter that has been due for longest, and says whether there was one.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn deliver(&self) -> Result<bool> {
        self.outbox.deliver(&self.operation_of_service("mail")).await
    }

    /// Sends letters until `stop` is done, and finishes the one under way then.
    pub async fn deliver_until(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            let was_one = self.deliver().await.unwrap_or_else(|error| {
                error.log();
                false
            });
            let pause = if was_one { Duration::ZERO } else { LOOKING_FOR_LETTERS };
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// What the service does by itself, with no rights to any field.
    fn operation_of_service(&self, name: &str) -> Operation {
        let rights = Arc::new(Rights::nothing(self.policy.snapshot().catalog().clone()));
        let origin = Origin { request_id: name.to_owned(), ..Origin::default() };
        let (clock, news) = (self.clock.clone(), self.news.clone());
        let keys = Arc::new(self.vault.open_keys());
        Operation::new(Viewer::anonymous(), origin, rights, clock, keys, self.db.clone(), news)
    }
}
