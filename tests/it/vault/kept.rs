//! Keys that are kept in clear between requests: so many, for a minute, and none once any was destroyed.

use chrono::TimeDelta;

use super::{Keys, customer, open, place, seal, tenant};
use crate::app::TestApp;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("vault::keys are kept for a minute, so many, and none once any was destroyed", kept);
}

async fn kept(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let (vault, other) = (keys.vault(&[1]).await.keeping(2), keys.vault(&[1]).await);
    let mut sealed = Vec::new();
    for n in 1..=3 {
        sealed.push(seal(&other.open_keys(), place(1, n), customer(n), "value").await.unwrap());
    }
    let all = keys.rows("SELECT id, wrapped FROM data_key ").await;
    let all: Vec<(uuid::Uuid, String)> =
        all.iter().map(|row| (row.try_get("", "id").unwrap(), row.try_get("", "wrapped").unwrap())).collect();
    // What is read from the store does not open while `is_broken`: what opens then was kept.
    let broken = "UPDATE data_key SET wrapped = 'broken' WHERE wrapped IS NOT NULL";
    let mend = async || {
        for (id, wrapped) in &all {
            let id = if keys.url.is_sqlite() { format!("x'{}'", id.simple()) } else { format!("'{id}'") };
            let sql =
                format!("UPDATE data_key SET wrapped = '{wrapped}' WHERE wrapped IS NOT NULL AND id = {id}");
            keys.change(&sql).await;
        }
    };
    let opens = async |n: u128| {
        let text = &sealed[usize::try_from(n - 1).unwrap()];
        open(&vault, place(1, n), text).await.is_ok()
    };
    for n in [1, 2, 3] {
        assert!(opens(n).await);
    }
    keys.change(broken).await;
    assert_eq!([opens(1).await, opens(2).await, opens(3).await], [false, true, true], "the newest two");
    assert!(open(&other, place(1, 2), &sealed[1]).await.is_err(), "who keeps none reads each");
    keys.app.clock.advance(TimeDelta::seconds(60));
    assert_eq!([opens(2).await, opens(3).await], [false, false], "for a minute");

    mend().await;
    assert!(opens(2).await && opens(3).await);
    keys.change(broken).await;
    assert!(opens(2).await && opens(3).await);
    // By another instance, of a customer whose key is not even kept.
    other.destroy(tenant(1), customer(1)).await.unwrap();
    assert_eq!([opens(2).await, opens(3).await], [false, false], "none once any was destroyed");

    mend().await;
    assert!(opens(2).await && !opens(1).await);
    other.destroy(tenant(1), customer(2)).await.unwrap();
    let said = open(&vault, place(1, 2), &sealed[1]).await.unwrap_err();
    assert!(said.ends_with("was destroyed"), "{said}");
}
