//! Live data: who listens to what, and what he is told.
//!
//! ```text
//! News ─ Live::follow ─ where each subscription is told, bounded ─ Subscribed::next ─ Seat::viewer (who, now) ─ guard
//!   ─ one execution for all who are answered alike ─ the disclosure to this viewer on record ─ told
//! ```
//!
//! Nobody waits for who takes events too slowly, and little is kept for him: of a customer the latest state; of what cannot be
//! told later a few, and with more he loses his seat.

mod occurrence;
mod seat;
mod subscribed;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, broadcast, mpsc, watch};

use self::occurrence::Occurrence;
pub use self::seat::{End, Seat};
pub use self::subscribed::{Begun, Subscribed, Told};
use crate::authn::{Origin, Viewer};
use crate::authz::Rights;
use crate::authz::policy::Policy;
use crate::config::{Connections, WebSocket};
use crate::live::{Topic, ends_rights};
use crate::news::{Changed, Heard};

/// Whom something is told, with which rights, by which policy.
struct Audience {
    viewer: Viewer,
    rights: Arc<Rights>,
    policy: Arc<Policy>,
    origin: Origin,
}

/// How many sockets are open.
pub const SOCKETS: &str = "custodian_sockets";

/// Who listens to what, in this instance.
pub struct Live {
    config: WebSocket,
    listeners: Mutex<Listeners>,
    /// A place for each socket.
    room: Arc<Semaphore>,
    /// Events that are read at a time.
    telling: Semaphore,
    stopping: watch::Sender<bool>,
}

#[derive(Default)]
struct Listeners {
    next: u64,
    topics: HashMap<Topic, HashMap<u64, Listener>>,
    seats: HashMap<u64, Weak<Seat>>,
}

/// One subscription.
struct Listener {
    teller: Teller,
    seat: Arc<Seat>,
}

/// Where a subscription is told.
enum Teller {
    /// Each, while they are taken: of what is passed over nothing else tells.
    Each(mpsc::Sender<Arc<Occurrence>>),
    /// The latest, which tells all that there is to tell.
    Latest(Arc<Latest>),
}

/// The latest, until it is taken.
#[derive(Default)]
struct Latest {
    occurrence: Mutex<Option<Arc<Occurrence>>>,
    come: Notify,
}

impl Latest {
    fn slot(&self) -> MutexGuard<'_, Option<Arc<Occurrence>>> {
        self.occurrence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The other end.
enum Hearer {
    Each { queue: mpsc::Receiver<Arc<Occurrence>>, next: Option<Arc<Occurrence>> },
    Latest(Arc<Latest>),
}

impl Hearer {
    /// Done when there is something to take. Of what listens no more nothing waits.
    async fn ready(&mut self) {
        match self {
            Self::Each { next: Some(_), .. } => {}
            Self::Each { queue, next } => match queue.recv().await {
                Some(come) => *next = Some(come),
                None => std::future::pending().await,
            },
            Self::Latest(latest) => latest.come.notified().await,
        }
    }

    /// What there is by now.
    fn take(&mut self) -> Option<Arc<Occurrence>> {
        match self {
            Self::Each { next, .. } => next.take(),
            Self::Latest(latest) => latest.slot().take(),
        }
    }
}

/// The place of a socket, until it is dropped.
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::gauge!(SOCKETS).decrement(1.0);
    }
}

impl Live {
    /// Nobody listens yet.
    pub(super) fn new(config: WebSocket, connections: Connections) -> Arc<Self> {
        let room = Arc::new(Semaphore::new(config.sockets));
        let telling = Semaphore::new((connections.max / 2).max(1) as usize);
        let (listeners, stopping) = (Mutex::default(), watch::Sender::new(false));
        Arc::new(Self { config, listeners, room, telling, stopping })
    }

