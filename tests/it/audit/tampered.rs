//! Whatever is done to the log past the service, verifying it fails and names the place.

use custodian::audit::{Head, What};
use custodian_entity::audit_event::{self, Column};
use custodian_entity::choice::Outcome;
use custodian_entity::id::{TypedId, UserId};
use custodian_entity::personal::IpAddress;
use custodian_entity::{audit_head, disclosed_customer, disclosed_list, disclosed_set};
use sea_orm::prelude::Uuid;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, Iterable,
    QueryFilter, QueryOrder,
};
use serde_json::json;

use super::verified;
use crate::app::TestApp;
use crate::fixture::{ADMIN, BILLING, MARIA, SUPPORT, account, all, customer, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("audit::one changed value of an entry, whichever, is found", changed);
    suite
        .both("audit::a customer that a disclosure is no longer told of, or is wrongly, is found", customers);
    suite.both("audit::an entry that was taken out, put in, moved or cut off is found", moved);
}

/// Some entries in the chain of a provider, in order.
async fn entries(app: &TestApp) -> Vec<audit_event::Model> {
    let client = app.login(SUPPORT).await;
    for _ in 0..5 {
        // What is refused is on record as well.
        let looked =
            client.query("{ customerLookup(by: { phone: \"+34600000000\" }) { id } }", json!({})).await;
        looked.ok();
    }
    let found = verified(app, &[]).await;
    assert_eq!(found.fault, None);
    let chain = account(app, SUPPORT).await.tenant_id.uuid();
    let entries = audit_event::Entity::find().filter(Column::Chain.eq(chain)).order_by_asc(Column::Sequence);
    let entries = entries.all(app.db()).await.unwrap();
    assert!(entries.len() >= 5, "{} entries", entries.len());
    entries
}

/// Puts an entry in the place of another, past the service.
async fn put(app: &TestApp, entry: &audit_event::Model) {
    entry.clone().into_active_model().reset_all().update(app.db()).await.unwrap();
}

async fn fault(app: &TestApp, heads: &[Head]) -> Option<(i64, What)> {
    let fault = verified(app, heads).await.fault?;
    assert!(fault.to_string().contains(&format!("entry {}", fault.sequence)), "{fault}");
    Some((fault.sequence, fault.what))
}

/// The entry with one column changed.
fn with_another(entry: &audit_event::Model, column: Column) -> audit_event::Model {
    let mut changed = entry.clone();
    let letter = |text: &str| match text.chars().last() {
        Some('a') => format!("{}b", &text[..text.len() - 1]),
        Some(last) => format!("{}a", &text[..text.len() - last.len_utf8()]),
        None => "a".to_owned(),
    };
    match column {
        // Another id is another row.
        Column::Id => {}
        Column::TenantId => changed.tenant_id = None,
        Column::ResellerId => changed.reseller_id = Some(TypedId::from_uuid(Uuid::from_u128(1))),
        Column::CustomerId => changed.customer_id = Some(TypedId::from_uuid(Uuid::from_u128(1))),
        Column::OccurredAt => changed.occurred_at -= chrono::TimeDelta::milliseconds(1),
        Column::EventType => changed.event_type = letter(&entry.event_type),
        Column::ActorId => changed.actor_id = Some(UserId::from_uuid(Uuid::from_u128(1))),
        Column::ActorRole => changed.actor_role = Some("support".to_owned()),
        Column::ApiClientId => changed.api_client_id = Some(TypedId::from_uuid(Uuid::from_u128(1))),
        Column::Ip => changed.ip = Some(IpAddress::new("203.0.113.***")),
        Column::ResourceType => changed.resource_type = Some("Customer".to_owned()),
        Column::ResourceId => changed.resource_id = Some("cust_1".to_owned()),
        Column::Action => changed.action = letter(&entry.action),
        Column::Outcome => changed.outcome = Outcome::Denied,
        Column::RequestId => changed.request_id = letter(&entry.request_id),
        Column::Details => changed.details = json!({ "fields": ["email"] }),
        Column::Chain => changed.chain = Uuid::from_u128(7),
        Column::Sequence => changed.sequence = 1_000,
        Column::PrevHash => changed.prev_hash = letter(&entry.prev_hash),
        Column::Hash => changed.hash = letter(&entry.hash),
        Column::UserAgent => changed.user_agent = Some("curl".to_owned()),
        Column::FieldsRead => changed.fields_read = Some(json!(["Customer.email"])),
        Column::Purpose => changed.purpose = Some("OTHER".to_owned()),
    }
    changed
}

