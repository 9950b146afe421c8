//! `contactCreate`, `contactUpdate`, `contactDelete`

use async_graphql::{Context, InputObject, MaybeUndefined, Object};
use custodian_entity::choice::ContactKind;
use custodian_entity::contact::{ActiveModel, Entity, Model};
use custodian_entity::id::{ContactId, CustomerId, TypedId};
use custodian_entity::personal::{Confidential, Name};
use custodian_entity::{customer, tenant};
use garde::Validate;
use sea_orm::{ActiveEnum, Set};

use super::Contact;
use crate::accept;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::{InOperation, Scoped};
use crate::graphql::scalar::{EmailAddress, PhoneNumber};
use crate::graphql::validate::{self, Given, line, optional, optional_line};
use crate::graphql::{Choice, Gid, Maybe, UserError, UserErrorCode, certain};

/// A new contact.
#[derive(InputObject, Validate)]
pub struct ContactCreateInput {
    /// Whose.
    #[garde(skip)]
    customer_id: Gid<CustomerId>,
    /// What to ask it about.
    #[garde(length(min = 1, max = 4))]
    kinds: Vec<Choice<ContactKind>>,
    /// Whether it is the first to ask.
    #[garde(skip)]
    is_primary: Option<bool>,
    /// Whether it may speak for the customer.
    #[garde(skip)]
    is_authorized: Option<bool>,
    /// Name.
    #[garde(custom(line), length(chars, max = 200))]
    name: String,
    /// What it does.
    #[garde(inner(custom(line), length(chars, max = 100)))]
    job_title: Option<String>,
    /// Where it gets mail.
    #[garde(skip)]
    email: Option<EmailAddress>,
    /// Where to call.
    #[garde(skip)]
    phone: Option<PhoneNumber>,
}

/// What is to be changed; what is not given stays, null removes.
#[derive(InputObject, Validate)]
pub struct ContactUpdateInput {
    /// Which contact.
    #[garde(skip)]
    id: Gid<ContactId>,
    /// What to ask it about.
    #[garde(inner(length(min = 1, max = 4)))]
    kinds: Option<Vec<Choice<ContactKind>>>,
    /// Whether it is the first to ask.
    #[garde(skip)]
    is_primary: Option<bool>,
    /// Whether it may speak for the customer.
    #[garde(skip)]
    is_authorized: Option<bool>,
    /// Name.
    #[garde(inner(custom(line), length(chars, max = 200)))]
    name: Option<String>,
    /// What it does.
    #[garde(custom(optional_line::<100>))]
    job_title: MaybeUndefined<String>,
    /// Where it gets mail.
    #[garde(skip)]
    email: MaybeUndefined<EmailAddress>,
    /// Where to call.
    #[garde(skip)]
    phone: MaybeUndefined<PhoneNumber>,
}

/// Which contact.
#[derive(InputObject)]
pub struct ContactDeleteInput {
    /// Its id.
    id: Gid<ContactId>,
}

crate::payloads! {
    ContactCreatePayload { contact: Contact }
    ContactUpdatePayload { contact: Contact }
    ContactDeletePayload { contact: Contact }
}

/// What can be changed about contacts.
#[derive(Default)]
pub struct ContactMutation;

#[Object]
impl ContactMutation {
    /// Adds a contact.
    async fn contact_create(
        &self,
        ctx: &Context<'_>,
        input: ContactCreateInput,
    ) -> Maybe<ContactCreatePayload> {
        certain(async {
            let operation = ctx.operation()?;
            recorded(operation, "contactCreate", async || {
                let customer = Scoped::<customer::Entity>::of(operation).get(input.customer_id.0).await?;
                let tenant = Scoped::<tenant::Entity>::of(operation).get(customer.tenant_id).await?;
                let mut row = ActiveModel {
                    id: Set(ContactId::from_uuid(operation.clock.new_uuid())),
                    tenant_id: Set(customer.tenant_id),
                    reseller_id: Set(customer.reseller_id),
                    customer_id: Set(customer.id),
                    is_primary: Set(false),
                    is_authorized: Set(false),
                    created_at: Set(operation.clock.now()),
                    ..Default::default()
                };
                let mut given = Given::checked(&input);
                fill(&mut given, &mut row, input.into(), &tenant);
                let names = accept!(given.finish());
                let added = Scoped::<Entity>::of(operation).insert(row).await?;
                let event = Event::done(EventType::ContactCreated, subject(&added)).fields(names);
                Ok(Change::Done(added, event))
            })
            .await
        })
        .await
    }

