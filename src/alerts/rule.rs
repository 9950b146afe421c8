//! The rules: what each looks at in the audit log, by what it counts, and when that is too much.
//!
//! A rule sees what the log holds, which is less than what happened. Of somebody who looks for rows of another provider the
//! log knows look-ups that found nobody (`customerLookup`) and what was denied; ids that led nowhere leave no entry, because
//! a row out of reach and none look alike. Of an export there is no event yet, and so no rule.

use chrono::TimeDelta;
use custodian_entity::audit_event::Model;
use custodian_entity::choice::Severity;
use custodian_entity::id::{ApiClientId, TypedId, UserId};
use custodian_entity::personal::IpAddress;

use crate::audit::EventType;
use crate::authn::ADMINISTRATORS;
use crate::config::{Alerts, HoursRule, RuleContainment};

/// A rule over entries of the audit log.
#[derive(Debug)]
pub struct Rule {
    /// Its name, as it is configured.
    pub name: &'static str,
    /// The entries that it looks at.
    pub events: &'static [EventType],
    /// Whom it counts by.
    pub by: By,
    /// What it counts.
    pub measure: Measure,
    /// How bad it is to reach the threshold.
    pub severity: Severity,
    setting: fn(&Alerts) -> Setting,
}

/// Whom a rule counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The account, whatever it acts by.
    Account,
    /// The API client, where one acts; the account otherwise.
    Actor,
    /// The network, whichever account.
    Network,
    /// The account and the network together.
    AccountAndNetwork,
}

/// What a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Entries.
    Entries,
    /// Entries of look-ups that found nobody.
    Misses,
    /// Customers that entries are about, each once.
    Customers,
    /// Entries at a time when nobody works, of people of the provider.
    OutsideHours,
    /// One, where an administrator comes from a network that is new to his account.
    NewNetworks,
}

/// How a rule is configured.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Whether it is on.
    pub enabled: bool,
    /// From how much on it raises an alert.
    pub threshold: u64,
    /// Within how long that is counted.
    pub window: TimeDelta,
    /// When people work, where that matters.
    pub hours: Option<HoursRule>,
    /// What is done about whom the alert is about.
    pub contain: RuleContainment,
}

/// Whom something was counted of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Key {
    /// The account.
    pub principal: Option<UserId>,
    /// The API client.
    pub client: Option<ApiClientId>,
    /// The mask of the address.
    pub network: Option<IpAddress>,
}

/// Above so many thresholds it looks worse. More is not counted.
const MUCH: u64 = 5;

macro_rules! setting {
    ($rule:expr) => {
        Setting {
            enabled: $rule.enabled,
            threshold: $rule.threshold.into(),
            window: $rule.window(),
            hours: None,
            contain: RuleContainment::None,
        }
    };
}

/// How a rule is configured that anybody can set off.
macro_rules! counting {
    ($name:ident) => {
        |alerts| setting!(alerts.$name)
    };
}

/// How a rule is configured about who is signed in.
macro_rules! about_actors {
    ($name:ident) => {
        |alerts| Setting { contain: alerts.$name.contain, ..setting!(alerts.$name) }
    };
}

