//! By when each duty is to be done, from the facts of an incident.
//!
//! Periods are counted in hours from the very moment, over weekends and holidays. Regulation (EEC, Euratom) 1182/71,
//! Article 3, is milder: the hour in which something happens does not count, and a period in days ends with a working
//! day. So the time given here is never later than the law's: whoever keeps it is in time under either reading.

use chrono::{DateTime, TimeDelta, Utc};
use custodian_entity::choice::{Duty, PrivacyRegime, Recipient};

use super::regimes::{Period, Rule, rules};

/// What the clocks of an incident depend on.
#[derive(Clone, Debug)]
pub struct Facts {
    /// When it was detected.
    pub detected_at: DateTime<Utc>,
    /// When the provider became aware of a breach; until somebody says, that is when it was detected.
    pub aware_at: Option<DateTime<Utc>>,
    /// Whether it is a breach of personal data. Nothing is to be notified of what is not.
    pub is_personal_data_breach: bool,
    /// The regimes that apply, in any order.
    pub regimes: Vec<PrivacyRegime>,
}

/// That a duty was done.
#[derive(Clone, Copy, Debug)]
pub struct Notification {
    /// Under which regime.
    pub regime: PrivacyRegime,
    /// Which duty.
    pub duty: Duty,
    /// When.
    pub notified_at: DateTime<Utc>,
}

/// A duty of an incident, and its clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The regime.
    pub regime: PrivacyRegime,
    /// The duty.
    pub duty: Duty,
    /// Who is to be notified.
    pub recipient: Recipient,
    /// The last moment that is in time; none where the law says "without undue delay" and no more.
    pub due_at: Option<DateTime<Utc>>,
    /// Where the law says so.
    pub citation: &'static str,
    /// When it was done first; what follows in phases changes nothing.
    pub notified_at: Option<DateTime<Utc>>,
    /// Whether the time is over and nothing was notified.
    pub is_overdue: bool,
}

impl Deadline {
    /// Whether a notification at this time is late, so that it needs a reason (GDPR 33(1); 611/2013 Art. 2(3)).
    pub fn is_late(&self, at: DateTime<Utc>) -> bool {
        self.due_at.is_some_and(|due| at > due)
    }
}

/// The duties of an incident, what is due first in front, what has no number of hours at the end.
pub fn deadlines(facts: &Facts, notifications: &[Notification], now: DateTime<Utc>) -> Vec<Deadline> {
    if !facts.is_personal_data_breach {
        return Vec::new();
    }
    let mut regimes = facts.regimes.clone();
    regimes.sort_unstable();
    regimes.dedup();
    let mut found: Vec<_> = regimes
        .into_iter()
        .flat_map(|regime| rules(regime, facts.detected_at).iter().map(move |rule| (regime, rule)))
        .map(|(regime, rule)| deadline(facts, notifications, now, regime, rule))
        .collect();
    found
        .sort_by_key(|deadline| (deadline.due_at.is_none(), deadline.due_at, deadline.regime, deadline.duty));
    found
}

fn deadline(
    facts: &Facts,
    notifications: &[Notification],
    now: DateTime<Utc>,
    regime: PrivacyRegime,
    rule: &Rule,
) -> Deadline {
    let due_at = due(facts, notifications, regime, rule.period);
    let notified_at = first(notifications, regime, rule.duty);
    Deadline {
        regime,
        duty: rule.duty,
        recipient: rule.recipient,
        due_at,
        citation: rule.citation,
        notified_at,
        is_overdue: notified_at.is_none() && due_at.is_some_and(|due| now > due),
    }
}

fn due(
    facts: &Facts,
    notifications: &[Notification],
    regime: PrivacyRegime,
    period: Period,
) -> Option<DateTime<Utc>> {
    match period {
        Period::Detection(length) => Some(after(facts.detected_at, length)),
        Period::Awareness(length) => Some(after(facts.aware_at.unwrap_or(facts.detected_at), length)),
        Period::Initial(length) => {
            let rules = rules(regime, facts.detected_at);
            let initial = rules.iter().find(|rule| rule.duty == Duty::AuthorityInitial)?;
            let last = due(facts, notifications, regime, initial.period)?;
            // Who was late with the first notification gains no time for the second.
            let from = first(notifications, regime, Duty::AuthorityInitial).map_or(last, |at| at.min(last));
            Some(after(from, length))
        }
        Period::NoUndueDelay => None,
    }
}

/// When this duty was done first.
fn first(notifications: &[Notification], regime: PrivacyRegime, duty: Duty) -> Option<DateTime<Utc>> {
    let done = notifications.iter().filter(|done| done.regime == regime && done.duty == duty);
    done.map(|done| done.notified_at).min()
}

/// So long after; at the end of the calendar its end, for time given by a client may be anything.
fn after(from: DateTime<Utc>, length: TimeDelta) -> DateTime<Utc> {
    from.checked_add_signed(length).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
