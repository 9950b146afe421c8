//! A set of customers whose data were shown together.

use sea_orm::entity::prelude::*;

/// A set of customers whose data were shown together, in one piece, however many entries of the audit log are about it.
/// Written with the first; never changed. By customer it is listed in [`crate::disclosed_customer`], a moment later.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disclosed_set")]
pub struct Model {
    /// The chain of the entries: the provider whose customers they are.
    #[sea_orm(primary_key, auto_increment = false)]
    pub chain: Uuid,
    /// SHA-256 of the ids.
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: Vec<u8>,
    /// The number of the first entry that is about it.
    pub sequence: i64,
    /// The customers' ids in their order, 16 bytes each.
    pub customers: Vec<u8>,
}

/// None: nothing is followed from here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
