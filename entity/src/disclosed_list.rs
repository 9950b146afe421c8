//! Whose data an entry of the audit log says were shown, in one piece.

use sea_orm::entity::prelude::*;

use crate::id::AuditEventId;

/// Whose data an entry of the audit log says were shown, in one piece. Written with it; never changed. By customer they are
/// listed in [`crate::disclosed_customer`], a moment later.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disclosed_list")]
pub struct Model {
    /// The entry's chain: its provider's.
    #[sea_orm(primary_key, auto_increment = false)]
    pub chain: Uuid,
    /// The entry's number there.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    /// The entry.
    pub event_id: AuditEventId,
    /// The customers' ids in their order, 16 bytes each.
    pub customers: Vec<u8>,
}

/// None: nothing is followed from here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
