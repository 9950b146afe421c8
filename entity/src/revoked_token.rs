//! An access token of an API client that was taken back before its end.

use sea_orm::entity::prelude::*;

use crate::id::{ApiClientId, TenantId, UserId};

/// An access token of an API client that was taken back before its end.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "revoked_token")]
pub struct Model {
    /// The token's `jti` (RFC 7519, 4.1.7).
    #[sea_orm(primary_key, auto_increment = false)]
    pub jti: Uuid,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The client it was given to.
    pub api_client_id: ApiClientId,
    /// The account in whose name it called.
    pub owner_id: UserId,
    /// When it ends by itself, and this row is of no use any more.
    pub expires_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
