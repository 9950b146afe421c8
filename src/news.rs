//! What is known at once: that a session ended, that the policy changed, and which rows did. Of all this the other
//! instances are told.
//!
//! The database decides: each request reads there whether its session goes on, and each instance looks there for changes
//! of the policy. News only come sooner. What has been heard of refuses a token before the database is asked; what has
//! not been heard of, or was forgotten, lets nothing through. So nothing depends on Redis: where none is configured, or
//! it is away, empty or late, the database alone decides.
//!
//! Of rows that changed, whoever listens here is told ([`News::listen`]): after the change is permanent, best effort, by ids
//! alone. Telling never waits, for Redis neither.
//!
//! In Redis: a message on the channel `custodian:news` for each event, and for each session that ended a key that lives as
//! long as an access token does, for instances that were not listening.

mod changed;

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, TimeDelta, Utc};
use custodian_entity::id::{SessionId, TypedId};
use futures_util::StreamExt;
use redis::aio::{MultiplexedConnection, PubSub};
use redis::{Client, RedisResult};
use sea_orm::prelude::Uuid;
use tokio::sync::{Notify, broadcast, mpsc};

pub use self::changed::Changed;
use crate::clock::Clock;
use crate::config::RedisUrl;

/// Where instances tell each other.
const CHANNEL: &str = "custodian:news";
/// Before the id of a session that ended.
const ENDED: &str = "custodian:revoked:";
/// The message that the policy changed.
const POLICY: &str = "policy";
/// Before the id of an instance and what it says was changed. Any other message is the id of a session.
const CHANGED: &str = "changed ";

/// The most sessions that are remembered.
const REMEMBERED: usize = 65_536;
/// The most messages that wait to be sent.
const WAITING: usize = 1024;
/// How many changes whoever listens may be behind.
const BEHIND: usize = 4096;
/// How long until Redis is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How long it may take to answer at first.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a connection on which nothing happens is tried.
const BEAT: Duration = Duration::from_secs(5);

/// An event.
#[derive(Clone, Debug)]
enum Message {
    Ended(SessionId),
    Policy,
    Changed(Arc<Changed>),
}

/// What whoever listens is told.
#[derive(Clone, Debug)]
pub enum Heard {
    /// A session ended.
    Ended(SessionId),
    /// Something was changed.
    Changed(Arc<Changed>),
}

/// What is known here and not yet there.
pub struct News {
    clock: Clock,
    /// How long an access token can outlive its session.
    ttl: TimeDelta,
    /// The sessions that ended, and until when there can be tokens of theirs.
    ended: Mutex<HashMap<SessionId, DateTime<Utc>>>,
    policy: Notify,
    /// Who tells, so that it does not hear itself.
    instance: Uuid,
    heard: broadcast::Sender<Heard>,
    link: Option<Link>,
}

struct Link {
    url: ArcSwap<RedisUrl>,
    is_up: AtomicBool,
    sender: mpsc::Sender<Message>,
    receiver: tokio::sync::Mutex<mpsc::Receiver<Message>>,
}

impl News {
    /// Of instances that share this Redis, if any, and whose tokens live so many seconds.
    pub fn new(redis: Option<RedisUrl>, ttl_seconds: i64, clock: Clock) -> Self {
        let link = redis.map(|url| {
            let (sender, receiver) = mpsc::channel(WAITING);
            let receiver = tokio::sync::Mutex::new(receiver);
            let url = ArcSwap::from_pointee(url);
            Link { url, is_up: AtomicBool::new(false), sender, receiver }
        });
        let ttl = TimeDelta::seconds(ttl_seconds);
        let (instance, heard) = (clock.new_uuid(), broadcast::Sender::new(BEHIND));
        Self { clock, ttl, ended: Mutex::default(), policy: Notify::new(), instance, heard, link }
    }

    /// Whether this session is known to have ended.
    pub fn has_ended(&self, session: SessionId) -> bool {
        self.ended().contains_key(&session)
    }

    /// Tells that a session ended. The database knows it already.
    pub fn session_ended(&self, session: SessionId) {
        self.remember(session);
        self.send(Message::Ended(session));
    }

    /// Tells what was changed. It is permanent already.
    pub fn changed(&self, changed: Changed) {
        let changed = Arc::new(changed);
        // Where nobody listens, nobody is told.
        let _ = self.heard.send(Heard::Changed(changed.clone()));
        // Half of the room is for what ends rights.
        let has_room = |link: &Link| link.sender.capacity() > WAITING / 2 || changed.ends_rights;
        if self.link.as_ref().is_some_and(has_room) {
            self.send(Message::Changed(changed));
        }
    }

    /// What is told from now on, by this instance and others. Who is too far behind is told how much was passed over.
    pub fn listen(&self) -> broadcast::Receiver<Heard> {
        self.heard.subscribe()
    }

    /// Tells that the policy changed. The database knows it already.
    pub fn policy_changed(&self) {
        self.send(Message::Policy);
    }

    /// Done when another instance tells that the policy changed.
    pub async fn of_policy(&self) {
        self.policy.notified().await;
    }

    /// Whether Redis answers; none where none is configured.
    pub fn is_up(&self) -> Option<bool> {
        self.link.as_ref().map(|link| link.is_up.load(Ordering::Relaxed))
    }

