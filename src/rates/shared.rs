//! Buckets in Redis, for all instances.

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use redis::aio::MultiplexedConnection;
use redis::{Client, RedisError, Script};
use tokio::time::timeout;

use super::limit::{Limit, Taken};
use crate::config::RedisUrl;

/// How often Redis did not count.
pub const FAILURES: &str = "custodian_rate_limit_redis_failures_total";

/// Before the tag of a bucket.
const KEY: &str = "custodian:rates:";
/// For how long a bucket is remembered after it is full, in milliseconds: clocks differ.
const LONGER: u32 = 10_000;
/// How long Redis is left alone after it failed, in microseconds.
const REST: i64 = 5_000_000;
/// How long a connection may take to be made. Meanwhile nobody waits for it longer than for an answer.
const CONNECTING: Duration = Duration::from_secs(5);

/// Buckets in Redis.
#[derive(Clone)]
pub struct Shared(Arc<Inner>);

struct Inner {
    url: ArcSwap<RedisUrl>,
    patience: Duration,
    script: Script,
    link: Mutex<Link>,
    /// Whether it was told that it failed.
    is_missed: AtomicBool,
}

enum Link {
    /// Not tried yet.
    New,
    Connecting,
    Up(MultiplexedConnection),
    /// It failed then.
    Down(i64),
}

impl Shared {
    /// In this Redis, which may take so long to answer.
    pub fn new(url: RedisUrl, patience: Duration) -> Self {
        let script = Script::new(include_str!("take.lua"));
        Self(Arc::new(Inner {
            url: ArcSwap::from_pointee(url),
            patience,
            script,
            link: Mutex::new(Link::New),
            is_missed: AtomicBool::default(),
        }))
    }

    /// Connects with these credentials from the next time on.
    pub fn renew(&self, url: RedisUrl) {
        self.0.url.store(Arc::new(url));
    }

    /// Whether Redis answered lately.
    pub fn is_up(&self) -> bool {
        matches!(*self.link(), Link::Up(_))
    }

    /// As [`super::Local::take`]; none where Redis does not say.
    pub async fn take(&self, key: &str, limit: Limit, amount: u64, now: i64) -> Option<Taken> {
        let mut connection = self.connection(now).await?;
        let asked = async {
            let mut call = self.0.script.key(format!("{KEY}{key}"));
            call.arg(now).arg(limit.price(amount)).arg(limit.window).arg(LONGER);
            call.invoke_async::<(i64, i64)>(&mut connection).await
        };
        match timeout(self.0.patience, asked).await.unwrap_or_else(|_| Err(too_late())) {
            Ok((granted, full_at)) => Some(Taken { is_granted: granted == 1, full_at }),
            Err(error) => {
                self.fail(&error, now);
                None
            }
        }
    }

    /// The connection, if there is one, or one can be made in time.
    async fn connection(&self, now: i64) -> Option<MultiplexedConnection> {
        match &mut *self.link() {
            Link::Up(connection) => return Some(connection.clone()),
            Link::Connecting => return None,
            Link::Down(since) if (now - *since).abs() < REST => return None,
            link => *link = Link::Connecting,
        }
        // It goes on where nobody waits any longer: a slow connection is there for those who come later.
        let connecting = self.clone();
        let made = tokio::spawn(async move { connecting.connect(now).await });
        timeout(self.0.patience, made).await.ok()?.ok()?
    }

    async fn connect(&self, now: i64) -> Option<MultiplexedConnection> {
        let connected = async {
            let client = Client::open(self.0.url.load().expose())?;
            client.get_multiplexed_async_connection().await
        };
        match timeout(CONNECTING, connected).await.unwrap_or_else(|_| Err(too_late())) {
            Ok(connection) => {
                *self.link() = Link::Up(connection.clone());
                self.0.is_missed.store(false, Ordering::Relaxed);
                tracing::info!(redis = %self.0.url.load(), "redis counts requests");
                Some(connection)
            }
            Err(error) => {
                self.fail(&error, now);
                None
            }
        }
    }

    /// Leaves Redis alone for a while. That it failed is told once, until it answers again.
    fn fail(&self, error: &RedisError, now: i64) {
        metrics::counter!(FAILURES).increment(1);
        *self.link() = Link::Down(now);
        if !self.0.is_missed.swap(true, Ordering::Relaxed) {
            tracing::warn!(redis = %self.0.url.load(), %error, "redis does not count requests: each instance counts its own");
        }
    }

    fn link(&self) -> MutexGuard<'_, Link> {
        self.0.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_late() -> RedisError {
    io::Error::from(ErrorKind::TimedOut).into()
}
