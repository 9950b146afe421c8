//! Request-scoped loaders: what sibling rows ask for is fetched by one statement.
//!
//! The first to ask for a kind of thing leads: it yields until no sibling adds a key any more, then loads for all.
//! Everything runs in the task of the request, so the number of statements follows from the document alone, not from
//! timing and not from the number of rows.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Context;
use tokio::sync::oneshot;

use crate::authz::Operation;
use crate::error::{Error, Result};

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
    queues: Mutex<HashMap<TypeId, Box<dyn Any + Send>>>,
}

impl Batches {
    fn with_queue<K: Batch, R>(&self, use_it: impl FnOnce(&mut Queue<K>) -> R) -> R {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let boxed = queues.entry(TypeId::of::<K>()).or_insert_with(|| Box::new(Queue::<K>::default()));
        match boxed.downcast_mut::<Queue<K>>() {
            Some(queue) => use_it(queue),
            // Each box is made under the type it is asked for.
            None => use_it(&mut Queue::default()),
        }
    }

    /// Loads one, together with what siblings ask for.
    async fn load<K: Batch>(&self, operation: &Arc<Operation>, key: K) -> Result<Option<K::Value>> {
        loop {
            let (sender, receiver) = oneshot::channel();
            let leads = self.with_queue(|queue: &mut Queue<K>| {
                queue.waiting.entry(key.clone()).or_default().push(sender);
                !std::mem::replace(&mut queue.is_led, true)
            });
            if leads {
                let kind = std::marker::PhantomData::<fn(K)>;
                Lead { batches: self, is_collecting: true, kind }.run(operation).await;
            }
            // A leader that was dropped drops its followers' senders: they try again, and one of them leads.
            if let Ok(answer) = receiver.await {
                return answer;
            }
        }
    }
}

struct Lead<'a, K: Batch> {
    batches: &'a Batches,
    is_collecting: bool,
    kind: std::marker::PhantomData<fn(K)>,
}

impl<K: Batch> Lead<'_, K> {
    async fn run(mut self, operation: &Arc<Operation>) {
        let count = || self.batches.with_queue(|queue: &mut Queue<K>| queue.waiting.len());
        let mut known = 0;
        while known < count() {
            known = count();
            tokio::task::yield_now().await;
        }
        let waiting = self.batches.with_queue(|queue: &mut Queue<K>| {
            queue.is_led = false;
            std::mem::take(&mut queue.waiting)
        });
        self.is_collecting = false;
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
    }
}

impl<K: Batch> Drop for Lead<'_, K> {
    /// Only a leader dropped while it still collects has anything to give back.
    fn drop(&mut self) {
        if self.is_collecting {
            self.batches.with_queue(|queue: &mut Queue<K>| *queue = Queue::default());
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
