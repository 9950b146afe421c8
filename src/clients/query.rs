//! `apiClients`

use async_graphql::{Context, Object};
use sea_orm::Condition;

use super::ApiClient;
use crate::graphql::{Connection, Maybe, certain, connection};
use crate::paging;

/// What can be asked about API clients.
#[derive(Default)]
pub struct ApiClientQuery;

#[Object]
impl ApiClientQuery {
    /// The API clients the viewer reaches.
    async fn api_clients(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<ApiClient>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            connection::list(ctx, &page, seal, Condition::all(), None).await
        })
        .await
    }
}
