//! A sign-in, until it ends: what access tokens name as `sid`, and refresh tokens prolong.

use sea_orm::entity::prelude::*;

use crate::choice::SessionEnd;
use crate::id::{SessionId, TenantId, UserId};
use crate::personal::IpAddress;

/// A sign-in, until it ends.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// The id; `sid` of its access tokens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// Who signed in.
    pub user_id: UserId,
    /// The role chosen then, by name.
    pub role: String,
    /// The account's token version then: it holds no longer when that was raised.
    pub token_version: i32,
    /// The mask of the address it was begun from.
    pub ip: IpAddress,
    /// The beginning of what the client said of itself.
    pub user_agent: String,
    /// When somebody signed in.
    pub created_at: DateTimeUtc,
    /// When it was begun or last prolonged.
    pub last_used_at: DateTimeUtc,
    /// Beyond this it is not prolonged.
    pub expires_at: DateTimeUtc,
    /// When it was ended before that.
    pub ended_at: Option<DateTimeUtc>,
    /// Why.
    pub ended_for: Option<SessionEnd>,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
