//! Two databases that differ only in rows of others give the same answers, byte by byte.

use custodian_entity::choice::{
    CallOutcome, CpniAuthMethod, CustomerStatus, DocumentStatus, InvoiceStatus, PaymentStatus, ServiceKind,
    SubscriptionStatus, TicketCategory, TicketStatus, UserStatus,
};
use custodian_entity::id::{
    AddressId, ContactId, CustomerId, InvoiceId, InvoiceLineId, NetworkServiceId, PaymentId, ResellerId,
    SubscriptionId, TenantId, TicketId, TicketMessageId, TypedId,
};
use custodian_entity::personal::{AddressLine, Email, FileName, FreeText, LineAddress, Name, PastValue};
use custodian_entity::{
    address, call_log, change_record, contact, customer, customer_note, document, email_verification,
    identity_check, invoice, invoice_line, network_service, payment, reseller, service_plan, subscription,
    tenant, ticket, ticket_message, user,
};
use sea_orm::Set;
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, DatabaseConnection, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::comparable;
use super::world::{KINDS, World};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::past::{add, change, open};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("rows::another provider's rows change no answer", another_provider);
    suite.both("rows::another reseller's rows change no answer", another_reseller);
}

async fn another_provider(app: TestApp) {
    let other = app.another().await;
    let (acme, globex) = tenants(app.db()).await;
    disturb(&other, Whose::Tenant(globex)).await;
    for username in [
        "support@acme.example",
        "tenant-admin@acme.example",
        "reseller@acme.example",
        "customer@acme.example",
    ] {
        same_answers(&app, &other, username).await;
    }
    // The other way round, to see that the change is one that shows.
    assert_ne!(acme, globex);
    differ(&app, &other, "support@globex.example").await;
}

async fn another_reseller(app: TestApp) {
    let other = app.another().await;
    let south = reseller::Entity::find().filter(reseller::Column::Code.eq("SOUTH"));
    let south = south.one(app.db()).await.unwrap().unwrap();
    disturb(&other, Whose::Reseller(south.id)).await;
    for username in ["reseller@acme.example", "customer@acme.example"] {
        same_answers(&app, &other, username).await;
    }
    differ(&app, &other, "reseller2@acme.example").await;
}

async fn tenants(db: &DatabaseConnection) -> (TenantId, TenantId) {
    let tenants = tenant::Entity::find().all(db).await.unwrap();
    let id = |slug| tenants.iter().find(|tenant| tenant.slug == slug).unwrap().id;
    (id("acme"), id("globex"))
}

/// Whose rows are disturbed.
#[derive(Clone, Copy)]
enum Whose {
    Tenant(TenantId),
    Reseller(ResellerId),
}

