//! Where a chain of the audit log ends.

use sea_orm::entity::prelude::*;

/// Where a chain of the audit log ends. Whoever adds an entry locks it first.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_head")]
pub struct Model {
    /// The chain.
    #[sea_orm(primary_key, auto_increment = false)]
    pub chain: Uuid,
    /// The number of its last entry; 0 while it has none.
    pub sequence: i64,
    /// That entry's hash.
    pub hash: String,
    /// How many entries are from before there were chains.
    pub earlier: i64,
}

/// None: nothing is followed from here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
