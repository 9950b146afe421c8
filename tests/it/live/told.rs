//! What is told, and to whom: as it is read, and only what could be read (abuse case AZ13); of changes that are permanent.

use custodian_entity::audit_event;
use custodian_entity::id::{CustomerId, TypedId};
use serde_json::{Value, json};

use super::socket::Place;
use crate::app::TestApp;
use crate::fixture::{ADMIN, MARIA, ROLES, SUPPORT, absent, all, customer, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("live::each role is told of a change what it reads, masked as it reads it", as_read);
    suite.both("live::what is out of reach is refused as what is not there", out_of_reach);
    suite.both("live::what leaves a viewer's reach is told him no more", leaves);
    suite.sqlite("live::what is refused or fails is told nobody", only_permanent);
    suite.both("live::a customer's parts and its balance are its changes", parts);
    suite.sqlite("live::who is told RESTRICTED data in clear is on record, and who was denied", on_record);
}

pub const FIELDS: &str = "id customerNumber displayName email phone taxId riskScore balance { amount } status version \
                          addresses { id line1 } notes { body }";

pub fn changed(fields: &str) -> String {
    format!("subscription($id: ID!) {{ customerChanged(id: $id) {{ {fields} }} }}")
}

async fn as_read(app: TestApp) {
    let place = Place::of(&app).await;
    let maria = customer(&app, MARIA).await;
    let variables = json!({ "id": maria.id.encode() });
    let mut sockets = Vec::new();
    for (role, username) in ROLES {
        let mut socket = place.signed_in(&app, username).await;
        socket.subscribe("1", &changed(FIELDS), variables.clone()).await;
        sockets.push((role, username, socket));
    }
    let input = json!({ "id": maria.id.encode(), "version": maria.version, "phone": "+34600111222" });
    mutate(&app.login(ADMIN).await, "customerUpdate", "id", input).await.done();
    for (role, username, mut socket) in sockets {
        let mut told = socket.next("1").await;
        let query = format!("query($id: ID!) {{ customer(id: $id) {{ {FIELDS} }} }}");
        let mut read = app.login(username).await.query(&query, variables.clone()).await.body;
        assert_eq!(told["data"]["customerChanged"], read["data"]["customer"], "{role}");
        assert_eq!(told["data"]["customerChanged"]["version"], json!(maria.version + 1));
        for (answer, root) in [(&mut told, "customerChanged"), (&mut read, "customer")] {
            let errors = answer["errors"].as_array_mut().into_iter().flatten();
            for error in errors {
                error["extensions"]["requestId"] = Value::Null;
                assert_eq!(error["path"][0], json!(root));
                error["path"][0] = Value::Null;
            }
        }
        assert_eq!(told["errors"], read["errors"], "{role}: what is withheld is said alike");
        assert_eq!(told["extensions"]["access"], read["extensions"]["access"], "{role}");
    }
}

async fn out_of_reach(app: TestApp) {
    let place = Place::of(&app).await;
    let maria = customer(&app, MARIA).await;
    let theirs = all::<custodian_entity::customer::Entity>(&app).await;
    let other = theirs.iter().find(|row| row.tenant_id != maria.tenant_id).unwrap().id.encode();
    let direct =
        theirs.iter().find(|row| row.tenant_id == maria.tenant_id && row.id != maria.id).unwrap().id.encode();
    let ticket = "subscription($id: ID!) { ticketMessageAdded(ticketId: $id) { id } }";
    let foreign = all::<custodian_entity::ticket::Entity>(&app).await;
    let foreign = foreign.iter().find(|row| row.tenant_id != maria.tenant_id).unwrap().id.encode();
    for (username, document, hidden, missing) in [
        (SUPPORT, changed("id"), &other, absent::<CustomerId>()),
        (ADMIN, changed("id"), &other, absent::<CustomerId>()),
        ("customer@acme.example", changed("id"), &direct, absent::<CustomerId>()),
        (SUPPORT, ticket.to_owned(), &foreign, absent::<custodian_entity::id::TicketId>()),
    ] {
        let mut socket = place.signed_in(&app, username).await;
        let mut answers = Vec::new();
        for id in [hidden, &missing] {
            socket.ask("1", &document, json!({ "id": id })).await;
            let mut answer = socket.message().await;
            assert_eq!(answer["payload"][0]["extensions"]["code"], "NOT_FOUND", "{username}: {answer}");
            answer["payload"][0]["extensions"]["requestId"] = Value::Null;
            answers.push(answer);
        }
        assert_eq!(answers[0], answers[1], "{username}: what is hidden differs from what is missing");
    }
    // What the role may not listen to at all is refused by the operation.
    let mut socket = place.signed_in(&app, SUPPORT).await;
    socket.ask("1", "subscription { securityAlertRaised { id } }", Value::Null).await;
    assert_eq!(socket.refused("1").await, "FORBIDDEN");
    assert_eq!(app.service.live.subscriptions(), 0);
}

async fn leaves(app: TestApp) {
    let place = Place::of(&app).await;
    let maria = customer(&app, MARIA).await;
    let variables = json!({ "id": maria.id.encode() });
    let mut support = place.signed_in(&app, SUPPORT).await;
    let mut reseller = place.signed_in(&app, "reseller@acme.example").await;
    for socket in [&mut support, &mut reseller] {
        socket.subscribe("1", &changed("version reseller { id }"), variables.clone()).await;
    }
    let admin = app.login(ADMIN).await;
    let input = json!({ "id": maria.id.encode(), "version": maria.version, "resellerId": null });
    mutate(&admin, "customerMoveReseller", "id", input).await.done();
    let told = support.next("1").await;
    assert_eq!(told["data"]["customerChanged"]["reseller"], Value::Null, "{told}");
    // By now the other was told, or was not.
    let input = json!({ "id": maria.id.encode(), "version": maria.version + 1, "language": "fr" });
    mutate(&admin, "customerUpdate", "id", input).await.done();
    support.next("1").await;
    assert_eq!(reseller.until_pong().await, Vec::<Value>::new(), "a customer that is another's now was told");
}

