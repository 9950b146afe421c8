//! `invoices`, `invoice`, `payments`

use async_graphql::{Context, Enum, InputObject, Object};
use custodian_entity::choice::{InvoiceStatus, PaymentStatus};
use custodian_entity::id::{CustomerId, InvoiceId};
use custodian_entity::{invoice, payment};
use sea_orm::Condition;

use super::{Invoice, Payment};
use crate::authz::{InOperation, Scoped};
use crate::graphql::filter::{BigIntFilter, DateFilter, DateTimeFilter, IdFilter, StringFilter, on};
use crate::graphql::{Connection, Gid, Maybe, OrderDirection, certain, connection};
use crate::paging;

crate::choice_filters! {
    InvoiceStatusFilter of InvoiceStatus;
    PaymentStatusFilter of PaymentStatus;
}

/// Which invoices; every condition given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct InvoiceFilter {
    customer: Option<IdFilter>,
    number: Option<StringFilter>,
    status: Option<InvoiceStatusFilter>,
    issue_date: Option<DateFilter>,
    due_date: Option<DateFilter>,
    paid_at: Option<DateTimeFilter>,
    /// In minor units.
    total: Option<BigIntFilter>,
}

impl InvoiceFilter {
    fn condition(&self) -> Condition {
        use invoice::Column;
        let customer = self.customer.as_ref().map(|filter| filter.on::<CustomerId, _>(Column::CustomerId));
        Condition::all()
            .add_option(customer)
            .add(on(Column::Number, self.number.as_ref()))
            .add(on(Column::Status, self.status.as_ref()))
            .add(on(Column::IssueDate, self.issue_date.as_ref()))
            .add(on(Column::DueDate, self.due_date.as_ref()))
            .add(on(Column::PaidAt, self.paid_at.as_ref()))
            .add(on(Column::Total, self.total.as_ref()))
    }
}

/// What invoices can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum InvoiceOrderField {
    /// `number`
    Number,
    /// `issueDate`
    IssueDate,
    /// `dueDate`
    DueDate,
    /// `total`
    Total,
}

/// An order of invoices; without one, the order of creation.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct InvoiceOrder {
    field: InvoiceOrderField,
    #[graphql(default)]
    direction: OrderDirection,
}

impl InvoiceOrder {
    fn column(self) -> (invoice::Column, OrderDirection) {
        let column = match self.field {
            InvoiceOrderField::Number => invoice::Column::Number,
            InvoiceOrderField::IssueDate => invoice::Column::IssueDate,
            InvoiceOrderField::DueDate => invoice::Column::DueDate,
            InvoiceOrderField::Total => invoice::Column::Total,
        };
        (column, self.direction)
    }
}

/// Which payments; every condition given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct PaymentFilter {
    customer: Option<IdFilter>,
    invoice: Option<IdFilter>,
    status: Option<PaymentStatusFilter>,
    paid_at: Option<DateTimeFilter>,
    /// In minor units.
    amount: Option<BigIntFilter>,
}

impl PaymentFilter {
    fn condition(&self) -> Condition {
        use payment::Column;
        let customer = self.customer.as_ref().map(|filter| filter.on::<CustomerId, _>(Column::CustomerId));
        let invoice = self.invoice.as_ref().map(|filter| filter.on::<InvoiceId, _>(Column::InvoiceId));
        Condition::all()
            .add_option(customer)
            .add_option(invoice)
            .add(on(Column::Status, self.status.as_ref()))
            .add(on(Column::PaidAt, self.paid_at.as_ref()))
            .add(on(Column::Amount, self.amount.as_ref()))
    }
}

/// What payments can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum PaymentOrderField {
    /// `amount`
    Amount,
}

/// An order of payments; without one, the order of creation.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct PaymentOrder {
    field: PaymentOrderField,
    #[graphql(default)]
    direction: OrderDirection,
}

impl PaymentOrder {
    fn column(self) -> (payment::Column, OrderDirection) {
        let column = match self.field {
            PaymentOrderField::Amount => payment::Column::Amount,
        };
        (column, self.direction)
    }
}

/// What can be asked about invoices and payments.
#[derive(Default)]
pub struct BillingQuery;

#[Object]
#[expect(
    clippy::too_many_arguments,
    reason = "the four paging arguments of Relay stand beside filter and order"
)]
impl BillingQuery {
    /// The invoices the viewer reaches.
    async fn invoices(
        &self,
        ctx: &Context<'_>,
        filter: Option<InvoiceFilter>,
        order_by: Option<InvoiceOrder>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Invoice>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let filter = filter.unwrap_or_default().condition();
            connection::list(ctx, &page, seal, filter, order_by.map(InvoiceOrder::column)).await
        })
        .await
    }

    /// One invoice.
    async fn invoice(&self, ctx: &Context<'_>, id: Gid<InvoiceId>) -> Maybe<Invoice> {
        certain(async { Scoped::<invoice::Entity>::of(ctx.operation()?).get(id.0).await }).await
    }

    /// The payments the viewer reaches.
    async fn payments(
        &self,
        ctx: &Context<'_>,
        filter: Option<PaymentFilter>,
        order_by: Option<PaymentOrder>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Payment>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let filter = filter.unwrap_or_default().condition();
            connection::list(ctx, &page, seal, filter, order_by.map(PaymentOrder::column)).await
        })
        .await
    }
}
