//! How often somebody guessed, by what he guessed at or from where.

use sea_orm::entity::prelude::*;

/// How often somebody guessed, by what he guessed at or from where. There is one for names without an account as well.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in_attempt")]
pub struct Model {
    /// A keyed hash of the name, the address, or the account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Attempts that did not succeed, or have not yet.
    pub failures: i32,
    /// When the count began.
    pub since: DateTimeUtc,
    /// Until when nothing is tried.
    pub locked_until: Option<DateTimeUtc>,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
