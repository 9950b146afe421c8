//! The keys of stored data: where they are, and whether they can be used.

use std::path::Path;
use std::sync::Arc;

use custodian::clock::Clock;
use custodian::config::{Config, Profile};
use custodian::crypto::KeyError;
use custodian::vault::{MasterKeys, TenantStatus, Vault, VaultError};

use super::Finding::{self, Fail, Fine, Warn};
use super::Seen;

/// What is in the key store.
pub(super) struct KeyStore {
    pending: Vec<String>,
    /// Where nothing is missing.
    keys: Option<Result<Vec<TenantStatus>, String>>,
}

/// The ids of the master keys, and what they open.
pub(super) async fn look(
    config: &Config,
) -> (Result<Vec<String>, KeyError>, Option<Result<KeyStore, String>>) {
    let masters = match MasterKeys::configured(config) {
        Ok(masters) => masters,
        Err(error) => return (Err(error), None),
    };
    let ids = masters.ids().map(str::to_owned).collect();
    let store = look_at_store(config, masters).await.map_err(|error| error.to_string());
    (Ok(ids), Some(store))
}

async fn look_at_store(config: &Config, masters: MasterKeys) -> Result<KeyStore, VaultError> {
    let url = &config.key_store_url;
    let vault = Vault::connect(url, config.connections, Arc::new(masters), Clock::System).await?;
    let pending = vault.pending().await?;
    if !pending.is_empty() {
        return Ok(KeyStore { pending, keys: None });
    }
    let keys = match vault.verify().await {
        Ok(()) => Ok(vault.status().await?),
        Err(error) => Err(error.to_string()),
    };
    Ok(KeyStore { pending, keys: Some(keys) })
}

fn is_production(seen: &Seen<'_>) -> bool {
    seen.config.profile == Profile::Production
}

pub(super) fn master(seen: &Seen<'_>) -> Option<Finding> {
    let file = seen.config.master_key_file.as_ref();
    let ids = match &seen.masters {
        Ok(ids) => ids,
        // `serve` makes it.
        Err(KeyError::Missing { .. }) if !is_production(seen) => return None,
        Err(why) => return Some(Fail(why.to_string())),
    };
    let first = ids.first().map(String::as_str).unwrap_or_default();
    let others = if ids.len() > 1 { format!(", {} more unwrap", ids.len() - 1) } else { String::new() };
    let Some(file) = file else { return Some(Fine(format!("{first} from the environment wraps{others}"))) };
    let file_name = file.display();
    Some(match is_production(seen) && is_within(file, &seen.config.data_dir) {
        true => {
            Warn(format!("{file_name} lies with the data that it opens; keep it, and its backup, elsewhere"))
        }
        false => Fine(format!("{first} in {file_name} wraps{others}")),
    })
}

pub(super) fn store(seen: &Seen<'_>) -> Option<Finding> {
    let (keys, data) = (&seen.config.key_store_url, &seen.config.database_url);
    let file = keys.file();
    if file.as_ref().is_some_and(|file| !file.exists()) {
        // Nor is there a master key, and both will be made.
        seen.masters.as_ref().ok()?;
        return Some(Warn(format!(
            "{keys} is not there; custodian migrate or serve makes it, empty: what was sealed with keys of another \
             does not open"
        )));
    }
    if let Err(why) = seen.key_store.as_ref()? {
        return Some(Fail(format!("{keys}: {why}; look at key_store_url and at the server")));
    }
    let folder = |file: &Path| file.parent().map(Path::to_owned);
    Some(match (file, data.file()) {
        (Some(file), _) if is_open_to_others(&file) => {
            Warn(format!("{keys} can be read by others; chmod 600 {}", file.display()))
        }
        (Some(_), None) if is_production(seen) => {
            Warn(format!("{keys} is a file of this machine; other servers of this database lack its keys"))
        }
        (Some(file), Some(data)) if is_production(seen) && folder(&file) == folder(&data) => Warn(format!(
            "{keys} lies with the data, and so in their backups; give key_store_url a place of its own"
        )),
        (None, None) if keys.is_same(data) => Fine(format!(
            "{keys}, beside the data: leave it out of their backups (pg_dump --exclude-schema=custodian_keys), and keep \
             its own for short"
        )),
        _ => Fine(keys.to_string()),
    })
}

pub(super) fn migrations(seen: &Seen<'_>) -> Option<Finding> {
    let store = seen.key_store.as_ref()?.as_ref().ok()?;
    let pending = store.pending.join(", ");
    Some(match (store.pending.is_empty(), seen.config.serve_migrates()) {
        (true, _) => Fine("all are applied".to_owned()),
        (false, true) => Warn(format!("{pending} will be applied by serve")),
        (false, false) => Fail(format!("{pending} are missing; run custodian migrate")),
    })
}

pub(super) fn stored(seen: &Seen<'_>) -> Option<Finding> {
    let tenants = match seen.key_store.as_ref()?.as_ref().ok()?.keys.as_ref()? {
        Ok(tenants) => tenants,
        Err(why) => {
            return Some(Fail(format!(
                "{why}; bring back the key store, or the master key, from its backup"
            )));
        }
    };
    let keys: u64 =
        tenants.iter().flat_map(|tenant| &tenant.versions).map(|version| 1 + version.data_keys).sum();
    let left: u64 = tenants.iter().map(|tenant| tenant.left.keys()).sum();
    let providers = tenants.len();
    Some(match left {
        0 => Fine(format!("{keys} of {providers} providers, all under the newest")),
        left => Warn(format!("{left} of {keys} are under older ones; run custodian keys rewrap")),
    })
}

/// Whether the file is in the folder, by whatever names.
fn is_within(file: &Path, folder: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real(file).starts_with(real(folder))
}

#[cfg(unix)]
fn is_open_to_others(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}
