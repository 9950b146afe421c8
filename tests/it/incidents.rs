//! The clocks of breach law: what is shown is never later than the law allows.

mod breach;

use chrono::{DateTime, TimeDelta, Utc};
use custodian::incidents::{Deadline, Facts, Notification, deadlines};
use custodian_entity::choice::{Duty, PrivacyRegime, Recipient};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::sample::select;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use proptest::{option, prop_assert, prop_assert_eq};

use crate::suite::Suite;

use Duty::{AuthorityFollowUp, AuthorityInitial, Subjects};
use PrivacyRegime::{EuEcs, Gdpr, UkGdpr, UkPecr};

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    breach::register(suite);
    suite.pure("incidents::hours run over weekends, changes of the clock and ends of months", hours_run_on);
    suite.pure("incidents::24 hours come before 72, and each regime keeps its own", the_earliest_comes_first);
    suite.pure("incidents::the UK gives 24 hours before 20 August 2025 and 72 from then on", the_uk_by_date);
    suite.pure(
        "incidents::the follow-up counts from the first notification, and a late one gains nothing",
        follow_up,
    );
    suite.pure("incidents::the last moment is in time, the next is late", the_last_moment);
    suite.pure(
        "incidents::awareness starts the GDPR's clock, detection that of 611/2013",
        what_starts_a_clock,
    );
    suite.pure(
        "incidents::no breach of personal data has no clocks, and a regime named twice counts once",
        none_and_twice,
    );
    suite.pure(
        "incidents::whatever the facts, deadlines are in order and no later than the law's",
        whatever_the_facts,
    );
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn breach(detected_at: &str, regimes: &[PrivacyRegime]) -> Facts {
    Facts {
        detected_at: at(detected_at),
        aware_at: None,
        is_personal_data_breach: true,
        regimes: regimes.to_vec(),
    }
}

fn notified(regime: PrivacyRegime, duty: Duty, when: &str) -> Notification {
    Notification { regime, duty, notified_at: at(when) }
}

/// The deadline of this duty, which is there once.
fn of(found: &[Deadline], regime: PrivacyRegime, duty: Duty) -> &Deadline {
    let mut these = found.iter().filter(|deadline| deadline.regime == regime && deadline.duty == duty);
    let one = these.next().unwrap_or_else(|| panic!("{regime:?} {duty:?} has no deadline: {found:?}"));
    assert!(these.next().is_none(), "{regime:?} {duty:?} is there twice: {found:?}");
    one
}

fn due(facts: &Facts, regime: PrivacyRegime, duty: Duty) -> Option<DateTime<Utc>> {
    of(&deadlines(facts, &[], facts.detected_at), regime, duty).due_at
}

fn hours_run_on() {
    let cases = [
        ("a weekend", "2026-11-20T18:30:00Z", "2026-11-23T18:30:00Z"),
        ("clocks go forward in Europe", "2026-03-27T18:30:00Z", "2026-03-30T18:30:00Z"),
        ("clocks go back in Europe", "2026-10-23T23:59:59.999Z", "2026-10-26T23:59:59.999Z"),
        ("a leap day", "2028-02-27T12:00:00Z", "2028-03-01T12:00:00Z"),
        ("Christmas and the end of a year", "2026-12-30T00:00:00Z", "2027-01-02T00:00:00Z"),
        ("a zone of the client's", "2026-11-20T23:30:00+05:30", "2026-11-23T18:00:00Z"),
    ];
    for (what, aware, expected) in cases {
        for regime in [Gdpr, UkGdpr] {
            let due = due(&breach(aware, &[regime]), regime, AuthorityInitial);
            assert_eq!(
                due,
                Some(at(expected)),
                "72 hours of {regime:?} over {what}: they are counted one by one"
            );
        }
    }
}

