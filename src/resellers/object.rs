//! `Reseller`

use async_graphql::{Context, ID, Object};
use custodian_entity::choice::{ResellerDataRole, ResellerStatus};
use custodian_entity::personal::{Confidential, Email, Name, Phone, TaxId};
use rust_decimal::Decimal;

use crate::authz::{Pii, Withheld, field};
use crate::customers::Customer;
use crate::graphql::scalar::DateTime;
use crate::graphql::{Choice, Connection, Maybe, certain, connection, id};
use crate::paging;

crate::nodes! {
    /// A partner of a provider.
    Reseller of reseller;
}

/// A partner who sells for a provider and sees its own customers only.
#[Object]
impl Reseller {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// Unique within the provider.
    async fn code(&self) -> &str {
        &self.0.code
    }
    /// The name shown to people.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// Whether it may use the service.
    async fn status(&self) -> Option<Choice<ResellerStatus>> {
        Some(Choice(self.0.status))
    }
    /// Its part in the processing (GDPR Art. 4, 26, 28).
    async fn data_role(&self) -> Option<Choice<ResellerDataRole>> {
        Some(Choice(self.0.data_role))
    }
    /// When it was created.
    async fn created_at(&self) -> Option<DateTime> {
        Some(DateTime(self.0.created_at))
    }
    /// The name in the register of companies.
    async fn legal_name(&self) -> Option<Pii<Confidential, { field("Reseller.legalName") }>> {
        self.0.legal_name.clone().map(Pii)
    }
    /// Whom to ask.
    async fn contact_name(&self) -> Option<Pii<Name, { field("Reseller.contactName") }>> {
        self.0.contact_name.clone().map(Pii)
    }
    /// Where to write to him.
    async fn contact_email(&self) -> Option<Pii<Email, { field("Reseller.contactEmail") }>> {
        self.0.contact_email.clone().map(Pii)
    }
    /// Where to call him.
    async fn contact_phone(&self) -> Option<Pii<Phone, { field("Reseller.contactPhone") }>> {
        self.0.contact_phone.clone().map(Pii)
    }
    /// Its tax number.
    async fn tax_id(&self) -> Option<Pii<TaxId, { field("Reseller.taxId") }>> {
        self.0.tax_id.clone().map(Pii)
    }
    /// Its share, as a fraction: `0.05` is five percent.
    async fn commission_rate(&self) -> Option<Withheld<Decimal, { field("Reseller.commissionRate") }>> {
        self.0.commission_rate.map(|rate| Withheld(Decimal::new(rate, 4)))
    }
    /// The customers who came through it.
    async fn customers(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Customer>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Reseller", first, after, last, before);
            connection::children(ctx, page, seal, "reseller_id", self.0.id).await
        })
        .await
    }
}