async fn changed(app: TestApp) {
    let entries = entries(&app).await;
    let entry = &entries[2];
    for column in Column::iter().filter(|column| !matches!(column, Column::Id)) {
        put(&app, &with_another(entry, column)).await;
        let found = fault(&app, &[]).await;
        let expected = match column {
            // It is gone from here, and a fault of its new chain if that comes first.
            Column::Chain => found.filter(|(_, what)| matches!(what, What::Missing | What::Misplaced)),
            Column::Sequence => Some((entry.sequence, What::Missing)),
            Column::TenantId => Some((entry.sequence, What::Misplaced)),
            _ => Some((entry.sequence, What::Changed)),
        };
        assert!(found.is_some() && found == expected, "{column:?}: {found:?}");
        put(&app, entry).await;
        assert_eq!(fault(&app, &[]).await, None, "{column:?}");
    }
}

async fn customers(app: TestApp) {
    let client = app.login(ADMIN).await;
    client.query("{ customers(first: 5) { nodes { email } } }", json!({})).await.ok();
    let maria = customer(&app, MARIA).await;
    client
        .query(
            &format!("{{ node(id: \"{}\") {{ ... on Customer {{ email }} }} }}", maria.id.encode()),
            json!({}),
        )
        .await
        .ok();
    let input = json!({ "id": maria.id.encode(), "fields": ["phone"], "purpose": "BILLING_DISPUTE" });
    mutate(&app.login(BILLING).await, "fieldReveal", "field", input).await.done();
    assert_eq!(verified(&app, &[]).await.fault, None, "before they are listed by customer");
    app.service.list_disclosures().await.unwrap();
    assert_eq!(verified(&app, &[]).await.fault, None);
    let rows = all::<disclosed_customer::Entity>(&app).await;
    let lists = all::<disclosed_list::Entity>(&app).await;
    // Of a set that several entries are about, the first is named.
    let of = |digest: &[u8]| {
        let of = lists.iter().filter(|list| list.digest == digest).map(|list| list.sequence);
        Some((of.min().expect("each set is an entry's"), What::Customers))
    };
    let remove = async |row: &disclosed_customer::Model| {
        let key = (row.customer_id, row.tenant_id, row.digest.clone());
        disclosed_customer::Entity::delete_by_id(key).exec(app.db()).await.unwrap();
    };
    let add = async |row: &disclosed_customer::Model| {
        let row = row.clone().into_active_model();
        disclosed_customer::Entity::insert(row).exec_without_returning(app.db()).await.unwrap();
    };
    assert_eq!(rows.len(), 6, "{rows:?}");
    for row in &rows {
        let is_found = of(&row.digest);
        remove(row).await;
        assert_eq!(fault(&app, &[]).await, is_found, "one taken out");
        let another = TypedId::from_uuid(Uuid::from_u128(7));
        let other = disclosed_customer::Model { customer_id: another, ..row.clone() };
        add(&other).await;
        assert_eq!(fault(&app, &[]).await, is_found, "another in its place");
        add(row).await;
        assert_eq!(fault(&app, &[]).await, is_found, "one more");
        remove(&other).await;
        assert_eq!(fault(&app, &[]).await, None);
        remove(row).await;
        let provider = TypedId::from_uuid(Uuid::from_u128(8));
        let other = disclosed_customer::Model { tenant_id: provider, ..row.clone() };
        add(&other).await;
        assert_eq!(fault(&app, &[]).await, is_found, "another provider's");
        remove(&other).await;
        add(row).await;
    }
    sets(&app, &lists).await;
}

/// What an entry is about is another set, or none, or a set is another.
async fn sets(app: &TestApp, lists: &[disclosed_list::Model]) {
    let put = async |list: &disclosed_list::Model| {
        let row = list.clone().into_active_model().reset_all();
        row.update(app.db()).await.unwrap();
    };
    let remove = async |list: &disclosed_list::Model| {
        let removed = disclosed_list::Entity::delete_by_id((list.chain, list.sequence));
        removed.exec(app.db()).await.unwrap();
    };
    let add = async |list: &disclosed_list::Model| {
        let row = list.clone().into_active_model();
        disclosed_list::Entity::insert(row).exec_without_returning(app.db()).await.unwrap();
    };
    let is_found = |list: &disclosed_list::Model| Some((list.sequence, What::Customers));
    for list in lists {
        let other = lists.iter().find(|other| other.digest != list.digest).unwrap();
        put(&disclosed_list::Model { digest: other.digest.clone(), ..list.clone() }).await;
        assert_eq!(fault(app, &[]).await, is_found(list), "another set");
        put(&disclosed_list::Model { event_id: other.event_id, ..list.clone() }).await;
        assert_eq!(fault(app, &[]).await, is_found(list), "another entry's");
        remove(list).await;
        assert_eq!(fault(app, &[]).await, is_found(list), "of nobody");
        add(list).await;
        assert_eq!(fault(app, &[]).await, None);
    }
    // An entry that is about nobody's data, and what is no entry.
    let events = all::<audit_event::Entity>(app).await;
    let signed_in = events.iter().find(|event| event.event_type == "SIGN_IN_SUCCEEDED").unwrap();
    for (sequence, event_id) in [(signed_in.sequence, signed_in.id), (1_000, signed_in.id)] {
        let more = disclosed_list::Model { sequence, event_id, ..lists[0].clone() };
        add(&more).await;
        assert_eq!(fault(app, &[]).await, is_found(&more));
        remove(&more).await;
        assert_eq!(fault(app, &[]).await, None);
    }
    let found = all::<disclosed_set::Entity>(app).await;
    for set in &found {
        let first = lists.iter().filter(|list| list.digest == set.digest).min_by_key(|list| list.sequence);
        let is_found = is_found(first.expect("each set is an entry's"));
        let mut other = set.clone();
        other.customers[0] ^= 1;
        let exchanged = other.into_active_model().reset_all().update(app.db()).await;
        // PostgreSQL looks whether a set is what it is known by.
        assert_eq!(exchanged.is_err(), app.db().get_database_backend() == DbBackend::Postgres);
        if exchanged.is_ok() {
            assert_eq!(fault(app, &[]).await, is_found, "another under its digest");
        }
        let removed = disclosed_set::Entity::delete_by_id((set.chain, set.digest.clone()));
        removed.exec(app.db()).await.unwrap();
        assert_eq!(fault(app, &[]).await, is_found, "a set taken out");
        let row = set.clone().into_active_model();
        disclosed_set::Entity::insert(row).exec_without_returning(app.db()).await.unwrap();
        assert_eq!(fault(app, &[]).await, None);
    }
}

