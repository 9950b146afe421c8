//! `customerLookup`: by exactly what a customer is known by, within reach, on record before it is answered.

use chrono::TimeDelta;
use custodian_entity::audit_event;
use custodian_entity::choice::{CustomerStatus, Outcome};
use custodian_entity::customer::{self, Column, Entity};
use custodian_entity::id::{CustomerId, TypedId};
use custodian_entity::personal::{Email, GovernmentId, Phone};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::{refusals, without_request_id};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{ADMIN, BILLING, Log, MARIA, ROLES, SUPPORT, account, customer};
use crate::past::{add, change};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.both("arguments::a customer is looked up by each key as it is said", each_key);
    suite.both("arguments::a look-up is on record, without its value", on_record);
    suite.both("arguments::a look-up finds nobody out of reach, and that looks like nobody", out_of_reach);
    suite.both("arguments::a look-up finds five at most", at_most_five);
    suite.both("arguments::a look-up takes exactly one key, and a sound one", exactly_one);
    suite.both("arguments::a look-up is for who answers callers", who_may);
    suite.both("arguments::look-ups beside other fields are each on record", beside_others);
    suite.both("arguments::a user looks up so often within an hour", by_the_hour);
    suite.both("arguments::of many look-ups at once no more than the quota are answered", many_at_once);
}

const DOCUMENT: &str = "query($by: CustomerLookupInput!) { customerLookup(by: $by) { id } }";

async fn look_up(client: &Client, by: Value) -> Answer {
    client.query(DOCUMENT, json!({ "by": by })).await
}

fn found(answer: &Answer) -> Vec<&str> {
    let rows = answer.ok()["customerLookup"].as_array().expect("a list");
    rows.iter().map(|row| row["id"].as_str().expect("an id")).collect()
}

async fn each_key(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let number =
        maria.government_id_number.as_ref().and_then(GovernmentId::expose).expect("she showed one").clone();
    let said = format!("{}-{}", &number[..2], &number[2..]).to_lowercase();
    change(&app, &maria, |row| row.phone = sea_orm::Set(Some(Phone::new("+442079460123")))).await;
    for username in ["admin@acme.example", ADMIN, SUPPORT, BILLING] {
        let client = app.login(username).await;
        for by in [
            json!({ "email": MARIA }),
            json!({ "email": MARIA.replace("mail.example", "MAIL.EXAMPLE") }),
            json!({ "phone": "+44 (20) 7946-0123" }),
            // As it is dialled in the country of the provider.
            json!({ "phone": "020 7946 0123" }),
            json!({ "customerNumber": maria.customer_number }),
            json!({ "governmentId": number }),
            json!({ "governmentId": said }),
        ] {
            let answer = look_up(&client, by.clone()).await;
            assert!(
                found(&answer).contains(&maria.id.encode().as_str()),
                "{username}: {by}: {}",
                answer.text
            );
        }
        for by in [
            json!({ "email": "maria@mail.example" }),
            json!({ "phone": "+442079460124" }),
            json!({ "customerNumber": &maria.customer_number[..5] }),
            json!({ "governmentId": &number[..number.len() - 1] }),
        ] {
            let answer = look_up(&client, by.clone()).await;
            assert!(found(&answer).is_empty(), "{username}: part of a key finds somebody: {by}");
        }
    }
    // What is found is masked as anywhere else.
    let document =
        format!("{{ customerLookup(by: {{ email: \"{MARIA}\" }}) {{ email governmentIdNumber }} }}");
    let answer = app.login(SUPPORT).await.query(&document, Value::Null).await;
    assert_eq!(answer.data()["customerLookup"][0]["email"], "m**********a@mail.example");
    assert!(answer.data()["customerLookup"][0]["governmentIdNumber"].is_null());
    assert_eq!(refusals(&answer), [("FORBIDDEN".to_owned(), "Customer.governmentIdNumber".to_owned())]);
}

async fn on_record(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let support = account(&app, SUPPORT).await;
    let mut log = Log::mark(&app).await;
    for (by, key, hits) in [
        (json!({ "email": MARIA }), "email", 1),
        (json!({ "email": "nobody@nowhere.example" }), "email", 0),
        (json!({ "phone": "+442079460123" }), "phone", 0),
        (json!({ "customerNumber": "C-000003" }), "customerNumber", 1),
        (json!({ "governmentId": "NOBODYS-1" }), "governmentId", 0),
    ] {
        let answer = look_up(&client, by.clone()).await;
        assert_eq!(found(&answer).len(), hits, "{by}");
        let event = log.one(&app, "CUSTOMER_LOOKED_UP").await;
        assert_eq!(event.details, json!({ "key": key, "hits": hits }));
        assert_eq!((event.actor_id, event.actor_role.as_deref()), (Some(support.id), Some("support_agent")));
        assert_eq!((event.tenant_id, event.action.as_str()), (Some(support.tenant_id), "customerLookup"));
        assert!(event.customer_id.is_none() && event.resource_id.is_none(), "whom it found is not said");
    }
    // What is not recorded is not answered.
    use sea_orm::ConnectionTrait;
    app.db().execute_unprepared("ALTER TABLE audit_event RENAME TO audit_event_away").await.unwrap();
    let answer = look_up(&client, json!({ "email": MARIA })).await;
    assert_eq!(answer.code(), Some("INTERNAL"), "{}", answer.text);
    assert!(answer.data()["customerLookup"].is_null(), "{}", answer.text);
}

