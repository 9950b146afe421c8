//! A value that a viewer may not see in a field he does not see in its history.

use custodian::authz::Level;
use custodian_entity::choice::Scope;
use custodian_entity::customer;
use custodian_entity::id::TypedId;
use custodian_entity::ticket;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::{plant, told};
use crate::app::TestApp;
use crate::fixture::{ADMIN, MARIA, ROLES, SUPPORT, account, customer, mutate, text};
use crate::reference::{Matrix, Sdl};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("history::no role sees more of a field's past than of the field", every_field);
    suite.both("history::what is masked now was masked then", masked);
}

/// The types whose rows have a history.
const SOURCES: [&str; 12] = [
    "Customer",
    "Address",
    "Contact",
    "EmailVerification",
    "Subscription",
    "NetworkService",
    "Invoice",
    "InvoiceLine",
    "Payment",
    "CallLog",
    "IdentityCheck",
    "Ticket",
];

/// A ticket of the customer that everybody reaches who reaches tickets: it is billing's and shared.
async fn shared_ticket(app: &TestApp, owner: &customer::Model) -> ticket::Model {
    use custodian_entity::choice::TicketCategory;
    use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};

    let found = ticket::Entity::find().filter(ticket::Column::CustomerId.eq(owner.id)).one(app.db()).await;
    let mut row = found.unwrap().expect("she has a ticket").into_active_model();
    row.category = Set(TicketCategory::Billing);
    row.assignee_id = Set(Some(account(app, "network@acme.example").await.id));
    row.shared_with_reseller = Set(true);
    row.update(app.db()).await.unwrap()
}

async fn every_field(app: TestApp) {
    let (matrix, sdl) = (Matrix::read(), Sdl::read());
    let maria = customer(&app, MARIA).await;
    let ticket = shared_ticket(&app, &maria).await.id.uuid();
    let mut planted = Vec::new();
    for kind in SOURCES {
        let source = (kind, if kind == "Ticket" { ticket } else { app.clock.new_uuid() });
        // What the matrix does not have follows from what it has, and is stored nowhere.
        let fields =
            sdl.objects[kind].keys().filter(|field| matrix.field(&format!("{kind}.{field}")).is_some());
        for field in fields.chain([&"noField".to_owned()]) {
            let secret = format!("zqx{}qz", planted.len());
            let id = plant(&app, &maria, source, field, &secret).await;
            planted.push((id, format!("{kind}.{field}"), secret));
        }
    }
    let mut clear = 0;
    for (role, username) in ROLES {
        let client = app.login(username).await;
        let (found, answers) = told(&client, &maria, "entityType field oldValue newValue").await;
        for (id, name, secret) in &planted {
            let reaches = matrix.reach(name.split('.').next().unwrap(), role).scope.is_some();
            let row = found.iter().find(|row| row["id"] == *id);
            assert_eq!(row.is_some(), reaches, "{role}: {name}");
            let level = |name: &str| matrix.field(name).map_or(Level::Denied, |field| field.cell(role).level);
            // An id of a row that not all of its kind are within reach of is not told.
            let (owner, field) = name.split_once('.').unwrap();
            let target = sdl.objects[owner].get(field).map(|typed| typed.named.as_str()).unwrap_or_default();
            let is_link = sdl.objects.get(target).is_some_and(|target| target.contains_key("id"));
            let is = Ord::min(level(name), level("ChangeRecord.oldValue"));
            let is_far = || matches!(matrix.reach(target, role).scope, Some(Scope::Tenant | Scope::All));
            let is = if is_link && !is_far() { Level::Denied } else { is };
            let shown = row.map_or(&Value::Null, |row| &row["oldValue"]);
            match is {
                Level::Clear if reaches => {
                    clear += 1;
                    assert_eq!(shown, secret, "{role}: {name}");
                }
                Level::Masked if reaches => assert!(shown.is_string() && shown != secret, "{role}: {name}"),
                _ => assert!(shown.is_null(), "{role}: {name}: {shown}"),
            }
            if is < Level::Clear || !reaches {
                let leak = answers.iter().find(|answer| answer.text.contains(secret.as_str()));
                assert!(leak.is_none(), "{role}: {name} came out");
            }
        }
        // One error for a column that is denied, none for each row.
        let errors: usize = answers.iter().map(|answer| answer.errors().len()).sum();
        assert!(errors <= 2 * answers.len(), "{role}: {errors} errors");
    }
    assert!(clear > 100, "hardly anything was clear to anybody: {clear}");
}

async fn masked(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let values = [
        ("Customer", "email", "john+isp@provider.example", "j**n@provider.example"),
        ("Customer", "phone", "+442079460958", "+44 ******0958"),
        ("Customer", "displayName", "Maria García", "M*** G***"),
        ("Customer", "dateOfBirth", "1984-03-09", "1984"),
        ("Customer", "governmentIdNumber", "X1234567L", "*****567L"),
        ("Customer", "taxId", "A123", "***"),
        ("Address", "line1", "12 Oak St", "***"),
        ("Address", "postalCode", "62704", "627**"),
        ("Address", "latitude", "40.41801", "40.42"),
        ("Contact", "name", "王小明", "王***"),
        ("NetworkService", "ipv4", "203.0.113.77", "203.0.113.***"),
        (
            "NetworkService",
            "macAddresses",
            "3C:84:6A:12:34:56,3C:84:6A:12:34:57",
            "3C:84:6A:**:**:**,3C:84:6A:**:**:**",
        ),
        ("Subscription", "radiusUsername", "ana", "a**"),
        // What is malformed shows nothing.
        ("Customer", "email", "nothing", "***"),
        ("Customer", "dateOfBirth", "in spring", "***"),
    ];
    let mut planted = Vec::new();
    for (kind, field, value, mask) in values {
        let source = if kind == "Customer" { maria.id.uuid() } else { app.clock.new_uuid() };
        planted.push((plant(&app, &maria, (kind, source), field, value).await, mask));
    }
    let admin = app.login(ADMIN).await;
    let rule = |(kind, field, ..): &(&str, &str, &str, &str), right: &str, effect: &str| json!({ "object": format!("{kind}.{field}"), "right": right, "effect": effect });
    let distinct = &values[..13];
    let denied = distinct.iter().map(|value| rule(value, "READ", "DENY"));
    let allowed = distinct.iter().map(|value| rule(value, "READ_MASKED", "ALLOW"));
    let permissions: Vec<Value> = denied.chain(allowed).collect();
    let role = json!({ "name": "shortsighted", "basedOn": "tenant_admin", "permissions": permissions });
    let role = mutate(&admin, "roleCreate", "id", role).await;
    let grant = json!({ "userId": account(&app, SUPPORT).await.id.encode(), "roleId": text(&role.done()["id"]),
        "scope": "TENANT", "justification": "stands in" });
    mutate(&admin, "roleGrant", "id", grant).await.done();
    let client = app.login(SUPPORT).await.acting_as("shortsighted");
    let (found, answers) = told(&client, &maria, "oldValue").await;
    assert!(answers.iter().all(|answer| answer.errors().is_empty()), "{}", answers[0].text);
    for (id, mask) in planted {
        let row = found.iter().find(|row| row["id"] == id).unwrap();
        assert_eq!(row["oldValue"], mask);
    }
}
