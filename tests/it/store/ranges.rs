//! Parts of a content, without the rest.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::{CHUNK, Place, SEALED, bytes, each};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    each(suite, "store::any range of a content is that range", ranges);
    each(suite, "store::a range is read without the rest of the object", without_the_rest);
}

async fn ranges(place: Place) {
    let length = 9 * CHUNK + 4321;
    let stored = place.put(bytes(length)).await;
    // Around the edges of chunks, and anywhere.
    let edge = (0..=10_usize, -2..=2_isize)
        .prop_map(move |(chunk, offset)| (chunk * CHUNK).saturating_add_signed(offset).min(length));
    let position = prop_oneof![edge.boxed(), (0..=length).boxed()];
    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let checked = runner.run(&(position.clone(), position), |(start, end)| {
        let read = block_in_place(|| Handle::current().block_on(place.read(&stored, start..end))).unwrap();
        let expected = stored.content.get(start..end).unwrap_or_default();
        prop_assert!(read == expected, "{start}..{end} is {} bytes", read.len());
        Ok(())
    });
    checked.unwrap();
    for (range, expected) in
        [(length..length + 1, 0), (length - 5..length + 100, 5), (length + 7..length + 9, 0)]
    {
        assert_eq!(place.read(&stored, range).await.unwrap().len(), expected, "nothing lies behind the end");
    }
}

async fn without_the_rest(place: Place) {
    let stored = place.put(bytes(9 * CHUNK + 1)).await;
    let mut object = place.object(stored.name).await;
    for chunk in [0, 1, 2, 4, 5, 9] {
        object[chunk * SEALED] ^= 1;
    }
    place.replace(stored.name, object).await;
    for range in [3 * CHUNK..4 * CHUNK, 3 * CHUNK + 1..3 * CHUNK + 2, 6 * CHUNK..9 * CHUNK] {
        assert!(
            place.read(&stored, range.clone()).await.unwrap() == stored.content[range.clone()],
            "{range:?}"
        );
    }
    for range in [2 * CHUNK..2 * CHUNK + 1, 3 * CHUNK..4 * CHUNK + 1, 9 * CHUNK..9 * CHUNK + 1] {
        assert!(place.read(&stored, range.clone()).await.is_err(), "{range:?}");
    }
}
