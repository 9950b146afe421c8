//! `tenant`

use async_graphql::{Context, Object};
use custodian_entity::tenant;

use super::Tenant;
use crate::authz::{InOperation, Scoped};
use crate::graphql::{Maybe, certain};

/// What can be asked about providers.
#[derive(Default)]
pub struct TenantQuery;

#[Object]
impl TenantQuery {
    /// The viewer's own provider.
    async fn tenant(&self, ctx: &Context<'_>) -> Maybe<Tenant> {
        certain(async {
            let operation = ctx.operation()?;
            Scoped::<tenant::Entity>::of(operation).get(operation.identity()?.tenant).await
        })
        .await
    }
}
