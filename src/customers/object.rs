//! `Customer`

use async_graphql::{Context, ID, Object};
use custodian_entity::choice::{CustomerStatus, CustomerType, GovernmentIdType, KycStatus};
use custodian_entity::personal::{Email, GovernmentId, Phone, TaxId};
use custodian_entity::{reseller, tenant, user};

use super::{Address, Contact, CustomerNote, EmailVerification};
use crate::authz::{InOperation, Pii, Withheld, field};
use crate::billing::{Invoice, Payment, PaymentMethod};
use crate::calls::{CallLog, IdentityCheck};
use crate::documents::Document;
use crate::error::{Error, Result};
use crate::graphql::link::{nodes, one};
use crate::graphql::personal::{Born, CustomerName};
use crate::graphql::scalar::{CountryCode, Date, DateTime, LanguageCode, Money, money};
use crate::graphql::{Choice, Connection, Maybe, Node, certain, connection, id, maybe};
use crate::history::ChangeRecord;
use crate::paging;
use crate::resellers::Reseller;
use crate::services::Subscription;
use crate::support::Ticket;
use crate::users::User;

crate::nodes! {
    /// A customer of a provider, direct or through a reseller.
    Customer of customer;
}

impl Customer {
    fn name(&self, name: &custodian_entity::personal::Name) -> CustomerName {
        CustomerName(name.clone(), self.0.kind)
    }

    /// A page of the rows that are its.
    async fn list<N: Node>(
        &self,
        ctx: &Context<'_>,
        (first, after, last, before): (Option<i64>, Option<String>, Option<i64>, Option<String>),
    ) -> Result<Connection<N>> {
        let (page, seal) = paging!(ctx, "Customer", first, after, last, before);
        connection::children(ctx, page, seal, "customer_id", self.0.id).await
    }

    /// An amount in the currency of the provider.
    async fn amount(&self, ctx: &Context<'_>, amount: i64) -> Result<Money> {
        let tenant = one::<tenant::Entity>(ctx, Some(self.0.tenant_id)).await?;
        let tenant = tenant.ok_or_else(|| Error::bug("who sees amounts does not see the provider"))?;
        Ok(money(amount, &tenant.currency))
    }
}