    /// Changes a contact.
    async fn contact_update(
        &self,
        ctx: &Context<'_>,
        input: ContactUpdateInput,
    ) -> Maybe<ContactUpdatePayload> {
        certain(async {
            let operation = ctx.operation()?;
            recorded(operation, "contactUpdate", async || {
                let rows = Scoped::<Entity>::of(operation);
                let before = rows.get(input.id.0).await?;
                let tenant = Scoped::<tenant::Entity>::of(operation).get(before.tenant_id).await?;
                let mut row = ActiveModel::default();
                let mut given = Given::checked(&input);
                fill(&mut given, &mut row, input.into(), &tenant);
                let names = accept!(given.finish());
                let changed = match names.is_empty() {
                    true => before,
                    false => rows.change(before.id, row, |update| update).await?,
                };
                let event = Event::done(EventType::ContactUpdated, subject(&changed)).fields(names);
                Ok(Change::Done(changed, event))
            })
            .await
        })
        .await
    }

    /// Removes a contact.
    async fn contact_delete(
        &self,
        ctx: &Context<'_>,
        input: ContactDeleteInput,
    ) -> Maybe<ContactDeletePayload> {
        certain(async {
            let operation = ctx.operation()?;
            recorded(operation, "contactDelete", async || {
                let rows = Scoped::<Entity>::of(operation);
                let before = rows.get(input.id.0).await?;
                rows.delete(before.id).await?;
                let event = Event::done(EventType::ContactDeleted, subject(&before));
                Ok(Change::<Model, Vec<UserError>>::Done(before, event))
            })
            .await
        })
        .await
    }
}

fn subject(row: &Model) -> Subject {
    Subject::row("Contact", row.id, row.tenant_id).of_customer(row.customer_id, row.reseller_id)
}

/// What creating and changing have in common.
struct Common {
    kinds: Option<Vec<Choice<ContactKind>>>,
    is_primary: Option<bool>,
    is_authorized: Option<bool>,
    name: Option<String>,
    job_title: MaybeUndefined<String>,
    email: MaybeUndefined<EmailAddress>,
    phone: MaybeUndefined<PhoneNumber>,
}

impl From<ContactCreateInput> for Common {
    fn from(input: ContactCreateInput) -> Self {
        Self {
            kinds: Some(input.kinds),
            is_primary: input.is_primary,
            is_authorized: input.is_authorized,
            name: Some(input.name),
            job_title: optional(input.job_title),
            email: optional(input.email),
            phone: optional(input.phone),
        }
    }
}

impl From<ContactUpdateInput> for Common {
    fn from(input: ContactUpdateInput) -> Self {
        Self {
            kinds: input.kinds,
            is_primary: input.is_primary,
            is_authorized: input.is_authorized,
            name: input.name,
            job_title: input.job_title,
            email: input.email,
            phone: input.phone,
        }
    }
}

fn fill(given: &mut Given, row: &mut ActiveModel, input: Common, tenant: &tenant::Model) {
    if let Some(kinds) = input.kinds {
        let mut names: Vec<String> = kinds.iter().map(|kind| kind.0.to_value()).collect();
        names.sort();
        names.dedup();
        if names.is_empty() {
            given.refuse(UserError::on("kinds", UserErrorCode::Required, "a contact is of some kind"));
        }
        given.set("kinds", &mut row.kinds, Some(names.join(",")));
    }
    given.set("isPrimary", &mut row.is_primary, input.is_primary);
    given.set("isAuthorized", &mut row.is_authorized, input.is_authorized);
    given.set("name", &mut row.name, input.name.map(|name| Name::new(name.trim())));
    given.set_or_clear("jobTitle", &mut row.job_title, input.job_title.map_value(Confidential::new));
    let email = given.read(input.email, |EmailAddress(text)| validate::email("email", &text));
    given.set_or_clear("email", &mut row.email, email);
    let phone =
        given.read(input.phone, |PhoneNumber(text)| validate::phone("phone", &text, &tenant.country_code));
    given.set_or_clear("phone", &mut row.phone, phone);
}
