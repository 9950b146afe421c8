//! `callLogs`

use async_graphql::{Context, Enum, InputObject, Object};
use custodian_entity::call_log::Column;
use custodian_entity::choice::{CallOutcome, Direction};

use super::CallLog;
use crate::authz::InOperation;
use crate::customers::CustomerFilter;
use crate::graphql::filter::{ChoiceFilter, DateTimeFilter, LinkFilter, wanted};
use crate::graphql::{Connection, Maybe, OrderDirection, certain, connection};
use crate::paging;
use crate::support::TicketFilter;
use crate::users::UserFilter;

crate::filters! {
    /// Which calls; every condition given must hold.
    CallLogFilter of call_log {
        customer: LinkFilter<CustomerFilter> => Column::CustomerId,
        agent: LinkFilter<UserFilter> => Column::AgentId,
        ticket: LinkFilter<TicketFilter> => Column::TicketId,
        direction: ChoiceFilter<Direction> => Column::Direction,
        outcome: ChoiceFilter<CallOutcome> => Column::Outcome,
        started_at: DateTimeFilter => Column::StartedAt,
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
            let filter = wanted(ctx.operation()?, filter).await?;
            connection::list(ctx, &page, seal, filter, order_by.map(CallLogOrder::column)).await
        })
        .await
    }
}
