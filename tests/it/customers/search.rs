//! `customers(search:)`: customers are found by words of their names, which are sealed, by who sees names in clear.

use std::collections::BTreeSet;

use custodian::vault::{Owner, Retention, folded};
use custodian_entity::customer::{Entity, Model};
use custodian_entity::id::{CustomerId, TypedId};
use custodian_entity::{customer, customer_word};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::{Value, json};

use super::{new_customer, with};
use crate::app::TestApp;
use crate::arguments::without_request_id;
use crate::client::{Answer, Client};
use crate::fixture::{ADMIN, MARIA, ROLES, SUPPORT, all, customer as named, mutate, text};
use crate::past::all_open;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("customers::a name is found by its words and their beginnings", words);
    suite.both("customers::search finds what a comparison of words finds, within reach", as_compared);
    suite.both("customers::a search goes with filters, orders and pages", together);
    suite.both("customers::a former name finds nobody", renamed);
    suite.both("customers::who sees names masked learns nothing by searching", masked);
    suite.both("customers::a role that lacks one of the names searches by none", one_name_short);
    suite.both("customers::a search holds one to ten words in a hundred characters", limits);
    suite.both("customers::every customer has the words of its names, and no others", every_path);
    suite.both("customers::an erased customer is found by nothing, in a backup neither", erased);
}

const FOUND: &str = "totalCount nodes { id }";

async fn ask(client: &Client, wanted: &str) -> Answer {
    let document = format!("query($text: String) {{ customers(search: $text, first: 100) {{ {FOUND} }} }}");
    client.query(&document, json!({ "text": wanted })).await
}

async fn found(client: &Client, wanted: &str) -> BTreeSet<String> {
    let answer = ask(client, wanted).await;
    let list = &answer.ok()["customers"];
    let found = ids(list);
    assert_eq!(list["totalCount"], json!(found.len()), "{wanted}");
    found
}

fn ids(list: &Value) -> BTreeSet<String> {
    list["nodes"].as_array().unwrap().iter().map(|node| text(&node["id"]).to_owned()).collect()
}

async fn create(client: &Client, members: Value) -> String {
    let mut input = with(&new_customer("-"), members);
    input.as_object_mut().unwrap().remove("email");
    text(&mutate(client, "customerCreate", "id", input).await.done()["id"]).to_owned()
}

async fn words(app: TestApp) {
    let client = app.login(SUPPORT).await;
    for (name, hits, misses) in [
        (
            "Ada-Maria Lovelace",
            vec!["ada", "ADA", "maria", "lov", "Lovelace", "love ada", "ada-maria", "mar-love", "  ada  "],
            vec!["ad", "lo", "lovelaces", "elace", "ada eve", "adamaria"],
        ),
        ("Seán O’Briain", vec!["o'briain", "OBRIAIN", "obr", "O’Bri", "SEÁN"], vec!["sean", "briain", "o'"]),
        (
            "Großmann Zoë Li",
            vec!["gross", "GROSSMANN", "großm", "zoe\u{308}", "li zoë"],
            vec!["zoe", "l", "lie"],
        ),
        ("歐陽修竹", vec!["歐陽修竹", "歐", "竹", "修竹"], vec!["歐明", "王修"]),
        ("Σοφοκλής Ακρίδας", vec!["ΣΟΦΟΚΛΉΣ", "σοφ", "ακρί"], vec!["σο", "φοκ"]),
    ] {
        let id = create(&client, json!({ "displayName": name })).await;
        for wanted in hits {
            assert!(found(&client, wanted).await.contains(&id), "{wanted} does not find {name}");
        }
        for wanted in misses {
            assert!(!found(&client, wanted).await.contains(&id), "{wanted} finds {name}");
        }
    }
    // Words of several names together.
    let id =
        create(&client, json!({ "displayName": "Quux", "firstName": "Zenobia", "lastName": "Wurst" })).await;
    assert_eq!(found(&client, "zen wur quux").await, BTreeSet::from([id]));
}

