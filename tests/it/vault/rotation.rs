//! Rotation: cut off anywhere, everything opens, and the next run finishes it.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::pin::pin;
use std::task::Poll;

use custodian::vault::{Place, Vault};
use sea_orm::QueryResult;

use super::{Keys, customer, open, place, seal, tenant};
use crate::app::TestApp;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("vault::a rotation cut off at any step loses nothing, and is finished by another", cut);
    suite.both("vault::a rotation dropped in the middle of anything loses nothing", dropped);
    suite.both("vault::a new master key replaces the former one while both are there", master);
    suite.both("vault::keys that are made while keys are rotated open afterwards", meanwhile);
}

const CUSTOMERS: u128 = 5;

/// A value of each customer.
async fn values(vault: &Vault) -> Vec<(Place<'static>, String)> {
    let mut values = Vec::new();
    for number in 0..CUSTOMERS {
        let place = place(1, number);
        values.push((place, seal(&vault.open_keys(), place, customer(number), "ada").await.unwrap()));
    }
    values
}

async fn all_open(vault: &Vault, values: &[(Place<'_>, String)]) {
    for (place, sealed) in values {
        assert_eq!(open(vault, *place, sealed).await.as_deref(), Ok("ada"));
    }
}

/// Versions of the tenant's key, and what wrapped them.
async fn tenant_keys(keys: &Keys) -> Vec<(i32, String)> {
    let rows = keys.rows("SELECT version, master_key_id FROM tenant_key ORDER BY version").await;
    let read =
        |row: &QueryResult| (row.try_get("", "version").unwrap(), row.try_get("", "master_key_id").unwrap());
    rows.iter().map(read).collect()
}

async fn cut(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let vault = keys.vault(&[1]).await;
    let values = values(&vault).await;
    let token = vault.open_keys().indexes(tenant(1)).await.unwrap().tag("customer.email", "ada").unwrap();
    for stop in 1..=CUSTOMERS as u64 {
        vault.rotate(tenant(1)).await.unwrap();
        all_open(&vault, &values).await;
        let mut steps = 0;
        let ended = vault.rewrap(tenant(1), 1, |_| {
            steps += 1;
            if steps == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(ended.await.unwrap().is_break(), "{stop}");
        assert_eq!(tenant_keys(&keys).await.len(), 2, "both are needed");
        // By an instance that has nothing open.
        let other = keys.vault(&[1]).await;
        all_open(&other, &values).await;
        let mut last = None;
        let ended = other.rewrap(tenant(1), 2, |progress| {
            last = Some(progress);
            ControlFlow::Continue(())
        });
        assert!(ended.await.unwrap().is_continue());
        let left = CUSTOMERS as u64 + 1 - stop;
        assert_eq!(
            last.map(|last| (last.done, last.total)),
            Some((left, left)),
            "what was done is not done again"
        );
        all_open(&vault, &values).await;
        assert_eq!(tenant_keys(&keys).await.len(), 1, "the former key is gone");
        let again = vault.rewrap(tenant(1), 1, |_| panic!("there is nothing to do")).await;
        assert!(again.unwrap().is_continue());
    }
    assert_eq!(tenant_keys(&keys).await[0].0, CUSTOMERS as i32 + 1);
    let after = vault.open_keys().indexes(tenant(1)).await.unwrap().tag("customer.email", "ada").unwrap();
    assert_eq!(after, token, "indexes stay as they are");
}

/// What a future comes to when it is polled no more than so often: as in a process that is killed then.
async fn polled<F: Future>(times: usize, future: F) -> Option<F::Output> {
    let (mut future, mut left) = (pin!(future), times);
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

async fn dropped(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let vault = keys.vault(&[1]).await;
    let values = values(&vault).await;
    let mut finished = 0;
    for times in (1..120).step_by(4) {
        let rotating = async {
            vault.rotate(tenant(1)).await.unwrap();
            vault.rewrap(tenant(1), 2, |_| ControlFlow::Continue(())).await.unwrap()
        };
        finished += usize::from(polled(times, rotating).await.is_some());
        all_open(&vault, &values).await;
    }
    assert!(vault.rewrap(tenant(1), 2, |_| ControlFlow::Continue(())).await.unwrap().is_continue());
    assert_eq!(tenant_keys(&keys).await.len(), 1);
    all_open(&vault, &values).await;
    assert!(finished < 30, "some were dropped");
}

async fn master(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let former = keys.vault(&[1]).await;
    let values = values(&former).await;
    former.rotate(tenant(1)).await.unwrap();
    let both = keys.vault(&[2, 1]).await;
    all_open(&both, &values).await;
    let before = tenant_keys(&keys).await;
    let ended = both.rewrap(tenant(1), 1, |_| ControlFlow::Break(())).await.unwrap();
    assert!(ended.is_break());
    let half = tenant_keys(&keys).await;
    assert_eq!(before.iter().zip(&half).filter(|(before, half)| before != half).count(), 1);
    all_open(&keys.vault(&[1, 2]).await, &values).await;
    all_open(&both, &values).await;
    assert!(both.rewrap(tenant(1), 1, |_| ControlFlow::Continue(())).await.unwrap().is_continue());
    assert_eq!(both.tenants().await.unwrap(), [tenant(1)]);
    all_open(&keys.vault(&[2]).await, &values).await;
    assert!(
        open(&keys.vault(&[1]).await, values[0].0, &values[0].1).await.is_err(),
        "the former is not needed"
    );
}

async fn meanwhile(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let vault = keys.vault(&[1]).await;
    let mut values = values(&vault).await;
    // A request that opened everything before.
    let earlier = vault.open_keys();
    seal(&earlier, place(1, 0), customer(0), "ada").await.unwrap();
    let making = async {
        let mut made = Vec::new();
        for number in 100..110 {
            let place = place(1, number);
            made.push((place, seal(&vault.open_keys(), place, customer(number), "ada").await.unwrap()));
        }
        made
    };
    let rotating = async {
        for _ in 0..3 {
            vault.rotate(tenant(1)).await.unwrap();
            let ended = vault.rewrap(tenant(1), 2, |_| ControlFlow::Continue(())).await.unwrap();
            assert!(ended.is_continue());
        }
    };
    let (made, ()) = tokio::join!(making, rotating);
    values.extend(made);
    let late = seal(&earlier, place(1, 200), customer(200), "ada").await.unwrap();
    values.push((place(1, 200), late));
    all_open(&vault, &values).await;
    let ended = vault.rewrap(tenant(1), 100, |_| ControlFlow::Continue(())).await.unwrap();
    assert!(ended.is_continue());
    assert_eq!(tenant_keys(&keys).await.len(), 1);
    all_open(&vault, &values).await;
}
