//! `custodian keys`: those that sign, made here and kept in files; and those of stored data, which make themselves.

mod stored;

use std::fmt::Write;

use chrono::{SecondsFormat, TimeDelta};
use clap::Subcommand;
use custodian::clock::Clock;
use custodian::config::Config;
use custodian::crypto::{KeyRing, Keys};

use super::{Failure, print};

/// What is done with the keys.
#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Make a new signing key, and the sealing key if there is none
    ///
    /// The newest key signs access tokens; older ones verify theirs for as long as they stay in signing_keys_dir.
    /// Running servers take it up within seconds. Servers that share a database need the same keys.
    #[command(after_help = "Example:\n  custodian keys generate --profile production")]
    Generate,
    /// Show the keys of stored data: versions, what wraps them, how many they wrap, what rewrap would still do
    #[command(after_help = "Example:\n  custodian keys status --json | jq '.tenants[].rewrap'")]
    Status {
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Give providers a new key around those of their stored data, then rewrap
    ///
    /// What is sealed stays as it is. Servers may run meanwhile. Killed at any point, it has lost nothing: rewrap
    /// finishes it.
    #[command(
        after_help = "Examples:\n  custodian keys rotate\n  custodian keys rotate --tenant isp.example --no-rewrap"
    )]
    Rotate {
        /// Of this provider only, by its domain or id
        #[arg(long, value_name = "TENANT")]
        tenant: Option<String>,
        /// Only what is made from now on gets the new key
        #[arg(long)]
        no_rewrap: bool,
    },
    /// Put all keys of stored data under the newest ones and the master key in use, and remove what wraps nothing more
    ///
    /// The master key in use is the first line of its file. To replace it, put the new one before it, restart the
    /// servers, rewrap, then remove the old one. Servers may run meanwhile. Killed at any point, it has lost nothing, and
    /// goes on when run again.
    #[command(after_help = "Example:\n  custodian keys rewrap")]
    Rewrap,
}

pub(super) fn run(command: KeysCommand, config: &Config) -> Result<(), Failure> {
    match command {
        KeysCommand::Generate => generate(config),
        KeysCommand::Status { json } => stored::status(config, json),
        KeysCommand::Rotate { tenant, no_rewrap } => stored::rotate(config, tenant.as_deref(), !no_rewrap),
        KeysCommand::Rewrap => stored::rewrap(config),
    }
}

fn generate(config: &Config) -> Result<(), Failure> {
    let (folder, now) = (&config.signing_keys_dir, Clock::System.now());
    Keys::complete_sealing(folder).map_err(Failure::refused)?;
    let ring = KeyRing::generate(folder, now).map_err(Failure::refused)?;
    let mut text = format!("{} signs from now on\n", ring.signing().id());
    // A running server may sign with the older key once more before it looks.
    let last = now + TimeDelta::seconds(config.access_token_ttl_seconds.into()) + TimeDelta::minutes(1);
    let last = last.to_rfc3339_opts(SecondsFormat::Secs, true);
    for key in ring.verifying().skip(1) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} verifies until its file is removed: not before {last}", key.id());
    }
    print(&text)
}
