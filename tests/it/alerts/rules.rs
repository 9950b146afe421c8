//! When a rule raises, by itself; how rules are configured.

use std::ffi::OsString;

use chrono::TimeDelta;
use custodian::alerts::hours::is_outside;
use custodian::alerts::rule::{RULES, Setting, judge};
use custodian::config::{Config, HoursRule, RuleContainment, Sources};
use custodian_entity::choice::Severity;

use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.pure("alerts::a rule raises from its threshold on, and never before", thresholds);
    suite.pure(
        "alerts::rules have the names they are configured by, and what they write they do not read",
        names,
    );
    suite.pure("alerts::hours are those of the provider's time zone, summer and winter", hours);
    suite.pure("alerts::what is no rule, or no sensible number, refuses to start", configured);
}

const SETTING: Setting = Setting {
    enabled: true,
    threshold: 1,
    window: TimeDelta::zero(),
    hours: None,
    contain: RuleContainment::None,
};

fn thresholds() {
    for threshold in [1, 2, 3, 10, 1_000_000] {
        let setting = Setting { enabled: true, threshold, window: TimeDelta::minutes(10), ..SETTING };
        let mut before = None;
        for count in [0, 1, threshold - 1, threshold, threshold + 1, threshold * 5, u64::MAX] {
            let judged = judge(setting, Severity::Medium, count);
            let is_reached = count >= threshold && count > 0;
            assert_eq!(judged.is_some(), is_reached, "{count} of {threshold}");
            assert!(judged >= before || !is_reached, "{count} of {threshold} looks less bad than fewer");
            before = judged;
            let off = Setting { enabled: false, ..setting };
            assert_eq!(judge(off, Severity::Critical, count), None, "a rule that is off raises nothing");
        }
    }
    let setting = Setting { enabled: true, threshold: 10, window: TimeDelta::minutes(10), ..SETTING };
    assert_eq!(judge(setting, Severity::Medium, 49), Some(Severity::Medium));
    assert_eq!(judge(setting, Severity::Medium, 50), Some(Severity::High));
    assert_eq!(judge(setting, Severity::Critical, 50), Some(Severity::Critical));
}

fn names() {
    let defaults = include_str!("../../../src/config/defaults.toml");
    for rule in &RULES {
        assert!(defaults.contains(&format!("[alerts.{}]", rule.name)), "{} is not configured", rule.name);
        assert!(rule.setting(&Config::default().alerts).enabled, "{} is off by default", rule.name);
        for event in rule.events {
            let own = ["SECURITY_ALERT_", "CONTAINMENT_"];
            assert!(
                !own.iter().any(|start| event.name().starts_with(start)),
                "{} feeds on itself",
                rule.name
            );
        }
    }
    assert_eq!(defaults.matches("\n[alerts.").count(), RULES.len(), "a rule is configured that there is not");
}

fn hours() {
    let usual =
        HoursRule { from_hour: 6, to_hour: 22, weekends: false, ..Config::default().alerts.unusual_hours };
    let madrid = chrono_tz::Europe::Madrid;
    let is_outside = |rule, at: &str| is_outside(rule, madrid, at.parse().expect("a time"));
    for (at, expected) in [
        // Winter, UTC+1.
        ("2026-03-27T04:59:59Z", true),
        ("2026-03-27T05:00:00Z", false),
        ("2026-03-27T20:59:59Z", false),
        ("2026-03-27T21:00:00Z", true),
        // Saturday and Sunday.
        ("2026-03-28T12:00:00Z", true),
        ("2026-03-29T12:00:00Z", true),
        // Summer, UTC+2.
        ("2026-03-30T03:59:59Z", true),
        ("2026-03-30T04:00:00Z", false),
        ("2026-03-30T20:00:00Z", true),
    ] {
        assert_eq!(is_outside(usual, at), expected, "{at}");
    }
    assert!(!is_outside(HoursRule { weekends: true, ..usual }, "2026-03-28T12:00:00Z"));
    // A shift over midnight: what is left of Friday's is worked on Saturday, and Monday begins in the evening.
    let night = HoursRule { from_hour: 22, to_hour: 6, ..usual };
    for (at, expected) in [
        ("2026-03-27T21:00:00Z", false),
        ("2026-03-28T04:00:00Z", false),
        ("2026-03-28T05:00:00Z", true),
        ("2026-03-30T00:00:00Z", true),
        ("2026-03-30T20:00:00Z", false),
    ] {
        assert_eq!(is_outside(night, at), expected, "at night, {at}");
    }
    let always = HoursRule { from_hour: 0, to_hour: 24, weekends: true, ..usual };
    assert!(!is_outside(always, "2026-03-29T01:30:00Z"));
}

fn configured() {
    let load = |name: &str, value: &str| {
        let variables = vec![(OsString::from(name), OsString::from(value))];
        Config::load(Sources { variables, ..Sources::default() }).map_err(|error| error.to_string())
    };
    let changed = load("CUSTODIAN_ALERTS_DENIAL_BURST_THRESHOLD", "7").expect("a rule can be changed");
    assert_eq!(changed.alerts.denial_burst.threshold, 7);
    let off = load("CUSTODIAN_ALERTS_REVEAL_BURST_ENABLED", "false").expect("a rule can be switched off");
    assert!(!off.alerts.reveal_burst.enabled);
    for (name, value, told) in [
        ("CUSTODIAN_ALERTS_NO_SUCH_RULE_THRESHOLD", "7", "there is no such setting"),
        ("CUSTODIAN_ALERTS_DENIAL_BURST_THRESHOLD", "0", "alerts.denial_burst.threshold"),
        ("CUSTODIAN_ALERTS_DENIAL_BURST_WINDOW_MINUTES", "99999", "alerts.denial_burst.window_minutes"),
        ("CUSTODIAN_ALERTS_DENIAL_BURST_ENABLED", "perhaps", "alerts.denial_burst.enabled"),
        ("CUSTODIAN_ALERTS_DENIAL_BURST_CONTAIN", "everybody", "alerts.denial_burst.contain"),
        // Anybody could keep anybody out whose user name he knows.
        ("CUSTODIAN_ALERTS_FAILED_SIGN_INS_CONTAIN", "suspend_user", "there is no such setting"),
        ("CUSTODIAN_ALERTS_SIGN_IN_SPRAYING_CONTAIN", "suspend_user", "there is no such setting"),
        ("CUSTODIAN_ALERT_WEBHOOK_SECRET", "c2hvcnQ=", "alert_webhook_secret"),
        ("CUSTODIAN_ALERT_WEBHOOK_URL", "https://soc.isp.example", "alert_webhook_secret: it goes with"),
        ("CUSTODIAN_ALERT_WEBHOOK_URL", "http://soc.isp.example", "alert_webhook_url: alerts leave"),
    ] {
        let refused = load(name, value).expect_err("it is refused");
        assert!(refused.contains(told), "{name}={value}: {refused}");
    }
}
