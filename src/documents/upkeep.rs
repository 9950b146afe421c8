//! What is done about documents by itself: what waited for the scanner is shown to it, and objects without a row go.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use custodian_entity::choice::{DocumentStatus, ScanStatus};
use custodian_entity::document::{ActiveModel, Column, Entity, Model};
use custodian_entity::id::DocumentId;
use futures_util::StreamExt;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::intake::Intake;
use super::{content_key, subject};
use crate::audit::{Change, Event, EventType, recorded};
use crate::authz::{Operation, sealing};
use crate::database::{Settings, unless_gone};
use crate::error::{Error, Result};
use crate::scanner::Verdict;
use crate::store::{ObjectName, Swept};

/// How many documents that wait are read at a time.
const AT_ONCE: u64 = 16;

/// What is told of a document in which the scanner found something late.
const INFECTED: &str = "something harmful was found in it: its content was destroyed";

/// Why nothing is swept.
#[derive(Debug, thiserror::Error)]
#[error(
    "the store holds objects and the database no document: nothing is swept, since they may be another's"
)]
struct Foreign;

/// What became of a document that waited.
enum Found {
    /// What the scanner says.
    Said(Verdict),
    /// Its key was destroyed: there is nothing to scan, and nothing to read.
    Erased,
}

impl Intake {
    /// Shows all documents that wait to the scanner, the oldest first, and says how many of them wait no longer.
    ///
    /// # Errors
    /// When the database is away. A document whose content cannot be read, or that cannot be decided about, is logged, and
    /// waits on: those behind it do not wait for it.
    pub async fn rescan(&self, service: &Operation) -> Result<usize> {
        let looking = service.told(Settings::of_documents());
        let (mut decided, mut after) = (0, None);
        loop {
            let page = unless_gone(async {
                let page = waiting(&looking, after).await;
                looking.end().await?;
                page
            });
            let page = page.await?;
            let Some(last) = page.last() else { return Ok(decided) };
            after = Some(last.id);
            for row in page {
                let found = match self.scan_again(&looking, &row).await {
                    Ok(Found::Said(Verdict::Unavailable)) => continue,
                    Ok(found) => self.decide(&looking, &row, found).await,
                    Err(error) => Err(error),
                };
                match found {
                    Ok(()) => decided += 1,
                    Err(error) => error.log(),
                }
            }
        }
    }

    /// Shows the content of a document to the scanner.
    async fn scan_again(&self, looking: &Arc<Operation>, row: &Model) -> Result<Found> {
        let mut opened = [row.clone()];
        unless_gone(sealing::open::<Entity>(&looking.keys, &mut opened, &[Column::ContentKey])).await?;
        let [opened] = opened;
        let Some((object, key)) = content_key(&opened)? else { return Ok(Found::Erased) };
        let size = u64::try_from(row.size_bytes).map_err(Error::internal)?;
        let mut content = std::pin::pin!(self.store.read(&object, &key, size, 0..size));
        let mut scan = self.scanner.begin();
        while let Some(chunk) = content.next().await {
            scan.feed(&chunk?).await;
        }
        Ok(Found::Said(scan.finish().await))
    }

