//! `tickets`, `ticket`

use async_graphql::{Context, Enum, InputObject, Object};
use custodian_entity::choice::{Priority, Severity, TicketCategory, TicketStatus};
use custodian_entity::id::{CustomerId, TicketId, UserId};
use custodian_entity::ticket::{Column, Entity};
use sea_orm::Condition;

use super::Ticket;
use crate::authz::{InOperation, Scoped};
use crate::graphql::filter::{BooleanFilter, DateTimeFilter, IdFilter, StringFilter, on};
use crate::graphql::{Connection, Gid, Maybe, OrderDirection, certain, connection};
use crate::paging;

crate::choice_filters! {
    TicketCategoryFilter of TicketCategory;
    TicketStatusFilter of TicketStatus;
    SeverityFilter of Severity;
    PriorityFilter of Priority;
}

/// Which tickets; every condition given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct TicketFilter {
    customer: Option<IdFilter>,
    assignee: Option<IdFilter>,
    number: Option<StringFilter>,
    category: Option<TicketCategoryFilter>,
    status: Option<TicketStatusFilter>,
    severity: Option<SeverityFilter>,
    priority: Option<PriorityFilter>,
    shared_with_reseller: Option<BooleanFilter>,
    created_at: Option<DateTimeFilter>,
    due_at: Option<DateTimeFilter>,
}

impl TicketFilter {
    fn condition(&self) -> Condition {
        let customer = self.customer.as_ref().map(|filter| filter.on::<CustomerId, _>(Column::CustomerId));
        let assignee = self.assignee.as_ref().map(|filter| filter.on::<UserId, _>(Column::AssigneeId));
        Condition::all()
            .add_option(customer)
            .add_option(assignee)
            .add(on(Column::Number, self.number.as_ref()))
            .add(on(Column::Category, self.category.as_ref()))
            .add(on(Column::Status, self.status.as_ref()))
            .add(on(Column::Severity, self.severity.as_ref()))
            .add(on(Column::Priority, self.priority.as_ref()))
            .add(on(Column::SharedWithReseller, self.shared_with_reseller.as_ref()))
            .add(on(Column::CreatedAt, self.created_at.as_ref()))
            .add(on(Column::DueAt, self.due_at.as_ref()))
    }
}

/// What tickets can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum TicketOrderField {
    /// `number`
    Number,
    /// `createdAt`
    CreatedAt,
}

/// An order of tickets; without one, the order of creation.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct TicketOrder {
    field: TicketOrderField,
    #[graphql(default)]
    direction: OrderDirection,
}

impl TicketOrder {
    fn column(self) -> (Column, OrderDirection) {
        let column = match self.field {
            TicketOrderField::Number => Column::Number,
            TicketOrderField::CreatedAt => Column::CreatedAt,
        };
        (column, self.direction)
    }
}

/// What can be asked about tickets.
#[derive(Default)]
pub struct TicketQuery;

#[Object]
#[expect(
    clippy::too_many_arguments,
    reason = "the four paging arguments of Relay stand beside filter and order"
)]
impl TicketQuery {
    /// The tickets the viewer reaches.
    async fn tickets(
        &self,
        ctx: &Context<'_>,
        filter: Option<TicketFilter>,
        order_by: Option<TicketOrder>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Ticket>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let filter = filter.unwrap_or_default().condition();
            connection::list(ctx, &page, seal, filter, order_by.map(TicketOrder::column)).await
        })
        .await
    }

    /// One ticket.
    async fn ticket(&self, ctx: &Context<'_>, id: Gid<TicketId>) -> Maybe<Ticket> {
        certain(async { Scoped::<Entity>::of(ctx.operation()?).get(id.0).await }).await
    }
}