fn the_earliest_comes_first() {
    let facts = breach("2026-11-20T12:00:00Z", &[UkGdpr, Gdpr, EuEcs]);
    let found = deadlines(&facts, &[], facts.detected_at);
    let order: Vec<_> =
        found.iter().map(|deadline| (deadline.regime, deadline.duty, deadline.recipient)).collect();
    let expected = vec![
        (EuEcs, AuthorityInitial, Recipient::NationalAuthority),
        (Gdpr, AuthorityInitial, Recipient::SupervisoryAuthority),
        (UkGdpr, AuthorityInitial, Recipient::InformationCommissioner),
        (EuEcs, AuthorityFollowUp, Recipient::NationalAuthority),
        (Gdpr, Subjects, Recipient::DataSubjects),
        (EuEcs, Subjects, Recipient::Subscribers),
        (UkGdpr, Subjects, Recipient::DataSubjects),
    ];
    assert_eq!(order, expected, "what is due first stands first; without a number of hours, last");
    assert_eq!(found[0].due_at, Some(at("2026-11-21T12:00:00Z")));
    assert_eq!(
        found[1].due_at,
        Some(at("2026-11-23T12:00:00Z")),
        "a shorter clock must not shorten another's"
    );
    assert_eq!(
        found[4].due_at, None,
        "\"without undue delay\" has no hour: give none rather than an invented one"
    );
}

fn the_uk_by_date() {
    // In London the day began at 23:00 UTC, summer time.
    let before = breach("2025-08-19T22:59:59Z", &[UkPecr]);
    assert_eq!(
        due(&before, UkPecr, AuthorityInitial),
        Some(at("2025-08-20T22:59:59Z")),
        "24 hours before 20 August 2025"
    );
    assert_eq!(
        due(&before, UkPecr, AuthorityFollowUp),
        Some(at("2025-08-23T22:59:59Z")),
        "and three days for the rest"
    );

    let since = breach("2025-08-19T23:00:00Z", &[UkPecr]);
    let found = deadlines(&since, &[], since.detected_at);
    assert_eq!(
        due(&since, UkPecr, AuthorityInitial),
        Some(at("2025-08-22T23:00:00Z")),
        "72 hours from 20 August 2025"
    );
    assert!(
        found.iter().all(|deadline| deadline.duty != AuthorityFollowUp),
        "since then the rest follows in phases, with no clock: {found:?}"
    );

    let aware_later = Facts { aware_at: Some(at("2025-08-21T09:00:00Z")), ..before };
    assert_eq!(
        due(&aware_later, UkPecr, AuthorityInitial),
        Some(at("2025-08-20T22:59:59Z")),
        "the law is that of the detection: awareness after the change gains nothing"
    );
}

fn follow_up() {
    let facts = breach("2026-11-20T12:00:00Z", &[EuEcs]);
    let rest = |notifications: &[Notification]| {
        of(&deadlines(&facts, notifications, facts.detected_at), EuEcs, AuthorityFollowUp).due_at
    };
    let initial = |when| [notified(EuEcs, AuthorityInitial, when)];
    assert_eq!(
        rest(&[]),
        Some(at("2026-11-24T12:00:00Z")),
        "as long as nothing is notified, from its last moment"
    );
    assert_eq!(
        rest(&initial("2026-11-20T15:00:00Z")),
        Some(at("2026-11-23T15:00:00Z")),
        "from the notification"
    );
    assert_eq!(
        rest(&initial("2026-11-22T12:00:00Z")),
        Some(at("2026-11-24T12:00:00Z")),
        "a late one gains nothing"
    );
    let twice = [initial("2026-11-21T11:00:00Z"), initial("2026-11-20T15:00:00Z")].concat();
    assert_eq!(rest(&twice), Some(at("2026-11-23T15:00:00Z")), "of several the first counts, in any order");
    let other = [notified(Gdpr, AuthorityInitial, "2026-11-20T13:00:00Z")];
    assert_eq!(
        rest(&other),
        Some(at("2026-11-24T12:00:00Z")),
        "what was notified under another regime is no notification"
    );
}

