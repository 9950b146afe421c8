//! How a file is taken in, up to the moment at which its row is added.

use axum::body::Bytes;
use custodian_entity::choice::ScanStatus;

use super::inspect::{self, Inspector, Kind, Unfit};
use super::turns::Turns;
use crate::config::Documents;
use crate::error::Result;
use crate::graphql::upload::{Arriving, Cut};
use crate::scanner::{Scanner, Verdict};
use crate::store::{ContentKey, ObjectName, Spooled, Store};

/// How many files are checked at a time by a check that holds the whole of one in memory.
const WHOLE_AT_ONCE: usize = 4;

/// How much of a file tells its kind.
const START: usize = 64;

/// What takes files in. It is part of the schema's data.
pub struct Intake {
    /// Where they go.
    pub(super) store: Store,
    /// What looks at them.
    pub(super) scanner: Scanner,
    /// How much room there is.
    pub(super) room: Documents,
    whole: Turns,
}

/// A file that was taken in and lies in the spool.
pub(super) struct Taken {
    pub(super) object: ObjectName,
    pub(super) key: ContentKey,
    pub(super) spooled: Spooled,
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) is_scanned: ScanStatus,
}

/// Why a file is not taken in.
pub(super) enum Refused {
    /// It is not what is taken.
    Unfit(Unfit),
    /// It is longer than is taken: the most bytes.
    TooLarge(u64),
    /// The scanner found this in it.
    Infected(String),
}

impl Intake {
    /// What takes files in, with this much room.
    pub fn new(store: Store, scanner: Scanner, room: Documents) -> Self {
        Self { store, scanner, room, whole: Turns::new(WHOLE_AT_ONCE) }
    }

    /// Takes in a file that is coming in. What is left of it when it is refused is read past by who brings the next.
    ///
    /// # Errors
    /// When it stops coming, or the spool cannot be written.
    pub(super) async fn take(&self, mut file: Arriving<'_>) -> Result<Result<Taken, Refused>> {
        let name = match inspect::safe_name(&file.name) {
            Ok(name) => name,
            Err(unfit) => return Ok(Err(Refused::Unfit(unfit))),
        };
        let start = match start_of(&mut file).await {
            Ok(start) => start,
            Err(cut) => return cut_short(cut),
        };
        let kind = match inspect::kind_of(&start, &name, file.declared.as_deref()) {
            Ok(kind) => kind,
            Err(unfit) => return Ok(Err(Refused::Unfit(unfit))),
        };
        let (key, object) = (ContentKey::new()?, ObjectName::new()?);
        let mut spool = self.store.spool(&key, &object).await?;
        let mut inspector = Inspector::new(kind);
        let mut scan = self.scanner.begin();
        let mut next = Some(Bytes::from(start));
        while let Some(chunk) = next {
            if let Err(unfit) = inspector.push(&chunk) {
                return Ok(Err(Refused::Unfit(unfit)));
            }
            spool.write(&chunk).await?;
            scan.feed(&chunk).await;
            next = match file.chunk().await {
                Ok(next) => next,
                Err(cut) => return cut_short(cut),
            };
        }
        if let Err(unfit) = inspector.finish() {
            return Ok(Err(Refused::Unfit(unfit)));
        }
        let spooled = spool.finish().await?;
        let is_scanned = match scan.finish().await {
            Verdict::Infected(signature) => return Ok(Err(Refused::Infected(signature))),
            Verdict::Clean => ScanStatus::Clean,
            Verdict::Unavailable => ScanStatus::Pending,
            Verdict::Skipped => ScanStatus::Skipped,
        };
        if kind == Kind::Pdf
            && let Err(unfit) = self.check_whole(&spooled).await?
        {
            return Ok(Err(Refused::Unfit(unfit)));
        }
        Ok(Ok(Taken { object, key, spooled, kind, name, is_scanned }))
    }

    /// Reads a PDF back and checks it as a whole, a few at a time.
    async fn check_whole(&self, spooled: &Spooled) -> Result<Result<(), Unfit>> {
        let read = spooled.reading()?;
        let checked = self.whole.take(move || read().map(|bytes| inspect::check_pdf(&bytes))).await?;
        Ok(checked?)
    }
}

/// The first bytes of a file.
async fn start_of(file: &mut Arriving<'_>) -> Result<Vec<u8>, Cut> {
    let mut start = Vec::with_capacity(START);
    while start.len() < START {
        match file.chunk().await? {
            Some(chunk) => start.extend_from_slice(&chunk),
            None => break,
        }
    }
    Ok(start)
}

/// A file that is too long is refused; what breaks off is an error.
fn cut_short<T>(cut: Cut) -> Result<Result<T, Refused>> {
    match cut {
        Cut::TooLarge(most) => Ok(Err(Refused::TooLarge(most))),
        Cut::Broken(error) => Err(error),
    }
}
