//! `tickets`, `ticket`

use async_graphql::{Context, Enum, InputObject, Object};
use custodian_entity::choice::{Priority, Severity, TicketCategory, TicketStatus};
use custodian_entity::id::TicketId;
use custodian_entity::ticket::{Column, Entity};

use super::Ticket;
use crate::authz::{InOperation, Scoped};
use crate::customers::CustomerFilter;
use crate::graphql::filter::{BooleanFilter, ChoiceFilter, DateTimeFilter, LinkFilter, StringFilter, wanted};
use crate::graphql::{Connection, Gid, Maybe, OrderDirection, certain, connection};
use crate::paging;
use crate::users::UserFilter;

crate::filters! {
    /// Which tickets; every condition given must hold.
    TicketFilter of ticket {
        customer: LinkFilter<CustomerFilter> => Column::CustomerId,
        assignee: LinkFilter<UserFilter> => Column::AssigneeId,
        number: StringFilter => Column::Number,
        category: ChoiceFilter<TicketCategory> => Column::Category,
        status: ChoiceFilter<TicketStatus> => Column::Status,
        severity: ChoiceFilter<Severity> => Column::Severity,
        priority: ChoiceFilter<Priority> => Column::Priority,
        shared_with_reseller: BooleanFilter => Column::SharedWithReseller,
        created_at: DateTimeFilter => Column::CreatedAt,
        due_at: DateTimeFilter => Column::DueAt,
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
            let filter = wanted(ctx.operation()?, filter).await?;
            connection::list(ctx, &page, seal, filter, order_by.map(TicketOrder::column)).await
        })
        .await
    }

    /// One ticket.
    async fn ticket(&self, ctx: &Context<'_>, id: Gid<TicketId>) -> Maybe<Ticket> {
        certain(async { Scoped::<Entity>::of(ctx.operation()?).get(id.0).await }).await
    }
}
