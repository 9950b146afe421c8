//! `customers`, `customer`

use std::sync::Arc;

use async_graphql::{Context, Enum, InputObject, Object};
use custodian_entity::choice::{CustomerStatus, CustomerType, KycStatus};
use custodian_entity::customer::{Column, Entity};
use custodian_entity::id::CustomerId;
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition};
use sea_orm::{ColumnTrait, Condition, QueryFilter};

use super::Customer;
use crate::authz::{InOperation, Operation, Scoped, words};
use crate::billing::{InvoiceFilter, PaymentFilter};
use crate::error::{Error, Result};
use crate::graphql::filter::{
    BigIntFilter, BooleanFilter, ChoiceFilter, DateTimeFilter, LinkFilter, ListFilter, On, StringFilter,
    Tagged, wanted,
};
use crate::graphql::scalar::{EmailAddress, PhoneNumber};
use crate::graphql::validate;
use crate::graphql::{Connection, Gid, Maybe, OrderDirection, certain, connection};
use crate::paging;
use crate::resellers::ResellerFilter;
use crate::services::SubscriptionFilter;
use crate::support::TicketFilter;
use crate::users::UserFilter;
use crate::vault::Index;

/// A condition on an e-mail address: equality, and nothing else.
#[derive(InputObject)]
pub struct EmailAddressFilter {
    eq: EmailAddress,
}

/// A condition on a telephone number: equality, and nothing else.
#[derive(InputObject)]
pub struct PhoneNumberFilter {
    eq: PhoneNumber,
}

/// Columns of tags are compared with those of the value asked for.
trait ByIndex {
    const INDEX: Index;

    /// The value, as it would be stored.
    fn value(&self) -> Result<String>;
}

impl ByIndex for EmailAddressFilter {
    const INDEX: Index = Index::Email;

    #[expect(clippy::disallowed_methods, reason = "what is asked for, on its way into a tag")]
    fn value(&self) -> Result<String> {
        let email = validate::email("email", &self.eq.0).map_err(malformed)?;
        Ok(email.expose().cloned().unwrap_or_default())
    }
}

impl ByIndex for PhoneNumberFilter {
    const INDEX: Index = Index::Phone;

    #[expect(clippy::disallowed_methods, reason = "what is asked for, on its way into a tag")]
    fn value(&self) -> Result<String> {
        let phone = validate::phone("phone", &self.eq.0, "ZZ").map_err(malformed)?;
        Ok(phone.expose().cloned().unwrap_or_default())
    }
}

impl<F: ByIndex> On for F {
    fn on(&self, operation: &Arc<Operation>, left: Expr) -> Result<Condition> {
        Ok(left.is_in(operation.tags(F::INDEX, &self.value()?)).into_condition())
    }

    fn tagged(&self, values: &mut Tagged) {
        values.extend(self.value().map(|value| (F::INDEX, value)));
    }
}

/// What is asked for is written as no value is.
pub(super) fn malformed<T>(_: T) -> Error {
    Error::bad_input("not a value that could be equal to one")
}

crate::filters! {
    /// Which customers; every condition given must hold.
    CustomerFilter of customer {
        #[graphql(name = "type")]
        kind: ChoiceFilter<CustomerType> => Column::Kind,
        status: ChoiceFilter<CustomerStatus> => Column::Status,
        kyc_status: ChoiceFilter<KycStatus> => Column::KycStatus,
        customer_number: StringFilter => Column::CustomerNumber,
        external_reference: StringFilter => Column::ExternalReference,
        company_name: StringFilter => Column::CompanyName,
        language: StringFilter => Column::Language,
        reseller: LinkFilter<ResellerFilter> => Column::ResellerId,
        account_manager: LinkFilter<UserFilter> => Column::AccountManagerId,
        is_email_verified: BooleanFilter => Column::EmailVerifiedAt.is_not_null(),
        balance: BigIntFilter => Column::Balance,
        created_at: DateTimeFilter => Column::CreatedAt,
        updated_at: DateTimeFilter => Column::UpdatedAt,
        /// Exactly this address.
        email: EmailAddressFilter => Column::EmailIndex,
        /// Exactly this number.
        phone: PhoneNumberFilter => Column::PhoneIndex,
        subscriptions: ListFilter<SubscriptionFilter> => Column::Id,
        invoices: ListFilter<InvoiceFilter> => Column::Id,
        payments: ListFilter<PaymentFilter> => Column::Id,
        tickets: ListFilter<TicketFilter> => Column::Id,
    }
}

/// What customers can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum CustomerOrderField {
    /// `customerNumber`
    CustomerNumber,
    /// `createdAt`
    CreatedAt,
    /// `updatedAt`
    UpdatedAt,
}

/// An order of customers; without one, the order of creation.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct CustomerOrder {
    field: CustomerOrderField,
    #[graphql(default)]
    direction: OrderDirection,
}

impl CustomerOrder {
    fn column(self) -> (Column, OrderDirection) {
        let column = match self.field {
            CustomerOrderField::CustomerNumber => Column::CustomerNumber,
            CustomerOrderField::CreatedAt => Column::CreatedAt,
            CustomerOrderField::UpdatedAt => Column::UpdatedAt,
        };
        (column, self.direction)
    }
}

/// What can be asked about customers.
#[derive(Default)]
pub struct CustomerQuery;

#[Object]
#[expect(
    clippy::too_many_arguments,
    reason = "the four paging arguments of Relay stand beside filter, search and order"
)]
impl CustomerQuery {
    /// The customers the viewer reaches; with `search` those whose names have each of its words, or one that begins with
    /// it. Words of fewer than three letters are found whole; at most ten.
    async fn customers(
        &self,
        ctx: &Context<'_>,
        filter: Option<CustomerFilter>,
        #[graphql(validator(chars_min_length = 1, chars_max_length = 100))] search: Option<String>,
        order_by: Option<CustomerOrder>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Customer>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let operation = ctx.operation()?;
            let mut wanted = wanted(operation, filter).await?;
            if let Some(text) = search {
                wanted = Condition::all().add(wanted).add(words::named(operation, &text).await?);
            }
            connection::list(ctx, &page, seal, wanted, order_by.map(CustomerOrder::column)).await
        })
        .await
    }

    /// One customer, by exactly one of its id and numbers.
    async fn customer(
        &self,
        ctx: &Context<'_>,
        id: Option<Gid<CustomerId>>,
        #[graphql(validator(max_length = 64))] customer_number: Option<String>,
        #[graphql(validator(max_length = 200))] external_reference: Option<String>,
    ) -> Maybe<Customer> {
        certain(async {
            let condition = match (id, customer_number, external_reference) {
                (Some(id), None, None) => Column::Id.eq(id.0),
                (None, Some(number), None) => Column::CustomerNumber.eq(number),
                (None, None, Some(reference)) => Column::ExternalReference.eq(reference),
                _ => return Err(Error::bad_input("give one of id, customerNumber and externalReference")),
            };
            let rows = Scoped::<Entity>::of(ctx.operation()?);
            rows.one(|rows| rows.filter(condition)).await?.ok_or(Error::NotFound)
        })
        .await
    }
}
