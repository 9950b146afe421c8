//! Which columns have a history, and under which name.

use custodian::authz::Rows;
use custodian::authz::catalog::Catalog;
use custodian::authz::changes::{changes, field_of};
use custodian_entity::*;
use sea_orm::{IdenStatic, Iterable};

use crate::app::TestApp;
use crate::fixture::{MARIA, customer};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.pure(
        "history::every column of a customer's rows is recorded under its field, or known not to be",
        columns,
    );
    suite.both("history::values are recorded as texts", texts);
}

fn catalog() -> Catalog {
    Catalog::new(&custodian::schema::sdl().expect("the schema can be written")).expect("it can be indexed")
}

/// What is the server's own, copied from elsewhere, or shown nowhere, by type. Everything else has to be recorded: give a
/// column its field in `authz/changes.rs`.
const UNRECORDED: [(&str, &str); 16] = [
    ("Address", "id tenant_id reseller_id customer_id created_at"),
    ("CallLog", "id tenant_id reseller_id customer_id created_at"),
    ("Contact", "id tenant_id reseller_id customer_id created_at"),
    ("Customer", "id tenant_id version email_index phone_index government_id_index created_at updated_at"),
    ("CustomerNote", "id tenant_id reseller_id customer_id created_at"),
    ("Document", "id tenant_id reseller_id customer_id object_name content_key"),
    ("EmailVerification", "id tenant_id reseller_id customer_id token_hash"),
    ("IdentityCheck", "id tenant_id reseller_id customer_id"),
    ("Invoice", "id tenant_id reseller_id customer_id amount_paid created_at"),
    ("InvoiceLine", "id tenant_id reseller_id customer_id invoice_id position currency"),
    ("NetworkService", "id tenant_id reseller_id customer_id created_at"),
    ("Payment", "id tenant_id reseller_id customer_id currency idempotency_key created_at"),
    ("PaymentMethod", "id tenant_id reseller_id customer_id processor_token created_at"),
    ("Subscription", "id tenant_id reseller_id customer_id currency created_at"),
    ("Ticket", "id tenant_id reseller_id customer_id created_at"),
    (
        "TicketMessage",
        "id tenant_id reseller_id customer_id ticket_id ticket_category ticket_assignee_id shared_with_reseller \
         is_internal author_kind",
    ),
];

fn unrecorded<E: Rows>(catalog: &Catalog) -> (&'static str, String) {
    let columns = E::Column::iter().filter(|column| field_of::<E>(catalog, *column).is_none());
    (E::TYPE, columns.map(|column| column.as_str().to_owned()).collect::<Vec<_>>().join(" "))
}

fn columns() {
    let catalog = catalog();
    macro_rules! of {
        ($($module:ident)*) => { vec![$(unrecorded::<$module::Entity>(&catalog)),*] };
    }
    let found = of![address call_log contact customer customer_note document email_verification identity_check invoice invoice_line
        network_service payment payment_method subscription ticket ticket_message];
    assert_eq!(found, UNRECORDED.map(|(kind, columns)| (kind, columns.to_owned())));
}

async fn texts(app: TestApp) {
    let catalog = catalog();
    let mut row = customer(&app, MARIA).await;
    row.credit_limit = Some(personal::ConfidentialAmount::new(50_000_i64));
    row.account_manager_id =
        Some(custodian_entity::id::TypedId::from_uuid(sea_orm::prelude::Uuid::from_u128(7)));
    let found = changes::<customer::Entity>(&catalog, None, Some(&row));
    let new =
        |field: &str| found.iter().find(|change| change.field == field).and_then(|change| change.new.clone());
    for (field, text) in [
        ("type", "INDIVIDUAL"),
        ("email", MARIA),
        ("creditLimit", "50000"),
        ("balance", &row.balance.to_string()),
        ("accountManager", "usr_00000000000000000000000007"),
        (
            "dateOfBirth",
            &row.date_of_birth.as_ref().and_then(personal::BirthDate::expose).unwrap().to_string(),
        ),
    ] {
        assert_eq!(new(field).as_deref(), Some(text), "{field}");
    }
    assert!(found.iter().all(|change| change.old.is_none() && change.new.is_some()));
    assert!(changes::<customer::Entity>(&catalog, Some(&row), Some(&row)).is_empty());
    let removed = changes::<customer::Entity>(&catalog, Some(&row), None);
    assert!(removed.len() == found.len() && removed.iter().all(|change| change.new.is_none()));
}