    /// Connects with these credentials from the next time on. A connection that there is stays: Redis asked for them when it
    /// began.
    pub fn renew(&self, url: RedisUrl) {
        if let Some(link) = &self.link {
            link.url.store(Arc::new(url));
        }
    }

    /// Sends and hears, for as long as the service runs.
    pub async fn follow(&self) {
        let Some(link) = &self.link else { return std::future::pending().await };
        let mut was_up = true;
        loop {
            let Err(error) = self.exchange(link).await;
            if link.is_up.swap(false, Ordering::Relaxed) || was_up {
                tracing::warn!(redis = %link.url.load(), %error, "redis is away: the database alone decides");
            }
            was_up = false;
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn exchange(&self, link: &Link) -> RedisResult<Infallible> {
        let url = link.url.load_full();
        let connecting = tokio::time::timeout(PATIENCE, self.connect(&url));
        let (mut sending, hearing) = connecting.await.map_err(|_| io::Error::from(ErrorKind::TimedOut))??;
        link.is_up.store(true, Ordering::Relaxed);
        tracing::info!(redis = %url, "redis answers");
        let mut heard = hearing.into_on_message();
        let mut to_send = link.receiver.lock().await;
        let mut beat = tokio::time::interval(BEAT);
        loop {
            tokio::select! {
                message = heard.next() => match message {
                    Some(message) => self.hear(&message.get_payload::<String>()?),
                    None => return Err(io::Error::from(ErrorKind::ConnectionReset).into()),
                },
                Some(message) = to_send.recv() => self.publish(&mut sending, message).await?,
                _ = beat.tick() => redis::cmd("PING").exec_async(&mut sending).await?,
            }
        }
    }

    async fn connect(&self, url: &RedisUrl) -> RedisResult<(MultiplexedConnection, PubSub)> {
        let client = Client::open(url.expose())?;
        let mut sending = client.get_multiplexed_async_connection().await?;
        let mut hearing = client.get_async_pubsub().await?;
        hearing.subscribe(CHANNEL).await?;
        self.catch_up(&mut sending).await?;
        Ok((sending, hearing))
    }

    /// Reads what was told while nobody listened here.
    async fn catch_up(&self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        self.policy.notify_one();
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(format!("{ENDED}*")).arg("COUNT").arg(1000);
            let (next, keys): (u64, Vec<String>) = scan.query_async(connection).await?;
            let ids = keys.iter().filter_map(|key| SessionId::decode(key.strip_prefix(ENDED)?).ok());
            ids.for_each(|id| self.remember(id));
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }

    async fn publish(&self, connection: &mut MultiplexedConnection, message: Message) -> RedisResult<()> {
        let mut commands = redis::pipe();
        let text = match message {
            Message::Policy => POLICY.to_owned(),
            Message::Changed(changed) => match serde_json::to_string(&*changed) {
                Ok(changed) => format!("{CHANGED}{} {changed}", self.instance),
                Err(error) => {
                    tracing::error!(%error, "news that cannot be told");
                    return Ok(());
                }
            },
            Message::Ended(session) => {
                let key = format!("{ENDED}{}", session.encode());
                commands.cmd("SET").arg(key).arg(1).arg("EX").arg(self.ttl.num_seconds()).ignore();
                session.encode()
            }
        };
        commands.cmd("PUBLISH").arg(CHANNEL).arg(text).ignore();
        commands.exec_async(connection).await
    }

    fn hear(&self, text: &str) {
        if let Some((instance, changed)) = text.strip_prefix(CHANGED).and_then(|rest| rest.split_once(' ')) {
            if instance == self.instance.to_string() {
                return;
            }
            match serde_json::from_str(changed) {
                Ok(changed) => drop(self.heard.send(Heard::Changed(Arc::new(changed)))),
                Err(_) => tracing::warn!("news that mean nothing"),
            }
            return;
        }
        match SessionId::decode(text) {
            Ok(session) => self.remember(session),
            Err(_) if text == POLICY => self.policy.notify_one(),
            Err(_) => tracing::warn!("news that mean nothing"),
        }
    }

    /// What finds no room is not remembered: the database knows.
    fn remember(&self, session: SessionId) {
        let _ = self.heard.send(Heard::Ended(session));
        let now = self.clock.now();
        let mut ended = self.ended();
        if ended.len() >= REMEMBERED {
            ended.retain(|_, until| *until > now);
        }
        if ended.len() < REMEMBERED {
            ended.insert(session, now + self.ttl);
        }
    }

    fn send(&self, message: Message) {
        if let Some(link) = &self.link
            && link.sender.try_send(message).is_err()
        {
            tracing::warn!("redis is too slow: news are dropped");
        }
    }

    fn ended(&self) -> MutexGuard<'_, HashMap<SessionId, DateTime<Utc>>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether this Redis answers.
///
/// # Errors
/// Why not.
pub async fn ping(url: &RedisUrl) -> RedisResult<()> {
    let mut connection = Client::open(url.expose())?.get_multiplexed_async_connection().await?;
    redis::cmd("PING").exec_async(&mut connection).await
}
