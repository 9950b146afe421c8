//! `customers`, `customer`

use async_graphql::{Context, Enum, InputObject, Object};
use custodian_entity::choice::{CustomerStatus, CustomerType, KycStatus};
use custodian_entity::customer::{Column, Entity};
use custodian_entity::id::{CustomerId, ResellerId, UserId};
use sea_orm::{ColumnTrait, Condition, QueryFilter};

use super::Customer;
use crate::authz::{InOperation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::filter::{BooleanFilter, DateTimeFilter, IdFilter, StringFilter, on};
use crate::graphql::scalar::{EmailAddress, PhoneNumber};
use crate::graphql::validate;
use crate::graphql::{Connection, Gid, Maybe, OrderDirection, certain, connection};
use crate::paging;

crate::choice_filters! {
    CustomerTypeFilter of CustomerType;
    CustomerStatusFilter of CustomerStatus;
    KycStatusFilter of KycStatus;
}

/// A condition on an e-mail address: equality, and nothing else.
#[derive(Clone, Debug, InputObject)]
pub struct EmailAddressFilter {
    eq: EmailAddress,
}

/// A condition on a telephone number: equality, and nothing else.
#[derive(Clone, Debug, InputObject)]
pub struct PhoneNumberFilter {
    eq: PhoneNumber,
}

/// Which customers; every condition given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct CustomerFilter {
    #[graphql(name = "type")]
    kind: Option<CustomerTypeFilter>,
    status: Option<CustomerStatusFilter>,
    kyc_status: Option<KycStatusFilter>,
    customer_number: Option<StringFilter>,
    external_reference: Option<StringFilter>,
    company_name: Option<StringFilter>,
    language: Option<StringFilter>,
    reseller: Option<IdFilter>,
    account_manager: Option<IdFilter>,
    is_email_verified: Option<BooleanFilter>,
    balance: Option<crate::graphql::filter::BigIntFilter>,
    created_at: Option<DateTimeFilter>,
    updated_at: Option<DateTimeFilter>,
    /// Exactly this address.
    email: Option<EmailAddressFilter>,
    /// Exactly this number.
    phone: Option<PhoneNumberFilter>,
}

impl CustomerFilter {
    fn condition(&self) -> Result<Condition> {
        let reseller = self.reseller.as_ref().map(|filter| filter.on::<ResellerId, _>(Column::ResellerId));
        let manager =
            self.account_manager.as_ref().map(|filter| filter.on::<UserId, _>(Column::AccountManagerId));
        let verified =
            self.is_email_verified.as_ref().map(|filter| filter.on_presence(Column::EmailVerifiedAt));
        let malformed = |_| Error::bad_input("not a value that could be equal to one");
        let email = (self.email.as_ref())
            .map(|filter| validate::email("email", &filter.eq.0).map_err(malformed))
            .transpose()?;
        let phone = (self.phone.as_ref())
            .map(|filter| validate::phone("phone", &filter.eq.0, "ZZ").map_err(malformed))
            .transpose()?;
        Ok(Condition::all()
            .add(on(Column::Kind, self.kind.as_ref()))
            .add(on(Column::Status, self.status.as_ref()))
            .add(on(Column::KycStatus, self.kyc_status.as_ref()))
            .add(on(Column::CustomerNumber, self.customer_number.as_ref()))
            .add(on(Column::ExternalReference, self.external_reference.as_ref()))
            .add(on(Column::CompanyName, self.company_name.as_ref()))
            .add(on(Column::Language, self.language.as_ref()))
            .add_option(reseller)
            .add_option(manager)
            .add_option(verified)
            .add(on(Column::Balance, self.balance.as_ref()))
            .add(on(Column::CreatedAt, self.created_at.as_ref()))
            .add(on(Column::UpdatedAt, self.updated_at.as_ref()))
            .add_option(email.map(|email| Column::Email.eq(email)))
            .add_option(phone.map(|phone| Column::Phone.eq(phone))))
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
    reason = "the four paging arguments of Relay stand beside filter and order"
)]
impl CustomerQuery {
    /// The customers the viewer reaches.
    async fn customers(
        &self,
        ctx: &Context<'_>,
        filter: Option<CustomerFilter>,
        order_by: Option<CustomerOrder>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Customer>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let filter = filter.unwrap_or_default().condition()?;
            connection::list(ctx, &page, seal, filter, order_by.map(CustomerOrder::column)).await
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
