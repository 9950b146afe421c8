//! The keys of stored data: `custodian keys status`, `rotate` and `rewrap`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::ControlFlow;

use chrono::SecondsFormat;
use custodian::clock::Clock;
use custodian::config::Config;
use custodian::vault::{MasterKeys, TenantStatus, Vault, VaultError};
use custodian::{app, database, tenants};
use custodian_entity::id::{TenantId, TypedId};
use serde_json::{Value, json};

use crate::commands::progress::Progress;
use crate::commands::{Failure, print, runtime};

/// How many keys are wrapped anew in one transaction: few enough that nobody waits for it.
const BATCH: u64 = 200;

/// The key store, and what people call the tenants in it.
struct Stored {
    vault: Vault,
    domains: BTreeMap<TenantId, String>,
}

impl Stored {
    async fn open(config: &Config) -> Result<Self, Failure> {
        let masters = MasterKeys::configured(config).map_err(Failure::refused)?;
        let vault = app::connect_vault(config, masters, &Clock::System).await?;
        Ok(Self { vault, domains: domains(config).await })
    }

    fn name(&self, tenant: TenantId) -> String {
        let domain = self.domains.get(&tenant).cloned();
        domain.unwrap_or_else(|| {
            if tenant == TenantId::NONE { "all providers".to_owned() } else { tenant.encode() }
        })
    }

    /// The tenants with keys that are meant by a domain or an id; all if nothing is said.
    async fn meant(&self, text: Option<&str>) -> Result<Vec<TenantId>, Failure> {
        let mut tenants = self.vault.tenants().await?;
        let Some(text) = text else { return Ok(tenants) };
        tenants.retain(|tenant| tenant.encode() == text || self.name(*tenant) == text.to_lowercase());
        match tenants.is_empty() {
            true => Err(Failure::refused(format!("--tenant: {text} has no keys: see custodian keys status"))),
            false => Ok(tenants),
        }
    }
}

/// What the providers are called. Keys can be looked after while the data are away.
async fn domains(config: &Config) -> BTreeMap<TenantId, String> {
    // Connecting would make the file.
    if config.database_url.file().is_some_and(|file| !file.exists()) {
        return BTreeMap::new();
    }
    let domains = async {
        let db = database::connect(&config.database_url, config.connections).await?;
        tenants::domains(&db).await
    };
    domains.await.unwrap_or_else(|error| {
        tracing::warn!(%error, "providers are shown by id");
        BTreeMap::new()
    })
}

pub(super) fn status(config: &Config, as_json: bool) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let stored = Stored::open(config).await?;
        let tenants = stored.vault.status().await?;
        print(&if as_json {
            format!("{:#}\n", for_programs(&stored, &tenants))
        } else {
            for_people(&stored, &tenants)
        })
    })
}

fn for_programs(stored: &Stored, tenants: &[TenantStatus]) -> Value {
    let tenants = tenants.iter().map(|tenant| {
        let versions = tenant.versions.iter().map(|version| {
            json!({
                "version": version.number,
                "id": version.id,
                "masterKey": version.master_key,
                "createdAt": version.created_at.to_rfc3339_opts(SecondsFormat::Secs, true),
                "dataKeys": version.data_keys,
            })
        });
        json!({
            "id": tenant.tenant.encode(),
            "domain": stored.domains.get(&tenant.tenant),
            "versions": versions.collect::<Vec<_>>(),
            "destroyedDataKeys": tenant.destroyed,
            "rewrap": {
                "tenantKeys": tenant.left.tenant_keys,
                "dataKeys": tenant.left.data_keys,
                "versionsRemoved": tenant.left.versions,
            },
        })
    });
    json!({ "masterKeys": stored.vault.master_keys(), "tenants": tenants.collect::<Vec<_>>() })
}

fn for_people(stored: &Stored, tenants: &[TenantStatus]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    for (place, id) in stored.vault.master_keys().iter().enumerate() {
        let _ = writeln!(text, "master key {id} {}", if place == 0 { "wraps" } else { "unwraps" });
    }
    for tenant in tenants {
        let _ = writeln!(text, "{}", stored.name(tenant.tenant));
        for version in &tenant.versions {
            let made = version.created_at.to_rfc3339_opts(SecondsFormat::Secs, true);
            let (number, master, keys) = (version.number, &version.master_key, version.data_keys);
            let _ = writeln!(
                text,
                "  version {number} of {made}, by master key {master}: wraps {keys} data keys"
            );
        }
        if tenant.destroyed > 0 {
            let _ = writeln!(text, "  {} data keys are destroyed", tenant.destroyed);
        }
        let left = tenant.left;
        if left.keys() > 0 || left.versions > 0 {
            let (keys, versions) = (left.keys(), left.versions);
            let _ = writeln!(text, "  rewrap would wrap {keys} keys anew and remove {versions} versions");
        }
    }
    if tenants.is_empty() {
        text.push_str("no provider has keys yet\n");
    }
    text
}

pub(super) fn rotate(config: &Config, tenant: Option<&str>, and_rewrap: bool) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let stored = Stored::open(config).await?;
        let tenants = stored.meant(tenant).await?;
        for tenant in &tenants {
            stored.vault.rotate(*tenant).await?;
        }
        print(&format!("{} providers have a new key\n", tenants.len()))?;
        if and_rewrap { wrap_anew(&stored, &tenants).await } else { Ok(()) }
    })
}

pub(super) fn rewrap(config: &Config) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let stored = Stored::open(config).await?;
        let tenants = stored.meant(None).await?;
        wrap_anew(&stored, &tenants).await?;
        let master = stored.vault.master_keys().first().copied().unwrap_or_default().to_owned();
        print(&format!("all are under the master key {master}: no other is needed\n"))
    })
}

/// Rewraps the keys of these tenants. One whose keys cannot be used does not keep the others from it.
async fn wrap_anew(stored: &Stored, tenants: &[TenantId]) -> Result<(), Failure> {
    let status = stored.vault.status().await?;
    let left =
        status.iter().filter(|status| tenants.contains(&status.tenant)).map(|status| status.left.keys());
    let progress = Progress::new(left.sum(), "keys");
    let (mut before, mut failures) = (0, Vec::new());
    for tenant in tenants {
        let mut done = 0;
        let rewrapped = stored.vault.rewrap(*tenant, BATCH, |step| {
            done = step.done;
            progress.show(before + done);
            ControlFlow::Continue(())
        });
        match rewrapped.await {
            Ok(_) => {}
            Err(error @ VaultError::Store(_)) => return Err(error.into()),
            Err(error) => failures.push(format!("{}: {error}", stored.name(*tenant))),
        }
        before += done;
    }
    progress.end();
    print(&format!("{before} keys are wrapped anew\n"))?;
    match failures.is_empty() {
        true => Ok(()),
        false => Err(Failure::failed(failures.join("; "))),
    }
}
