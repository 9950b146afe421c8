//! How much room is left: for the documents of a customer, and for those of its provider.

use std::sync::Arc;

use custodian_entity::document::{Column, Entity};
use custodian_entity::id::{CustomerId, TenantId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QuerySelect};

use crate::authz::Operation;
use crate::config::Documents;
use crate::database::Settings;
use crate::error::Result;

const MEBIBYTE: u64 = 1024 * 1024;

/// What there is no room for, if there is none: counted over all documents whose content is kept, whoever sees them. Those
/// that come in at the same moment do not see each other, so this may be passed by as much as a viewer uploads at once.
///
/// # Errors
/// When the database is away.
pub(super) async fn lacking(
    operation: &Arc<Operation>,
    room: Documents,
    tenant: TenantId,
    customer: CustomerId,
) -> Result<Option<String>> {
    let counting = operation.told(Settings::of_documents());
    let found = async {
        let of_customer = kept(&counting, Column::CustomerId.eq(customer).into()).await?;
        if of_customer >= room.customer_mebibytes * MEBIBYTE {
            let most = room.customer_mebibytes;
            return Ok(Some(format!(
                "the documents of this customer fill their {most} MiB: have some removed"
            )));
        }
        let of_tenant = kept(&counting, Column::TenantId.eq(tenant).into()).await?;
        let is_full = of_tenant >= room.tenant_mebibytes * MEBIBYTE;
        Ok(is_full.then(|| "there is no room for documents left: ask your administrator".to_owned()))
    }
    .await;
    counting.end().await?;
    found
}

/// How many bytes of content are kept.
#[expect(clippy::disallowed_methods, reason = "a sum over rows of which the viewer need not see each")]
async fn kept(counting: &Arc<Operation>, of: Condition) -> Result<u64> {
    let transaction = counting.transaction().await?;
    let sum = Entity::find()
        .select_only()
        .column_as(Expr::col(Column::SizeBytes).sum(), "bytes")
        .filter(of)
        .filter(Column::ObjectName.is_not_null());
    let bytes: Option<Option<i64>> = sum.into_tuple().one(&*transaction).await?;
    Ok(bytes.flatten().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0))
}
