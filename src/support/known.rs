//! What is known of the customer a message is about: the dictionary of the mask of free text.

#![expect(clippy::disallowed_methods, reason = "what the mask of free text looks for")]

use async_graphql::Context;
use custodian_entity::choice::Scope;
use custodian_entity::id::CustomerId;
use custodian_entity::personal::AddressLine;
use custodian_entity::{address, contact, customer, subscription};

use crate::authz::{InOperation, Operation, Rows};
use crate::error::Result;
use crate::graphql::link::{children, one};

/// The kind of a value, which names its placeholder, and the value.
type Known = (&'static str, String);

/// How a date of birth is written.
const DATE_FORMS: [&str; 5] = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d %B %Y"];

/// What identifies the customer and the people around it. None where the viewer does not reach all of these rows, be it
/// for his role, how far it was given, or the scopes of his token: a mask that knew only some of them would let the
/// others through. Nothing is read past his own reach, not even for a mask, which shows by its placeholders what it knew.
///
/// # Errors
/// When the database is away.
pub(super) async fn known(ctx: &Context<'_>, customer: CustomerId) -> Result<Option<Vec<Known>>> {
    let Some(row) = one::<customer::Entity>(ctx, Some(customer)).await? else { return Ok(None) };
    if !reaches_all_around(ctx.operation()?) {
        return Ok(None);
    }
    let mut known = Vec::new();
    of_customer(&row, &mut known);
    for contact in children::<contact::Entity>(ctx, "customer_id", customer).await? {
        of_contact(&contact, &mut known);
    }
    for address in children::<address::Entity>(ctx, "customer_id", customer).await? {
        of_address(&address, &mut known);
    }
    for subscription in children::<subscription::Entity>(ctx, "customer_id", customer).await? {
        known.extend(subscription.radius_username.iter().map(|name| ("USERNAME", name.expose().clone())));
    }
    Ok(Some(known))
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

fn of_customer(customer: &customer::Model, known: &mut Vec<Known>) {
    let names = [Some(&customer.display_name), customer.first_name.as_ref(), customer.last_name.as_ref()];
    known.extend(names.into_iter().flatten().map(|name| ("NAME", name.expose().clone())));
    let mails = [&customer.email, &customer.billing_email];
    known.extend(mails.into_iter().flatten().map(|mail| ("EMAIL", mail.expose().clone())));
    known.extend(customer.phone.iter().map(|phone| ("PHONE", phone.expose().clone())));
    known.extend(customer.government_id_number.iter().map(|number| ("ID", number.expose().clone())));
    known.extend(customer.tax_id.iter().map(|number| ("ID", number.expose().clone())));
    if let Some(born) = &customer.date_of_birth {
        known.extend(DATE_FORMS.map(|form| ("DATE", born.expose().format(form).to_string())));
    }
}

fn of_contact(contact: &contact::Model, known: &mut Vec<Known>) {
    known.push(("NAME", contact.name.expose().clone()));
    known.extend(contact.email.iter().map(|mail| ("EMAIL", mail.expose().clone())));
    known.extend(contact.phone.iter().map(|phone| ("PHONE", phone.expose().clone())));
}

fn of_address(address: &address::Model, known: &mut Vec<Known>) {
    let lines = [Some(&address.line1), address.line2.as_ref()];
    known.extend(lines.into_iter().flatten().map(AddressLine::expose).map(|line| ("ADDRESS", line.clone())));
    known.extend(address.postal_code.iter().map(|code| ("ADDRESS", code.expose().clone())));
}
