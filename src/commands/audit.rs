//! `custodian audit`: whether the log is what was written, and the log as lines of JSON.

use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::{Args, Subcommand};
use custodian::audit::{self, Signed, SignedError, Span, Verification};
use custodian::config::Config;
use custodian::crypto::KeyRing;
use custodian::database::{self, Settings};
use custodian_entity::id::{TenantId, TypedId};
use sea_orm::{AccessMode, DatabaseTransaction};

use super::progress::Progress;
use super::{Failure, print, runtime};

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Go through the log and name the first entry that is not as it was written
    ///
    /// Every chain from its first entry to its end, and every signed head. Status 1 where something is wrong. Servers may
    /// run meanwhile.
    #[command(after_help = "Examples:\n  custodian audit verify\n  \
        custodian audit verify --from 2026-11-01 --to 2026-12-01 --heads /mnt/worm/audit-heads")]
    Verify {
        #[command(flatten)]
        part: Part,
        /// Signed heads: a file of them, or a folder of such files [default: audit_heads_dir]
        #[arg(long, value_name = "FILE")]
        heads: Option<PathBuf>,
    },
    /// Print the log as lines of JSON, chain by chain
    #[command(
        after_help = "Example:\n  custodian audit export --from 2026-11-01 | jq 'select(.outcome == \"DENIED\")'"
    )]
    Export {
        #[command(flatten)]
        part: Part,
    },
}

/// Which part of the log.
#[derive(Debug, Args)]
pub(super) struct Part {
    /// What is not older: a date, or a time as 2026-11-22T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<DateTime<Utc>>,
    /// What is older
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<DateTime<Utc>>,
    /// Of this provider only, by its id; `none` for what belongs to none
    #[arg(long, value_name = "TENANT", value_parser = tenant)]
    tenant: Option<TenantId>,
}

impl Part {
    fn span(&self) -> Span {
        Span { chain: self.tenant.map(TypedId::uuid), from: self.from, to: self.to }
    }
}

fn time(text: &str) -> Result<DateTime<Utc>, String> {
    let date = || Some(text.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN).and_utc());
    let time = || Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc());
    date()
        .or_else(time)
        .ok_or_else(|| "neither a date (2026-11-22) nor a time (2026-11-22T12:00:00Z)".to_owned())
}

fn tenant(text: &str) -> Result<TenantId, String> {
    if text == "none" {
        return Ok(TenantId::NONE);
    }
    TenantId::decode(text).map_err(|_| "no id of a provider".to_owned())
}

pub(super) fn run(command: AuditCommand, config: &Config) -> Result<(), Failure> {
    runtime()?.block_on(async {
        match command {
            AuditCommand::Verify { part, heads } => verify(config, part.span(), heads.as_deref()).await,
            AuditCommand::Export { part } => export(config, part.span()).await,
        }
    })
}

/// A transaction that sees all of the log, and one state of it.
async fn reading(config: &Config) -> Result<DatabaseTransaction, Failure> {
    if let Some(file) = config.database_url.file().filter(|file| !file.exists()) {
        // Connecting would make it.
        return Err(Failure::refused(format!("there is no database {}", file.display())));
    }
    let db = database::connect(&config.database_url, config.connections).await.map_err(Failure::failed)?;
    let pending = database::pending(&db).await.map_err(Failure::failed)?;
    if !pending.is_empty() {
        return Err(Failure::refused("the database is not up to date: run custodian migrate"));
    }
    database::begin(&db, AccessMode::ReadOnly, &Settings::of_audit()).await.map_err(Failure::failed)
}

async fn verify(config: &Config, span: Span, heads: Option<&Path>) -> Result<(), Failure> {
    let Signed { heads, unknown } = signed(config, heads)?;
    let db = reading(config).await?;
    let progress = Progress::new(audit::count(&db, span).await?, "entries");
    let found = audit::verify(&db, span, &heads, |done| progress.show(done)).await;
    progress.end();
    let Verification { chains, entries, earlier, heads, fault } = found?;
    for key in unknown {
        tracing::warn!(key, "heads were signed by a key that is not in signing_keys_dir: they prove nothing");
    }
    if let Some(fault) = fault {
        return Err(Failure::failed(fault));
    }
    let before = match earlier {
        0 => String::new(),
        some => format!(" ({some} more are from before the log was chained)"),
    };
    print(&format!(
        "{entries} entries in {chains} chains are as they were written{before}; {heads} signed heads agree\n"
    ))
}

/// The heads of a file or of all files in a folder, and the keys that are not here.
fn signed(config: &Config, given: Option<&Path>) -> Result<Signed, Failure> {
    let path = given.unwrap_or(&config.audit_heads_dir);
    if given.is_none() && !path.is_dir() {
        return Ok(Signed::default());
    }
    let ring = KeyRing::open(&config.signing_keys_dir).map_err(Failure::refused)?;
    audit::signed(path, &ring, Span::default(), usize::MAX).map_err(|error| match error {
        SignedError::Invalid { .. } => Failure::failed(error),
        SignedError::Unreadable { .. } | SignedError::TooMany(_) => Failure::refused(error),
    })
}

async fn export(config: &Config, span: Span) -> Result<(), Failure> {
    let db = reading(config).await?;
    let mut after = None;
    loop {
        let entries = audit::page(&db, span, after).await?;
        let Some(last) = entries.last() else { return Ok(()) };
        after = Some((last.chain, last.sequence));
        let mut lines = String::new();
        for entry in &entries {
            lines.push_str(&audit::document(entry).to_string());
            lines.push('\n');
        }
        print(&lines)?;
    }
}
