//! The addresses and contact persons of a customer.

use chrono::{DateTime, Utc};
use custodian_entity::choice::{AddressType, ContactKind, CustomerType};
use custodian_entity::id::AddressId;
use custodian_entity::personal::{AddressLine, Confidential, Coordinate, Email, Name, Phone, PostalCode};
use custodian_entity::{address, contact, customer};
use sea_orm::ActiveEnum;

use super::batch::Batch;
use super::countries::Country;
use super::customers::Person;
use super::source::Source;

/// Adds the place of the service and, for some, another for the invoices; gives the first one's id.
pub(super) fn add_addresses(
    batch: &mut Batch,
    owner: &customer::Model,
    country: &Country,
    source: &mut Source,
) -> AddressId {
    let service = address(owner, country, AddressType::Service, source);
    let id = service.id;
    batch.addresses.push(service);
    if source.chance(40) {
        let kind = if source.chance(75) { AddressType::Billing } else { AddressType::Mailing };
        batch.addresses.push(address(owner, country, kind, source));
    }
    id
}

fn address(
    owner: &customer::Model,
    country: &Country,
    kind: AddressType,
    source: &mut Source,
) -> address::Model {
    let city = source.pick(country.places.cities);
    let street = *source.pick(country.places.streets);
    // Within about three kilometres of the centre, to the metre.
    let near = |centre: f64, offset: i64| Coordinate::new((centre * 1e5 + offset as f64).round() / 1e5);
    let instructions =
        ["Gate code 4711", "Ring twice, the bell is quiet", "Key with the neighbour on the left"];
    address::Model {
        id: source.id(owner.created_at),
        tenant_id: owner.tenant_id,
        reseller_id: owner.reseller_id,
        customer_id: owner.id,
        kind,
        line1: AddressLine::new(source.fill(street)),
        line2: source.chance(20).then(|| AddressLine::new("2nd floor")),
        postal_code: Some(PostalCode::new(source.fill(city.postcode))),
        city: Some(city.name.to_owned()),
        subdivision: city.subdivision.map(str::to_owned),
        country_code: country.code.to_owned(),
        latitude: Some(near(city.latitude, source.between(-2_500, 2_500))),
        longitude: Some(near(city.longitude, source.between(-2_500, 2_500))),
        access_instructions: (kind == AddressType::Service && source.chance(30))
            .then(|| Confidential::new(*source.pick(&instructions))),
        is_primary: kind == AddressType::Service,
        created_at: owner.created_at,
    }
}

/// Adds whom to ask: two people of a company, at most one other person for a private customer.
pub(super) fn add_contacts(
    batch: &mut Batch,
    owner: &customer::Model,
    country: &Country,
    domain: &str,
    source: &mut Source,
) {
    let company = owner.kind == CustomerType::Company;
    let count = if company { 2 } else { source.below(2) };
    for position in 0..count {
        let person = Person::new(country, source);
        let (kinds, title) = match (company, position) {
            (true, 0) => (vec![ContactKind::General, ContactKind::Billing], Some("Head of Accounting")),
            (true, _) => (vec![ContactKind::Technical], Some("IT Administrator")),
            _ => (vec![ContactKind::Emergency], None),
        };
        batch.contacts.push(contact(owner, country, domain, &person, &kinds, title, position == 0, source));
    }
}

#[expect(clippy::too_many_arguments, reason = "a row of a table, filled in one place")]
fn contact(
    owner: &customer::Model,
    country: &Country,
    domain: &str,
    person: &Person,
    kinds: &[ContactKind],
    title: Option<&str>,
    is_primary: bool,
    source: &mut Source,
) -> contact::Model {
    let created_at: DateTime<Utc> = owner.created_at;
    contact::Model {
        id: source.id(created_at),
        tenant_id: owner.tenant_id,
        reseller_id: owner.reseller_id,
        customer_id: owner.id,
        kinds: kinds.iter().map(ActiveEnum::to_value).collect::<Vec<_>>().join(","),
        is_primary,
        is_authorized: is_primary || source.chance(50),
        name: Name::new(person.full_name()),
        job_title: title.map(Confidential::new),
        email: Some(Email::new(format!("{}@{domain}", person.mailbox()))),
        phone: Some(Phone::new(source.fill(country.phone))),
        created_at,
    }
}
