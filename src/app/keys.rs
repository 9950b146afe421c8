//! The key store, as it is opened at a start and by commands.

use std::sync::Arc;

use super::StartError;
use crate::clock::Clock;
use crate::config::{Config, Connections, DatabaseUrl, Profile};
use crate::crypto::KeyError;
use crate::vault::{MasterKeys, Vault, VaultError};

/// The configured master keys. Only a developer's server makes one.
pub(super) fn masters(config: &Config) -> Result<MasterKeys, KeyError> {
    if config.profile == Profile::Development
        && let Some(path) = &config.master_key_file
    {
        MasterKeys::complete_file(path)?;
    }
    MasterKeys::configured(config)
}

/// Makes the key store or brings it up to date, as the owner of its tables; says whether there is a key in it.
pub(super) async fn migrate(config: &Config) -> Result<bool, StartError> {
    let url = config.key_store_owner_url();
    // A migration takes the time it needs, and one connection.
    let limits = Connections { max: 1, ..config.connections };
    Vault::migrate(&url, limits).await.map_err(failed(&url))
}

/// Connects to a key store that is up to date, and looks whether these master keys open it. Makes nothing.
///
/// # Errors
/// [`StartError::KeyStore`], [`StartError::Outdated`].
pub async fn connect_vault(config: &Config, masters: MasterKeys, clock: &Clock) -> Result<Vault, StartError> {
    let url = &config.key_store_url;
    let vault = Vault::connect(url, config.connections, Arc::new(masters), clock.clone());
    let vault = vault.await.map_err(failed(url))?;
    let pending = vault.pending().await.map_err(failed(url))?;
    if !pending.is_empty() {
        return Err(StartError::Outdated { store: "key store", pending });
    }
    vault.check_masters().await.map_err(failed(url))?;
    Ok(vault)
}

/// The keys of stored data, for commands: [`super::migrate`] comes before. In development the master key is made if there
/// is none.
///
/// # Errors
/// [`StartError::Keys`], [`StartError::KeyStore`], [`StartError::Outdated`].
pub async fn open_vault(config: &Config, clock: &Clock) -> Result<Vault, StartError> {
    connect_vault(config, masters(config)?, clock).await
}

pub(super) fn failed(url: &DatabaseUrl) -> impl Fn(VaultError) -> StartError {
    let url = url.to_string();
    move |source| StartError::KeyStore { url: url.clone(), source }
}
