//! `resellers`, `reseller`

use async_graphql::{Context, Enum, InputObject, Object};
use custodian_entity::choice::ResellerStatus;
use custodian_entity::id::ResellerId;
use custodian_entity::reseller::{Column, Entity};

use super::Reseller;
use crate::authz::{InOperation, Scoped};
use crate::graphql::filter::{ChoiceFilter, DateTimeFilter, StringFilter, wanted};
use crate::graphql::{Connection, Gid, Maybe, OrderDirection, certain, connection};
use crate::paging;

crate::filters! {
    /// Which resellers; every condition given must hold.
    ResellerFilter of reseller {
        code: StringFilter => Column::Code,
        status: ChoiceFilter<ResellerStatus> => Column::Status,
        created_at: DateTimeFilter => Column::CreatedAt,
    }
}

/// What resellers can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ResellerOrderField {
    /// `code`
    Code,
    /// `name`
    Name,
    /// `createdAt`
    CreatedAt,
}

/// An order of resellers; without one, the order of creation.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct ResellerOrder {
    field: ResellerOrderField,
    #[graphql(default)]
    direction: OrderDirection,
}

impl ResellerOrder {
    fn column(self) -> (Column, OrderDirection) {
        let column = match self.field {
            ResellerOrderField::Code => Column::Code,
            ResellerOrderField::Name => Column::Name,
            ResellerOrderField::CreatedAt => Column::CreatedAt,
        };
        (column, self.direction)
    }
}

/// What can be asked about resellers.
#[derive(Default)]
pub struct ResellerQuery;

#[Object]
#[expect(
    clippy::too_many_arguments,
    reason = "the four paging arguments of Relay stand beside filter and order"
)]
impl ResellerQuery {
    /// The resellers the viewer reaches.
    async fn resellers(
        &self,
        ctx: &Context<'_>,
        filter: Option<ResellerFilter>,
        order_by: Option<ResellerOrder>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Reseller>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let filter = wanted(ctx.operation()?, filter).await?;
            connection::list(ctx, &page, seal, filter, order_by.map(ResellerOrder::column)).await
        })
        .await
    }

    /// One reseller.
    async fn reseller(&self, ctx: &Context<'_>, id: Gid<ResellerId>) -> Maybe<Reseller> {
        certain(async { Scoped::<Entity>::of(ctx.operation()?).get(id.0).await }).await
    }
}
