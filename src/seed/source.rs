//! Where the variety comes from: one stream of numbers per customer, the same on every machine.
//!
//! The numbers are those of ChaCha8 with a fixed key; only whole 64-bit words are taken from it and scaled here, so
//! that no version of a sampling library changes the data. A customer has a stream of its own: what is generated for
//! it does not depend on how many others are generated, or in how large batches.

use chrono::{DateTime, Days, Months, NaiveDate, TimeDelta, Utc};
use custodian_entity::id::TypedId;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const KEY: [u8; 32] = *b"custodian / seed data / series b";

/// 2026-01-01T00:00:00Z: the providers open, and nothing is older.
pub(super) fn opening() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_767_225_600)
}

/// The first day of a month of 2026; 1 is January.
pub(super) fn first_of(month: u32) -> NaiveDate {
    opening().date_naive() + Months::new(month - 1)
}

/// 2026-06-30: the day on which the data look as they do, and nothing has happened since. It is not the system's
/// time, so that data made today and data made next year are the same.
pub(super) fn today() -> NaiveDate {
    first_of(7) - Days::new(1)
}

/// One stream of numbers.
pub(super) struct Source {
    rng: ChaCha8Rng,
    ids: u16,
}

impl Source {
    /// The stream of this number.
    pub(super) fn new(stream: u64) -> Self {
        let mut rng = ChaCha8Rng::from_seed(KEY);
        rng.set_stream(stream);
        Self { rng, ids: 0 }
    }

    /// A number from 0 to `bound`, without `bound` itself.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        // The high half of the product: even enough for bounds far below 2^64, and the same everywhere.
        ((u128::from(self.rng.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(high.abs_diff(low) + 1) as i64
    }

    /// True in so many of a hundred cases.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of the items of a table, which is never empty.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    /// A moment on this day, between 07:00 and 20:00 UTC, to the second.
    pub(super) fn during(&mut self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc();
        midnight + TimeDelta::seconds(self.between(7 * 3_600, 20 * 3_600))
    }

    /// Fills a pattern: `#` is a digit, `@` a letter from A to Z, `&` a letter of British postcodes, `%` a house
    /// number; all else stands for itself.
    pub(super) fn fill(&mut self, pattern: &str) -> String {
        const LETTERS: &[char] = &[
            'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S',
            'T', 'U', 'V', 'W', 'X', 'Y', 'Z',
        ];
        // The last two letters of a British postcode are never one of C I K M O V.
        const INWARD: &[char] = &[
            'A', 'B', 'D', 'E', 'F', 'G', 'H', 'J', 'L', 'N', 'P', 'Q', 'R', 'S', 'T', 'U', 'W', 'X', 'Y',
            'Z',
        ];
        let mut text = String::with_capacity(pattern.len() + 2);
        for character in pattern.chars() {
            match character {
                '#' => text.push_str(&self.below(10).to_string()),
                '@' => text.push(*self.pick(LETTERS)),
                '&' => text.push(*self.pick(INWARD)),
                '%' => text.push_str(&self.between(1, 180).to_string()),
                other => text.push(other),
            }
        }
        text
    }

    /// A new id: a version 7 UUID (RFC 9562, 5.7) of this moment, then a counter, then bits of the stream.
    pub(super) fn id<I: TypedId>(&mut self, at: DateTime<Utc>) -> I {
        let mut bytes = [0; 10];
        self.rng.fill_bytes(&mut bytes);
        [bytes[0], bytes[1]] = self.ids.to_be_bytes();
        self.ids = self.ids.wrapping_add(1);
        let millis = at.timestamp_millis().unsigned_abs();
        I::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
    }
}
