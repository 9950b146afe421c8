//! The way in and out.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use custodian::config::{Config, PublicUrl, StoreUrl};
use custodian::error::Error;
use custodian::store::{ContentKey, ObjectName, Store, StoreError};
use futures_util::StreamExt;
use tempfile::TempDir;

use super::{CHUNK, Place, bytes, each};
use crate::suite::{Suite, runtime};

pub(super) fn register(suite: &mut Suite) {
    each(suite, "store::contents of every length come out as they went in", lengths);
    each(suite, "store::neither store nor spool holds anything in clear, nor lets others read it", raw);
    each(suite, "store::what is given up in the middle leaves nothing", given_up);
    each(suite, "store::an object is deleted once, and never overwritten", once);
    each(suite, "store::it is tried out without a trace", tried);
    suite.pure("store::a name is one spelling, a key comes back from its text", texts);
    suite.pure("store::a folder on another disk holds whole objects", other_disk);
    suite.pure("store::a service that is away is told without address and credentials", away);
}

async fn lengths(place: Place) {
    for length in [1, CHUNK - 1, CHUNK, CHUNK + 1, 4 * CHUNK, 5 * CHUNK + 7, 10 * 1024 * 1024] {
        let content = bytes(length);
        let (name, key) = (ObjectName::new().unwrap(), ContentKey::new().unwrap());
        let mut spool = place.store.spool(&key, &name).await.unwrap();
        spool.write(&content).await.unwrap();
        let spooled = spool.finish().await.unwrap();
        assert!(*spooled.reading().unwrap()().unwrap() == content, "{length}, from the spool");
        drop(spooled);

        let stored = place.put(content).await;
        assert!(place.read(&stored, 0..length).await.unwrap() == stored.content, "{length}");
        assert_eq!(place.object(stored.name).await.len(), length + length.div_ceil(CHUNK) * 16);
        assert_eq!(place.spooled().len(), 0);
    }
}

