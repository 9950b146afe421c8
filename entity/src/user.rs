//! An account that can sign in: staff, reseller or customer.

use sea_orm::entity::prelude::*;

use crate::choice::{UserKind, UserStatus};
use crate::id::{CustomerId, ResellerId, TenantId, UserId};
use crate::personal::{Email, IpAddress, Username};

/// An account that can sign in: staff, reseller or customer.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller it came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it belongs to.
    pub customer_id: Option<CustomerId>,
    /// Kind.
    pub kind: UserKind,
    /// Status.
    pub status: UserStatus,
    /// Display name.
    pub display_name: String,
    /// Globally unique, `name@tenant-domain`, lower case.
    pub username: Username,
    /// The tag of the user name.
    pub username_index: String,
    /// Email.
    pub email: Email,
    /// Argon2id in PHC form, or as it was imported; no account without one can sign in.
    pub password_hash: Option<String>,
    /// Raised to end every token given out before.
    pub token_version: i32,
    /// Tokens of other issuers count only if they were issued after this; set when every session is ended.
    pub tokens_valid_after: Option<DateTimeUtc>,
    /// Mfa enabled.
    pub mfa_enabled: bool,
    /// Must change password.
    pub must_change_password: bool,
    /// Before this no letter chooses its password: its address became another one lately.
    pub reset_not_before: Option<DateTimeUtc>,
    /// Password changed at.
    pub password_changed_at: Option<DateTimeUtc>,
    /// Locked until.
    pub locked_until: Option<DateTimeUtc>,
    /// Failed login count.
    pub failed_login_count: i32,
    /// Last login at.
    pub last_login_at: Option<DateTimeUtc>,
    /// Last login ip.
    pub last_login_ip: Option<IpAddress>,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
