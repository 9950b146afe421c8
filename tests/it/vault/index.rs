//! Indexes: what is the same is found, and a tag tells nothing else.

use std::collections::BTreeSet;

use custodian::vault::{email, folded, government_id, phone};

use super::{Keys, tenant};
use crate::app::TestApp;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.pure("vault::spellings that are equal are one, and others are not", spellings);
    suite.both("vault::tags are equal for equal values of a tenant's field only", tags);
    suite.sqlite("vault::names are found by words and their beginnings", names);
}

fn spellings() {
    for (one, other) in [
        ("Ada@Mail.Example", " ada@mail.example"),
        ("ada@bücher.example", "ADA@xn--bcher-kva.example"),
        ("ada@BÜCHER.example", "ada@bu\u{308}cher.example"),
        ("ａda@mail.example", "ada@mail.example"),
    ] {
        assert_eq!(email(one), email(other), "{one}");
    }
    for (one, other) in [
        ("ada@mail.example", "adb@mail.example"),
        ("ada@straße.example", "ada@strasse.example"),
        ("ada@mail.example", "ada@mail.example.org"),
        ("a.da@mail.example", "ada@mail.example"),
        // No domain, whatever it looks like to a reader of addresses.
        ("ada@mail.example/x", "ada@mail.example"),
        ("ada@mail.example:80", "ada@mail.example"),
    ] {
        assert_ne!(email(one), email(other), "{one}");
    }
    assert_eq!(phone("+49 (30) 123-45"), phone("+493012345"));
    assert_ne!(phone("+493012345"), phone("+493012346"));
    assert_eq!(government_id("x-12 34.ab"), government_id("X1234AB"));
    assert_eq!(folded("STRASSE"), folded("straße"));
    assert_eq!(folded("ΣΟΦΟΣ"), folded("σοφος"));
    assert_eq!(folded("ﬁn"), folded("FIN"));
}

async fn tags(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let (vault, other) = (keys.vault(&[1]).await, keys.vault(&[1]).await);
    let one = vault.open_keys().indexes(tenant(1)).await.unwrap();
    let same = other.open_keys().indexes(tenant(1)).await.unwrap();
    let foreign = vault.open_keys().indexes(tenant(2)).await.unwrap();
    let tag = one.tag("customer.email", "ada@mail.example").unwrap();
    assert_eq!(same.tag("customer.email", "ada@mail.example").unwrap(), tag, "every instance finds it");
    assert_eq!(tag.len(), 22);
    for other in [
        one.tag("customer.email", "adb@mail.example"),
        one.tag("contact.email", "ada@mail.example"),
        one.tag("customer.emaila", "da@mail.example"),
        foreign.tag("customer.email", "ada@mail.example"),
    ] {
        assert_ne!(other.unwrap(), tag);
    }
}

async fn names(app: TestApp) {
    let keys = Keys::fresh(app).await;
    let indexes = keys.vault(&[1]).await.open_keys().indexes(tenant(1)).await.unwrap();
    let field = "customer.name";
    let finds = |wanted: &str, name: &str| {
        let wanted = indexes.wanted_words(field, wanted).unwrap();
        !wanted.is_empty() && wanted.is_subset(&indexes.stored_words(field, name).unwrap())
    };
    let name = "Ada-Maria O’Brien Großmann Li";
    for wanted in
        ["ada", "ADA", "mar", "Maria", "obrien", "O'BRIEN", "gross", "GROSSMANN", "großm", "li", "Li ada"]
    {
        assert!(finds(wanted, name), "{wanted}");
    }
    for wanted in ["", "  ", "ad", "da", "ma", "aria", "brien", "ada eve", "lie", "l", "adam"] {
        assert!(!finds(wanted, name), "{wanted}");
    }
    let long = "Donaudampfschifffahrtsgesellschaft";
    assert!(finds(long, long) && finds("donaudampf", long) && !finds("donaukahn", long));
    assert_eq!(indexes.stored_words(field, "Ada ada ADA").unwrap().len(), 1);
    assert_eq!(indexes.stored_words(field, "").unwrap(), BTreeSet::new());
    assert_eq!(indexes.stored_words(field, long).unwrap().len(), 14, "beginnings of 3 to 16 letters");
}
