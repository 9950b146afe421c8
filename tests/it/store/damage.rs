//! What was changed does not open.

use custodian::store::{ContentKey, ObjectName, StoreError};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::{CHUNK, Place, SEALED, Stored, bytes, each};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    each(suite, "store::an object that was changed in any way gives no wrong byte", changed);
    each(suite, "store::an object opens under its own name, key and length alone", elsewhere);
}

/// A change of an object.
#[derive(Clone, Debug)]
enum Change {
    Flip { at: usize, bit: u8 },
    Cut { to: usize },
    Append(Vec<u8>),
    AppendChunk(usize),
    RemoveChunk(usize),
    RepeatChunk(usize),
    Swap(usize, usize),
    Insert { at: usize, byte: u8 },
}

const CHUNKS: usize = 6;
const LENGTH: usize = (CHUNKS - 1) * CHUNK + 100;

fn change() -> impl Strategy<Value = Change> {
    let sealed = LENGTH + CHUNKS * 16;
    let at = prop_oneof![0..sealed, (0..CHUNKS).prop_map(|chunk| chunk * SEALED)];
    let full = 0..CHUNKS - 1;
    prop_oneof![
        (at.clone(), 0..8_u8).prop_map(|(at, bit)| Change::Flip { at, bit }),
        at.clone().prop_map(|to| Change::Cut { to }),
        prop::collection::vec(any::<u8>(), 1..100).prop_map(Change::Append),
        full.clone().prop_map(Change::AppendChunk),
        (0..CHUNKS).prop_map(Change::RemoveChunk),
        full.clone().prop_map(Change::RepeatChunk),
        (full.clone(), full).prop_filter_map("two", |(a, b)| (a != b).then_some(Change::Swap(a, b))),
        (at, any::<u8>()).prop_map(|(at, byte)| Change::Insert { at, byte }),
    ]
}

impl Change {
    fn apply(&self, object: &[u8]) -> Vec<u8> {
        let mut chunks: Vec<Vec<u8>> = object.chunks(SEALED).map(<[u8]>::to_vec).collect();
        let mut changed = object.to_vec();
        match self {
            Self::Flip { at, bit } => changed[*at] ^= 1 << bit,
            Self::Cut { to } => changed.truncate(*to),
            Self::Append(bytes) => changed.extend(bytes),
            Self::Insert { at, byte } => changed.insert(*at, *byte),
            Self::AppendChunk(index) => changed.extend(&chunks[*index]),
            Self::RemoveChunk(index) => {
                chunks.remove(*index);
                changed = chunks.concat();
            }
            Self::RepeatChunk(index) => {
                chunks.insert(*index, chunks[*index].clone());
                changed = chunks.concat();
            }
            Self::Swap(one, other) => {
                chunks.swap(*one, *other);
                changed = chunks.concat();
            }
        }
        changed
    }
}

async fn changed(place: Place) {
    let stored = place.put(bytes(LENGTH)).await;
    let object = place.object(stored.name).await;
    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let checked = runner.run(&change(), |change| {
        block_in_place(|| {
            Handle::current().block_on(async {
                place.replace(stored.name, change.apply(&object)).await;
                let (read, error) = place.read(&stored, 0..LENGTH).await.expect_err("it reads");
                assert!(stored.content.starts_with(&read) && read.len() < LENGTH, "{} bytes", read.len());
                assert!(!matches!(error, StoreError::Missing(_)), "{error}");
            });
        });
        Ok(())
    });
    checked.unwrap();
    // Nor where the row says so too.
    for chunks in 1..CHUNKS {
        place.replace(stored.name, object[..chunks * SEALED].to_vec()).await;
        let shorter = (chunks * CHUNK) as u64;
        let read = place.read_as(stored.name, &stored.key, shorter, 0..chunks * CHUNK).await;
        assert!(matches!(read, Err((_, StoreError::Damaged(_)))), "cut to {chunks} chunks");
    }
    place.replace(stored.name, object).await;
    assert!(place.read(&stored, 0..LENGTH).await.unwrap() == stored.content);
}

async fn elsewhere(place: Place) {
    let length = 2 * CHUNK + 5;
    let one = place.put(bytes(length)).await;
    // A key is for one object; were it not, the name still tells them apart.
    let two = place.put_as(ObjectName::new().unwrap(), one.key.clone(), bytes(length)).await;
    assert!(place.object(one.name).await != place.object(two.name).await);
    let (_, error) =
        place.read_as(one.name, &ContentKey::new().unwrap(), length as u64, 0..length).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(name) if name == one.name), "{error}");
    for size in [1, length - CHUNK, length - 1, length + 1, length + 16, length + CHUNK] {
        let read = place.read_as(one.name, &one.key, size as u64, 0..size).await;
        assert!(matches!(read, Err((read, _)) if read.is_empty()), "as {size} bytes");
    }
    place.replace(one.name, place.object(two.name).await).await;
    let (read, error) = place.read(&one, 0..length).await.unwrap_err();
    assert!(read.is_empty() && matches!(error, StoreError::Damaged(_)), "the object of another: {error}");
    let other = Stored { name: two.name, ..one };
    assert!(place.read(&other, 0..length).await.is_ok());
}
