//! Request-scoped loaders: what sibling rows ask for is fetched by one statement.
//!
//! The first to ask for a kind of thing leads: it yields until nobody asks for anything any more, then loads for all.
//! Everything runs in the task of the request, so the number of statements follows from the document alone, not from
//! timing and not from the number of rows.

use std::any::{Any, TypeId};
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::Context;
use tokio::sync::{Notify, oneshot};

use crate::authz::Operation;
use crate::error::{Error, Result};

/// Counts what loaders asked the database together.
pub const LOADS: &str = "custodian_loader_batches_total";
/// Counts for how many they did.
pub const LOADED: &str = "custodian_loader_keys_total";

/// The name that a loader is counted by: that of its type, without its parameters.
fn loader<K>() -> &'static str {
    let name = std::any::type_name::<K>();
    let name = name.split('<').next().unwrap_or(name);
    name.strip_prefix("custodian::").unwrap_or(name)
}

/// Something that can be loaded for many at once.
pub trait Batch: Clone + Eq + Hash + Send + Sync + 'static {
    /// What is loaded for one.
    type Value: Clone + Send + Sync + 'static;

    /// Loads for all. What is missing in the answer does not exist, or not for this viewer.
    fn load(
        operation: &Arc<Operation>,
        keys: Vec<Self>,
    ) -> impl Future<Output = Result<HashMap<Self, Self::Value>>> + Send;
}

/// Who waits for one thing.
type Waiting<K> = Vec<oneshot::Sender<Result<Option<<K as Batch>::Value>>>>;

/// One kind of thing: who waits for what.
struct Queue<K: Batch> {
    waiting: HashMap<K, Waiting<K>>,
    is_led: bool,
}

impl<K: Batch> Default for Queue<K> {
    fn default() -> Self {
        Self { waiting: HashMap::new(), is_led: false }
    }
}

/// The loaders of one operation.
#[derive(Default)]
pub struct Batches {
    state: Mutex<State>,
    idle: Notify,
}

#[derive(Default)]
struct State {
    queues: HashMap<TypeId, Box<dyn Any + Send>>,
    /// Raised whenever a key is added or an answer given.
    activity: u64,
    /// Whether a load is under way: the transaction takes one statement at a time anyway.
    is_loading: bool,
    /// Who leads, in the order in which they began.
    leaders: BTreeSet<u64>,
    next: u64,
}

impl State {
    fn queue<K: Batch>(&mut self) -> Option<&mut Queue<K>> {
        let boxed = self.queues.entry(TypeId::of::<K>()).or_insert_with(|| Box::new(Queue::<K>::default()));
        boxed.downcast_mut()
    }
}

/// How often in a row nothing may happen before a leader believes that every sibling has asked.
const QUIET: u32 = 8;

impl Batches {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads one, together with what siblings ask for.
    async fn load<K: Batch>(&self, operation: &Arc<Operation>, key: K) -> Result<Option<K::Value>> {
        loop {
            let (sender, receiver) = oneshot::channel();
            let lead = {
                let mut state = self.state();
                state.activity += 1;
                let queue = state.queue::<K>().ok_or_else(|| Error::bug("a queue of another kind"))?;
                queue.waiting.entry(key.clone()).or_default().push(sender);
                let leads = !std::mem::replace(&mut queue.is_led, true);
                leads.then(|| {
                    state.next += 1;
                    let ticket = state.next;
                    state.leaders.insert(ticket);
                    ticket
                })
            };
            if let Some(ticket) = lead {
                Lead { batches: self, ticket, step: Step::Collecting, kind: PhantomData::<fn(K)> }
                    .run(operation)
                    .await;
            }
            // A leader that was dropped drops its followers' senders: they try again, and one of them leads.
            if let Ok(answer) = receiver.await {
                return answer;
            }
        }
    }
}

/// Where a leader stands.
#[derive(PartialEq)]
enum Step {
    Collecting,
    Loading,
    Done,
}

struct Lead<'a, K: Batch> {
    batches: &'a Batches,
    ticket: u64,
    step: Step,
    kind: PhantomData<fn(K)>,
}

impl<K: Batch> Lead<'_, K> {
    async fn run(mut self, operation: &Arc<Operation>) {
        self.turn().await;
        let waiting = {
            let mut state = self.batches.state();
            state.is_loading = true;
            state.leaders.remove(&self.ticket);
            let queue = state.queue::<K>();
            queue.map(|queue| {
                queue.is_led = false;
                std::mem::take(&mut queue.waiting)
            })
        };
        self.step = Step::Loading;
        let waiting = waiting.unwrap_or_default();
        let name = loader::<K>();
        metrics::counter!(LOADS, "loader" => name).increment(1);
        metrics::counter!(LOADED, "loader" => name).increment(waiting.len() as u64);
        let loaded = K::load(operation, waiting.keys().cloned().collect()).await;
        for (key, senders) in waiting {
            for sender in senders {
                let answer = match &loaded {
                    Ok(values) => Ok(values.get(&key).cloned()),
                    Err(error) => Err(error.clone()),
                };
                // Who no longer waits needs no answer.
                let _ = sender.send(answer);
            }
        }
        self.finish();
        self.step = Step::Done;
    }

    /// Waits until no load is under way, nobody asks for anything any more, and whoever began to lead before has had
    /// his turn: so the statements of a document are the same whatever the number of rows.
    async fn turn(&self) {
        let mut seen = 0;
        let mut quiet = 0;
        loop {
            let idle = self.batches.idle.notified();
            let (activity, is_loading, is_first) = {
                let state = self.batches.state();
                (state.activity, state.is_loading, state.leaders.first() == Some(&self.ticket))
            };
            if is_loading {
                quiet = 0;
                idle.await;
                continue;
            }
            quiet = if activity == seen { quiet + 1 } else { 0 };
            seen = activity;
            if quiet >= QUIET && is_first {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    fn finish(&self) {
        let mut state = self.batches.state();
        state.is_loading = false;
        state.activity += 1;
        drop(state);
        self.batches.idle.notify_waiters();
    }
}

impl<K: Batch> Drop for Lead<'_, K> {
    /// A leader that is dropped half-way makes room for another.
    fn drop(&mut self) {
        match self.step {
            Step::Collecting => {
                let mut state = self.batches.state();
                state.leaders.remove(&self.ticket);
                let left = state.queue::<K>().map(std::mem::take);
                drop(state);
                drop(left);
            }
            Step::Loading => self.finish(),
            Step::Done => {}
        }
    }
}

/// Loads one thing from inside a resolver.
///
/// # Errors
/// Those of the load.
pub async fn load<K: Batch>(
    ctx: &Context<'_>,
    operation: &Arc<Operation>,
    key: K,
) -> Result<Option<K::Value>> {
    let batches =
        ctx.data_opt::<Arc<Batches>>().ok_or_else(|| Error::bug("no loaders: the guard was passed by"))?;
    batches.load(operation, key).await
}
