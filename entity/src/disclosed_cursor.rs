//! How far the disclosures of a chain of the audit log are listed by customer.

use sea_orm::entity::prelude::*;

/// How far the disclosures of a chain of the audit log are listed by customer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disclosed_cursor")]
pub struct Model {
    /// The chain.
    #[sea_orm(primary_key, auto_increment = false)]
    pub chain: Uuid,
    /// The number of the last entry that was looked at.
    pub sequence: i64,
}

/// None: nothing is followed from here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