    /// Lets a document go on to its review, or destroys its content.
    async fn decide(&self, looking: &Arc<Operation>, row: &Model, found: Found) -> Result<()> {
        let gone = |status, scan_status| ActiveModel {
            status: Set(status),
            scan_status: Set(scan_status),
            object_name: Set(None),
            content_key: Set(None),
            ..Default::default()
        };
        let fine = |scan_status| ActiveModel {
            status: Set(DocumentStatus::PendingReview),
            scan_status: Set(scan_status),
            ..Default::default()
        };
        let scanned = Event::done(EventType::DocumentScanned, subject(row));
        let from = DocumentStatus::Scanning;
        let (change, event, is_gone) = match found {
            Found::Said(Verdict::Infected(signature)) => {
                let reason = Set(Some(INFECTED.to_owned()));
                let gone = gone(DocumentStatus::Rejected, ScanStatus::Infected);
                let found = Event::denied(EventType::DocumentInfected, subject(row)).infection(signature);
                (ActiveModel { rejection_reason: reason, ..gone }, found, true)
            }
            Found::Erased => {
                let to = DocumentStatus::Purged;
                (gone(to, ScanStatus::Skipped), scanned.step(from, to), true)
            }
            Found::Said(verdict) => {
                let is_skipped = verdict == Verdict::Skipped;
                let change = fine(if is_skipped { ScanStatus::Skipped } else { ScanStatus::Clean });
                (change, scanned.step(from, DocumentStatus::PendingReview), false)
            }
        };
        let deciding = recorded(looking, "documentScan", async || {
            Ok(match still_waits(looking, row, change).await? {
                true => Change::<_, Infallible>::Done((), event),
                // Another instance was sooner.
                false => Change::Same(()),
            })
        });
        let Ok(()) = unless_gone(deciding).await?;
        if let Some(object) = row.object_name.as_deref().filter(|_| is_gone).and_then(ObjectName::parse) {
            // Nobody can open it any more. Should it stay, it is swept.
            self.store.delete(&object).await?;
        }
        Ok(())
    }

    /// Sweeps away what crashes left in store and spool, once it is so old.
    ///
    /// # Errors
    /// When the database is away; when there are objects and it has no document at all: it is hardly theirs.
    pub async fn sweep(&self, service: &Operation, age: Duration) -> Result<Swept> {
        let looking = service.told(Settings::of_documents());
        let known = async |names: Vec<ObjectName>| unless_gone(known(&looking, names)).await;
        self.store.sweep(age, service.clock.now(), known).await
    }
}

/// Some of the documents that wait for the scanner, behind this one.
#[expect(clippy::disallowed_methods, reason = "the service looks after documents of every provider")]
async fn waiting(looking: &Arc<Operation>, after: Option<DocumentId>) -> Result<Vec<Model>> {
    let transaction = looking.transaction().await?;
    let waiting = Entity::find().filter(Column::ScanStatus.eq(ScanStatus::Pending));
    let waiting = match after {
        Some(id) => waiting.filter(Column::Id.gt(id)),
        None => waiting,
    };
    Ok(waiting.order_by_asc(Column::Id).limit(AT_ONCE).all(&*transaction).await?)
}

/// Changes a document that still waits, and says whether it did.
#[expect(clippy::disallowed_methods, reason = "the service looks after documents of every provider")]
async fn still_waits(looking: &Arc<Operation>, row: &Model, change: ActiveModel) -> Result<bool> {
    let transaction = looking.transaction().await?;
    let update = Entity::update_many().set(change).filter(Column::Id.eq(row.id));
    let update = update.filter(Column::ScanStatus.eq(ScanStatus::Pending));
    Ok(update.exec(&*transaction).await?.rows_affected > 0)
}

/// Which of these objects documents have.
#[expect(clippy::disallowed_methods, reason = "the service looks after documents of every provider")]
async fn known(looking: &Arc<Operation>, names: Vec<ObjectName>) -> Result<HashSet<ObjectName>> {
    let transaction = looking.transaction().await?;
    let names = names.iter().map(ToString::to_string);
    let found = Entity::find().select_only().column(Column::ObjectName);
    let found = found.filter(Column::ObjectName.is_in(names)).into_tuple::<Option<String>>();
    let found = found.all(&*transaction).await;
    let any = Entity::find().select_only().column(Column::Id).into_tuple::<DocumentId>();
    let any = any.one(&*transaction).await;
    drop(transaction);
    looking.end().await?;
    if any?.is_none() {
        return Err(Error::internal(Foreign));
    }
    Ok(found?.into_iter().flatten().filter_map(|name| ObjectName::parse(&name)).collect())
}
