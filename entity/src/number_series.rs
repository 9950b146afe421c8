//! The last number given out, by tenant and kind; locked while a number is taken, so that numbers have no gaps.

use sea_orm::entity::prelude::*;

use crate::id::TenantId;

/// The last number given out, by tenant and kind; locked while a number is taken, so that numbers have no gaps.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "number_series")]
pub struct Model {
    /// Whose data it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Kind.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// Last.
    pub last: i64,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
