//! How far the rules have read a chain of the audit log.

use sea_orm::entity::prelude::*;

/// How far the rules have read a chain of the audit log. Whoever reads on locks it first.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "alert_cursor")]
pub struct Model {
    /// The chain.
    #[sea_orm(primary_key, auto_increment = false)]
    pub chain: Uuid,
    /// The number of the last entry that was read; 0 while none was.
    pub sequence: i64,
}

/// None: nothing is followed from here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
