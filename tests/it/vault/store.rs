//! The key store: who can open what is in it, one key for each owner, and keys that are gone.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use custodian::crypto::KeyError;
use custodian::vault::{MasterKeys, Owner, Retention};
use custodian_entity::id::{CustomerId, TypedId};
use futures_util::future::join_all;
use tempfile::TempDir;
use uuid::Uuid;

use super::{Keys, customer, master_text, open, place, seal, tenant};
use crate::app::TestApp;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("vault::of many who make a key at once one does", at_once);
    suite.both("vault::without the master key nothing opens, and nothing is overwritten", wrong_master);
    suite.both("vault::keys that were changed or swapped do not unwrap, and say which", tampered);
    suite.both("vault::a key that is missing is named", missing);
    suite.both("vault::what a destroyed key sealed is gone for good, and nothing else", destroyed);
    suite.both("vault::a dump of the key store holds wrapped keys and ids", dump);
    suite.pure("vault::a master key is made once, for its owner, and no guessable one is taken", master_file);
}

async fn at_once(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let mut vaults = Vec::new();
    for _ in 0..3 {
        vaults.push(keys.vault(&[1]).await);
    }
    let requests: Vec<_> = (0..12).map(|number| vaults[number % 3].open_keys()).collect();
    let sealed = join_all((0..12).map(|n| seal(&requests[n], place(1, n as u128), customer(1), "ada"))).await;
    assert_eq!(keys.rows("SELECT id FROM data_key ").await.len(), 1);
    assert_eq!(keys.rows("SELECT id FROM tenant_key ").await.len(), 1);
    for (row, sealed) in sealed.into_iter().enumerate() {
        assert_eq!(open(&vaults[0], place(1, row as u128), &sealed.unwrap()).await.unwrap(), "ada");
    }
}

async fn wrong_master(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let right = keys.vault(&[1]).await;
    let sealed = seal(&right.open_keys(), place(1, 1), customer(1), "ada").await.unwrap();
    let wrong = keys.vault(&[2]).await;
    let before = keys.rows("SELECT * FROM data_key ").await.len();
    let said = open(&wrong, place(1, 1), &sealed).await.unwrap_err();
    assert!(said.contains("master key"), "{said}");
    assert!(
        seal(&wrong.open_keys(), place(1, 1), customer(1), "eve").await.is_err(),
        "under a key that is there"
    );
    assert!(seal(&wrong.open_keys(), place(1, 1), customer(2), "eve").await.is_err(), "under one to be made");
    assert!(wrong.open_keys().indexes(tenant(1)).await.is_err());
    assert!(wrong.rewrap(tenant(1), 10, |_| std::ops::ControlFlow::Continue(())).await.is_err());
    assert_eq!(keys.rows("SELECT * FROM data_key ").await.len(), before);
    assert_eq!(open(&right, place(1, 1), &sealed).await.unwrap(), "ada");
}

async fn tampered(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let vault = keys.vault(&[1]).await;
    let one = seal(&vault.open_keys(), place(1, 1), customer(1), "ada").await.unwrap();
    let two = seal(&vault.open_keys(), place(1, 2), customer(2), "eve").await.unwrap();
    // Each key in the other's row.
    let rows = keys.rows("SELECT wrapped FROM data_key ").await;
    let [first, second] = [0, 1].map(|row: usize| rows[row].try_get::<String>("", "wrapped").unwrap());
    for (was, becomes) in [(first.as_str(), "none"), (&second, &first), ("none", &second)] {
        let sql = format!("UPDATE data_key SET wrapped = '{becomes}' WHERE wrapped = '{was}'");
        assert_eq!(keys.change(&sql).await, 1);
    }
    for (row, sealed) in [(1, &one), (2, &two)] {
        let said = open(&vault, place(1, row), sealed).await.unwrap_err();
        assert!(said.starts_with("the data key") && said.ends_with("does not unwrap"), "{said}");
    }
    keys.change("UPDATE tenant_key SET wrapped = 'AAAA'").await;
    let said = open(&vault, place(1, 1), &one).await.unwrap_err();
    assert!(said.starts_with("the tenant key") && said.ends_with("does not unwrap"), "{said}");
}

async fn missing(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let vault = keys.vault(&[1]).await;
    let sealed = seal(&vault.open_keys(), place(1, 1), customer(1), "ada").await.unwrap();
    let id = sealed.split('.').nth(1).unwrap().parse::<Uuid>().unwrap();
    keys.change("DELETE FROM data_key ").await;
    let said = open(&vault, place(1, 1), &sealed).await.unwrap_err();
    assert_eq!(said, format!("the data key {id} is not in the key store"));
}

