//! The contents of documents: where they are, and whether they can be stored and read there.

use custodian::config::{Config, Profile, StoreUrl};
use custodian::store::{Store, StoreError};

use super::Finding::{self, Fail, Fine, Warn};
use super::Seen;

/// Stores, reads and deletes something, unless the folder would have to be made.
pub(super) async fn look(config: &Config) -> Option<Result<(), String>> {
    if matches!(&config.store_url, StoreUrl::Folder(folder) if !folder.exists()) {
        return None;
    }
    let tried = async { Store::open(config)?.check().await };
    Some(tried.await.map_err(|error: StoreError| error.to_string()))
}

pub(super) fn store(seen: &Seen<'_>) -> Option<Finding> {
    let (config, url) = (seen.config, &seen.config.store_url);
    let is_shared = config.profile == Profile::Production && !config.database_url.is_sqlite();
    Some(match (&seen.documents, url) {
        (Some(Err(why)), _) => Fail(format!("{url}: {why}; look at store_url and at what it leads to")),
        (_, StoreUrl::Folder(_)) if is_shared => Warn(format!(
            "{url} is a folder of this machine; other servers of this database lack its content"
        )),
        (None, _) => Fine(format!("{url} will be made by serve")),
        (Some(Ok(())), _) => Fine(url.to_string()),
    })
}
