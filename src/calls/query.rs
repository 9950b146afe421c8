//! `callLogs`

use async_graphql::{Context, Enum, InputObject, Object};
use custodian_entity::call_log::Column;
use custodian_entity::choice::{CallOutcome, Direction};
use custodian_entity::id::{CustomerId, TicketId, UserId};
use sea_orm::Condition;

use super::CallLog;
use crate::graphql::filter::{DateTimeFilter, IdFilter, on};
use crate::graphql::{Connection, Maybe, OrderDirection, certain, connection};
use crate::paging;

crate::choice_filters! {
    DirectionFilter of Direction;
    CallOutcomeFilter of CallOutcome;
}

/// Which calls; every condition given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct CallLogFilter {
    customer: Option<IdFilter>,
    agent: Option<IdFilter>,
    ticket: Option<IdFilter>,
    direction: Option<DirectionFilter>,
    outcome: Option<CallOutcomeFilter>,
    started_at: Option<DateTimeFilter>,
}

impl CallLogFilter {
    fn condition(&self) -> Condition {
        let customer = self.customer.as_ref().map(|filter| filter.on::<CustomerId, _>(Column::CustomerId));
        let agent = self.agent.as_ref().map(|filter| filter.on::<UserId, _>(Column::AgentId));
        let ticket = self.ticket.as_ref().map(|filter| filter.on::<TicketId, _>(Column::TicketId));
        Condition::all()
            .add_option(customer)
            .add_option(agent)
            .add_option(ticket)
            .add(on(Column::Direction, self.direction.as_ref()))
            .add(on(Column::Outcome, self.outcome.as_ref()))
            .add(on(Column::StartedAt, self.started_at.as_ref()))
    }
}

/// What calls can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum CallLogOrderField {
    /// `startedAt`
    StartedAt,
}

/// An order of calls; without one, the order of creation.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct CallLogOrder {
    field: CallLogOrderField,
    #[graphql(default)]
    direction: OrderDirection,
}

impl CallLogOrder {
    fn column(self) -> (Column, OrderDirection) {
        let column = match self.field {
            CallLogOrderField::StartedAt => Column::StartedAt,
        };
        (column, self.direction)
    }
}

/// What can be asked about calls.
#[derive(Default)]
pub struct CallLogQuery;

#[Object]
#[expect(
    clippy::too_many_arguments,
    reason = "the four paging arguments of Relay stand beside filter and order"
)]
impl CallLogQuery {
    /// The calls the viewer reaches.
    async fn call_logs(
        &self,
        ctx: &Context<'_>,
        filter: Option<CallLogFilter>,
        order_by: Option<CallLogOrder>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<CallLog>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let filter = filter.unwrap_or_default().condition();
            connection::list(ctx, &page, seal, filter, order_by.map(CallLogOrder::column)).await
        })
        .await
    }
}