async fn only_permanent(app: TestApp) {
    let place = Place::of(&app).await;
    let maria = customer(&app, MARIA).await;
    let mut socket = place.signed_in(&app, SUPPORT).await;
    socket.subscribe("1", &changed("version"), json!({ "id": maria.id.encode() })).await;
    let admin = app.login(ADMIN).await;
    let id = maria.id.encode();
    let update = async |members: Value| {
        let mut input = json!({ "id": id });
        input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        mutate(&admin, "customerUpdate", "version", input).await
    };
    // Somebody else's version, a value that is none, a reading, and one who may not.
    assert_eq!(update(json!({ "version": maria.version + 7, "language": "fr" })).await.summary(), "CONFLICT");
    assert_ne!(update(json!({ "version": maria.version, "email": "no address" })).await.summary(), "done");
    let lookup = "query($by: CustomerLookupInput!) { customerLookup(by: $by) { id } }";
    admin.query(lookup, json!({ "by": { "email": MARIA } })).await.ok();
    let engineer = app.login("network@acme.example").await;
    let input = json!({ "id": id, "version": maria.version, "language": "fr" });
    assert_ne!(mutate(&engineer, "customerUpdate", "version", input).await.summary(), "done");
    update(json!({ "version": maria.version, "language": "fr" })).await.done();
    let told = socket.next("1").await;
    assert_eq!(
        told["data"]["customerChanged"]["version"],
        json!(maria.version + 1),
        "the first that is told"
    );
    assert_eq!(socket.until_pong().await, Vec::<Value>::new());
}

async fn parts(app: TestApp) {
    let place = Place::of(&app).await;
    let maria = customer(&app, MARIA).await;
    let variables = json!({ "id": maria.id.encode() });
    let mut socket = place.signed_in(&app, SUPPORT).await;
    socket.subscribe("1", &changed("contacts { id } balance { amount }"), variables.clone()).await;
    let mut own = place.signed_in(&app, "customer@acme.example").await;
    own.subscribe("1", &changed("version"), variables).await;
    let admin = app.login(ADMIN).await;
    let contact = json!({ "customerId": maria.id.encode(), "kinds": ["BILLING"], "name": "Ana Ruiz" });
    let added = mutate(&admin, "contactCreate", "id", contact).await.done().clone();
    let told = socket.next("1").await;
    let contacts = told["data"]["customerChanged"]["contacts"].as_array().unwrap();
    assert!(contacts.iter().any(|contact| contact["id"] == added["id"]), "{told}");
    own.next("1").await;
    // What staff note about it is nothing that it is told of.
    let note = json!({ "customerId": maria.id.encode(), "category": "GENERAL", "body": "Planted" });
    mutate(&admin, "customerNoteCreate", "id", note).await.done();
    let payment =
        json!({ "customerId": maria.id.encode(), "amount": 1000, "idempotencyKey": "live-payment-1" });
    mutate(&admin, "paymentCreate", "id", payment).await.done();
    let paid = socket.next("1").await;
    assert_ne!(
        paid["data"]["customerChanged"]["balance"], told["data"]["customerChanged"]["balance"],
        "a payment changes the balance"
    );
    own.next("1").await;
    assert_eq!(own.until_pong().await, Vec::<Value>::new(), "a note was told of");
}

async fn on_record(app: TestApp) {
    let place = Place::of(&app).await;
    let maria = customer(&app, MARIA).await;
    let mut admin = place.signed_in(&app, ADMIN).await;
    let mut support = place.signed_in(&app, SUPPORT).await;
    for socket in [&mut admin, &mut support] {
        // Twice: who is told by two subscriptions is shown it once.
        for id in ["1", "2"] {
            socket.subscribe(id, &changed("email riskScore"), json!({ "id": maria.id.encode() })).await;
        }
    }
    let of = async |kind: &str| {
        let mut events = all::<audit_event::Entity>(&app).await;
        events.retain(|event| event.event_type == kind);
        events
    };
    assert_eq!(
        of("ACCESS_DENIED").await.len(),
        2,
        "who may not see a field is on record when he asks for it"
    );
    assert!(of("DATA_DISCLOSED").await.is_empty(), "nothing is shown before anything is changed");
    let input = json!({ "id": maria.id.encode(), "version": maria.version, "language": "fr" });
    mutate(&app.login(ADMIN).await, "customerUpdate", "version", input).await.done();
    for socket in [&mut admin, &mut support] {
        for _ in ["1", "2"] {
            assert_eq!(socket.message().await["type"], "next");
        }
    }
    let shown = of("DATA_DISCLOSED").await;
    let of_admin: Vec<_> =
        shown.iter().filter(|event| event.actor_role.as_deref() == Some("tenant_admin")).collect();
    let [event] = of_admin[..] else { panic!("one disclosure to the administrator: {shown:?}") };
    assert_eq!((event.action.as_str(), event.customer_id), ("customerChanged", Some(maria.id)));
    let fields = event.fields_read.as_ref().unwrap().to_string();
    assert!(fields.contains("Customer.email") && !event.request_id.is_empty(), "{fields}");
    assert_eq!(of("ACCESS_DENIED").await.len(), 2, "an event is no new denial");
}
