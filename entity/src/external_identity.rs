//! The account that a person known to an OpenID issuer signs in to.

use sea_orm::entity::prelude::*;

use crate::id::{TenantId, UserId};

/// The account that a person known to an OpenID issuer signs in to.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "external_identity")]
pub struct Model {
    /// The issuer, as its tokens write it in `iss`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub issuer: String,
    /// Whom it calls so in `sub` (OpenID Connect Core, 2): never given to somebody else.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The account.
    pub user_id: UserId,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
