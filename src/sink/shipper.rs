//! Shipping the log, one round at a time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Backoff, Document, OpenSearch, SetupError, SinkError};
use crate::config::Config;

/// The most documents of a round, unless more chains than this have some.
const ROUND: usize = 1000;

/// The log, and how far it has been shipped.
pub trait Source: Sync {
    /// Why it cannot be read.
    type Error: std::error::Error + Send;

    /// The chains with entries that have not been shipped, and how far each is.
    fn cursors(&self) -> impl Future<Output = Result<Vec<Cursor>, Self::Error>> + Send;

    /// The entries of a chain that follow on this number, in order and without a gap, and so many at most.
    fn read(
        &self,
        chain: Uuid,
        after: i64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Document>, Self::Error>> + Send;

    /// Notes that a chain has been shipped up to this number. A cursor that is farther already, by another instance, stays.
    fn advance(&self, chain: Uuid, sequence: i64) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// What has not been shipped.
    fn lag(&self) -> impl Future<Output = Result<Lag, Self::Error>> + Send;
}

/// How far a chain has been shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The chain.
    pub chain: Uuid,
    /// The number of the last entry that was; 0 for none.
    pub sequence: i64,
}

/// What has not been shipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// As many entries.
    pub entries: u64,
    /// When the oldest of them occurred.
    pub oldest: Option<DateTime<Utc>>,
}

impl Lag {
    /// How far the index is behind.
    pub fn behind(&self, now: DateTime<Utc>) -> Duration {
        self.oldest.and_then(|oldest| (now - oldest).to_std().ok()).unwrap_or_default()
    }
}

/// What a round came to.
#[derive(Debug)]
pub struct Round<E> {
    /// When the next one is due.
    pub next: Next,
    /// Documents that went into the index, or were there.
    pub taken: usize,
    /// Documents that were passed over: the server will never take them.
    pub rejected: usize,
    /// What is left, if that could be read.
    pub lag: Option<Lag>,
    /// What went wrong.
    pub trouble: Option<Trouble<E>>,
}

/// When a round is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// At once: there may be more.
    Now,
    /// When there are new entries.
    Idle,
    /// After so long.
    After(Duration),
}

/// What went wrong in a round. Whatever it was, nothing is lost: the next one sends what this one did not.
#[derive(Debug, thiserror::Error)]
pub enum Trouble<E> {
    /// The server, or the way to it.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The log.
    #[error("{0}")]
    Source(E),
}

/// Ships the log of a source.
pub struct Shipper<S> {
    source: S,
    sink: OpenSearch,
    backoff: Backoff,
    random: Box<dyn FnMut() -> u64 + Send>,
    is_prepared: bool,
}

impl<S: Source> Shipper<S> {
    /// Ships to this server. Waits are of chance length: `random` gives any number, each as likely as the others.
    pub fn new(source: S, sink: OpenSearch, random: impl FnMut() -> u64 + Send + 'static) -> Self {
        Self { source, sink, backoff: Backoff::default(), random: Box::new(random), is_prepared: false }
    }

    /// Ships with these credentials from the next step on.
    ///
    /// # Errors
    /// As [`OpenSearch::renew`].
    pub fn renew(&mut self, config: &Config) -> Result<(), SetupError> {
        self.sink.renew(config)
    }

    /// Ships what there is, up to a limit. It may be dropped anywhere: what it had sent is sent again.
    pub async fn step(&mut self, now: DateTime<Utc>) -> Round<S::Error> {
        let mut round = Round { next: Next::Idle, taken: 0, rejected: 0, lag: None, trouble: None };
        match self.ship(&mut round).await {
            Ok(next) => round.next = next,
            Err(trouble) => round.trouble = Some(trouble),
        }
        match self.source.lag().await {
            Ok(lag) => round.lag = Some(lag),
            Err(error) => {
                round.trouble.get_or_insert(Trouble::Source(error));
            }
        }
        match &round.trouble {
            None => self.backoff.reset(),
            Some(trouble) => round.next = Next::After(self.pause(trouble, now)),
        }
        round
    }

    async fn ship(&mut self, round: &mut Round<S::Error>) -> Result<Next, Trouble<S::Error>> {
        if !self.is_prepared {
            self.sink.ensure_template().await?;
            self.is_prepared = true;
        }
        let cursors = self.source.cursors().await.map_err(Trouble::Source)?;
        let share = (ROUND / cursors.len().max(1)).max(1);
        let mut documents = Vec::new();
        for Cursor { chain, sequence } in cursors {
            documents.extend(self.source.read(chain, sequence, share).await.map_err(Trouble::Source)?);
        }
        if documents.is_empty() {
            return Ok(Next::Idle);
        }
        let answer = self.sink.bulk(&documents).await;
        (round.taken, round.rejected) = (answer.taken, answer.rejected.len());
        for rejected in &answer.rejected {
            tracing::error!(
                entry = rejected.id,
                kind = rejected.kind,
                "an entry of the log cannot be shipped"
            );
        }
        for (chain, sequence) in answer.done {
            self.source.advance(chain, sequence).await.map_err(Trouble::Source)?;
        }
        answer.trouble.map_or(Ok(Next::Now), |trouble| Err(trouble.into()))
    }

    /// As long as the server wants, or by chance.
    fn pause(&mut self, trouble: &Trouble<S::Error>, now: DateTime<Utc>) -> Duration {
        let wanted = match trouble {
            Trouble::Sink(error) => error.retry_after().map(|after| after.wait(now)),
            Trouble::Source(_) => None,
        };
        // One that wants no wait would be asked without end.
        wanted.filter(|wait| !wait.is_zero()).unwrap_or_else(|| self.backoff.next((self.random)()))
    }
}
