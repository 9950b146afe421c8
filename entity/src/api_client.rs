//! A program that calls in the name of an account, within the scopes it was given.

use sea_orm::entity::prelude::*;

use crate::choice::{ApiClientStatus, RateTier};
use crate::id::{ApiClientId, ResellerId, RoleId, TenantId, UserId};
use crate::personal::IpAddress;

/// A program that calls in the name of an account, within the scopes it was given.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_client")]
pub struct Model {
    /// The id: its `client_id`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiClientId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller to whose rows it is bound, if any.
    pub reseller_id: Option<ResellerId>,
    /// The account in whose name it calls.
    pub owner_id: UserId,
    /// The role of the owner that it acts in. No reference: without that role it is refused.
    pub role_id: RoleId,
    /// Name.
    pub name: String,
    /// `ACTIVE` or `REVOKED`; that it is expired follows from `expires_at`.
    pub status: ApiClientStatus,
    /// Separated by spaces, as in tokens.
    pub scopes: String,
    /// Networks it may call from, separated by spaces; empty for any.
    pub allowed_ips: String,
    /// How often it may call; the edge decides what that means.
    pub rate_tier: RateTier,
    /// SHA-256 of the secret, in base64url.
    pub secret_hash: String,
    /// How the secret begins.
    pub token_prefix: String,
    /// Raised with the secret, to end every token given out before.
    pub token_version: i32,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// Until when it may call.
    pub expires_at: DateTimeUtc,
    /// When it was last given a token.
    pub last_used_at: Option<DateTimeUtc>,
    /// From where it asked for it.
    pub last_used_ip: Option<IpAddress>,
    /// When it was revoked.
    pub revoked_at: Option<DateTimeUtc>,
    /// By whom.
    pub revoked_by: Option<UserId>,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