/// The keys of a customer that the viewer does not reach, and keys that nobody has.
async fn out_of_reach(app: TestApp) {
    let elsewhere = account(&app, "support@globex.example").await.tenant_id;
    let theirs = Entity::find().filter(Column::TenantId.eq(elsewhere)).filter(Column::Phone.is_not_null());
    let theirs = theirs.one(app.db()).await.unwrap().expect("the other provider has customers");
    let maria = customer(&app, MARIA).await;
    // Numbers are each provider's own: this one exists there alone.
    change(&app, &theirs, |row| {
        row.customer_number = sea_orm::Set("G-999999".to_owned());
        row.email = sea_orm::Set(Some(Email::new("only@globex.example")));
        row.phone = sea_orm::Set(Some(Phone::new("+34699999999")));
    })
    .await;
    for username in [ADMIN, SUPPORT, BILLING] {
        let client = app.login(username).await;
        for (theirs, nobodys) in [
            (json!({ "customerNumber": "G-999999" }), json!({ "customerNumber": "G-999998" })),
            (json!({ "email": "only@globex.example" }), json!({ "email": "none@globex.example" })),
            (json!({ "phone": "+34699999999" }), json!({ "phone": "+34699999998" })),
        ] {
            let (one, other) = (look_up(&client, theirs).await, look_up(&client, nobodys).await);
            assert!(found(&one).is_empty());
            assert_eq!(without_request_id(&one), without_request_id(&other), "{username}");
        }
    }
    let admin = app.login("admin@acme.example").await;
    let answer = look_up(&admin, json!({ "customerNumber": "G-999999" })).await;
    assert_eq!(found(&answer), [theirs.id.encode()], "who reaches every provider finds it");
    assert_ne!(maria.tenant_id, elsewhere);
}

async fn at_most_five(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    for n in 0..7_u128 {
        let copy = customer::Model {
            id: CustomerId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0200 + n)),
            customer_number: format!("C-9{n:05}"),
            external_reference: None,
            email: None,
            phone: Some(Phone::new("+34699999999")),
            status: CustomerStatus::Active,
            ..maria.clone()
        };
        add(&app, copy).await;
    }
    let client = app.login(SUPPORT).await;
    let mut log = Log::mark(&app).await;
    let answer = look_up(&client, json!({ "phone": "+34699999999" })).await;
    assert_eq!(found(&answer).len(), 5);
    assert_eq!(log.one(&app, "CUSTOMER_LOOKED_UP").await.details["hits"], 5);
}

async fn exactly_one(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let mut log = Log::mark(&app).await;
    for by in [
        json!({}),
        json!({ "email": MARIA, "phone": "+34612345678" }),
        json!({ "email": null }),
        json!({ "email": MARIA, "phone": null }),
        json!({ "name": "Maria" }),
        json!({ "email": "no address" }),
        json!({ "phone": "12" }),
        json!({ "governmentId": "?" }),
        json!({ "customerNumber": "C".repeat(65) }),
    ] {
        let answer = look_up(&client, by.clone()).await;
        assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{by}: {}", answer.text);
    }
    let answer = look_up(&client, json!({ "email": "m**********a@mail.example" })).await;
    assert_eq!(answer.code(), Some("MASKED_VALUE_ROUNDTRIP"), "{}", answer.text);
    log.none(&app).await;
}

async fn who_may(app: TestApp) {
    for (role, username) in ROLES {
        let client = app.login(username).await;
        let answer = look_up(&client, json!({ "email": MARIA })).await;
        let may = ["system_admin", "tenant_admin", "support_agent", "billing_manager"].contains(&role);
        assert_eq!(answer.code(), (!may).then_some("FORBIDDEN"), "{role}: {}", answer.text);
        // A list cannot be filtered by what may only be looked up.
        let list = format!("{{ customers(filter: {{ email: {{ eq: \"{MARIA}\" }} }}) {{ totalCount }} }}");
        let answer = client.query(&list, Value::Null).await;
        let is_masked = ["support_agent", "billing_manager", "network_engineer"].contains(&role);
        assert_eq!(answer.code(), is_masked.then_some("FIELD_NOT_QUERYABLE"), "{role}: {}", answer.text);
    }
    let answer = look_up(&app.anonymous(), json!({ "email": MARIA })).await;
    assert_eq!(answer.code(), Some("UNAUTHENTICATED"));
}

