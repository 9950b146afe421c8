//! `customerMoveReseller`: everything of a customer follows it, and its former reseller sees nothing more.

use custodian_entity::choice::{CustomerStatus, PaymentStatus};
use custodian_entity::customer::Model;
use custodian_entity::id::{ResellerId, TypedId};
use custodian_entity::{
    address, audit_event, contact, customer, invoice, payment, subscription, ticket, user,
};
use sea_orm::{EntityTrait, Set};
use serde_json::{Value, json};

use super::{NORTH, SOUTH, carriers, left_behind, literal, number, reseller as partner};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{ADMIN, Log, MARIA, absent, account, all, customer as named, mutate, text};
use crate::past::{add, change};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("resellers::all of a customer follows it to another", follows);
    suite.both("resellers::the former one sees nothing of a customer that left", unseen);
    suite.both("resellers::a customer becomes direct, and comes back", direct);
    suite.both("resellers::a move that cannot be is refused, and nothing moves", refusals);
    suite.both("resellers::a customer does not move to where its address or reference is in use", taken);
}

fn input(customer: &Model, to: Option<ResellerId>) -> Value {
    json!({ "id": customer.id.encode(), "version": customer.version, "resellerId": to.map(TypedId::encode) })
}

async fn follows(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let (maria, to) = (named(&app, MARIA).await, partner(&app, "SOUTH").await.id);
    let own = literal(&app, maria.id.uuid());
    let tables = carriers(&app).await;
    // The demo data have no refund.
    let mut paid = all::<payment::Entity>(&app).await.into_iter();
    let paid = paid.rfind(|row| row.customer_id == maria.id && row.status == PaymentStatus::Succeeded);
    let paid = paid.expect("she has paid something").id.encode();
    let refund = json!({ "id": paid, "amount": 1, "idempotencyKey": "a refund" });
    mutate(&admin, "paymentRefund", "id", refund).await.done();
    let maria = named(&app, MARIA).await;
    assert!(tables.len() >= 13, "{tables:?}");
    for table in &tables {
        // A table without a row of hers would follow unseen: give the showcase customer one in src/seed.
        let count =
            number(&app, &format!("SELECT count(*) AS n FROM \"{table}\" WHERE customer_id = {own}")).await;
        assert!(count > 0, "{table}");
    }
    assert_eq!(left_behind(&app, maria.id.uuid(), maria.reseller_id).await, []);
    let others = |rows: Vec<Model>| rows.into_iter().filter(|row| row.id != maria.id).collect::<Vec<_>>();
    let before = others(all::<customer::Entity>(&app).await);
    let mut log = Log::mark(&app).await;

    let outcome =
        mutate(&admin, "customerMoveReseller", "version reseller { code }", input(&maria, Some(to))).await;
    assert_eq!(outcome.done(), &json!({ "version": maria.version + 1, "reseller": { "code": "SOUTH" } }));
    assert_eq!(left_behind(&app, maria.id.uuid(), Some(to)).await, []);
    let expected = Model {
        reseller_id: Some(to),
        version: maria.version + 1,
        updated_at: app.clock.now(),
        ..maria.clone()
    };
    assert_eq!(named(&app, MARIA).await, expected, "nothing else changes");
    assert_eq!(others(all::<customer::Entity>(&app).await), before, "no other customer moves");
    let strays = "SELECT count(*) AS n FROM address JOIN customer ON customer.id = address.customer_id
         WHERE address.reseller_id IS DISTINCT FROM customer.reseller_id";
    assert_eq!(number(&app, strays).await, 0, "nothing of another customer moves");
    let event = log.one(&app, "CUSTOMER_MOVED").await;
    let from = maria.reseller_id.map(TypedId::encode);
    assert_eq!(event.details, json!({ "from": from, "to": to.encode() }));
    assert_eq!((event.customer_id, event.reseller_id), (Some(maria.id), Some(to)));
}

/// What a caller sees of these rows by their ids.
async fn seen(client: &Client, ids: &[String]) -> usize {
    let answer = client.query("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": ids })).await;
    answer.data()["nodes"].as_array().map_or(0, |nodes| nodes.iter().filter(|node| !node.is_null()).count())
}

async fn unseen(app: TestApp) {
    let maria = named(&app, MARIA).await;
    let mut ids = vec![maria.id.encode()];
    macro_rules! of_hers {
        ($($module:ident)*) => {$(
            let rows = all::<$module::Entity>(&app).await.into_iter();
            ids.extend(rows.filter(|row| row.customer_id == maria.id).map(|row| row.id.encode()));
        )*};
    }
    of_hers!(address contact subscription invoice);
    let shared = all::<ticket::Entity>(&app).await.into_iter();
    let shared = shared.filter(|row| row.customer_id == maria.id && row.shared_with_reseller);
    ids.extend(shared.map(|row| row.id.encode()));
    ids.truncate(20);
    let (north, south) = (app.login(NORTH).await, app.login(SOUTH).await);
    let (herself, admin) = (app.login("customer@acme.example").await, app.login(ADMIN).await);
    assert_eq!((seen(&north, &ids).await, seen(&south, &ids).await), (ids.len(), 0));

    let to = partner(&app, "SOUTH").await.id;
    mutate(&admin, "customerMoveReseller", "id", input(&maria, Some(to))).await.done();
    assert_eq!((seen(&north, &ids).await, seen(&south, &ids).await), (0, ids.len()));
    let numbers = "{ customers(first: 100) { nodes { customerNumber } } }";
    let listed = north.query(numbers, Value::Null).await;
    assert!(!listed.text.contains(&maria.customer_number), "{}", listed.text);
    assert!(south.query(numbers, Value::Null).await.text.contains(&maria.customer_number));
    let change = json!({ "id": maria.id.encode(), "version": maria.version + 1, "language": "de" });
    mutate(&north, "customerUpdate", "id", change.clone()).await.failed("NOT_FOUND");
    let added = json!({ "customerId": maria.id.encode(), "kinds": ["GENERAL"], "name": "Jo Doe" });
    mutate(&north, "contactCreate", "id", added.clone()).await.failed("NOT_FOUND");
    mutate(&south, "contactCreate", "id", added).await.done();
    mutate(&south, "customerUpdate", "id", change).await.done();
    // Her account follows without signing in again.
    let answer = herself.query("{ customers { nodes { reseller { code } } } }", Value::Null).await;
    assert_eq!(answer.ok()["customers"]["nodes"], json!([{ "reseller": { "code": "SOUTH" } }]));
    assert_eq!(account(&app, "customer@acme.example").await.reseller_id, Some(to));
    let sellers = all::<user::Entity>(&app).await.into_iter();
    let sellers = sellers.filter(|user| user.customer_id.is_none() && user.reseller_id == Some(to)).count();
    assert_eq!(sellers, 1, "accounts of resellers do not move");
}