fn the_last_moment() {
    let facts = breach("2026-11-20T12:00:00Z", &[Gdpr]);
    let (last, next) = (at("2026-11-23T12:00:00Z"), at("2026-11-23T12:00:00.001Z"));
    let clock = |notifications: &[Notification], now| {
        of(&deadlines(&facts, notifications, now), Gdpr, AuthorityInitial).clone()
    };
    assert!(!clock(&[], last).is_overdue, "the 72nd hour is not over");
    assert!(clock(&[], next).is_overdue, "the 72nd hour is over");
    assert!(!clock(&[], next).is_late(last), "in time, whenever it is asked");
    assert!(clock(&[], last).is_late(next), "late needs a reason (GDPR 33(1))");

    let done = clock(&[notified(Gdpr, AuthorityInitial, "2026-11-25T00:00:00Z")], at("2026-12-01T00:00:00Z"));
    assert!(!done.is_overdue, "what was notified, be it late, is not waited for");
    assert_eq!(done.notified_at, Some(at("2026-11-25T00:00:00Z")));

    let found = deadlines(&facts, &[], at("2036-01-01T00:00:00Z"));
    let subjects = of(&found, Gdpr, Subjects);
    assert!(
        !subjects.is_overdue && !subjects.is_late(next),
        "without a number of hours nothing is called late"
    );
}

fn what_starts_a_clock() {
    let facts = Facts {
        aware_at: Some(at("2026-11-20T20:00:00Z")),
        ..breach("2026-11-20T12:00:00Z", &[Gdpr, EuEcs])
    };
    assert_eq!(due(&facts, Gdpr, AuthorityInitial), Some(at("2026-11-23T20:00:00Z")), "from awareness");
    assert_eq!(due(&facts, EuEcs, AuthorityInitial), Some(at("2026-11-21T12:00:00Z")), "from detection");
}

fn none_and_twice() {
    let facts = breach("2026-11-20T12:00:00Z", &[Gdpr, EuEcs, Gdpr]);
    assert_eq!(
        deadlines(&facts, &[], facts.detected_at).len(),
        5,
        "two duties of the GDPR, three of 611/2013"
    );
    let harmless = Facts { is_personal_data_breach: false, ..facts };
    assert!(deadlines(&harmless, &[], at("2030-01-01T00:00:00Z")).is_empty());
}

/// The same facts in every run; among them times at the ends of the calendar.
fn whatever_the_facts() {
    let time = || {
        let any_time = any::<i64>().prop_map(|seconds| {
            DateTime::from_timestamp(seconds, 0).unwrap_or(if seconds < 0 {
                DateTime::<Utc>::MIN_UTC
            } else {
                DateTime::<Utc>::MAX_UTC
            })
        });
        let real = (1_500_000_000_i64..2_000_000_000)
            .prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap());
        proptest::prop_oneof![9 => real, 1 => any_time]
    };
    let regime = || select(vec![Gdpr, EuEcs, UkGdpr, UkPecr]);
    let notification = (regime(), select(vec![AuthorityInitial, AuthorityFollowUp, Subjects]), time())
        .prop_map(|(regime, duty, notified_at)| Notification { regime, duty, notified_at });
    let facts =
        (time(), option::of(time()), vec(regime(), 0..6)).prop_map(|(detected_at, aware_at, regimes)| {
            Facts { detected_at, aware_at, is_personal_data_breach: true, regimes }
        });
    let config = ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(&(facts, vec(notification, 0..6), time()), |(facts, notifications, now)| {
        let found = deadlines(&facts, &notifications, now);
        let due: Vec<_> = found.iter().filter_map(|deadline| deadline.due_at).collect();
        prop_assert!(due.is_sorted(), "in order");
        prop_assert!(
            found[..due.len()].iter().all(|deadline| deadline.due_at.is_some()),
            "no hours: at the end"
        );
        let aware = facts.aware_at.unwrap_or(facts.detected_at);
        for deadline in &found {
            prop_assert!(facts.regimes.contains(&deadline.regime));
            prop_assert!(!deadline.citation.is_empty());
            prop_assert_eq!(
                deadline.is_overdue,
                deadline.notified_at.is_none() && deadline.is_late(now),
                "what was not notified is overdue as soon as it would be late"
            );
            if let (AuthorityInitial, Some(due)) = (deadline.duty, deadline.due_at) {
                prop_assert!(due >= facts.detected_at.min(aware), "nothing is due before it is known");
                prop_assert!(
                    due.signed_duration_since(facts.detected_at.max(aware)) <= TimeDelta::hours(72),
                    "no authority waits for longer than 72 hours"
                );
            }
        }
        for regime in &facts.regimes {
            prop_assert!(found.iter().any(|found| found.regime == *regime && found.duty == AuthorityInitial));
        }
        Ok(())
    });
    if let Err(broken) = result {
        panic!("{broken}");
    }
}
