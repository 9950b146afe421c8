//! What scans documents: whether it answers, and how old what it knows is.

use chrono::TimeDelta;
use custodian::clock::Clock;
use custodian::config::Profile;

use super::Finding::{self, Fail, Fine, Warn};
use super::Seen;

/// Signatures come out every day; this is how many may be missed.
const OLD: TimeDelta = TimeDelta::days(7);

pub(super) fn check(seen: &Seen<'_>) -> Option<Finding> {
    let Some(url) = &seen.config.clamd_url else {
        return Some(match seen.config.profile {
            Profile::Development => Fine("none, documents are taken unscanned".to_owned()),
            Profile::Production => Fail("none; give clamd_url".to_owned()),
        });
    };
    Some(match seen.scanner.as_ref()? {
        Err(why) => Warn(format!("{url}: {why}; until it answers, documents wait and nobody can read them")),
        Ok(version) => match version.signatures {
            Some(made) if Clock::System.now().naive_utc() - made <= OLD => Fine(format!("{url}: {version}")),
            _ => Warn(format!("{url}: {version}; see that freshclam runs")),
        },
    })
}
