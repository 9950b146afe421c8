//! The providers, as the operator names them.

use std::collections::BTreeMap;

use custodian_entity::id::TenantId;
use custodian_entity::tenant;
use sea_orm::{AccessMode, DatabaseConnection, EntityTrait, QuerySelect};

use crate::database::{Settings, begin};
use crate::error::Result;

/// The domain of each provider, for commands.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "the operator has no viewer's rows")]
pub async fn domains(db: &DatabaseConnection) -> Result<BTreeMap<TenantId, String>> {
    let transaction = begin(db, AccessMode::ReadOnly, &Settings::of_sign_in()).await?;
    let tenants = tenant::Entity::find().select_only().columns([tenant::Column::Id, tenant::Column::Domain]);
    let tenants: Vec<(TenantId, String)> = tenants.into_tuple().all(&transaction).await?;
    transaction.commit().await?;
    Ok(tenants.into_iter().collect())
}
