//! `Address`

use async_graphql::{Context, ID, Object};
use custodian_entity::choice::AddressType;
use custodian_entity::customer;
use custodian_entity::personal::{AddressLine, Confidential, Coordinate};

use super::Customer;
use crate::authz::{Pii, field};
use crate::graphql::link::one;
use crate::graphql::personal::PostalCodeOf;
use crate::graphql::scalar::CountryCode;
use crate::graphql::{Choice, Maybe, id, maybe};

crate::nodes! {
    /// A postal address of a customer.
    Address of address;
}

/// A postal address of a customer.
#[Object]
impl Address {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// What it is used for.
    #[graphql(name = "type")]
    async fn kind(&self) -> Choice<AddressType> {
        Choice(self.0.kind)
    }
    /// Town.
    async fn city(&self) -> Option<&str> {
        self.0.city.as_deref()
    }
    /// State, province or region.
    async fn subdivision(&self) -> Option<&str> {
        self.0.subdivision.as_deref()
    }
    /// Country.
    async fn country_code(&self) -> CountryCode {
        CountryCode(self.0.country_code.clone())
    }
    /// Whether it is the first of its kind to use.
    async fn is_primary(&self) -> bool {
        self.0.is_primary
    }
    /// Street and number.
    async fn line1(&self) -> Pii<AddressLine, { field("Address.line1") }> {
        Pii(self.0.line1.clone())
    }
    /// Floor, flat, building.
    async fn line2(&self) -> Option<Pii<AddressLine, { field("Address.line2") }>> {
        self.0.line2.clone().map(Pii)
    }
    /// Postal code.
    async fn postal_code(&self) -> Option<Pii<PostalCodeOf, { field("Address.postalCode") }>> {
        self.0.postal_code.clone().map(|code| Pii(PostalCodeOf(code, self.0.country_code.clone())))
    }
    /// Degrees north. A masked viewer gets two decimals, about a kilometre.
    async fn latitude(&self) -> Option<Pii<Coordinate, { field("Address.latitude") }>> {
        self.0.latitude.clone().map(Pii)
    }
    /// Degrees east. A masked viewer gets two decimals, about a kilometre.
    async fn longitude(&self) -> Option<Pii<Coordinate, { field("Address.longitude") }>> {
        self.0.longitude.clone().map(Pii)
    }
    /// How to get in.
    async fn access_instructions(
        &self,
    ) -> Option<Pii<Confidential, { field("Address.accessInstructions") }>> {
        self.0.access_instructions.clone().map(Pii)
    }
    /// Whose it is.
    async fn customer(&self, ctx: &Context<'_>) -> Maybe<Customer> {
        maybe(one::<customer::Entity>(ctx, Some(self.0.customer_id))).await
    }
}
