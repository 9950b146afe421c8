//! How long to wait.

use std::time::Duration;

use chrono::DateTime;
use custodian::sink::{Backoff, RetryAfter};

use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.pure(
        "sink::waits are below a ceiling that doubles up to a minute",
        waits_are_below_a_ceiling_that_doubles_up_to_a_minute,
    );
    suite.pure(
        "sink::chance decides from zero on and a success begins anew",
        chance_decides_from_zero_on_and_a_success_begins_anew,
    );
    suite.pure(
        "sink::seconds and the three forms of a date are understood",
        seconds_and_the_three_forms_of_a_date_are_understood,
    );
    suite.pure(
        "sink::the past is now and a year is a quarter of an hour",
        the_past_is_now_and_a_year_is_a_quarter_of_an_hour,
    );
    suite.pure("sink::anything else says nothing", anything_else_says_nothing);
}

fn waits_are_below_a_ceiling_that_doubles_up_to_a_minute() {
    let mut backoff = Backoff::default();
    let waits: Vec<_> = (0..40).map(|_| backoff.next(u64::MAX).as_secs_f64().round()).collect();
    assert_eq!(waits[..8], [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]);
    assert!(waits[8..].iter().all(|wait| *wait == 60.0), "{waits:?}");
    assert!(backoff.next(u64::MAX) < Duration::from_secs(60));
}

fn chance_decides_from_zero_on_and_a_success_begins_anew() {
    let mut backoff = Backoff::default();
    assert_eq!(backoff.next(0), Duration::ZERO);
    assert_eq!(backoff.next(1 << 63), Duration::from_secs(1));
    backoff.reset();
    assert_eq!(backoff.next(1 << 63), Duration::from_millis(500));
}

/// The example of RFC 9110, 5.6.7.
const THEN: i64 = 784_111_777;

fn wait(text: &str, seconds_before: i64) -> Option<u64> {
    let now = DateTime::from_timestamp(THEN - seconds_before, 0).unwrap();
    RetryAfter::parse(text).map(|after| after.wait(now).as_secs())
}

fn seconds_and_the_three_forms_of_a_date_are_understood() {
    assert_eq!(wait("120", 0), Some(120));
    assert_eq!(wait(" 0 ", 0), Some(0));
    assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT", 30), Some(30));
    assert_eq!(wait("Sunday, 06-Nov-94 08:49:37 GMT", 30), Some(30));
    assert_eq!(wait("Sun Nov  6 08:49:37 1994", 30), Some(30));
}

fn the_past_is_now_and_a_year_is_a_quarter_of_an_hour() {
    assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT", -30), Some(0));
    assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT", 31_536_000), Some(900));
    assert_eq!(wait("31536000", 0), Some(900));
    assert_eq!(wait("99999999999999999999999", 0), Some(900));
}

fn anything_else_says_nothing() {
    for text in ["", "-1", "1.5", "+3", "soon", "Sun, 06 Nov 1994 08:49:37", "Mon, 06 Nov 1994 08:49:37 GMT"]
    {
        assert_eq!(wait(text, 0), None, "{text:?}");
    }
}
