//! What comes out: the values asked for, as whoever reads them in clear gets them, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use custodian::authz::Level;
use custodian_entity::choice::TicketStatus;
use custodian_entity::id::TypedId;
use custodian_entity::{call_log, contact, network_service, payment_method};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{maria, reveal, ticket};
use crate::app::TestApp;
use crate::fixture::{BILLING, Log, MARIA, ROLES, SUPPORT, account, all, customer, text};
use crate::past::{plain, rewrite};
use crate::reference::{Matrix, Sdl};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("reveal::every field that may be unmasked can be, as it reads in clear", every_field);
    suite.both("reveal::values are in the payload and nowhere else", nowhere_else);
    suite.both("reveal::a field is named in either way, and given once", names);
    suite.both("reveal::the event says who, which row, which fields, what for and on what ground", event);
}

/// An account number of nobody.
const IBAN: &str = "GB82WEST12345698765432";

/// A row of María's for each type, every field of which has a value.
async fn rows(app: &TestApp) -> BTreeMap<&'static str, String> {
    let maria = customer(app, MARIA).await.id;
    for (table, column, value) in [
        ("network_service", "ipv4", "192.0.2.77"),
        ("network_service", "ipv6_prefix", "2001:db8:5:100::/56"),
        ("network_service", "mac_addresses", "3C:84:6A:12:34:56"),
        ("payment_method", "holder_name", "Grace Hopper"),
        ("payment_method", "iban", IBAN),
    ] {
        let held = if table == "payment_method" { "status = 'ACTIVE'" } else { "1 = 1" };
        rewrite(app, table, column, held, |_| value.to_owned()).await;
    }
    macro_rules! first {
        ($($kind:literal $module:ident)*) => {
            BTreeMap::from([
                ("Customer", maria.encode()),
                $(($kind, {
                    let rows = all::<$module::Entity>(app).await;
                    rows.iter().find(|row| row.customer_id == maria).expect("she has one").id.encode()
                }),)*
            ])
        };
    }
    first! {
        "Contact" contact "NetworkService" network_service "CallLog" call_log "PaymentMethod" payment_method
    }
}

/// A value as a reader gets it, as text.
fn as_text(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(as_text).collect::<Vec<_>>().join(", "),
        value => text(value).to_owned(),
    }
}

async fn every_field(app: TestApp) {
    let (matrix, sdl, rows) = (Matrix::read(), Sdl::read(), rows(&app).await);
    let ticket = ticket(&app, TicketStatus::InProgress).await;
    let mut revealed = BTreeSet::new();
    for field in matrix.fields.iter().filter(|field| sdl.objects.contains_key(&field.owner)) {
        let (owner, name) = field.name.split_once('.').unwrap();
        // Content is had by a link (`documentDownloadLink`).
        for role in field.reveal.iter().filter(|_| field.name != "Document.content") {
            // A new type needs its row above.
            let id = &rows[owner];
            let client = app.login(ROLES.iter().find(|(of, _)| of == role).unwrap().1).await;
            // Not everybody reaches the ticket, and support alone needs one.
            let more = if role == "support_agent" { json!({ "ticketId": ticket }) } else { json!({}) };
            let outcome = reveal(&client, id, &[name], more).await;
            let values = outcome.done().as_array().unwrap();
            assert_eq!(values.len(), 1, "{}", outcome.answer.text);
            assert_eq!(values[0]["field"], field.name);

            let ask = format!("query ($id: ID!) {{ node(id: $id) {{ ... on {owner} {{ {name} }} }} }}");
            let reader = ROLES.iter().find(|(role, _)| {
                field.cell(role).level == Level::Clear && matrix.reach(owner, role).scope.is_some()
            });
            let expected = match reader {
                Some((_, reader)) => {
                    let answer = app.login(reader).await.query(&ask, json!({ "id": id })).await;
                    as_text(&answer.ok()["node"][name])
                }
                // Nobody reads it but by unmasking it.
                None if field.name == "PaymentMethod.iban" => IBAN.to_owned(),
                None => {
                    assert_eq!(field.name, "Customer.governmentIdNumber", "compare with what is stored");
                    plain(customer(&app, MARIA).await.government_id_number.unwrap().expose()).to_owned()
                }
            };
            assert_eq!(values[0]["value"], expected, "{} as {role}", field.name);

            // It was for once: read again, it is what it was.
            let again = client.query(&ask, json!({ "id": id })).await;
            assert_ne!(again.data()["node"][name], values[0]["value"], "{} as {role}", field.name);
            revealed.insert(field.name.as_str());
        }
    }
    assert!(revealed.len() >= 11, "the matrix has more to unmask: {revealed:?}");
}

