//! The customers that documentation shows: those with an account, and one that was anonymised.

use chrono::{Days, NaiveDate, TimeDelta};
use custodian_entity::choice::{AddressType, ContactKind};
use custodian_entity::personal::{
    AddressLine, BirthDate, Confidential, ConfidentialAmount, ConfidentialNumber, Coordinate, Email,
    GovernmentId, Name, Phone, PostalCode, TaxId,
};
use custodian_entity::{address, contact, customer};
use sea_orm::ActiveEnum;

use super::batch::Batch;
use super::source::{Source, first_of};

/// The place in the numbers of the customer that was anonymised.
pub(super) const ANONYMIZED: u64 = 26;

/// The telephone number of a showcase customer.
pub(super) fn phone(provider: &str, n: u64) -> Option<&'static str> {
    match (provider, n) {
        ("acme", 1) => Some("+34612345678"),
        ("acme", 2) => Some("+886912345678"),
        ("globex", 1) => Some("+12025550123"),
        _ => None,
    }
}

/// Gives the customer added last what documentation says of it; leaves others as they are.
pub(super) fn polish(batch: &mut Batch, provider: &str, n: u64, source: &mut Source) {
    match (provider, n) {
        ("acme", 1) => maria(batch, source),
        ("acme", 2) => {
            person(batch, ("小明", "王", "王小明"), "wang.xiaoming@post.example", (1991, 11, 2), "A123456789")
        }
        ("globex", 1) => person(
            batch,
            ("Emily", "Carter", "Emily Carter"),
            "emily.carter@mail.example",
            (1978, 6, 30),
            "C200012345678",
        ),
        ("acme", ANONYMIZED) => anonymize(batch),
        _ => {}
    }
}

/// Given name, family name and full name; birthday; number of the identity document.
fn person(
    batch: &mut Batch,
    (given, family, full): (&str, &str, &str),
    email: &str,
    (year, month, day): (i32, u32, u32),
    document: &str,
) {
    let Some(customer) = batch.customers.last_mut() else { return };
    customer.first_name = Some(Name::new(given));
    customer.last_name = Some(Name::new(family));
    customer.display_name = Name::new(full);
    customer.email = Some(Email::new(email));
    customer.date_of_birth = NaiveDate::from_ymd_opt(year, month, day).map(BirthDate::new);
    customer.government_id_number = Some(GovernmentId::new(document));
}

/// The example of the documentation, with everything filled in.
fn maria(batch: &mut Batch, source: &mut Source) {
    // 12345678Z is the specimen of Spanish identity cards; its letter is the right one.
    let name = ("María", "García López", "María García López");
    person(batch, name, "maria.garcia@mail.example", (1984, 3, 9), "12345678Z");
    let Some(customer) = batch.customers.last_mut() else { return };
    customer.tax_id = Some(TaxId::new("12345678Z"));
    customer.billing_email = Some(Email::new("maria.garcia+facturas@mail.example"));
    customer.external_reference = Some("CRM-100001".to_owned());
    customer.email_verified_at = Some(customer.created_at + TimeDelta::minutes(12));
    customer.credit_limit = Some(ConfidentialAmount::new(50_000));
    customer.risk_score = Some(ConfidentialNumber::new(12));
    let customer = customer.clone();
    let billing = billing_address(batch, &customer, source);
    batch.addresses.retain(|row| row.customer_id != customer.id || row.kind == AddressType::Service);
    batch.addresses.extend(billing);
    batch.contacts.retain(|row| row.customer_id != customer.id);
    batch.contacts.push(sister(&customer, source));
}

/// Puts the service where documentation says it is, and gives the address of the invoices.
fn billing_address(
    batch: &mut Batch,
    owner: &customer::Model,
    source: &mut Source,
) -> Option<address::Model> {
    let service = batch.addresses.iter_mut().find(|row| row.customer_id == owner.id)?;
    service.line1 = AddressLine::new("Calle de Alcalá 45");
    service.line2 = Some(AddressLine::new("3.º B"));
    service.postal_code = Some(PostalCode::new("28014"));
    service.city = Some("Madrid".to_owned());
    service.subdivision = Some("Comunidad de Madrid".to_owned());
    service.latitude = Some(Coordinate::new(40.418_01));
    service.longitude = Some(Coordinate::new(-3.696_38));
    service.access_instructions = Some(Confidential::new("Gate code 4711"));
    Some(address::Model {
        id: source.id(owner.created_at),
        kind: AddressType::Billing,
        line1: AddressLine::new("Avenida de la Constitución 12"),
        line2: Some(AddressLine::new("Bajo")),
        postal_code: Some(PostalCode::new("41001")),
        city: Some("Sevilla".to_owned()),
        subdivision: Some("Andalucía".to_owned()),
        latitude: Some(Coordinate::new(37.386_32)),
        longitude: Some(Coordinate::new(-5.993_79)),
        access_instructions: None,
        is_primary: false,
        ..service.clone()
    })
}

fn sister(owner: &customer::Model, source: &mut Source) -> contact::Model {
    let kinds = [ContactKind::General, ContactKind::Emergency];
    contact::Model {
        id: source.id(owner.created_at),
        tenant_id: owner.tenant_id,
        reseller_id: owner.reseller_id,
        customer_id: owner.id,
        kinds: kinds.iter().map(ActiveEnum::to_value).collect::<Vec<_>>().join(","),
        is_primary: true,
        is_authorized: true,
        name: Name::new("Elena García López"),
        job_title: Some(Confidential::new("Sister")),
        email: Some(Email::new("elena.garcia@mail.example")),
        phone: Some(Phone::new("+34612345699")),
        created_at: owner.created_at,
    }
}

/// What is left of a customer once it is anonymised: numbers, dates and the books, but nobody's data.
fn anonymize(batch: &mut Batch) {
    let Some(customer) = batch.customers.last_mut() else { return };
    let id = customer.id;
    customer.display_name = Name::new("Anonymised");
    customer.first_name = None;
    customer.last_name = None;
    customer.email = None;
    customer.billing_email = None;
    customer.phone = None;
    customer.date_of_birth = None;
    customer.government_id_type = None;
    customer.government_id_country = None;
    customer.government_id_number = None;
    customer.tax_id = None;
    customer.credit_limit = None;
    customer.risk_score = None;
    customer.language = None;
    customer.external_reference = None;
    customer.account_manager_id = None;
    customer.email_verified_at = None;
    let day = first_of(6) + Days::new(20);
    customer.anonymized_at = Some(day.and_time(chrono::NaiveTime::MIN).and_utc());
    for subscription in batch.subscriptions.iter_mut().filter(|row| row.customer_id == id) {
        subscription.service_address_id = None;
        subscription.radius_username = None;
    }
    batch.addresses.retain(|row| row.customer_id != id);
    batch.contacts.retain(|row| row.customer_id != id);
    batch.tickets.retain(|row| row.customer_id != id);
    batch.ticket_messages.retain(|row| row.customer_id != id);
}
