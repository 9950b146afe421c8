//! Whose data an entry of the audit log says were shown.

use sea_orm::entity::prelude::*;

use crate::id::AuditEventId;

/// Whose data an entry of the audit log says were shown: which set of customers. Written with it; never changed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disclosed_list")]
pub struct Model {
    /// The entry's chain: its provider's.
    #[sea_orm(primary_key, auto_increment = false)]
    pub chain: Uuid,
    /// The entry's number there.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    /// The entry. Ids of entries are in the order of time.
    pub event_id: AuditEventId,
    /// The set: [`crate::disclosed_set`].
    pub digest: Vec<u8>,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
