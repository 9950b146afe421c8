//! The rules over the audit log: which are on, and from how much on each raises an alert.

use chrono::TimeDelta;
use serde::Deserialize;

use super::value;

/// The rules over the audit log, each by its name.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Alerts {
    /// Sign-ins of one account that failed.
    pub failed_sign_ins: AlertRule,
    /// Sign-ins from one network that failed, of whichever accounts.
    pub sign_in_spraying: AlertRule,
    /// Refresh tokens of an account that came a second time.
    pub refresh_token_reuse: AlertRule,
    /// What an account, or an API client, was denied.
    pub denial_burst: AlertRule,
    /// Customers whose RESTRICTED data an account was shown in clear.
    pub bulk_disclosure: AlertRule,
    /// What an account unmasked.
    pub reveal_burst: AlertRule,
    /// Look-ups of an account that found nobody.
    pub cross_tenant_probing: AlertRule,
    /// Sign-ins of administrators from a network that is new to the account.
    pub admin_new_address: NewAddressRule,
}

/// A rule that counts.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct AlertRule {
    /// Whether it is on.
    pub enabled: bool,
    /// From how much on it raises an alert.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub threshold: u32,
    /// Within how long that is counted, in minutes: at most a week.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 10_080>")]
    pub window_minutes: u32,
}

impl AlertRule {
    /// Within how long is counted.
    pub fn window(&self) -> TimeDelta {
        TimeDelta::minutes(self.window_minutes.into())
    }
}

/// The rule that looks for new networks.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct NewAddressRule {
    /// Whether it is on.
    pub enabled: bool,
    /// How long a network is known, in days.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 365>")]
    pub known_days: u32,
}

impl NewAddressRule {
    /// How long a network is known.
    pub fn window(&self) -> TimeDelta {
        TimeDelta::days(self.known_days.into())
    }
}
