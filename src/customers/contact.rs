//! `Contact`

use async_graphql::{Context, ID, Object};
use custodian_entity::choice::ContactKind;
use custodian_entity::customer;
use custodian_entity::personal::{Confidential, Email, Name, Phone};
use sea_orm::ActiveEnum;

use super::Customer;
use crate::authz::{Pii, field};
use crate::graphql::link::one;
use crate::graphql::{Choice, Maybe, id, maybe};

crate::nodes! {
    /// A contact person of a customer.
    Contact of contact;
}

/// A contact person of a customer.
#[Object]
impl Contact {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// What to ask it about.
    async fn kinds(&self) -> Vec<Choice<ContactKind>> {
        let known = |name: &str| ContactKind::try_from_value(&name.to_owned()).ok().map(Choice);
        self.0.kinds.split(',').filter_map(known).collect()
    }
    /// Whether it is the first to ask.
    async fn is_primary(&self) -> bool {
        self.0.is_primary
    }
    /// Whether it may speak for the customer.
    async fn is_authorized(&self) -> bool {
        self.0.is_authorized
    }
    /// Name.
    async fn name(&self) -> Pii<Name, { field("Contact.name") }> {
        Pii(self.0.name.clone())
    }
    /// What it does.
    async fn job_title(&self) -> Option<Pii<Confidential, { field("Contact.jobTitle") }>> {
        self.0.job_title.clone().map(Pii)
    }
    /// Where it gets mail.
    async fn email(&self) -> Option<Pii<Email, { field("Contact.email") }>> {
        self.0.email.clone().map(Pii)
    }
    /// Where to call.
    async fn phone(&self) -> Option<Pii<Phone, { field("Contact.phone") }>> {
        self.0.phone.clone().map(Pii)
    }
    /// Whose it is.
    async fn customer(&self, ctx: &Context<'_>) -> Maybe<Customer> {
        maybe(one::<customer::Entity>(ctx, Some(self.0.customer_id))).await
    }
}