async fn raw(place: Place) {
    let planted = "planted: Ada Lovelace".repeat(10_000);
    let (name, key) = (ObjectName::new().unwrap(), ContentKey::new().unwrap());
    let holds = |bytes: &[u8]| bytes.windows(8).any(|window| window == b"planted:" || window == b"Lovelace");
    assert!(holds(planted.as_bytes()));

    let mut spool = place.store.spool(&key, &name).await.unwrap();
    spool.write(planted.as_bytes()).await.unwrap();
    let [file] = place.spooled().try_into().unwrap();
    let waiting = fs::read(&file).unwrap();
    assert!(!waiting.is_empty() && !holds(&waiting), "in the spool");
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    let spooled = spool.finish().await.unwrap();
    place.store.put(&spooled).await.unwrap();
    drop(spooled);

    assert!(!holds(&place.object(name).await));
    let name = name.to_string();
    assert_eq!(place.paths().await, [format!("{}/{name}", &name[..2])]);
    if let StoreUrl::Folder(folder) = &place.config.store_url {
        let inner = folder.join(&name[..2]);
        assert_eq!((mode(folder), mode(&inner), mode(&inner.join(&name))), (0o700, 0o700, 0o600));
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

async fn given_up(place: Place) {
    let (name, key) = (ObjectName::new().unwrap(), ContentKey::new().unwrap());
    for length in [0, 1, 3 * CHUNK] {
        let mut spool = place.store.spool(&key, &name).await.unwrap();
        spool.write(&bytes(length)).await.unwrap();
        assert_eq!(place.spooled().len(), 1);
        drop(spool);
        assert_eq!(place.spooled().len(), 0);
    }
    let mut spool = place.store.spool(&key, &name).await.unwrap();
    spool.write(&bytes(10)).await.unwrap();
    let taken = place.store.spool(&key, &name).await;
    assert!(taken.is_err(), "two contents under one name");
    drop(spool.finish().await.unwrap());
    assert_eq!(place.spooled().len(), 0);

    let empty = place.store.spool(&key, &name).await.unwrap();
    assert!(matches!(empty.finish().await, Err(StoreError::Empty)));
    assert_eq!((place.spooled().len(), place.paths().await.len()), (0, 0));
}

async fn once(place: Place) {
    let stored = place.put(bytes(100)).await;
    let mut spool = place.store.spool(&stored.key, &stored.name).await.unwrap();
    spool.write(b"another").await.unwrap();
    assert!(place.store.put(&spool.finish().await.unwrap()).await.is_err());
    assert_eq!(place.read(&stored, 0..100).await.unwrap(), stored.content);

    for _ in 0..2 {
        place.store.delete(&stored.name).await.unwrap();
        let (read, error) = place.read(&stored, 0..100).await.unwrap_err();
        assert!(
            read.is_empty() && matches!(error, StoreError::Missing(name) if name == stored.name),
            "{error}"
        );
    }
}

async fn tried(place: Place) {
    for _ in 0..2 {
        place.store.check().await.unwrap();
        assert_eq!((place.spooled().len(), place.paths().await.len()), (0, 0));
    }
}

fn texts() {
    let name = ObjectName::new().unwrap();
    let text = name.to_string();
    assert_eq!(ObjectName::parse(&text), Some(name));
    assert_ne!(ObjectName::new().unwrap(), name);
    let zeros = "0".repeat(32);
    assert_eq!(ObjectName::parse(&zeros).unwrap().to_string(), zeros);
    for wrong in [
        "",
        "0",
        "../../../../../../../../../etc/pa",
        &"A".repeat(32),
        &"g".repeat(32),
        &format!("+{}", "0".repeat(31)),
        &format!("0{zeros}"),
        &format!("{}/{}", "0".repeat(2), "0".repeat(29)),
        &"é".repeat(16),
    ] {
        assert_eq!(ObjectName::parse(wrong), None, "{wrong}");
    }
    let text = ContentKey::new().unwrap().to_base64();
    assert_eq!(ContentKey::from_base64(&text).unwrap().to_base64(), text);
    assert_ne!(ContentKey::new().unwrap().to_base64(), text);
    for wrong in ["", "AAAA", &text[1..], &format!("{}AAAA", *text), &format!("{}=", *text)] {
        assert!(ContentKey::from_base64(wrong).is_none(), "{wrong}");
    }
}

fn other_disk() {
    // A file system in memory, of most machines with Linux.
    let Ok(folder) = TempDir::new_in("/dev/shm") else { return };
    runtime().block_on(async {
        let place = Place::with(|config| {
            config.store_url = StoreUrl::Folder(folder.path().to_owned());
            let raw = object_store::local::LocalFileSystem::new_with_prefix(folder.path()).unwrap();
            (std::sync::Arc::new(raw), object_store::path::Path::default())
        });
        let stored = place.put(bytes(3 * CHUNK)).await;
        assert_eq!(place.read(&stored, 0..3 * CHUNK).await.unwrap(), stored.content);
        let name = stored.name.to_string();
        assert_eq!(place.paths().await, [format!("{}/{name}", &name[..2])]);
        assert_eq!(mode(&folder.path().join(&name[..2]).join(&name)), 0o600);
    });
}

fn away() {
    let folder = TempDir::new().unwrap();
    let mut config = Config::for_tests("sqlite::memory:".to_owned(), folder.path().to_owned());
    config.store_url = StoreUrl::parse("s3://planted-bucket/planted").unwrap();
    // A port where nobody listens.
    config.store_endpoint = PublicUrl::parse("http://127.0.0.1:1");
    config.store_access_key = Some("planted".into());
    config.store_secret_key = Some("planted".into());
    let store = Store::open(&config).unwrap();
    let (name, key) = (ObjectName::new().unwrap(), ContentKey::new().unwrap());
    runtime().block_on(async {
        let read = std::pin::pin!(store.read(&name, &key, 1, 0..1)).next().await.unwrap();
        for error in [store.check().await.unwrap_err(), read.unwrap_err()] {
            let text = format!("{error} {error:?}");
            assert!(text.contains("no connection") && !text.contains("planted"), "{text}");
            assert!(!text.contains("127.0.0.1"), "{text}");
            assert!(matches!(Error::from(error), Error::Unavailable(_)));
        }
    });
}
