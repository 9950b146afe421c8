//! Taking away what nobody needs: objects that no row names, and what was left in the middle.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::folder::{older, remove};
use super::{ObjectName, Result, Store, blocking};
use crate::error;

/// The most names that are asked for at a time.
const NAMES: usize = 500;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Objects that no row names.
    pub objects: u64,
    /// Files of the spool and of copies that nobody finished: a process was killed.
    pub remnants: u64,
    /// What could not be listed or deleted; the next sweep tries again.
    pub failed: u64,
}

impl Store {
    /// Deletes objects of that age that `known` does not know, and files of that age that nobody finished. An object is made
    /// before its row, so the age is longer than anything takes from the one to the other; that of a file is the time since
    /// something was written to it. Any number may sweep, at any time, and end in the middle.
    ///
    /// # Errors
    /// `known`'s: nothing is deleted of which it was not asked.
    pub async fn sweep<F>(
        &self,
        older_than: Duration,
        now: DateTime<Utc>,
        known: impl Fn(Vec<ObjectName>) -> F,
    ) -> error::Result<Swept>
    where
        F: Future<Output = error::Result<HashSet<ObjectName>>>,
    {
        let (mut swept, before) = (Swept::default(), now - older_than);
        let spool = self.spool.clone();
        match blocking(move || Ok(older(&spool, before)?)).await {
            Ok(remnants) => swept.delete_remnants(remnants).await,
            Err(error) => swept.fail(&error),
        }
        for beginning in 0..=u8::MAX {
            let listed = match self.objects.list(beginning, before).await {
                Ok(listed) => listed,
                Err(error) => {
                    swept.fail(&error);
                    continue;
                }
            };
            swept.delete_remnants(listed.remnants).await;
            for names in listed.names.chunks(NAMES) {
                let known = known(names.to_vec()).await?;
                let orphans: Vec<_> = names.iter().filter(|name| !known.contains(name)).copied().collect();
                for name in orphans {
                    let deleted = self.delete(&name).await;
                    swept.count(deleted, |swept| &mut swept.objects);
                }
            }
        }
        Ok(swept)
    }
}

impl Swept {
    async fn delete_remnants(&mut self, paths: Vec<PathBuf>) {
        for path in paths {
            let removed = blocking(move || Ok(remove(&path)?)).await;
            self.count(removed.map(drop), |swept| &mut swept.remnants);
        }
    }

    fn count(&mut self, deleted: Result<()>, counter: impl FnOnce(&mut Self) -> &mut u64) {
        match deleted {
            Ok(()) => *counter(self) += 1,
            Err(error) => self.fail(&error),
        }
    }

    fn fail(&mut self, error: &super::StoreError) {
        tracing::warn!(%error, "sweeping the document store");
        self.failed += 1;
    }
}
