//! What production does not do: send data or passwords anywhere in clear, and serve in a way that is for trying out.
//!
//! The first is refused by every command; the second by `serve`, all of it at once, and told by `doctor`.

use super::public_url::{PublicUrl, is_loopback};
use super::sources::combined;
use super::{Config, ConfigError, Profile};

/// What a program in production connects to in clear would be read by others on the way. This machine is asked in clear.
///
/// # Errors
/// The first key that names such a place.
pub(super) fn refuse_plain(config: &Config) -> Result<(), ConfigError> {
    if config.profile != Profile::Production {
        return Ok(());
    }
    if config.issuers.iter().any(|issuer| is_loopback(&issuer.jwks_url)) {
        return Err(combined("issuers.jwks_url", "in production keys come by HTTPS"));
    }
    for (key, url) in [("public_url", &config.public_url), ("portal_url", &config.portal_url)] {
        if url.is_plain() {
            return Err(combined(key, "in production one comes by HTTPS: set it to an https address"));
        }
    }
    if config.store_endpoint.as_ref().is_some_and(PublicUrl::is_plain) {
        return Err(combined("store_endpoint", "in production only this machine is asked in plain HTTP"));
    }
    if config.tracing.endpoint.as_ref().is_some_and(PublicUrl::is_plain) {
        return Err(combined(
            "tracing.endpoint",
            "in production only this machine is sent traces in plain HTTP",
        ));
    }
    let owner = config.migration_database_url.as_ref();
    let databases = [
        ("database_url", Some(&config.database_url)),
        ("migration_database_url", owner),
        ("key_store_url", Some(&config.key_store_url)),
    ];
    for (key, url) in databases {
        if url.is_some_and(|url| url.is_plain()) {
            let problem =
                "in production another machine is asked in TLS: add sslmode=verify-full (or require)";
            return Err(combined(key, problem));
        }
    }
    if config.redis_url.as_ref().is_some_and(|url| url.is_plain()) {
        return Err(combined("redis_url", "in production another machine is asked in TLS: rediss://"));
    }
    if config.clamd_url.as_ref().is_some_and(|url| !url.is_here()) {
        return Err(combined(
            "clamd_url",
            "clamd takes documents in clear: in production it is of this machine, unix:///run/clamav/clamd.ctl or \
             tcp://127.0.0.1:3310, which may be the near end of a tunnel",
        ));
    }
    Ok(())
}

/// A setting that production does not serve with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The key.
    pub key: &'static str,
    /// What is wrong, and what to do.
    pub problem: &'static str,
}

impl Config {
    /// The settings that production does not serve with. None of other profiles.
    pub fn unfit_for_production(&self) -> Vec<Unfit> {
        if self.profile != Profile::Production {
            return Vec::new();
        }
        let all = [
            (
                self.database_url.is_sqlite(),
                "database_url",
                "SQLite has no second wall between tenants: give the address of a PostgreSQL database",
            ),
            (
                self.tls_cert.is_none() && self.trusted_proxies.is_empty(),
                "tls_cert",
                "requests would come in clear: give tls_cert and tls_key, or name the proxy in front in trusted_proxies",
            ),
            (
                self.clamd_url.is_none(),
                "clamd_url",
                "documents would be taken unscanned: give the address of clamd",
            ),
            (
                self.smtp_url.is_none(),
                "smtp_url",
                "letters, with their links, would stay as files: give the server that they are sent by",
            ),
        ];
        let unfit = all.into_iter().filter(|(is_unfit, ..)| *is_unfit);
        unfit.map(|(_, key, problem)| Unfit { key, problem }).collect()
    }
}