/// All of them.
pub const RULES: [Rule; 9] = [
    Rule {
        name: "failed_sign_ins",
        events: &[EventType::SignInFailed, EventType::SignInLocked],
        by: By::Account,
        measure: Measure::Entries,
        severity: Severity::Medium,
        setting: counting!(failed_sign_ins),
    },
    Rule {
        name: "sign_in_spraying",
        events: &[EventType::SignInFailed, EventType::SignInLocked],
        by: By::Network,
        measure: Measure::Entries,
        severity: Severity::Medium,
        setting: counting!(sign_in_spraying),
    },
    Rule {
        name: "refresh_token_reuse",
        events: &[EventType::RefreshTokenReused],
        by: By::Account,
        measure: Measure::Entries,
        severity: Severity::High,
        setting: about_actors!(refresh_token_reuse),
    },
    Rule {
        name: "denial_burst",
        events: &[EventType::AccessDenied],
        by: By::Actor,
        measure: Measure::Entries,
        severity: Severity::Medium,
        setting: about_actors!(denial_burst),
    },
    Rule {
        name: "bulk_disclosure",
        events: &[EventType::DataDisclosed, EventType::FieldRevealed, EventType::DocumentDownloaded],
        by: By::Account,
        measure: Measure::Customers,
        severity: Severity::High,
        setting: about_actors!(bulk_disclosure),
    },
    Rule {
        name: "reveal_burst",
        events: &[EventType::FieldRevealed, EventType::RevealDenied],
        by: By::Account,
        measure: Measure::Entries,
        severity: Severity::Medium,
        setting: about_actors!(reveal_burst),
    },
    Rule {
        name: "cross_tenant_probing",
        events: &[EventType::CustomerLookedUp],
        by: By::Account,
        measure: Measure::Misses,
        severity: Severity::Medium,
        setting: about_actors!(cross_tenant_probing),
    },
    Rule {
        name: "unusual_hours",
        events: &[EventType::DataDisclosed, EventType::FieldRevealed, EventType::DocumentDownloaded],
        by: By::Account,
        measure: Measure::OutsideHours,
        severity: Severity::Medium,
        setting: |alerts| {
            let rule = alerts.unusual_hours;
            Setting { hours: Some(rule), contain: rule.contain, ..setting!(rule) }
        },
    },
    Rule {
        name: "admin_new_address",
        events: &[EventType::SignInSucceeded],
        by: By::AccountAndNetwork,
        measure: Measure::NewNetworks,
        severity: Severity::Medium,
        setting: |alerts| {
            let rule = alerts.admin_new_address;
            let (window, contain) = (rule.window(), RuleContainment::None);
            Setting { enabled: rule.enabled, threshold: 1, window, hours: None, contain }
        },
    },
];

impl Setting {
    /// How much is counted at most.
    pub fn most(&self) -> u64 {
        self.threshold.saturating_mul(MUCH)
    }
}

impl Rule {
    /// How it is configured.
    pub fn setting(&self, alerts: &Alerts) -> Setting {
        (self.setting)(alerts)
    }

    /// Whom it counts an entry of; none where it does not look at it.
    pub fn key(&self, entry: &Model) -> Option<Key> {
        let is_watched = self.events.iter().any(|event| event.name() == entry.event_type);
        let is_counted = match self.measure {
            Measure::Misses => is_miss(entry),
            Measure::NewNetworks => {
                entry.actor_role.as_deref().is_some_and(|role| ADMINISTRATORS.contains(&role))
            }
            // Programs work at any time.
            Measure::OutsideHours => entry.api_client_id.is_none(),
            Measure::Entries | Measure::Customers => true,
        };
        if !is_watched || !is_counted {
            return None;
        }
        let account = || entry.actor_id.map(|principal| Key { principal: Some(principal), ..Key::default() });
        let network = || entry.ip.clone().map(|ip| Key { network: Some(ip), ..Key::default() });
        match self.by {
            By::Account => account(),
            By::Actor => account().map(|key| Key { client: entry.api_client_id, ..key }),
            By::Network => network(),
            By::AccountAndNetwork => Some(Key { network: network()?.network, ..account()? }),
        }
    }
}

/// Whether a look-up found nobody.
pub fn is_miss(entry: &Model) -> bool {
    entry.details.get("hits").and_then(serde_json::Value::as_u64) == Some(0)
}

impl Key {
    /// Who it is, by ids; a network has none.
    pub fn named(&self) -> String {
        let account = self.principal.map(|id| format!(" by {}", id.encode()));
        let client = self.client.map(|id| format!(" through {}", id.encode()));
        let network = self.network.as_ref().map(|_| " from one network".to_owned());
        [account, client, network].into_iter().flatten().collect()
    }
}

/// Whether so much is too much under this setting, and how bad it looks then.
pub fn judge(setting: Setting, at_least: Severity, count: u64) -> Option<Severity> {
    if !setting.enabled || count == 0 || count < setting.threshold {
        return None;
    }
    let is_much = setting.threshold > 1 && count >= setting.threshold.saturating_mul(MUCH);
    Some(if is_much { worse(at_least) } else { at_least })
}

fn worse(severity: Severity) -> Severity {
    match severity {
        Severity::Low => Severity::Medium,
        Severity::Medium => Severity::High,
        Severity::High | Severity::Critical => Severity::Critical,
    }
}