    /// Tells who listens, from now on and as long as there is anybody to hear.
    pub(super) fn follow(self: &Arc<Self>, mut news: broadcast::Receiver<Heard>) {
        let live = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                let heard = news.recv().await;
                let Some(live) = live.upgrade() else { return };
                match heard {
                    Ok(Heard::Changed(changed)) => live.tell(changed),
                    Ok(Heard::Ended(session)) => live.doubt(|seat| seat.is_of(session)),
                    Err(broadcast::error::RecvError::Lagged(passed_over)) => {
                        tracing::warn!(passed_over, "changes that nobody was told of");
                        live.doubt(|_| true);
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                }
            }
        });
    }

    fn tell(&self, changed: Arc<Changed>) {
        if ends_rights(&changed) {
            self.doubt(|seat| seat.is_concerned(&changed));
        }
        let topics = Topic::of(&changed);
        if topics.is_empty() {
            return;
        }
        let occurrence = Arc::new(Occurrence::new(changed));
        let listeners = self.listeners();
        let told = topics.iter().filter_map(|topic| listeners.topics.get(topic)).flat_map(HashMap::values);
        for listener in told {
            match &listener.teller {
                Teller::Latest(latest) => {
                    *latest.slot() = Some(occurrence.clone());
                    latest.come.notify_one();
                }
                Teller::Each(queue) => {
                    if let Err(mpsc::error::TrySendError::Full(_)) = queue.try_send(occurrence.clone()) {
                        listener.seat.end(End::TooSlow);
                    }
                }
            }
        }
    }

    /// Lets seats be looked at again before anything more is told there.
    fn doubt(&self, is_doubtful: impl Fn(&Seat) -> bool) {
        let mut listeners = self.listeners();
        listeners.seats.retain(|_, seat| match seat.upgrade() {
            Some(seat) => {
                if is_doubtful(&seat) {
                    seat.doubt();
                }
                true
            }
            None => false,
        });
    }

    /// A seat that is to be told what ends it.
    fn seat(&self, seat: &Arc<Seat>) {
        let mut listeners = self.listeners();
        listeners.next += 1;
        let number = listeners.next;
        listeners.seats.insert(number, Arc::downgrade(seat));
        if listeners.seats.len() > 2 * self.config.sockets {
            listeners.seats.retain(|_, seat| seat.strong_count() > 0);
        }
    }

    /// A subscription to a topic: its number, and where it is told.
    fn listen(&self, topic: Topic, seat: &Arc<Seat>) -> (u64, Hearer) {
        let (teller, hearer) = match topic {
            Topic::Customer(_) => {
                let latest = Arc::new(Latest::default());
                (Teller::Latest(latest.clone()), Hearer::Latest(latest))
            }
            Topic::Messages(_) | Topic::Alerts(_) => {
                let (teller, queue) = mpsc::channel(self.config.waiting);
                (Teller::Each(teller), Hearer::Each { queue, next: None })
            }
        };
        let mut listeners = self.listeners();
        listeners.next += 1;
        let number = listeners.next;
        let listener = Listener { teller, seat: seat.clone() };
        listeners.topics.entry(topic).or_default().insert(number, listener);
        (number, hearer)
    }

    fn leave(&self, topic: Topic, number: u64) {
        let mut listeners = self.listeners();
        if let Some(of_topic) = listeners.topics.get_mut(&topic) {
            of_topic.remove(&number);
            if of_topic.is_empty() {
                listeners.topics.remove(&topic);
            }
        }
    }

    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is room for a socket, and the service is not about to stop.
    pub fn has_room(&self) -> bool {
        self.room.available_permits() > 0 && !*self.stopping.borrow()
    }

    /// A place for a socket, if there is one and the service is not about to stop.
    pub fn enter(&self) -> Option<Place> {
        if *self.stopping.borrow() {
            return None;
        }
        let permit = self.room.clone().try_acquire_owned().ok()?;
        metrics::gauge!(SOCKETS).increment(1.0);
        Some(Place { _permit: permit })
    }

    /// How many subscriptions there are.
    pub fn subscriptions(&self) -> usize {
        self.listeners().topics.values().map(HashMap::len).sum()
    }

    /// Tells every socket that the service stops.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Done when the service stops.
    pub async fn stopped(&self) {
        // The sender lives as long as this does.
        let _ = self.stopping.subscribe().wait_for(|stops| *stops).await;
    }

    /// Done when no socket is open.
    pub async fn emptied(&self) {
        let all = u32::try_from(self.config.sockets).unwrap_or(u32::MAX);
        drop(self.room.acquire_many(all).await);
    }
}
