//! What is known of the customer a message is about: the dictionary of the mask of free text.

#![expect(clippy::disallowed_methods, reason = "what the mask of free text looks for")]

use async_graphql::Context;
use custodian_entity::choice::Scope;
use custodian_entity::id::CustomerId;
use custodian_entity::personal::{
    AddressLine, Email, GovernmentId, Name, Phone, PostalCode, TaxId, Username,
};
use custodian_entity::{address, contact, customer, subscription};

use crate::authz::{InOperation, Operation, Rows};
use crate::error::Result;
use crate::graphql::link::{children, one};

/// The kind of a value, which names its placeholder, and the value.
type Known = (&'static str, String);

/// How a date of birth is written.
const DATE_FORMS: [&str; 5] = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d %B %Y"];

/// The fields of what is known, which are opened for the mask whether or not the operation shows them.
const FIELDS: [&str; 16] = [
    "Customer.displayName",
    "Customer.firstName",
    "Customer.lastName",
    "Customer.email",
    "Customer.billingEmail",
    "Customer.phone",
    "Customer.governmentIdNumber",
    "Customer.taxId",
    "Customer.dateOfBirth",
    "Contact.name",
    "Contact.email",
    "Contact.phone",
    "Address.line1",
    "Address.line2",
    "Address.postalCode",
    "Subscription.radiusUsername",
];

/// What identifies the customer and the people around it. None where the viewer does not reach all of these rows, be it
/// for his role, how far it was given, or the scopes of his token, and where any of it was erased: a mask that knew only
/// some of them would let the others through. Nothing is read past his own reach, not even for a mask, which shows by its
/// placeholders what it knew.
///
/// # Errors
/// When the database is away.
pub(super) async fn known(ctx: &Context<'_>, customer: CustomerId) -> Result<Option<Vec<Known>>> {
    let operation = ctx.operation()?;
    let catalog = operation.rights.catalog();
    operation.show(FIELDS.iter().filter_map(|name| catalog.field(name)));
    let Some(row) = one::<customer::Entity>(ctx, Some(customer)).await? else { return Ok(None) };
    if !reaches_all_around(operation) {
        return Ok(None);
    }
    let mut known = Some(Vec::new());
    add(&mut known, of_customer(&row));
    for contact in children::<contact::Entity>(ctx, "customer_id", customer).await? {
        add(&mut known, of_contact(&contact));
    }
    for address in children::<address::Entity>(ctx, "customer_id", customer).await? {
        add(&mut known, of_address(&address));
    }
    for subscription in children::<subscription::Entity>(ctx, "customer_id", customer).await? {
        add(&mut known, texts("USERNAME", [subscription.radius_username.as_ref().map(Username::expose)]));
    }
    Ok(known)
}

/// Adds what is known of a row; where that is not all, nothing is known.
fn add(known: &mut Option<Vec<Known>>, more: Option<Vec<Known>>) {
    match (known.as_mut(), more) {
        (Some(known), Some(more)) => known.extend(more),
        _ => *known = None,
    }
}

/// Values of a kind, of which some may not be there; none where one is there that does not open.
fn texts<const N: usize>(kind: &'static str, values: [Option<Option<&String>>; N]) -> Option<Vec<Known>> {
    values.into_iter().flatten().map(|value| Some((kind, value?.clone()))).collect()
}

/// Whether whoever reaches a customer reaches the rows around it: as far as the customer's, or all of the provider.
fn reaches_all_around(operation: &Operation) -> bool {
    let own = operation.reach(customer::Entity::TYPE);
    let around = [contact::Entity::TYPE, address::Entity::TYPE, subscription::Entity::TYPE];
    around.iter().all(|kind| {
        let reach = operation.reach(kind);
        reach.is_some() && (reach == own || reach >= own.max(Some(Scope::Tenant)))
    })
}

fn of_customer(customer: &customer::Model) -> Option<Vec<Known>> {
    let names = [Some(&customer.display_name), customer.first_name.as_ref(), customer.last_name.as_ref()];
    let mut known = texts("NAME", names.map(|name| name.map(Name::expose)))?;
    let mails = [&customer.email, &customer.billing_email].map(|mail| mail.as_ref().map(Email::expose));
    known.extend(texts("EMAIL", mails)?);
    known.extend(texts("PHONE", [customer.phone.as_ref().map(Phone::expose)])?);
    let numbers = [
        customer.government_id_number.as_ref().map(GovernmentId::expose),
        customer.tax_id.as_ref().map(TaxId::expose),
    ];
    known.extend(texts("ID", numbers)?);
    if let Some(born) = &customer.date_of_birth {
        let born = born.expose()?;
        known.extend(DATE_FORMS.map(|form| ("DATE", born.format(form).to_string())));
    }
    Some(known)
}

fn of_contact(contact: &contact::Model) -> Option<Vec<Known>> {
    let mut known = texts("NAME", [Some(contact.name.expose())])?;
    known.extend(texts("EMAIL", [contact.email.as_ref().map(Email::expose)])?);
    known.extend(texts("PHONE", [contact.phone.as_ref().map(Phone::expose)])?);
    Some(known)
}

fn of_address(address: &address::Model) -> Option<Vec<Known>> {
    let lines = [Some(&address.line1), address.line2.as_ref()].map(|line| line.map(AddressLine::expose));
    let mut known = texts("ADDRESS", lines)?;
    known.extend(texts("ADDRESS", [address.postal_code.as_ref().map(PostalCode::expose)])?);
    Some(known)
}
