//! The journal: entries about reading, from all requests of this instance, written in groups.
//!
//! Whatever waits is written in one transaction, so that many requests cost the chain one turn. What is `strict` waits
//! until its entries are permanent, and gets no answer when they cannot be; what is `buffered` is written within a second,
//! and while too much waits to be written it is strict. Nothing is dropped while the service runs, and nothing is written
//! twice: of a commit whose end nobody heard it is looked up whether it took effect.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use custodian_entity::audit_event;
use custodian_entity::id::AuditEventId;
use futures_util::FutureExt;
use sea_orm::{
    AccessMode, ColumnTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect,
};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use super::Entry;
use super::listing::{self, Known};
use crate::config::Disclosures;
use crate::database::{self, Settings};
use crate::error::{Error, Result};

/// How many operations' entries nobody waits for at most.
const MOST: usize = 1_000;

/// How long they wait at most, and how long after a failure it is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Where entries are given to.
#[derive(Debug)]
pub struct Journal {
    mode: Disclosures,
    writer: UnboundedSender<Given>,
    room: Arc<Semaphore>,
}

/// How long writing them may take. Who waits for it waits for a request's time at most, and all who come wait in one line:
/// a database that is gone without a word must not hold them up for long.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many entries are looked up at a time.
const IDS: usize = 1_000;

/// Entries of one operation.
struct Given {
    entries: Vec<Entry>,
    end: End,
    /// Whether they may be written already.
    is_tried: bool,
}

/// Who learns what became of them.
enum End {
    /// Who waits.
    Told(oneshot::Sender<Result<()>>),
    /// Nobody. They take a place as long as they are not written.
    Untold { _place: OwnedSemaphorePermit },
}

impl Journal {
    /// A journal of this database. It is written until it is dropped.
    pub fn new(db: DatabaseConnection, mode: Disclosures) -> Self {
        let (writer, given) = mpsc::unbounded_channel();
        tokio::spawn(write(db, given));
        Self { mode, writer, room: Arc::new(Semaphore::new(MOST)) }
    }

    /// Takes entries in.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when they cannot be written, and would have to be by now.
    pub async fn record(&self, entries: Vec<Entry>) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        if self.mode == Disclosures::Buffered
            && let Ok(place) = self.room.clone().try_acquire_owned()
        {
            return self.give(entries, End::Untold { _place: place });
        }
        self.written(entries).await
    }

    /// Waits until everything that was taken in is written.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be.
    pub async fn flush(&self) -> Result<()> {
        self.written(Vec::new()).await
    }

    async fn written(&self, entries: Vec<Entry>) -> Result<()> {
        let (told, hears) = oneshot::channel();
        self.give(entries, End::Told(told))?;
        hears.await.unwrap_or_else(|_| Err(Error::bug("the journal has ended")))
    }

    fn give(&self, entries: Vec<Entry>, end: End) -> Result<()> {
        let given = Given { entries, end, is_tried: false };
        self.writer.send(given).map_err(|_| Error::bug("the journal has ended"))
    }
}

async fn write(db: DatabaseConnection, mut given: UnboundedReceiver<Given>) {
    let (mut waiting, mut due) = (Vec::new(), Instant::now());
    let mut known = Known::default();
    loop {
        let was_none = waiting.is_empty();
        let come = given.recv_many(&mut waiting, MOST);
        let come = if was_none { Some(come.await) } else { timeout_at(due, come).await.ok() };
        if was_none {
            due = Instant::now() + PAUSE;
        }
        let is_over = come == Some(0);
        let is_awaited = waiting.iter().any(|given| matches!(given.end, End::Told(_)));
        if is_over || is_awaited || come.is_none() || waiting.len() >= MOST {
            waiting = attempt(&db, waiting, &mut known).await;
            due = Instant::now() + PAUSE;
        }
        if is_over {
            if !waiting.is_empty() {
                tracing::error!(
                    operations = waiting.len(),
                    "stopped with entries of the audit log unwritten"
                );
            }
            return;
        }
    }
}

/// Writes what waits and tells who does; what is left is to be written yet.
async fn attempt(db: &DatabaseConnection, waiting: Vec<Given>, known: &mut Known) -> Vec<Given> {
    // Whatever goes wrong, those who come next find somebody who writes.
    let writing = AssertUnwindSafe(commit(db, &waiting, known)).catch_unwind();
    let written = match timeout(PATIENCE, writing).await {
        Ok(written) => {
            written.unwrap_or_else(|_| Err(Error::bug("writing entries of the audit log panicked")))
        }
        Err(late) => Err(Error::Unavailable(Arc::new(late))),
    };
    if let Err(error) = &written {
        error.log();
        *known = Known::default();
    }
    let mut left = Vec::new();
    for given in waiting {
        match (given.end, &written) {
            // Who no longer listens has gone away.
            (End::Told(told), written) => drop(told.send(written.clone())),
            (End::Untold { .. }, Ok(())) => {}
            (end, Err(_)) => left.push(Given { end, is_tried: true, ..given }),
        }
    }
    left
}

async fn commit(db: &DatabaseConnection, waiting: &[Given], known: &mut Known) -> Result<()> {
    let entries: Vec<&Entry> = waiting.iter().flat_map(|given| &given.entries).collect();
    if entries.is_empty() {
        return Ok(());
    }
    let written = async {
        let transaction = database::begin(db, AccessMode::ReadWrite, &Settings::of_audit()).await?;
        let there = there(&transaction, waiting).await?;
        let is_there = |entry: &Entry| entry.event.id.try_as_ref().is_some_and(|id| there.contains(id));
        let entries: Vec<&Entry> = entries.into_iter().filter(|entry| !is_there(entry)).collect();
        listing::append(&transaction, &entries, known).await?;
        Ok(transaction.commit().await?)
    };
    written.await.map_err(|error| match error {
        Error::Unavailable(_) => error,
        other => Error::Unavailable(Arc::new(other)),
    })
}

/// Those entries of an earlier attempt that are in the log: its commit took effect, and only the answer was lost.
#[expect(
    clippy::disallowed_methods,
    reason = "the log has no viewer's scope: it records what any viewer did"
)]
async fn there(db: &DatabaseTransaction, waiting: &[Given]) -> Result<HashSet<AuditEventId>> {
    let tried = waiting.iter().filter(|given| given.is_tried).flat_map(|given| &given.entries);
    let tried: Vec<AuditEventId> = tried.filter_map(|entry| entry.event.id.try_as_ref().copied()).collect();
    let mut there = HashSet::new();
    for ids in tried.chunks(IDS) {
        let found = audit_event::Entity::find().select_only().column(audit_event::Column::Id);
        let found =
            found.filter(audit_event::Column::Id.is_in(ids.iter().copied())).into_tuple::<AuditEventId>();
        there.extend(found.all(db).await?);
    }
    Ok(there)
}
