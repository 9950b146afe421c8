//! What no row names goes, and nothing else.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use custodian::config::StoreUrl;
use custodian::error::{Error, Result};
use custodian::store::{ContentKey, ObjectName, Swept};
use object_store::ObjectStoreExt;

use super::{Place, bytes, each};
use crate::suite::Suite;

const HOUR: Duration = Duration::from_secs(3600);

pub(super) fn register(suite: &mut Suite) {
    each(suite, "store::old objects that no row names are swept, and nothing else", orphans);
    each(suite, "store::rows are asked for in parts, and without them nothing is swept", asked);
    each(suite, "store::what was left in the middle is swept when it is old", remnants);
    each(suite, "store::a sweep that fails somewhere goes on elsewhere", failures);
}

/// Files have the time of the machine, whatever the clock says.
fn in_hours(hours: i64) -> DateTime<Utc> {
    Utc::now() + TimeDelta::hours(hours)
}

/// As a task of the service.
async fn sweep(place: &Place, now: DateTime<Utc>, rows: &[ObjectName]) -> Swept {
    let (store, rows) = (place.store.clone(), rows.to_vec());
    let sweeping = async move {
        let known =
            async |asked: Vec<ObjectName>| Ok(asked.into_iter().filter(|name| rows.contains(name)).collect());
        store.sweep(HOUR, now, known).await
    };
    tokio::spawn(sweeping).await.unwrap().unwrap()
}

async fn orphans(place: Place) {
    let (kept, orphan) = (place.put(bytes(100)).await, place.put(bytes(200)).await);
    // Whatever else lies there is not ours.
    let notes = place.prefix.clone().join("ab").join("notes.txt");
    place.raw.put(&notes, "x".into()).await.unwrap();
    let rows = [kept.name];
    assert_eq!(sweep(&place, in_hours(0), &rows).await, Swept::default(), "its row may be on its way");
    assert_eq!(sweep(&place, in_hours(2), &rows).await, Swept { objects: 1, ..Swept::default() });
    assert_eq!(sweep(&place, in_hours(2), &rows).await, Swept::default(), "once more is nothing more");
    assert_eq!(place.read(&kept, 0..100).await.unwrap(), kept.content);
    assert!(place.read(&orphan, 0..200).await.is_err());
    assert_eq!(place.paths().await.len(), 2);
}

async fn asked(place: Place) {
    let name = |number: usize| ObjectName::parse(&format!("7f{number:030x}")).unwrap();
    for number in 0..501 {
        place.replace(name(number), b"x".to_vec()).await;
    }
    let asks = RefCell::new(Vec::new());
    let away = async |_| -> Result<HashSet<ObjectName>> { Err(Error::bug("the database is away")) };
    assert!(place.store.sweep(HOUR, in_hours(2), away).await.is_err());
    assert_eq!(place.paths().await.len(), 501);
    let known = async |names: Vec<ObjectName>| -> Result<HashSet<ObjectName>> {
        asks.borrow_mut().push(names.len());
        Ok(names.into_iter().filter(|known| *known != name(3)).collect())
    };
    let swept = place.store.sweep(HOUR, in_hours(2), known).await.unwrap();
    assert_eq!((swept, asks.into_inner()), (Swept { objects: 1, ..Swept::default() }, vec![500, 1]));
    assert_eq!(place.paths().await.len(), 500);
}

async fn remnants(place: Place) {
    let (name, key) = (ObjectName::new().unwrap(), ContentKey::new().unwrap());
    let mut spool = place.store.spool(&key, &name).await.unwrap();
    spool.write(&bytes(200_000)).await.unwrap();
    // The process is killed.
    std::mem::forget(spool);
    let mut left = 1;
    if let StoreUrl::Folder(folder) = &place.config.store_url {
        fs::create_dir_all(folder.join("00")).unwrap();
        fs::write(folder.join("00").join(format!("{name}.unfinished")), "x").unwrap();
        left += 1;
    }
    assert_eq!(sweep(&place, in_hours(0), &[]).await, Swept::default(), "somebody may be writing it");
    assert_eq!(sweep(&place, in_hours(2), &[]).await, Swept { remnants: left, ..Swept::default() });
    assert_eq!(place.spooled().len(), 0);
    assert_eq!(sweep(&place, in_hours(2), &[]).await, Swept::default());
}

async fn failures(place: Place) {
    let StoreUrl::Folder(folder) = &place.config.store_url else { return };
    let orphan = place.put(bytes(10)).await;
    let blocked = if orphan.name.to_string().starts_with("00") { "01" } else { "00" };
    fs::write(folder.join(blocked), "no folder").unwrap();
    let swept = sweep(&place, in_hours(2), &[]).await;
    assert_eq!(swept, Swept { objects: 1, failed: 1, ..Swept::default() });
}
