//! `containments`

use async_graphql::{Context, Object};
use custodian_entity::containment::Column;
use sea_orm::{ColumnTrait, Condition};

use super::Containment;
use crate::graphql::{Connection, Maybe, certain, connection};
use crate::paging;

/// What can be asked about containment.
#[derive(Default)]
pub struct ContainmentQuery;

#[Object]
impl ContainmentQuery {
    /// What was done about accounts and API clients that the viewer reaches.
    async fn containments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Those in force, or those that were lifted; both when not given.")] active: Option<
            bool,
        >,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Containment>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let wanted = active.map(|active| match active {
                true => Column::LiftedAt.is_null(),
                false => Column::LiftedAt.is_not_null(),
            });
            connection::list(ctx, &page, seal, Condition::all().add_option(wanted), None).await
        })
        .await
    }
}
