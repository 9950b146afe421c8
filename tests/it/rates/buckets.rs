//! The buckets themselves.

use std::collections::BTreeSet;

use custodian::rates::{Bucket, Limit, Local, Taken};

use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.pure("rates::a bucket gives what it holds, and what is back", gives);
    suite.pure("rates::a flood of keys takes no more room, and frees nobody", flood);
    suite.pure("rates::a clock that is set back locks nobody out", set_back);
    suite.pure("rates::the operations with limits of their own are operations", operations);
}

const NOW: i64 = 1_772_366_400_000_000;
const SECOND: i64 = 1_000_000;

fn gives() {
    for size in (1..=100).chain([599, 600, 6_000, 7_919, 1_000_000]) {
        let limit = Limit::per_minute(size);
        let buckets = Local::new(10);
        for _ in 0..size {
            assert!(buckets.take("one", limit, 1, NOW).is_granted, "of {size}");
        }
        assert!(!buckets.take("one", limit, 1, NOW).is_granted, "more than {size}");
        assert!(buckets.take("other", limit, size, NOW).is_granted, "all {size} at once");
        assert!(!buckets.take("third", limit, size + 1, NOW).is_granted, "more than {size} at once");
        // Refused attempts cost nothing.
        let back = NOW + limit.price(1) + 1;
        assert!(buckets.take("one", limit, 1, back).is_granted, "one of {size} is back");
        assert!(!buckets.take("one", limit, 1, back).is_granted, "one of {size}, not two");
        assert!(buckets.take("one", limit, size, back + 60 * SECOND).is_granted, "all {size} are back");
    }
    let cost = Limit::per_second(200_000, 10_000);
    assert_eq!((cost.window, cost.price(50_000)), (20 * SECOND, 5 * SECOND));
}

fn flood() {
    const MOST: usize = 50;
    let limit = Limit::per_minute(2);
    let buckets = Local::new(MOST);
    assert!(buckets.take("mallory", limit, 2, NOW).is_granted);
    let granted =
        (0..10_000).filter(|number| buckets.take(&format!("key {number}"), limit, 1, NOW).is_granted).count();
    // Those who found no room share one bucket.
    assert_eq!((granted, buckets.len()), (MOST - 1 + 2, MOST + 1));
    assert!(!buckets.take("mallory", limit, 1, NOW).is_granted, "a flood frees nobody");
    // What is full again makes room, and nobody else does.
    let later = NOW + 31 * SECOND;
    assert!(buckets.take("somebody", limit, 2, later).is_granted);
    assert!(buckets.len() <= 4, "{} are left", buckets.len());
    assert!(buckets.take("mallory", limit, 1, later).is_granted);
    assert!(!buckets.take("mallory", limit, 1, later).is_granted);
}

fn set_back() {
    let limit = Limit::per_minute(3);
    let buckets = Local::new(10);
    assert!(buckets.take("one", limit, 3, NOW).is_granted);
    let before = NOW - 3_600 * SECOND;
    let Taken { is_granted, full_at } = buckets.take("one", limit, 1, before);
    assert_eq!((is_granted, full_at), (false, before + 60 * SECOND));
    assert!(buckets.take("one", limit, 3, before + 3_660 * SECOND).is_granted);
}

fn operations() {
    let schema = include_str!("../../../schema.graphql");
    for (name, _) in Bucket::OPERATIONS {
        let is_there = ["(", ":"].iter().any(|after| schema.contains(&format!("\n\t{name}{after}")));
        assert!(is_there, "{name} is no operation any more: name in src/rates what it is called now");
        assert!(Bucket::of_operation(name).is_some());
    }
    let names: BTreeSet<_> = Bucket::OPERATIONS.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), Bucket::OPERATIONS.len(), "an operation is counted in one bucket by itself");
    assert_eq!(Bucket::of_operation("viewer"), None);
}