async fn destroyed(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let vault = keys.vault(&[1]).await;
    let fiscal = Owner::Customer(CustomerId::from_uuid(Uuid::from_u128(1)), Retention::Fiscal);
    let request = vault.open_keys();
    let general = seal(&request, place(1, 1), customer(1), "ada").await.unwrap();
    let invoice = seal(&request, place(1, 2), fiscal, "invoice").await.unwrap();
    let other = seal(&request, place(1, 3), customer(3), "eve").await.unwrap();
    let foreign = seal(&request, place(2, 1), customer(1), "of another tenant").await.unwrap();
    let all: Vec<String> = keys
        .rows("SELECT wrapped FROM data_key ")
        .await
        .iter()
        .map(|row| row.try_get("", "wrapped").unwrap())
        .collect();

    for _ in 0..2 {
        vault.destroy(tenant(1), customer(1)).await.unwrap();
        let said = open(&vault, place(1, 1), &general).await.unwrap_err();
        assert!(said.ends_with("was destroyed"), "{said}");
        let again = seal(&vault.open_keys(), place(1, 1), customer(1), "ada").await;
        assert!(again.unwrap_err().to_string().ends_with("was destroyed"), "no new key takes its place");
        keys.app.clock.advance(chrono::TimeDelta::days(1));
    }
    // One that was never made is not made afterwards.
    vault.destroy(tenant(1), customer(4)).await.unwrap();
    assert!(seal(&vault.open_keys(), place(1, 4), customer(4), "late").await.is_err());

    vault.rotate(tenant(1)).await.unwrap();
    assert!(vault.rewrap(tenant(1), 1, |_| std::ops::ControlFlow::Continue(())).await.unwrap().is_continue());
    assert!(open(&vault, place(1, 1), &general).await.unwrap_err().ends_with("was destroyed"));
    for (place, sealed, value) in [
        (place(1, 2), &invoice, "invoice"),
        (place(1, 3), &other, "eve"),
        (place(2, 1), &foreign, "of another tenant"),
    ] {
        assert_eq!(open(&vault, place, sealed).await.unwrap(), value);
    }
    // Nothing of it is left in the file, nor in another beside it.
    if keys.url.is_sqlite() {
        let still: Vec<String> = keys
            .rows("SELECT wrapped FROM data_key WHERE wrapped IS NOT NULL")
            .await
            .iter()
            .map(|row| row.try_get("", "wrapped").unwrap())
            .collect();
        let bytes = fs::read(&keys.file).unwrap();
        let holds = |text: &String| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(still.iter().all(holds), "the search finds what is there");
        assert_eq!(all.iter().filter(|text| holds(text) && !still.contains(text)).count(), 0);
        for beside in ["keys.db-wal", "keys.db-journal"] {
            assert!(!keys.file.with_file_name(beside).exists(), "{beside}");
        }
    }
}

async fn dump(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let vault = keys.vault(&[1]).await;
    let sealed = seal(&vault.open_keys(), place(1, 1), customer(1), "ada@mail.example").await.unwrap();
    vault.open_keys().indexes(tenant(1)).await.unwrap();
    let rows = keys.rows("SELECT wrapped FROM data_key ").await;
    let columns = |rows: &[sea_orm::QueryResult]| -> Vec<String> {
        let mut names = rows[0].column_names();
        names.sort();
        names
    };
    let data = keys.rows("SELECT * FROM data_key ").await;
    let tenants = keys.rows("SELECT * FROM tenant_key ").await;
    let expected = [
        "created_at",
        "destroyed_at",
        "id",
        "owner_id",
        "owner_kind",
        "retention",
        "tenant_id",
        "tenant_key_id",
        "wrapped",
    ];
    assert_eq!(columns(&data), expected, "no column for anything else");
    assert_eq!(columns(&tenants), ["created_at", "id", "master_key_id", "tenant_id", "version", "wrapped"]);
    assert_eq!(rows.len(), 2);
    for row in rows.iter().chain(&tenants) {
        let wrapped: String = row.try_get("", "wrapped").unwrap();
        // Nonce, key and tag: 12, 32 and 16 bytes.
        assert_eq!(wrapped.len(), 80, "{wrapped}");
    }
    // All of it, with another master key, opens nothing.
    let thief = keys.vault(&[9]).await;
    assert!(open(&thief, place(1, 1), &sealed).await.is_err());
    let master: String = tenants[0].try_get("", "master_key_id").unwrap();
    assert_eq!(master.len(), 16);
    assert!(!master_text(1).contains(&master));
}

fn master_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("master.key");
    assert!(matches!(MasterKeys::of_file(&path), Err(KeyError::Missing { .. })));
    MasterKeys::complete_file(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    MasterKeys::complete_file(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "what is there is not made again");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(MasterKeys::of_file(&path).is_ok());
    let (good, zeros) = (master_text(1), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    for good in
        [good.clone(), format!("{good}\n"), format!("{good},{}", master_text(2)), format!(" {good}\n{text}")]
    {
        assert!(MasterKeys::of_text("NAME", &good.as_str().into()).is_ok());
    }
    for bad in ["", "\n", "changeme", zeros, &good[1..], &format!("{good},{zeros}"), &format!("{good}{good}")]
    {
        let Err(error) = MasterKeys::of_text("NAME", &bad.into()) else { panic!("{bad:?} is taken") };
        let said = error.to_string();
        assert!(said.starts_with("NAME: not master keys") && !said.contains(&good), "{said}");
    }
}
