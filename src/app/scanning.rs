//! What scans documents, looked at before anything is opened.

use super::StartError;
use crate::config::{Config, Profile};
use crate::scanner::Scanner;

/// Says what scans documents. Where nobody answers they wait; where there is nobody, production does not start.
pub(super) async fn look(config: &Config) -> Result<(), StartError> {
    match Scanner::from_config(config).ping().await {
        Some(Ok(version)) => tracing::info!(scanner = %version, "documents are scanned"),
        Some(Err(error)) => tracing::warn!(%error, "the scanner does not answer: documents will wait for it"),
        None if config.profile == Profile::Production => return Err(StartError::NoScanner),
        None => tracing::warn!("documents are taken unscanned: there is no clamd_url"),
    }
    Ok(())
}
