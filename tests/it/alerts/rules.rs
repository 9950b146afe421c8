//! When a rule raises, by itself; how rules are configured.

use std::ffi::OsString;

use chrono::TimeDelta;
use custodian::alerts::rule::{RULES, Setting, judge};
use custodian::config::{Config, Sources};
use custodian_entity::choice::Severity;

use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.pure("alerts::a rule raises from its threshold on, and never before", thresholds);
    suite.pure(
        "alerts::rules have the names they are configured by, and what they write they do not read",
        names,
    );
    suite.pure("alerts::what is no rule, or no sensible number, refuses to start", configured);
}

fn thresholds() {
    for threshold in [1, 2, 3, 10, 1_000_000] {
        let setting = Setting { enabled: true, threshold, window: TimeDelta::minutes(10) };
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
    let setting = Setting { enabled: true, threshold: 10, window: TimeDelta::minutes(10) };
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
    ] {
        let refused = load(name, value).expect_err("it is refused");
        assert!(refused.contains(told), "{name}={value}: {refused}");
    }
}
