//! `invoices`, `invoice`, `payments`

use async_graphql::{Context, Enum, InputObject, Object};
use custodian_entity::choice::{InvoiceStatus, PaymentStatus};
use custodian_entity::id::InvoiceId;
use custodian_entity::{invoice, payment};

use super::{Invoice, Payment};
use crate::authz::{InOperation, Scoped};
use crate::customers::CustomerFilter;
use crate::graphql::filter::{
    BigIntFilter, ChoiceFilter, DateFilter, DateTimeFilter, LinkFilter, StringFilter, wanted,
};
use crate::graphql::{Connection, Gid, Maybe, OrderDirection, certain, connection};
use crate::paging;

crate::filters! {
    /// Which invoices; every condition given must hold.
    InvoiceFilter of invoice {
        customer: LinkFilter<CustomerFilter> => Column::CustomerId,
        number: StringFilter => Column::Number,
        status: ChoiceFilter<InvoiceStatus> => Column::Status,
        issue_date: DateFilter => Column::IssueDate,
        due_date: DateFilter => Column::DueDate,
        paid_at: DateTimeFilter => Column::PaidAt,
        /// In minor units.
        total: BigIntFilter => Column::Total,
    }
    /// Which payments; every condition given must hold.
    PaymentFilter of payment {
        customer: LinkFilter<CustomerFilter> => Column::CustomerId,
        invoice: LinkFilter<InvoiceFilter> => Column::InvoiceId,
        status: ChoiceFilter<PaymentStatus> => Column::Status,
        paid_at: DateTimeFilter => Column::PaidAt,
        /// In minor units.
        amount: BigIntFilter => Column::Amount,
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
            let filter = wanted(ctx.operation()?, filter).await?;
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
            let filter = wanted(ctx.operation()?, filter).await?;
            connection::list(ctx, &page, seal, filter, order_by.map(PaymentOrder::column)).await
        })
        .await
    }
}
