//! What is known of the customer a message is about: the dictionary of the mask of free text.

#![expect(clippy::disallowed_methods, reason = "what the mask of free text looks for")]

use async_graphql::Context;
use custodian_entity::id::CustomerId;
use custodian_entity::personal::AddressLine;
use custodian_entity::{address, contact, customer, subscription};

use crate::error::Result;
use crate::graphql::link::{children, one};

/// The kind of a value, which names its placeholder, and the value.
type Known = (&'static str, String);

/// How a date of birth is written.
const DATE_FORMS: [&str; 5] = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d %B %Y"];

/// What identifies the customer and the people around it, as far as the viewer reaches their rows.
///
/// # Errors
/// When the database is away.
pub(super) async fn known(ctx: &Context<'_>, customer: CustomerId) -> Result<Vec<Known>> {
    let mut known = Vec::new();
    if let Some(customer) = one::<customer::Entity>(ctx, Some(customer)).await? {
        of_customer(&customer, &mut known);
    }
    for contact in children::<contact::Entity>(ctx, "customer_id", customer).await? {
        of_contact(&contact, &mut known);
    }
    for address in children::<address::Entity>(ctx, "customer_id", customer).await? {
        of_address(&address, &mut known);
    }
    for subscription in children::<subscription::Entity>(ctx, "customer_id", customer).await? {
        known.extend(subscription.radius_username.iter().map(|name| ("USERNAME", name.expose().clone())));
    }
    Ok(known)
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