async fn moved(app: TestApp) {
    let entries = entries(&app).await;
    let [.., third, fourth, last] = &entries[..] else { panic!("five entries") };
    let head = Head { chain: last.chain, sequence: last.sequence, hash: last.hash.clone(), at: 0 };
    let signed = [head];
    assert_eq!(fault(&app, &signed).await, None);
    let remove = async |entry: &audit_event::Model| {
        audit_event::Entity::delete_by_id(entry.id).exec(app.db()).await.unwrap();
    };
    let add = async |entry: &audit_event::Model| {
        let row = entry.clone().into_active_model();
        audit_event::Entity::insert(row).exec_without_returning(app.db()).await.unwrap();
    };

    remove(third).await;
    assert_eq!(fault(&app, &[]).await, Some((third.sequence, What::Missing)), "an entry taken out");
    add(third).await;

    // Two entries change places, with their numbers and links.
    let places = |one: &audit_event::Model, other: &audit_event::Model| audit_event::Model {
        sequence: other.sequence,
        prev_hash: other.prev_hash.clone(),
        ..one.clone()
    };
    remove(third).await;
    remove(fourth).await;
    add(&places(third, fourth)).await;
    add(&places(fourth, third)).await;
    assert_eq!(fault(&app, &[]).await, Some((third.sequence, What::Changed)), "entries that changed places");
    remove(third).await;
    remove(fourth).await;
    add(third).await;
    add(fourth).await;

    let extra =
        audit_event::Model { sequence: 0, id: TypedId::from_uuid(Uuid::from_u128(9)), ..third.clone() };
    add(&extra).await;
    assert_eq!(fault(&app, &[]).await, Some((0, What::Earlier)), "an entry from before the chain");
    remove(&extra).await;

    remove(last).await;
    assert_eq!(fault(&app, &[]).await, Some((last.sequence, What::Missing)), "a tail cut off");
    // With the end of the chain set back, past the trigger that keeps it, only what was signed tells.
    let set_back = async |end: &audit_event::Model| {
        audit_head::Entity::delete_many()
            .filter(audit_head::Column::Chain.eq(end.chain))
            .exec(app.db())
            .await
            .unwrap();
        let end = audit_head::Model {
            chain: end.chain,
            sequence: end.sequence,
            hash: end.hash.clone(),
            earlier: 0,
        };
        audit_head::Entity::insert(end.into_active_model()).exec_without_returning(app.db()).await.unwrap();
    };
    set_back(fourth).await;
    assert_eq!(fault(&app, &[]).await, None, "nothing else can tell");
    assert_eq!(
        fault(&app, &signed).await,
        Some((last.sequence, What::Missing)),
        "a tail cut off where signed"
    );
    add(last).await;
    set_back(last).await;
    assert_eq!(fault(&app, &signed).await, None);

    let other = [Head { hash: third.hash.clone(), ..signed[0].clone() }];
    assert_eq!(fault(&app, &other).await, Some((last.sequence, What::NotSigned)), "another history");
    // A chain of which nothing is left.
    let gone = [Head { chain: Uuid::from_u128(5), ..signed[0].clone() }];
    assert_eq!(fault(&app, &gone).await, Some((1, What::Missing)), "a chain that is gone");
    // The end of a chain goes forward only.
    let back = "UPDATE audit_head SET sequence = sequence";
    assert!(app.db().execute_unprepared(back).await.is_err(), "the end of a chain was set back");
}
