//! The keys of an issuer: fetched from its address, kept, and asked for again now and then, or when a token names one
//! that is not known.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Client, Url, redirect};
use tokio::sync::Mutex;

use super::jws::{Key, read_keys};
use crate::clock::Clock;
use crate::error::{Error, Result};

/// After how long keys are asked for again though nothing is missing: a key that was taken out counts no longer.
const FRESH: TimeDelta = TimeDelta::minutes(10);
/// For how long keys count while no newer ones can be had.
const USABLE: TimeDelta = TimeDelta::hours(24);
/// How often the address is asked at most, whatever tokens name.
const APART: TimeDelta = TimeDelta::minutes(1);
/// How long an answer may take, and how large it may be.
const TIMEOUT: Duration = Duration::from_secs(3);
const LARGEST: usize = 256 * 1024;

#[derive(Clone)]
pub(super) struct KeyCache {
    url: Url,
    http: Client,
    kept: Arc<ArcSwap<Kept>>,
    /// When the address was asked last. Held while it is asked: others that have nothing else wait for the answer.
    asked: Arc<Mutex<Option<DateTime<Utc>>>>,
}

#[derive(Default)]
struct Kept {
    keys: Arc<[Key]>,
    since: Option<DateTime<Utc>>,
}

impl Kept {
    fn is_within(&self, age: TimeDelta, clock: &Clock) -> bool {
        self.since.is_some_and(|since| clock.now() - since < age)
    }
}

/// Why no keys came.
#[derive(Debug, thiserror::Error)]
enum NoKeys {
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("status {0}")]
    Status(reqwest::StatusCode),
    #[error("more than {LARGEST} bytes")]
    TooLarge,
    #[error("not a key set")]
    Malformed,
    #[error("asked a moment ago, in vain")]
    JustAsked,
}

impl KeyCache {
    /// Asks for nothing yet. The address is called as it is: no redirects, no proxy, and HTTPS unless it says otherwise.
    pub(super) fn new(url: Url) -> Result<Self, reqwest::Error> {
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .https_only(url.scheme() == "https")
            .timeout(TIMEOUT)
            .no_proxy()
            .build()?;
        Ok(Self { url, http, kept: Arc::default(), asked: Arc::default() })
    }

    /// The keys, asked for again if it is time.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when there are none, or only such as are too old.
    pub(super) async fn current(&self, clock: &Clock) -> Result<Arc<[Key]>> {
        if !self.kept.load().is_within(FRESH, clock) {
            self.ask(clock).await;
        }
        self.usable(clock)
    }

    /// The keys, asked for again unless that was done a moment ago.
    ///
    /// # Errors
    /// As [`Self::current`].
    pub(super) async fn renewed(&self, clock: &Clock) -> Result<Arc<[Key]>> {
        self.ask(clock).await;
        self.usable(clock)
    }

    fn usable(&self, clock: &Clock) -> Result<Arc<[Key]>> {
        let kept = self.kept.load();
        if kept.is_within(USABLE, clock) {
            return Ok(kept.keys.clone());
        }
        Err(Error::Unavailable(Arc::new(NoKeys::JustAsked)))
    }

    async fn ask(&self, clock: &Clock) {
        let asked = self.asked.clone();
        let mut asked = if self.kept.load().is_within(USABLE, clock) {
            // Somebody is at it, and there are keys meanwhile.
            let Ok(asked) = asked.try_lock_owned() else { return };
            asked
        } else {
            asked.lock_owned().await
        };
        if asked.is_some_and(|asked| clock.now() - asked < APART) {
            return;
        }
        // To its end, whether or not the client whose token it was for hangs up.
        let (this, clock) = (self.clone(), clock.clone());
        let asking = tokio::spawn(async move {
            *asked = Some(clock.now());
            match this.fetch().await {
                Ok(keys) => this.kept.store(Arc::new(Kept { keys: keys.into(), since: Some(clock.now()) })),
                Err(error) => tracing::warn!(url = %this.url, %error, "an issuer's keys cannot be had"),
            }
        });
        asking.await.unwrap_or_default();
    }

    async fn fetch(&self) -> Result<Vec<Key>, NoKeys> {
        let mut response =
            self.http.get(self.url.clone()).send().await.map_err(reqwest::Error::without_url)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(NoKeys::Status(response.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > LARGEST {
                return Err(NoKeys::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        read_keys(&body).ok_or(NoKeys::Malformed)
    }
}