/// The words of a text, compared as the index does, worked out in another way.
fn words_of(text: &str) -> BTreeSet<String> {
    use unicode_segmentation::UnicodeSegmentation;
    let folded = folded(text);
    let plain = |word: &str| word.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    folded.unicode_words().map(plain).filter(|word| !word.is_empty()).collect()
}

fn names(row: &Model) -> BTreeSet<String> {
    let others = [&row.first_name, &row.last_name].into_iter().flatten();
    others
        .chain([&row.display_name])
        .filter_map(|name| name.expose())
        .flat_map(|name| words_of(name))
        .collect()
}

fn is_found(row: &Model, wanted: &str) -> bool {
    let names = names(row);
    let has = |word: &String| {
        names.contains(word)
            || word.chars().count() >= 3 && names.iter().any(|name| name.starts_with(word.as_str()))
    };
    words_of(wanted).iter().all(has)
}

async fn as_compared(app: TestApp) {
    let rows = all_open::<Entity>(&app).await;
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    for words in rows.iter().map(names) {
        // Both words of a name, and what is no word of it.
        wanted.extend(words.iter().take(1).map(|word| format!("{word} {}", words.last().unwrap())));
        wanted.extend(words.iter().take(2).cloned());
        wanted.extend(
            words
                .iter()
                .take(1)
                .flat_map(|word| [2, 3, 4].map(|letters| word.chars().take(letters).collect::<String>())),
        );
    }
    assert!(wanted.len() > 100, "{}", wanted.len());
    let accounts = ["admin@acme.example", SUPPORT, "reseller@acme.example", "customer@acme.example"];
    let mut hits = 0;
    for username in accounts {
        let client = app.login(username).await;
        let listed = client.query("{ customers(first: 100) { nodes { id } } }", Value::Null).await;
        let listed = ids(&listed.ok()["customers"]);
        for wanted in &wanted {
            let expected: BTreeSet<String> = rows
                .iter()
                .filter(|row| is_found(row, wanted))
                .map(|row| row.id.encode())
                .filter(|id| listed.contains(id))
                .collect();
            hits += expected.len();
            assert_eq!(found(&client, wanted).await, expected, "{username} searches {wanted}");
        }
    }
    assert!(hits > 200, "{hits}");
}

async fn together(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let mut made = Vec::new();
    for (name, language) in
        [("Wurst Ada", "de"), ("Wurst Eve", "fr"), ("Wurst Zoe", "de"), ("Wurzel Al", "de")]
    {
        made.push(create(&client, json!({ "displayName": name, "language": language })).await);
    }
    let document =
        "query($after: String, $search: String) { customers(first: 1, after: $after, search: $search,
        filter: { language: { eq: \"de\" } }, orderBy: { field: CUSTOMER_NUMBER, direction: DESC }) {
        totalCount nodes { id } pageInfo { endCursor hasNextPage } } }";
    let first = client.query(document, json!({ "search": "wurst" })).await;
    let first = &first.ok()["customers"];
    assert_eq!((&first["totalCount"], &first["nodes"][0]["id"]), (&json!(2), &json!(made[2])));
    let after = &first["pageInfo"]["endCursor"];
    let second = client.query(document, json!({ "search": "wurst", "after": after })).await;
    let second = &second.ok()["customers"];
    assert_eq!(
        (&second["nodes"][0]["id"], &second["pageInfo"]["hasNextPage"]),
        (&json!(made[0]), &json!(false))
    );
    // A cursor is of the list it came from.
    let other = client.query(document, json!({ "search": "wur", "after": after })).await;
    assert_eq!(other.code(), Some("BAD_USER_INPUT"), "{}", other.text);
    let all = client.query("{ customers(search: null) { totalCount } }", Value::Null).await;
    assert_eq!(all.ok()["customers"]["totalCount"], json!(44), "without a search these are all");
}