async fn direct(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let before = named(&app, MARIA).await;
    let from = before.reseller_id;
    for to in [None, from] {
        let maria = named(&app, MARIA).await;
        mutate(&admin, "customerMoveReseller", "id", input(&maria, to)).await.done();
        assert_eq!(left_behind(&app, maria.id.uuid(), to).await, []);
    }
    let after = named(&app, MARIA).await;
    assert_eq!(after, Model { version: before.version + 2, updated_at: app.clock.now(), ..before });
}

async fn refusals(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let maria = named(&app, MARIA).await;
    let (south, west) = (partner(&app, "SOUTH").await.id, partner(&app, "WEST").await.id);
    let mut foreign = partner(&app, "SOUTH").await;
    foreign.id = ResellerId::from_uuid(app.clock.new_uuid());
    foreign.tenant_id = account(&app, "support@globex.example").await.tenant_id;
    let elsewhere = foreign.id;
    add(&app, foreign).await;
    let operator = app.login("admin@acme.example").await;
    let mut log = Log::mark(&app).await;
    let mut nowhere = input(&maria, Some(south));
    nowhere.as_object_mut().unwrap().remove("resellerId");
    mutate(&admin, "customerMoveReseller", "id", nowhere).await.refused(&["resellerId REQUIRED"]);
    for to in [maria.reseller_id, Some(west)] {
        let outcome = mutate(&admin, "customerMoveReseller", "id", input(&maria, to)).await;
        outcome.refused(&["resellerId INVALID"]);
    }
    for (client, to) in [(&admin, elsewhere), (&operator, elsewhere)] {
        mutate(client, "customerMoveReseller", "id", input(&maria, Some(to))).await.failed("NOT_FOUND");
    }
    let mut absent_one = input(&maria, Some(south));
    absent_one["resellerId"] = json!(absent::<ResellerId>());
    mutate(&admin, "customerMoveReseller", "id", absent_one).await.failed("NOT_FOUND");
    for version in [maria.version - 1, maria.version + 1] {
        let stale = Model { version, ..maria.clone() };
        mutate(&admin, "customerMoveReseller", "id", input(&stale, Some(south))).await.failed("CONFLICT");
    }
    for username in [NORTH, "support@acme.example", "customer@acme.example"] {
        let client = app.login(username).await;
        log.gained(&app).await;
        mutate(&client, "customerMoveReseller", "id", input(&maria, Some(south)))
            .await
            .failed_before_running();
    }
    assert_eq!(named(&app, MARIA).await, maria);
    change(&app, &maria, |row| row.status = Set(CustomerStatus::Anonymized)).await;
    let outcome = mutate(&admin, "customerMoveReseller", "id", input(&maria, Some(south))).await;
    outcome.refused(&["resellerId INVALID"]);
    log.none(&app).await;
    assert_eq!(left_behind(&app, maria.id.uuid(), maria.reseller_id).await, []);
}

async fn taken(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let south = partner(&app, "SOUTH").await.id;
    let of = |more: Value, reseller: Option<ResellerId>| {
        let mut input = json!({ "type": "INDIVIDUAL", "displayName": "Jo Doe", "resellerId": reseller.map(TypedId::encode) });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    for (more, reason) in [
        (json!({ "email": "twice@new.example" }), "email TAKEN"),
        (json!({ "externalReference": "EXT-1" }), "externalReference TAKEN"),
    ] {
        let there = mutate(&admin, "customerCreate", "id", of(more.clone(), Some(south))).await;
        let here = mutate(&admin, "customerCreate", "id version", of(more, None)).await;
        let (there, here) = (there.done(), here.done());
        let mut log = Log::mark(&app).await;
        let move_to = |to: Option<ResellerId>, row: &Value| json!({ "id": row["id"], "version": 1, "resellerId": to.map(TypedId::encode) });
        mutate(&admin, "customerMoveReseller", "id", move_to(Some(south), here)).await.refused(&[reason]);
        mutate(&admin, "customerMoveReseller", "id", move_to(None, there)).await.refused(&[reason]);
        log.none(&app).await;
        let moved = all::<audit_event::Entity>(&app).await.into_iter();
        assert_eq!(moved.filter(|event| event.event_type == "CUSTOMER_MOVED").count(), 0);
        let id = custodian_entity::id::CustomerId::decode(text(&here["id"])).unwrap();
        let stays = customer::Entity::find_by_id(id).one(app.db()).await.unwrap().unwrap();
        assert_eq!((stays.reseller_id, stays.version), (None, 1));
    }
}
