//! `Tenant`

use async_graphql::{ID, Object};
use custodian_entity::choice::TenantStatus;

use crate::graphql::scalar::{CountryCode, CurrencyCode, DateTime};
use crate::graphql::{Choice, id};

crate::nodes! {
    /// An internet provider.
    Tenant of tenant;
}

/// An internet provider.
#[Object]
impl Tenant {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// Short name.
    async fn slug(&self) -> &str {
        &self.0.slug
    }
    /// The name shown to people.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }
    /// Where it does business; the region in which telephone numbers are read.
    async fn country_code(&self) -> CountryCode {
        CountryCode(self.0.country_code.clone())
    }
    /// IANA time zone.
    async fn timezone(&self) -> &str {
        &self.0.timezone
    }
    /// The currency of balances.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency.clone())
    }
    /// Where customers get help; a public address.
    async fn support_email(&self) -> Option<PublicEmail> {
        self.0.support_email.clone().map(PublicEmail)
    }
    /// The data-protection officer (GDPR Art. 37(7)).
    async fn dpo_contact(&self) -> Option<&str> {
        self.0.dpo_contact.as_deref()
    }
    /// Where to report a vulnerability.
    async fn security_contact(&self) -> Option<&str> {
        self.0.security_contact.as_deref()
    }
    /// The name in the register of companies.
    async fn legal_name(&self) -> Option<&str> {
        self.0.legal_name.as_deref()
    }
    /// Whether it may use the service.
    async fn status(&self) -> Option<Choice<TenantStatus>> {
        Some(Choice(self.0.status))
    }
    /// Where its data are kept.
    async fn data_region(&self) -> Option<&str> {
        self.0.data_region.as_deref()
    }
    /// The roles that nobody acts in without a second factor.
    async fn mfa_required_roles(&self) -> Option<Vec<&str>> {
        Some(self.0.mfa_required_roles.split(',').filter(|role| !role.is_empty()).collect())
    }
    /// When it was created.
    async fn created_at(&self) -> Option<DateTime> {
        Some(DateTime(self.0.created_at))
    }
}

/// An e-mail address of an organisation, not of a person: it has no mask.
pub struct PublicEmail(String);

impl async_graphql::OutputType for PublicEmail {
    fn type_name() -> std::borrow::Cow<'static, str> {
        <crate::graphql::scalar::EmailAddress as async_graphql::InputType>::type_name()
    }

    fn create_type_info(registry: &mut async_graphql::registry::Registry) -> String {
        <crate::graphql::scalar::EmailAddress as async_graphql::InputType>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        _: &async_graphql::ContextSelectionSet<'_>,
        _: &async_graphql::Positioned<async_graphql::parser::types::Field>,
    ) -> async_graphql::ServerResult<async_graphql::Value> {
        Ok(async_graphql::Value::String(self.0.clone()))
    }
}