/// Adds, changes and removes rows.
async fn disturb(app: &TestApp, whose: Whose) {
    let db = app.db();
    macro_rules! theirs {
        ($module:ident) => {
            match whose {
                Whose::Tenant(id) => Condition::all().add($module::Column::TenantId.eq(id)),
                Whose::Reseller(id) => Condition::all().add($module::Column::ResellerId.eq(id)),
            }
        };
    }
    macro_rules! set {
        ($($module:ident { $($column:ident = $value:expr),* $(,)? })*) => {$(
            let changed = $module::Entity::update_many()
                $(.col_expr($module::Column::$column, Expr::value($value)))*
                .filter(theirs!($module))
                .exec(db).await.unwrap();
            assert!(changed.rows_affected > 0, "the demo data have no {} to change", stringify!($module));
        )*};
    }
    copy_customer(app, theirs!(customer)).await;
    // The last message, contact and address, and payments: nothing else names them.
    for row in ticket_message::Entity::find()
        .filter(theirs!(ticket_message))
        .all(db)
        .await
        .unwrap()
        .into_iter()
        .take(2)
    {
        ticket_message::Entity::delete_by_id(row.id).exec(db).await.unwrap();
    }
    contact::Entity::delete_many().filter(theirs!(contact)).exec(db).await.unwrap();
    payment::Entity::delete_many()
        .filter(theirs!(payment).add(payment::Column::Amount.gt(5_000)))
        .exec(db)
        .await
        .unwrap();
    set! {
        customer { Status = CustomerStatus::Suspended, Balance = 123_456_789_i64, Version = 9 }
        address { City = "Elsewhere" }
        subscription { Status = SubscriptionStatus::Suspended, PriceAmount = 1_i64 }
        invoice { Status = InvoiceStatus::Void, Memo = "another" }
        invoice_line { Description = "another" }
        payment { Status = PaymentStatus::Failed }
        ticket { Status = TicketStatus::New, Category = TicketCategory::Sales }
        ticket_message { TicketCategory = TicketCategory::Sales }
        call_log { Outcome = CallOutcome::Busy }
        customer_note { IsPinned = true }
        identity_check { Method = CpniAuthMethod::PhotoId }
        document { Title = "another", Status = DocumentStatus::Rejected }
        email_verification { AttemptCount = 7 }
        change_record { Field = "displayName", Reason = "another" }
        user { DisplayName = "Another", Status = UserStatus::Active }
    }
    macro_rules! reseal {
        ($($module:ident { $($column:ident = $value:expr),* $(,)? })*) => {$(
            for row in $module::Entity::find().filter(theirs!($module)).all(db).await.unwrap() {
                change(app, &row, |row| { $(row.$column = Set($value);)* }).await;
            }
        )*};
    }
    reseal! {
        customer { display_name = Name::new("Another Name") }
        address { line1 = AddressLine::new("Another Street") }
        network_service { ipv4 = Some(LineAddress::new("198.51.100.9")) }
        ticket { subject = FreeText::new("another") }
        ticket_message { body = FreeText::new("another") }
        call_log { subject = Some(FreeText::new("another")) }
        customer_note { body = FreeText::new("another") }
        document { filename = FileName::new("another.pdf") }
        email_verification { email = Email::new("another@other.example") }
        change_record { new_value = Some(PastValue::new("Another")) }
        user { email = Email::new("another@other.example") }
    }
    match whose {
        Whose::Tenant(id) => {
            let changed = service_plan::Entity::update_many()
                .col_expr(service_plan::Column::Kind, Expr::value(ServiceKind::Bundle))
                .filter(service_plan::Column::TenantId.eq(id));
            changed.exec(db).await.unwrap();
            let changed = tenant::Entity::update_many()
                .col_expr(tenant::Column::DisplayName, Expr::value("Another Provider"))
                .col_expr(tenant::Column::Currency, Expr::value("CHF"))
                .filter(tenant::Column::Id.eq(id));
            changed.exec(db).await.unwrap();
        }
        Whose::Reseller(id) => {
            let changed = reseller::Entity::update_many()
                .col_expr(reseller::Column::Name, Expr::value("Another Partner"))
                .col_expr(reseller::Column::Code, Expr::value("OTHER"))
                .filter(reseller::Column::Id.eq(id));
            changed.exec(db).await.unwrap();
        }
    }
}

/// A second one of a customer with all that hangs off it, at the beginning of every list.
async fn copy_customer(app: &TestApp, whose: Condition) {
    let db = app.db();
    macro_rules! copy {
        ($($module:ident, $id:ident { $($column:ident: $value:expr),* $(,)? } where $parent:ident = $of:expr;)*) => {$({
            let rows = $module::Entity::find().filter($module::Column::$parent.eq($of));
            if let Some(row) = open::<$module::Entity>(app, rows.all(db).await.unwrap()).await.into_iter().next() {
                let copy = $module::Model { id: first::<$id>(), $($column: $value,)* ..row };
                add(app, copy).await;
            }
        })*};
    }
    // One with a ticket and messages: the account's.
    let customers = customer::Entity::find().filter(whose).all(db).await.unwrap();
    let customers = open::<customer::Entity>(app, customers).await;
    let mut found = None;
    for row in &customers {
        let tickets =
            ticket::Entity::find().filter(ticket::Column::CustomerId.eq(row.id)).all(db).await.unwrap();
        let services = subscription::Entity::find()
            .filter(subscription::Column::CustomerId.eq(row.id))
            .all(db)
            .await
            .unwrap();
        if let (Some(ticket), Some(service)) = (tickets.first(), services.first()) {
            found = Some((row.clone(), ticket.id, service.id));
        }
    }
    let (row, ticket, service) = found.expect("one of their customers has a ticket and a service");
    let (id, of) = (first::<CustomerId>(), row.id);
    let copy = customer::Model {
        id,
        customer_number: "A-000000".to_owned(),
        external_reference: Some("A-000000".to_owned()),
        email: Some(Email::new("first@other.example")),
        display_name: Name::new("First Other"),
        account_manager_id: None,
        ..row
    };
    add(app, copy).await;
    copy! {
        address, AddressId { customer_id: id, line1: AddressLine::new("First Street") } where CustomerId = of;
        contact, ContactId { customer_id: id, name: Name::new("First Contact") } where CustomerId = of;
        subscription, SubscriptionId { customer_id: id, service_address_id: None } where Id = service;
        network_service, NetworkServiceId {
            customer_id: id, subscription_id: first::<SubscriptionId>(), ipv4: Some(LineAddress::new("198.51.100.1")),
        } where SubscriptionId = service;
        invoice, InvoiceId { customer_id: id, number: "A-0".to_owned(), total: 7, subtotal: 7, tax_total: 0 } where CustomerId = of;
        invoice_line, InvoiceLineId { customer_id: id, invoice_id: first::<InvoiceId>(), position: 1 } where CustomerId = of;
        payment, PaymentId { customer_id: id, invoice_id: None, idempotency_key: "first".to_owned() } where CustomerId = of;
        ticket, TicketId { customer_id: id, number: "A-0".to_owned(), subscription_id: None, subject: FreeText::new("first") } where Id = ticket;
        ticket_message, TicketMessageId { customer_id: id, ticket_id: first::<TicketId>() } where TicketId = ticket;
    }
}

