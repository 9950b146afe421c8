//! What the service does by itself: it follows what changes, sends letters, and forgets what no longer counts.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

use super::App;
use crate::accounts;
use crate::audit;
use crate::authn::{Origin, Viewer};
use crate::authz::{Operation, Rights};
use crate::customers;
use crate::database::unless_gone;
use crate::error::Result;
use crate::reload;
use crate::store::Swept;

/// How often guesses that no longer count are forgotten.
const FORGETTING: Duration = Duration::from_secs(3600);

/// How often documents that wait are shown to the scanner.
const SCANNING_AGAIN: Duration = Duration::from_secs(15);

/// How old something must be to be swept: by then whatever uploads it has ended, for good or ill.
const SWEPT_AFTER: Duration = Duration::from_secs(3600);

/// How often the ends of the audit log's chains are signed.
const SIGNING: Duration = Duration::from_secs(60);

/// How often it is listed by customer what was disclosed.
const LISTING: Duration = Duration::from_secs(1);

/// How often letters are looked for that another instance, or nobody, has sent.
const LOOKING_FOR_LETTERS: Duration = Duration::from_secs(2);

/// How long after a panic what the service does by itself begins again.
const AGAIN: Duration = Duration::from_secs(5);

/// Does something to its end. A panic ends neither it nor what goes on beside it.
pub(super) async fn unbroken<F: Future<Output = ()>>(what: &'static str, run: impl Fn() -> F) {
    while AssertUnwindSafe(run()).catch_unwind().await.is_err() {
        tracing::error!(what, "a panic ended what the service does by itself: it begins again");
        tokio::time::sleep(AGAIN).await;
    }
}

impl App {
    /// Does all of it that has no end of its own, for as long as the service runs.
    pub async fn keep_up(&self) {
        tokio::join!(
            unbroken("following", || self.follow()),
            unbroken("forgetting", || self.forget()),
            unbroken("documents", || self.look_after_documents()),
            unbroken("signing", || self.keep_signing_heads()),
            unbroken("listing", || self.keep_listing_disclosures()),
            unbroken("alerts", || self.keep_watching_alerts()),
        );
    }

    /// Follows what changes while the service runs: policy, keys, secrets in files, and what other instances tell.
    pub async fn follow(&self) {
        let looking = async {
            let mut fault = None;
            loop {
                tokio::select! {
                    () = tokio::time::sleep(reload::INTERVAL) => {}
                    () = self.news.of_policy() => {}
                }
                self.refresh_policy().await;
                self.trusted.refresh();
                let found = self.tokens.refresh().map_err(|error| error.to_string()).err();
                if let Some(error) = &found
                    && found != fault
                {
                    tracing::error!(error, "the signing keys stay as they were");
                }
                fault = found;
            }
        };
        tokio::join!(looking, self.keep_secrets(), self.news.follow());
    }

    /// Forgets guesses, letters and tags that no longer count, for as long as the service runs.
    pub async fn forget(&self) {
        loop {
            if let Err(error) = unless_gone(accounts::forget_attempts(&self.db, &self.clock)).await {
                error.log();
            }
            let forgetting = self.operation_of_service("forgetting");
            if let Err(error) = unless_gone(self.outbox.forget(&forgetting)).await {
                error.log();
            }
            if let Err(error) = self.forget_erased().await {
                error.log();
            }
            tokio::time::sleep(FORGETTING).await;
        }
    }

    /// Shows documents that wait to the scanner, and says how many of them wait no longer.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn scan_waiting(&self) -> Result<usize> {
        self.intake.rescan(&self.operation_of_service("scanning")).await
    }

    /// Sweeps away what crashes left of documents, once it is so old.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep_documents(&self, age: Duration) -> Result<Swept> {
        self.intake.sweep(&self.operation_of_service("sweeping"), age).await
    }

    /// Shows documents that wait to the scanner, and sweeps away what crashes left of others, for as long as the service
    /// runs. Neither waits for the other.
    pub async fn look_after_documents(&self) {
        let scanning = async {
            loop {
                match self.scan_waiting().await {
                    Ok(0) => {}
                    Ok(decided) => tracing::info!(decided, "documents that waited for the scanner"),
                    Err(error) => error.log(),
                }
                tokio::time::sleep(SCANNING_AGAIN).await;
            }
        };
        let sweeping = async {
            loop {
                match self.sweep_documents(SWEPT_AFTER).await {
                    Ok(found) if found != Swept::default() => {
                        let Swept { objects, remnants, failed } = found;
                        tracing::info!(objects, remnants, failed, "documents were swept");
                    }
                    Ok(_) => {}
                    Err(error) => error.log(),
                }
                tokio::time::sleep(FORGETTING).await;
            }
        };
        tokio::join!(scanning, sweeping);
    }

    /// Signs the ends of those chains of the audit log that went on, and says how many.
    ///
    /// # Errors
    /// When the database is away, or `audit_heads_dir` cannot be written.
    pub async fn sign_heads(&self) -> Result<usize> {
        self.heads.write(&self.db, &self.tokens.ring(), self.clock.now()).await
    }

    /// Signs them every minute for as long as the service runs.
    pub async fn keep_signing_heads(&self) {
        loop {
            if let Err(error) = self.sign_heads().await {
                error.log();
            }
            tokio::time::sleep(SIGNING).await;
        }
    }

    /// Lists by customer what was disclosed since the last time, and says how many entries that were.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn list_disclosures(&self) -> Result<u64> {
        audit::list(&self.db).await
    }

    /// Lists it every second for as long as the service runs.
    pub async fn keep_listing_disclosures(&self) {
        loop {
            if let Err(error) = self.list_disclosures().await {
                error.log();
            }
            tokio::time::sleep(LISTING).await;
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
        let stop = stop.shared();
        unbroken("letters", || self.keep_delivering(stop.clone())).await;
    }

    async fn keep_delivering(&self, stop: impl Future<Output = ()>) {
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
    pub(super) fn operation_of_service(&self, name: &str) -> Operation {
        let rights = Arc::new(Rights::nothing(self.policy.snapshot().catalog().clone()));
        let origin = Origin { request_id: name.to_owned(), ..Origin::default() };
        let (clock, news) = (self.clock.clone(), self.news.clone());
        let keys = Arc::new(self.vault.open_keys());
        Operation::new(Viewer::anonymous(), origin, rights, clock, keys, self.db.clone(), news)
    }
}
