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
    pub refresh_token_reuse: ActorRule,
    /// What an account, or an API client, was denied.
    pub denial_burst: ActorRule,
    /// Customers whose RESTRICTED data an account was shown in clear.
    pub bulk_disclosure: ActorRule,
    /// What an account unmasked.
    pub reveal_burst: ActorRule,
    /// Look-ups of an account that found nobody.
    pub cross_tenant_probing: ActorRule,
    /// RESTRICTED data that people of the provider are shown in clear at a time when nobody works.
    pub unusual_hours: HoursRule,
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

/// A rule that counts what accounts do that are signed in: it may also keep them out. What anybody can bring about who knows
/// a user name, as sign-ins that fail, keeps nobody out.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct ActorRule {
    /// Whether it is on.
    pub enabled: bool,
    /// From how much on it raises an alert.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub threshold: u32,
    /// Within how long that is counted, in minutes: at most a week.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 10_080>")]
    pub window_minutes: u32,
    /// What it does about whom the alert is about.
    pub contain: RuleContainment,
}

impl ActorRule {
    /// Within how long is counted.
    pub fn window(&self) -> TimeDelta {
        TimeDelta::minutes(self.window_minutes.into())
    }
}

/// What a rule does by itself about whom it raises an alert about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleContainment {
    /// Nothing: a person decides.
    None,
    /// Ends its sessions and the tokens of its API clients. It may sign in anew.
    RevokeTokens,
    /// Keeps the account out until that is lifted. An administrator's tokens are revoked instead: he may be the only one who
    /// could lift it.
    SuspendUser,
    /// Refuses the tokens of the API client that acted, until that is lifted; does nothing where none acted.
    LockApiClient,
}

/// The rule that knows when people work, in the provider's time zone.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct HoursRule {
    /// Whether it is on.
    pub enabled: bool,
    /// The hour in which they begin.
    #[serde(deserialize_with = "value::whole::<_, _, 0, 23>")]
    pub from_hour: u32,
    /// The hour with which it is over, up to 24; one before `from_hour` is of the next day.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 24>")]
    pub to_hour: u32,
    /// Whether they work on Saturdays and Sundays, too.
    pub weekends: bool,
    /// From how much on it raises an alert.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 1_000_000>")]
    pub threshold: u32,
    /// Within how long that is counted, in minutes: at most a week.
    #[serde(deserialize_with = "value::whole::<_, _, 1, 10_080>")]
    pub window_minutes: u32,
    /// What it does about whom the alert is about.
    pub contain: RuleContainment,
}

impl HoursRule {
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