/// An id before all others.
fn first<T: TypedId>() -> T {
    T::from_uuid(Uuid::from_u128(0x0100_0000_0000_7000_8000_0000_0000_0000))
}

const ROW: &str = "id customerNumber status version displayName email balance { amount currency } \
    reseller { id code name customers(first: 3) { totalCount nodes { id } } } accountManager { id displayName }";

/// What is asked of both: document and variables.
fn questions(ids: &[String]) -> Vec<(String, Value)> {
    let page = "totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor";
    let mut questions = Vec::new();
    for paging in
        ["first: 7", "last: 7", "first: 100", "first: 5, orderBy: { field: CREATED_AT, direction: DESC }"]
    {
        questions.push(format!("{{ customers({paging}) {{ {page} node {{ {ROW} }} }} }} }}"));
    }
    for (list, orders, fields) in [
        ("resellers", "CODE NAME CREATED_AT", "id code name"),
        ("users", "CREATED_AT DISPLAY_NAME", "id displayName email"),
        ("servicePlans", "CODE NAME", "id code name kind"),
        ("subscriptions", "START_DATE", "id status plan { code } networkService { ipv4 } customer { id }"),
        (
            "invoices",
            "NUMBER ISSUE_DATE DUE_DATE TOTAL",
            "id number total { amount } lines { description } payments { id }",
        ),
        ("payments", "AMOUNT", "id status amount { amount } invoice { id }"),
        (
            "tickets",
            "CREATED_AT NUMBER",
            "id number subject messages(first: 9) { totalCount nodes { body } }",
        ),
        (
            "callLogs",
            "STARTED_AT",
            "id outcome subject customer { identityChecks { method } callLogs(last: 2) { totalCount } }",
        ),
        (
            "customers",
            "CUSTOMER_NUMBER UPDATED_AT",
            "id tickets(last: 2) { totalCount nodes { id subject } }",
        ),
    ] {
        for order in orders.split(' ') {
            for direction in ["ASC", "DESC"] {
                let order = format!("orderBy: {{ field: {order}, direction: {direction} }}");
                questions
                    .push(format!("{{ {list}(first: 20, {order}) {{ {page} node {{ {fields} }} }} }} }}"));
            }
        }
    }
    questions.push(format!("{{ networkServices(first: 50) {{ {page} node {{ id ipv4 }} }} }} }}"));
    questions.push("{ roles { totalCount nodes { id name grantCount } } }".to_owned());
    questions
        .push("{ tenant { displayName currency } viewer { id displayName roles tenant { id } } }".to_owned());
    for filter in [
        r#"status: { eq: SUSPENDED }"#,
        r#"customerNumber: { eq: "A-000000" }"#,
        r#"customerNumber: { in: ["A-000000", "C-000001", "C-000003"] }"#,
        r#"externalReference: { eq: "A-000000" }"#,
        r#"email: { eq: "first@other.example" }"#,
        r#"balance: { eq: 123456789 }"#,
        r#"createdAt: { gte: "2026-01-01T00:00:00Z" }, type: { eq: COMPANY }"#,
    ] {
        questions.push(format!(
            "{{ customers(filter: {{ {filter} }}) {{ {page} node {{ id customerNumber }} }} }} }}"
        ));
    }
    for (list, filter) in [
        ("invoices", r#"number: { eq: "A-0" }"#),
        ("invoices", r#"status: { eq: VOID }"#),
        ("tickets", r#"category: { eq: SALES }"#),
        ("tickets", r#"number: { eq: "A-0" }"#),
        ("payments", r#"status: { eq: FAILED }"#),
        ("subscriptions", r#"status: { in: [SUSPENDED, ACTIVE] }"#),
        ("resellers", r#"code: { eq: "OTHER" }"#),
    ] {
        questions.push(format!("{{ {list}(filter: {{ {filter} }}) {{ {page} node {{ id }} }} }} }}"));
    }
    for argument in [
        r#"customerNumber: "A-000000""#,
        r#"customerNumber: "C-000003""#,
        r#"externalReference: "A-000000""#,
        r#"customerNumber: "none""#,
    ] {
        questions.push(format!("{{ customer({argument}) {{ {ROW} }} }}"));
    }
    let mut questions: Vec<(String, Value)> = questions.into_iter().map(|text| (text, Value::Null)).collect();
    let nodes = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
    questions.extend(ids.chunks(100).map(|ids| (nodes.to_owned(), json!({ "ids": ids }))));
    for (mutation, input) in [
        ("customerUpdate(input: { id: $id, version: 1, language: \"fr\" }) { customer { id } }", "cust_"),
        ("ticketReply(input: { ticketId: $id, body: \"words\" }) { message { id } }", "tick_"),
        ("subscriptionSuspend(input: { id: $id }) { subscription { id } }", "sub_"),
        (
            "contactCreate(input: { customerId: $id, name: \"N\", kinds: [GENERAL] }) { contact { id } }",
            "cust_",
        ),
    ] {
        let theirs = ids.iter().filter(|id| id.starts_with(input)).take(3);
        questions
            .extend(theirs.map(|id| (format!("mutation ($id: ID!) {{ {mutation} }}"), json!({ "id": id }))));
    }
    questions
}

async fn ask(client: &Client, (document, variables): &(String, Value)) -> Answer {
    client.query(document, variables.clone()).await
}

/// The ids that only others reach, in either database, and of the caller's own the ones that `nodes` shows.
async fn ids(one: &TestApp, other: &TestApp, username: &str) -> Vec<String> {
    let (one, other) = (World::read(one).await, World::read(other).await);
    let who = one.everybody().into_iter().find(|who| who.username == username).unwrap();
    // Signing in begins another session in each.
    for kind in KINDS.into_iter().filter(|kind| *kind != "Session") {
        assert_eq!(
            one.reached(&who, kind),
            other.reached(&who, kind),
            "the test disturbs rows of {username}"
        );
    }
    let mut ids: Vec<String> = one.rows.keys().chain(other.rows.keys()).cloned().collect();
    ids.retain(|id| !id.starts_with("sess_") || !one.reaches(&who, id) && !other.reaches(&who, id));
    ids.sort_by_key(|id| (one.reaches(&who, id), id.clone()));
    ids.dedup();
    ids
}

async fn same_answers(one: &TestApp, other: &TestApp, username: &str) {
    let ids = ids(one, other, username).await;
    let (here, there) = (one.login(username).await, other.login(username).await);
    let mut with_data = 0;
    for question in questions(&ids) {
        let (here, there) = (ask(&here, &question).await, ask(&there, &question).await);
        with_data += usize::from(here.errors().is_empty());
        assert_eq!(comparable(&here), comparable(&there), "{username}: rows of others show in {question:?}");
    }
    assert!(with_data > 20, "{username}: only {with_data} questions were answered at all");
}

async fn differ(one: &TestApp, other: &TestApp, username: &str) {
    let (here, there) = (one.login(username).await, other.login(username).await);
    let mut differing = 0;
    for question in questions(&[]) {
        let (here, there) = (ask(&here, &question).await, ask(&there, &question).await);
        differing += usize::from(comparable(&here) != comparable(&there));
    }
    assert!(differing > 20, "only {differing} questions show what was changed: the comparison proves little");
}
