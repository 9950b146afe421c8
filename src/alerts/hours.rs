//! When people work.

use chrono::{DateTime, Datelike, Timelike, Utc, Weekday};
use chrono_tz::Tz;

use crate::config::HoursRule;

/// Whether nobody works at this moment, in this time zone. Hours that end before they begin go over midnight; those after it
/// are of the day before.
pub fn is_outside(hours: HoursRule, zone: Tz, at: DateTime<Utc>) -> bool {
    let local = at.with_timezone(&zone);
    let (hour, today) = (local.hour(), local.weekday());
    let is_free = |day: Weekday| !hours.weekends && matches!(day, Weekday::Sat | Weekday::Sun);
    let works = if hours.from_hour < hours.to_hour {
        (hours.from_hour..hours.to_hour).contains(&hour) && !is_free(today)
    } else {
        (hour >= hours.from_hour && !is_free(today)) || (hour < hours.to_hour && !is_free(today.pred()))
    };
    !works
}