/// Root fields of a query run side by side: each look-up has a transaction of its own, and none disturbs what others
/// read.
async fn beside_others(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let mut log = Log::mark(&app).await;
    let lookups = (0..5).map(|n| {
        format!(
            "l{n}: customerLookup(by: {{ customerNumber: \"C-00000{n}\" }}) {{ id tickets(first: 2) {{ totalCount }} }} \
             c{n}: customers(first: 3) {{ totalCount nodes {{ id contacts {{ id }} }} }}"
        )
    });
    let document = format!("{{ {} }}", lookups.collect::<Vec<_>>().join(" "));
    let answer = client.query(&document, Value::Null).await;
    let data = answer.ok();
    assert!((1..5).all(|n| data[format!("c{n}")] == data["c0"]), "{}", answer.text);
    let events = log.gained(&app).await;
    assert_eq!(events.len(), 5, "one for each look-up: {events:?}");
}

/// Another instance of the service on the same database, with this quota.
async fn instance(app: &TestApp, username: &str, per_hour: usize) -> Client {
    let (_, router) = app.instance(|config| config.lookup.per_hour = per_hour).await;
    app.login(username).await.at(&router)
}

fn is_limited(answer: &Answer, seconds: u64) {
    assert_eq!(answer.code(), Some("RATE_LIMITED"), "{}", answer.text);
    assert_eq!(answer.errors()[0]["extensions"]["retryAfter"], seconds);
    assert!(answer.data()["customerLookup"].is_null(), "{}", answer.text);
}

async fn by_the_hour(app: TestApp) {
    let (client, billing) = (instance(&app, SUPPORT, 3).await, instance(&app, BILLING, 3).await);
    let support = account(&app, SUPPORT).await;
    let mut log = Log::mark(&app).await;
    // Whom a look-up finds makes no difference; one that is none does not count.
    for by in
        [json!({ "email": MARIA }), json!({ "email": "nobody@nowhere.example" }), json!({ "phone": "12" })]
    {
        look_up(&client, by).await;
    }
    assert_eq!(found(&look_up(&client, json!({ "email": MARIA })).await).len(), 1);
    let looked_up = log.gained(&app).await;
    assert_eq!(looked_up.len(), 3, "{looked_up:?}");

    is_limited(&look_up(&client, json!({ "email": MARIA })).await, 3_600);
    let event = log.one(&app, "RATE_LIMITED").await;
    assert_eq!((event.actor_id, event.outcome), (Some(support.id), Outcome::Denied));
    assert_eq!((event.tenant_id, event.action.as_str()), (Some(support.tenant_id), "customerLookup"));
    assert_eq!(event.details, json!({}));
    // Sound or not, it is not looked at; that he goes on asking does not fill the log.
    for by in [json!({ "email": MARIA }), json!({ "phone": "12" })] {
        is_limited(&look_up(&client, by).await, 3_600);
    }
    // Another instance, started later.
    is_limited(&look_up(&instance(&app, SUPPORT, 3).await, json!({ "email": MARIA })).await, 3_600);
    log.none(&app).await;
    // Somebody else has his own.
    assert_eq!(found(&look_up(&billing, json!({ "email": MARIA })).await).len(), 1);
    log.one(&app, "CUSTOMER_LOOKED_UP").await;

    // It is the last hour that counts.
    for event in looked_up.iter().chain([&event]) {
        let hour_ago = Expr::value(app.clock.now() - TimeDelta::hours(1));
        let moved = audit_event::Entity::update_many()
            .col_expr(audit_event::Column::OccurredAt, hour_ago)
            .filter(audit_event::Column::Id.eq(event.id));
        moved.exec(app.db()).await.unwrap();
    }
    for _ in 0..3 {
        assert_eq!(found(&look_up(&client, json!({ "email": MARIA })).await).len(), 1);
    }
    is_limited(&look_up(&client, json!({ "email": MARIA })).await, 3_600);
    let again = log.gained(&app).await;
    assert_eq!(again.iter().filter(|event| event.event_type == "RATE_LIMITED").count(), 1, "{again:?}");
}

/// In one document under several names, and in several documents.
async fn many_at_once(app: TestApp) {
    let by = json!({ "email": MARIA });
    let aliases: Vec<String> = (0..5).map(|n| format!("l{n}: customerLookup(by: $by) {{ id }}")).collect();
    let document = format!("query($by: CustomerLookupInput!) {{ {} }}", aliases.join(" "));
    let (support, client) = (instance(&app, SUPPORT, 3).await, instance(&app, BILLING, 3).await);
    let mut log = Log::mark(&app).await;
    let answer = support.query(&document, json!({ "by": by })).await;
    let answered = answer.data().as_object().unwrap().values().filter(|found| found.is_array()).count();
    assert_eq!((answered, answer.errors().len()), (3, 2), "{}", answer.text);
    assert!(answer.errors().iter().all(|error| error["extensions"]["code"] == "RATE_LIMITED"));
    let events = log.gained(&app).await;
    assert_eq!(events.len(), 4, "three look-ups, and that there were more: {events:?}");

    let sent: Vec<_> = (0..8)
        .map(|_| {
            let (client, by) = (client.clone(), by.clone());
            tokio::spawn(async move { look_up(&client, by).await })
        })
        .collect();
    let mut answered = 0;
    for answer in sent {
        answered += usize::from(answer.await.unwrap().errors().is_empty());
    }
    assert_eq!(answered, 3);
    assert_eq!(log.gained(&app).await.len(), 4);
}
