//! The operations under way on a socket, by the ids that its client gave them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::{AbortHandle, JoinSet};

/// What is under way.
#[derive(Default)]
pub(super) struct Operations(Mutex<UnderWay>);

#[derive(Default)]
struct UnderWay {
    /// How many there were.
    next: u64,
    by_id: HashMap<String, (u64, AbortHandle)>,
}

/// An operation that gives its id back, before it says its last or however it ends.
pub(super) struct Ending {
    operations: Arc<Operations>,
    id: String,
    number: u64,
}

impl Ending {
    /// The id, which is in use.
    pub(super) fn name(&self) -> &str {
        &self.id
    }

    /// The id, which may be used again now.
    pub(super) fn id(self) -> String {
        self.id.clone()
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let mut under_way = self.operations.under_way();
        // Another may have it by now, where this one was told to end.
        if under_way.by_id.get(&self.id).is_some_and(|(number, _)| *number == self.number) {
            under_way.by_id.remove(&self.id);
        }
    }
}

impl Operations {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.under_way().by_id.len()
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.under_way().by_id.contains_key(id)
    }

    /// Begins one.
    pub(super) fn begin<F>(
        self: &Arc<Self>,
        tasks: &mut JoinSet<()>,
        id: String,
        run: impl FnOnce(Ending) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        // Held until it is known: an operation that is quick waits with its end.
        let mut under_way = self.under_way();
        under_way.next += 1;
        let number = under_way.next;
        let ending = Ending { operations: self.clone(), id: id.clone(), number };
        let handle = tasks.spawn(run(ending));
        under_way.by_id.insert(id, (number, handle));
    }

    /// Ends one. What ends by itself at the same time is no fault of the client's.
    pub(super) fn end(&self, id: &str) {
        if let Some((_, handle)) = self.under_way().by_id.remove(id) {
            handle.abort();
        }
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