async fn renamed(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let id = create(&client, json!({ "displayName": "Quux Ada", "firstName": "Zenobia" })).await;
    let mut version = 1;
    for (change, hits, misses) in [
        (json!({ "displayName": "Wurst Eve" }), ["wurst", "eve", "zenobia"], ["quux", "ada"]),
        (json!({ "firstName": null, "lastName": "Quux" }), ["wurst", "eve", "quux"], ["zenobia", "zen"]),
        (json!({ "language": "fr" }), ["wurst", "eve", "quux"], ["zenobia", "ada"]),
    ] {
        let change = with(&json!({ "id": id, "version": version }), change);
        mutate(&client, "customerUpdate", "id", change).await.done();
        version += 1;
        for wanted in hits {
            assert!(found(&client, wanted).await.contains(&id), "{wanted} after change {version}");
        }
        for wanted in misses {
            assert!(!found(&client, wanted).await.contains(&id), "{wanted} after change {version}");
        }
    }
    // A change that is refused leaves the words as they were.
    let stale = json!({ "id": id, "version": 1, "displayName": "Zenobia" });
    mutate(&client, "customerUpdate", "id", stale).await.failed("CONFLICT");
    assert!(found(&client, "wurst").await.contains(&id) && !found(&client, "zenobia").await.contains(&id));
}

async fn masked(app: TestApp) {
    for (role, username) in ROLES {
        let client = app.login(username).await;
        let (hit, miss) = (ask(&client, "garc").await, ask(&client, "nobody").await);
        if role == "network_engineer" {
            let fields: Vec<&Value> =
                hit.errors().iter().map(|error| &error["extensions"]["field"]).collect();
            assert_eq!(fields, ["Customer.displayName", "Customer.firstName", "Customer.lastName"]);
            assert!(hit.errors().iter().all(|error| error["extensions"]["code"] == "FIELD_NOT_QUERYABLE"));
            assert!(hit.data().is_null(), "{}", hit.text);
            assert_eq!(without_request_id(&hit), without_request_id(&miss));
        } else {
            assert_eq!(hit.ok()["customers"]["totalCount"], json!(1), "{role}");
            assert_eq!(miss.ok()["customers"]["totalCount"], json!(0), "{role}");
        }
    }
    // A hit out of reach is a miss.
    let other = app.login("reseller2@acme.example").await;
    let (hit, miss) = (ask(&other, "garcía").await, ask(&other, "nobody").await);
    assert_eq!(without_request_id(&hit), without_request_id(&miss));
    assert_eq!(
        app.anonymous().query("{ customers(search: \"garc\") { totalCount } }", Value::Null).await.code(),
        Some("UNAUTHENTICATED")
    );
}

async fn one_name_short(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let denied = ["READ", "READ_MASKED", "CREATE", "UPDATE"]
        .map(|right| json!({ "object": "Customer.lastName", "right": right, "effect": "DENY" }));
    let role = json!({ "name": "clerk", "basedOn": "support_agent", "permissions": denied });
    let role = mutate(&admin, "roleCreate", "id", role).await;
    let clerk = crate::fixture::account(&app, SUPPORT).await.id.encode();
    let grant =
        json!({ "userId": clerk, "roleId": role.done()["id"], "scope": "TENANT", "justification": "a test" });
    mutate(&admin, "roleGrant", "id", grant).await.done();
    let client = app.login(SUPPORT).await.acting_as("clerk");
    let answer = ask(&client, "maria").await;
    assert_eq!(answer.code(), Some("FIELD_NOT_QUERYABLE"), "{}", answer.text);
    assert_eq!(answer.errors()[0]["extensions"]["field"], "Customer.lastName");
}

async fn limits(app: TestApp) {
    let client = app.login(SUPPORT).await;
    for wanted in ["", " ", "-", "a b c d e f g h i j k", &"x".repeat(101), "王小明王小明李張黃陳林吳劉蔡"]
    {
        let answer = ask(&client, wanted).await;
        assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{wanted}: {}", answer.text);
    }
    for wanted in
        ["a b c d e f g h i j", &"x".repeat(100), &"ü".repeat(100), "'; DROP TABLE customer; --", "%"]
    {
        let answer = ask(&client, wanted).await;
        let is_refused = answer.code() == Some("BAD_USER_INPUT");
        assert_eq!(is_refused, wanted == "%", "{wanted}: {}", answer.text);
    }
}

