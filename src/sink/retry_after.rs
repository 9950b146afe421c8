//! When a server wants to be asked again (RFC 9110, 10.2.3).

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};

/// The longest that a server is obeyed: one that names a year is mistaken.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The forms of a date in HTTP (RFC 9110, 5.6.7); the last two are obsolete, and to be understood.
const FORMS: [&str; 3] = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// What the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// So long after the answer.
    In(Duration),
    /// Then.
    At(DateTime<Utc>),
}

impl RetryAfter {
    /// The value of the header, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            // More digits than fit are still long.
            return Some(Self::In(Duration::from_secs(text.parse().unwrap_or(u64::MAX))));
        }
        let date = FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
        Some(Self::At(date.and_utc()))
    }

    /// How long that is from now; never longer than a quarter of an hour.
    pub fn wait(self, now: DateTime<Utc>) -> Duration {
        let wait = match self {
            Self::In(wait) => wait,
            Self::At(then) => (then - now).to_std().unwrap_or_default(),
        };
        wait.min(LONGEST)
    }
}
