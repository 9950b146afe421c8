//! Sealed values: they open as they were, in their place, and else not at all.

use custodian::vault::{Owner, Place, Retention};
use custodian_entity::id::{CustomerId, ResellerId, TypedId, UserId};
use proptest::prelude::{Strategy, any};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use uuid::Uuid;

use super::{Keys, customer, open, place, seal, tenant};
use crate::app::TestApp;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("vault::what is sealed opens as it was", round_trip);
    suite.both("vault::a value opens in its own row, column, table and tenant only", elsewhere);
    suite.sqlite("vault::a value of which one byte was changed does not open", flipped);
    suite.sqlite("vault::equal values are sealed to different texts", different);
}

async fn round_trip(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let vault = keys.vault(&[1]).await;
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let values = (proptest::collection::vec(any::<u8>(), 0..200), 0..6_u8, 0..3_u128, any::<u128>());
    let values: Vec<_> = (0..128).map(|_| values.new_tree(&mut runner).unwrap().current()).collect();
    let owner = |kind: u8, number: u128| {
        let id = Uuid::from_u128(number);
        let customer = |retention| Owner::Customer(CustomerId::from_uuid(id), retention);
        match kind {
            0 => customer(Retention::General),
            1 => customer(Retention::Fiscal),
            2 => customer(Retention::Kyc),
            3 => customer(Retention::RequestLog),
            4 => Owner::User(UserId::from_uuid(id)),
            _ => Owner::Reseller(ResellerId::from_uuid(id)),
        }
    };
    let given: Vec<_> = values
        .iter()
        .map(|(value, kind, number, row)| (place(number % 2, *row), owner(*kind, *number), value.as_slice()))
        .collect();
    let sealed = vault.open_keys().seal(&given).await.unwrap();
    let asked: Vec<_> =
        given.iter().zip(&sealed).map(|((place, _, _), text)| (*place, text.as_str())).collect();
    let request = vault.open_keys();
    for (opened, (_, _, value)) in request.open(&asked).await.unwrap().iter().zip(&given) {
        assert_eq!(opened.as_ref().unwrap().as_slice(), *value);
    }
    let distinct: std::collections::HashSet<_> =
        given.iter().map(|(place, owner, _)| (place.tenant, *owner)).collect();
    assert_eq!(request.count(), distinct.len(), "a key for each tenant, owner and retention");
    assert_eq!(vault.open_keys().count(), 0, "what one request opened is not open to another");
}

async fn elsewhere(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let vault = keys.vault(&[1]).await;
    let request = vault.open_keys();
    let home = place(1, 1);
    let sealed = seal(&request, home, customer(1), "ada@mail.example").await.unwrap();
    // The neighbours have values of their own.
    seal(&request, place(2, 1), customer(1), "other").await.unwrap();
    assert_eq!(open(&vault, home, &sealed).await.unwrap(), "ada@mail.example");
    let other = [
        Place { tenant: tenant(2), ..home },
        Place { table: "contact", ..home },
        Place { column: "phone", ..home },
        Place { row: Uuid::from_u128(2), ..home },
        // The same letters, parted otherwise.
        Place { table: "customere", column: "mail", ..home },
        Place { table: "", column: "customeremail", ..home },
    ];
    let id = sealed.split('.').nth(1).unwrap().parse::<Uuid>().unwrap().to_string();
    for place in other {
        let said = open(&vault, place, &sealed).await.unwrap_err();
        assert!(said.contains(&id) && !said.contains("ada"), "{place:?}: {said}");
    }
    // A value under the name of another's key.
    let foreign = seal(&request, home, customer(2), "grace@mail.example").await.unwrap();
    let mixed = format!("{}.{}", foreign.rsplit_once('.').unwrap().0, sealed.rsplit_once('.').unwrap().1);
    assert!(open(&vault, home, &mixed).await.is_err());
}

async fn flipped(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let vault = keys.vault(&[1]).await;
    let sealed = seal(&vault.open_keys(), place(1, 1), customer(1), "ada@mail.example").await.unwrap();
    let mut changed = vec![String::new(), "v1".to_owned(), "v1..".to_owned(), sealed.to_uppercase()];
    for at in 0..sealed.len() {
        changed.push(sealed[..at].to_owned());
        for flip in [1, 2, 4, 8, 16, 32, 64] {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] ^= flip;
            changed.push(String::from_utf8(bytes).unwrap());
        }
    }
    changed.push(format!("{sealed}A"));
    let request = vault.open_keys();
    let asked: Vec<_> = changed.iter().map(|text| (place(1, 1), text.as_str())).collect();
    for (opened, text) in request.open(&asked).await.unwrap().iter().zip(&changed) {
        let said = opened.as_ref().expect_err(text).to_string();
        assert!(!said.contains("ada"), "{said}");
    }
    assert_eq!(open(&vault, place(1, 1), &sealed).await.unwrap(), "ada@mail.example");
}

async fn different(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let request = keys.vault(&[1]).await.open_keys();
    let one = seal(&request, place(1, 1), customer(1), "ada@mail.example").await.unwrap();
    let two = seal(&request, place(1, 1), customer(1), "ada@mail.example").await.unwrap();
    assert_ne!(one, two);
    assert!(one.starts_with("v1.") && !one.contains("ada"));
    assert_eq!(one.rsplit_once('.').unwrap().0, two.rsplit_once('.').unwrap().0, "one key");
}
