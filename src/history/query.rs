//! `changeHistory`

use async_graphql::{Context, ID, Object};
use custodian_entity::change_record::Column;
use custodian_entity::id::CustomerId;
use sea_orm::{ColumnTrait, Condition};

use super::ChangeRecord;
use crate::authz::history::source_of;
use crate::error::Error;
use crate::graphql::{Connection, Gid, Maybe, OrderDirection, certain, connection};
use crate::paging;

/// What can be asked about changes.
#[derive(Default)]
pub struct HistoryQuery;

#[Object]
#[expect(
    clippy::too_many_arguments,
    reason = "the four paging arguments of Relay stand beside whose changes"
)]
impl HistoryQuery {
    /// What was changed about the customers the viewer reaches, newest first; or about one of them, or one row.
    async fn change_history(
        &self,
        ctx: &Context<'_>,
        customer_id: Option<Gid<CustomerId>>,
        entity_id: Option<ID>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<ChangeRecord>> {
        certain(async {
            let source = entity_id.map(|id| {
                source_of(&id).ok_or_else(|| Error::bad_input("entityId: not the id of a customer's row"))
            });
            let of = Condition::all()
                .add_option(customer_id.map(|id| Column::CustomerId.eq(id.0)))
                .add_option(source.transpose()?.map(|id| Column::EntityId.eq(id)));
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let newest_first = Some((Column::ChangedAt, OrderDirection::Desc));
            connection::list(ctx, &page, seal, of, newest_first).await
        })
        .await
    }
}
