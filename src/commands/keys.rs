//! `custodian keys`.

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
}

pub(super) fn run(command: &KeysCommand, config: &Config) -> Result<(), Failure> {
    match command {
        KeysCommand::Generate => generate(config),
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