/// A customer of a provider, direct or through a reseller.
#[Object]
impl Customer {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// Unique within the provider.
    async fn customer_number(&self) -> &str {
        &self.0.customer_number
    }
    /// The legal form.
    #[graphql(name = "type")]
    async fn kind(&self) -> Choice<CustomerType> {
        Choice(self.0.kind)
    }
    /// Where it stands in its lifecycle.
    async fn status(&self) -> Choice<CustomerStatus> {
        Choice(self.0.status)
    }
    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
    /// When it was changed last.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
    /// Raised by each change; a writer names the one it read.
    async fn version(&self) -> i32 {
        self.0.version
    }
    /// The language to write in.
    async fn language(&self) -> Option<LanguageCode> {
        self.0.language.clone().map(LanguageCode)
    }
    /// The number other systems know it by.
    async fn external_reference(&self) -> Option<&str> {
        self.0.external_reference.as_deref()
    }
    /// The partner it came through; none for a direct customer.
    async fn reseller(&self, ctx: &Context<'_>) -> Maybe<Reseller> {
        maybe(one::<reseller::Entity>(ctx, self.0.reseller_id)).await
    }
    /// Who looks after it.
    async fn account_manager(&self, ctx: &Context<'_>) -> Maybe<User> {
        maybe(one::<user::Entity>(ctx, self.0.account_manager_id)).await
    }
    /// The name shown to people.
    async fn display_name(&self) -> Pii<CustomerName, { field("Customer.displayName") }> {
        Pii(self.name(&self.0.display_name))
    }
    /// Given names.
    async fn first_name(&self) -> Option<Pii<CustomerName, { field("Customer.firstName") }>> {
        self.0.first_name.clone().map(|name| Pii(CustomerName(name, CustomerType::Individual)))
    }
    /// Family names.
    async fn last_name(&self) -> Option<Pii<CustomerName, { field("Customer.lastName") }>> {
        self.0.last_name.clone().map(|name| Pii(CustomerName(name, CustomerType::Individual)))
    }
    /// The name in the register of companies.
    async fn company_name(&self) -> Option<&str> {
        self.0.company_name.as_deref()
    }
    /// Where it gets mail.
    async fn email(&self) -> Option<Pii<Email, { field("Customer.email") }>> {
        self.0.email.clone().map(Pii)
    }
    /// Where its invoices go.
    async fn billing_email(&self) -> Option<Pii<Email, { field("Customer.billingEmail") }>> {
        self.0.billing_email.clone().map(Pii)
    }
    /// Where to call.
    async fn phone(&self) -> Option<Pii<Phone, { field("Customer.phone") }>> {
        self.0.phone.clone().map(Pii)
    }
    /// Date of birth.
    async fn date_of_birth(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Option<Pii<Born, { field("Customer.dateOfBirth") }>>> {
        let today = ctx.operation()?.clock.today();
        Ok(self.0.date_of_birth.clone().map(|date| Pii(Born(date, today))))
    }
    /// The kind of identity document that was shown.
    async fn government_id_type(&self) -> Option<Choice<GovernmentIdType>> {
        self.0.government_id_type.map(Choice)
    }
    /// The country that issued it.
    async fn government_id_country(&self) -> Option<CountryCode> {
        self.0.government_id_country.clone().map(CountryCode)
    }
    /// Its number.
    async fn government_id_number(
        &self,
    ) -> Option<Pii<GovernmentId, { field("Customer.governmentIdNumber") }>> {
        self.0.government_id_number.clone().map(Pii)
    }
    /// Tax number.
    async fn tax_id(&self) -> Option<Pii<TaxId, { field("Customer.taxId") }>> {
        self.0.tax_id.clone().map(Pii)
    }
    /// Whether the e-mail address was verified.
    async fn is_email_verified(&self) -> Option<bool> {
        Some(self.0.email_verified_at.is_some())
    }
    /// When it was.
    async fn email_verified_at(&self) -> Option<DateTime> {
        self.0.email_verified_at.map(DateTime)
    }
    /// How far its identity is verified.
    async fn kyc_status(&self) -> Option<Choice<KycStatus>> {
        Some(Choice(self.0.kyc_status))
    }
    /// What it owes.
    async fn balance(&self, ctx: &Context<'_>) -> Maybe<Withheld<Money, { field("Customer.balance") }>> {
        certain(async { Ok::<_, Error>(Withheld(self.amount(ctx, self.0.balance).await?)) }).await
    }
    /// What it may owe at most.
    async fn credit_limit(
        &self,
        ctx: &Context<'_>,
    ) -> Maybe<Withheld<Money, { field("Customer.creditLimit") }>> {
        maybe(async {
            match self.0.credit_limit.as_ref().and_then(amount_of) {
                Some(limit) => Ok(Some(Withheld(self.amount(ctx, limit).await?))),
                None => Ok::<_, Error>(None),
            }
        })
        .await
    }
    /// How likely it is not to pay: 0 (unlikely) to 100.
    async fn risk_score(&self) -> Option<Withheld<i32, { field("Customer.riskScore") }>> {
        self.0.risk_score.as_ref().and_then(score_of).map(Withheld)
    }
    /// When its data may be erased.
    async fn retention_expires_at(&self) -> Option<Date> {
        self.0.retention_expires_at.map(Date)
    }
    /// When its data were erased.
    async fn anonymized_at(&self) -> Option<DateTime> {
        self.0.anonymized_at.map(DateTime)
    }
    /// Its addresses.
    async fn addresses(&self, ctx: &Context<'_>) -> Maybe<Vec<Address>> {
        certain(nodes::<Address>(ctx, "customer_id", self.0.id)).await
    }
    /// Its contact persons.
    async fn contacts(&self, ctx: &Context<'_>) -> Maybe<Vec<Contact>> {
        certain(nodes::<Contact>(ctx, "customer_id", self.0.id)).await
    }
    /// What staff noted about it: first what is pinned, then as it was written.
    async fn notes(&self, ctx: &Context<'_>) -> Maybe<Vec<CustomerNote>> {
        certain(async {
            let mut notes = nodes::<CustomerNote>(ctx, "customer_id", self.0.id).await?;
            notes.sort_by_key(|note| !note.0.is_pinned);
            Ok::<_, Error>(notes)
        })
        .await
    }
    /// What it pays with, or did.
    async fn payment_methods(&self, ctx: &Context<'_>) -> Maybe<Vec<PaymentMethod>> {
        certain(nodes::<PaymentMethod>(ctx, "customer_id", self.0.id)).await
    }
    /// How its e-mail addresses were verified, and what is yet to be answered.
    async fn email_verifications(&self, ctx: &Context<'_>) -> Maybe<Vec<EmailVerification>> {
        certain(nodes::<EmailVerification>(ctx, "customer_id", self.0.id)).await
    }
    /// What it has subscribed to.
    async fn subscriptions(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Subscription>> {
        certain(self.list(ctx, (first, after, last, before))).await
    }
    /// Its invoices.
    async fn invoices(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Invoice>> {
        certain(self.list(ctx, (first, after, last, before))).await
    }
    /// Its payments.
    async fn payments(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Payment>> {
        certain(self.list(ctx, (first, after, last, before))).await
    }
    /// Its tickets.
    async fn tickets(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Ticket>> {
        certain(self.list(ctx, (first, after, last, before))).await
    }
    /// The calls with it.
    async fn call_logs(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<CallLog>> {
        certain(self.list(ctx, (first, after, last, before))).await
    }
    /// Its documents.
    async fn documents(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Document>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Customer", first, after, last, before);
            connection::children(ctx, page, seal, "customer_id", self.0.id).await
        })
        .await
    }
    /// The checks of who said to be it.
    async fn identity_checks(&self, ctx: &Context<'_>) -> Maybe<Vec<IdentityCheck>> {
        certain(nodes::<IdentityCheck>(ctx, "customer_id", self.0.id)).await
    }
    /// What was changed about it, oldest first; `changeHistory` begins with the newest.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<ChangeRecord>> {
        certain(self.list(ctx, (first, after, last, before))).await
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "on its way into Withheld, which shows it in clear or not at all"
)]
fn amount_of(limit: &custodian_entity::personal::ConfidentialAmount) -> Option<i64> {
    limit.expose().copied()
}

#[expect(
    clippy::disallowed_methods,
    reason = "on its way into Withheld, which shows it in clear or not at all"
)]
fn score_of(score: &custodian_entity::personal::ConfidentialNumber) -> Option<i32> {
    score.expose().copied()
}