/// The stored words of each customer are those of its names: whichever way it came to be or was changed.
async fn every_path(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let id = create(&client, json!({ "displayName": "Quux Ada", "firstName": "Zenobia" })).await;
    let change = json!({ "id": id, "version": 1, "lastName": "Wurst" });
    mutate(&client, "customerUpdate", "id", change).await.done();
    custodian::seed::customers(app.db(), &app.service.vault, 3, &|_| {}).await.unwrap();
    let keys = app.service.vault.open_keys();
    let words = all::<customer_word::Entity>(&app).await;
    let rows = all_open::<Entity>(&app).await;
    assert!(words.len() > rows.len() * 4, "{} words", words.len());
    for row in rows {
        let indexes = keys.indexes(row.tenant_id).await.unwrap();
        let text = names(&row).into_iter().collect::<Vec<_>>().join(" ");
        let expected = indexes.stored_words("customer.name", &text).unwrap();
        let of_row = words.iter().filter(|word| word.customer_id == row.id);
        assert!(
            of_row.clone().all(|word| (word.tenant_id, word.reseller_id) == (row.tenant_id, row.reseller_id))
        );
        let stored: BTreeSet<String> = of_row.map(|word| word.tag.clone()).collect();
        assert_eq!(stored, expected, "{}", row.customer_number);
    }
}

async fn erased(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let maria = named(&app, MARIA).await;
    let number = maria.government_id_number.as_ref().and_then(|number| number.expose()).cloned().unwrap();
    let before = customer::Entity::find_by_id(maria.id).one(app.db()).await.unwrap().unwrap();
    let words = all::<customer_word::Entity>(&app).await.into_iter();
    let words: Vec<_> = words.filter(|word| word.customer_id == maria.id).collect();
    let ways =
        [json!({ "email": MARIA }), json!({ "phone": "+34612345678" }), json!({ "governmentId": number })];
    let lookup = "query($by: CustomerLookupInput!) { customerLookup(by: $by) { id } }";
    let hits = async || {
        let mut hits = found(&client, "maría garc").await.len();
        for by in &ways {
            let answer = client.query(lookup, json!({ "by": by })).await;
            hits += answer.ok()["customerLookup"].as_array().unwrap().len();
        }
        hits
    };
    assert_eq!(hits().await, 4);

    let vault = &app.service.vault;
    vault.destroy(maria.tenant_id, Owner::Customer(maria.id, Retention::General)).await.unwrap();
    app.service.forget_erased().await.unwrap();
    assert_eq!(hits().await, 1, "the number of the identity document is kept for longer");
    vault.destroy(maria.tenant_id, Owner::Customer(maria.id, Retention::Kyc)).await.unwrap();
    app.service.forget_erased().await.unwrap();
    assert_eq!(hits().await, 0);

    // What was there before comes back, and a server starts on it.
    let mut restored = before.into_active_model();
    restored.email_index = Set(maria.email_index.clone());
    restored.phone_index = Set(maria.phone_index.clone());
    restored.government_id_index = Set(maria.government_id_index.clone());
    restored.update(app.db()).await.unwrap();
    for word in words {
        word.into_active_model().insert(app.db()).await.unwrap();
    }
    assert_eq!(hits().await, 4, "the backup holds the tags");
    let (_started, _) = app.instance(|_| {}).await;
    assert_eq!(hits().await, 0);
    let others = all::<customer_word::Entity>(&app).await.into_iter().map(|word| word.customer_id);
    let others: BTreeSet<CustomerId> = others.collect();
    assert!(others.len() > 40 && !others.contains(&maria.id), "others keep their words");
}