async fn nowhere_else(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let (maria, ticket) = (maria(&app).await, ticket(&app, TicketStatus::New).await);
    let mut log = Log::mark(&app).await;
    let outcome = reveal(&client, &maria, &["email", "dateOfBirth"], json!({ "ticketId": ticket })).await;
    let values = outcome.done().clone();
    assert_eq!(
        values,
        json!([
            { "field": "Customer.email", "value": MARIA },
            { "field": "Customer.dateOfBirth", "value": "1984-03-09" },
        ])
    );
    assert_eq!(outcome.answer.headers["cache-control"], "no-store");
    assert_eq!(outcome.answer.text.matches(MARIA).count(), 1, "{}", outcome.answer.text);
    for other in ["+34612345678", "facturas", "12345678Z"] {
        assert!(!outcome.answer.text.contains(other), "not asked for: {}", outcome.answer.text);
    }
    let event = log.one(&app, "FIELD_REVEALED").await;
    for text in [format!("{event:?}"), app.logs()] {
        assert!(!text.contains(MARIA) && !text.contains("1984-03-09"), "a value is on record");
    }

    app.db().execute_unprepared("UPDATE customer SET billing_email = NULL").await.unwrap();
    let none = reveal(&client, &maria, &["billingEmail"], json!({ "ticketId": ticket })).await;
    assert_eq!(*none.done(), json!([{ "field": "Customer.billingEmail", "value": null }]));
}

async fn names(app: TestApp) {
    let client = app.login(BILLING).await;
    let fields = ["Customer.phone", "email", "Customer.email", "phone"];
    let outcome = reveal(&client, &maria(&app).await, &fields, json!({})).await;
    assert_eq!(
        *outcome.done(),
        json!([
            { "field": "Customer.phone", "value": "+34612345678" },
            { "field": "Customer.email", "value": MARIA },
        ])
    );
}

async fn event(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let (client, id) = (app.login(BILLING).await, maria.id.encode());
    let support = app.login(SUPPORT).await;
    let mut log = Log::mark(&app).await;
    let more = json!({ "purpose": "BILLING_DISPUTE" });
    reveal(&client, &id, &["email", "phone"], more).await.done();
    let event = log.one(&app, "FIELD_REVEALED").await;
    let who = account(&app, BILLING).await;
    assert_eq!((event.actor_id, event.actor_role.as_deref()), (Some(who.id), Some("billing_manager")));
    assert_eq!((event.resource_type.as_deref(), event.resource_id), (Some("Customer"), Some(id)));
    assert_eq!(
        (event.tenant_id, event.reseller_id, event.customer_id),
        (Some(maria.tenant_id), maria.reseller_id, Some(maria.id))
    );
    assert_eq!(
        event.details,
        json!({ "fields": ["Customer.email", "Customer.phone"], "purpose": "BILLING_DISPUTE" })
    );

    let ticket = ticket(&app, TicketStatus::Pending).await;
    let contact = rows(&app).await["Contact"].clone();
    let more = json!({ "ticketId": ticket });
    reveal(&support, &contact, &["Contact.phone"], more).await.done();
    let event = log.one(&app, "FIELD_REVEALED").await;
    assert_eq!((event.resource_id, event.customer_id), (Some(contact), Some(maria.id)));
    assert_eq!(
        event.details,
        json!({ "fields": ["Contact.phone"], "purpose": "CUSTOMER_REQUEST", "ticket": ticket })
    );
}
