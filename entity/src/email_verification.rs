//! A question to whoever reads mail at an address whether it is the customer's.

use sea_orm::entity::prelude::*;

use crate::choice::VerificationStatus;
use crate::id::{CustomerId, EmailVerificationId, ResellerId, TenantId};
use crate::personal::Email;

/// A question to whoever reads mail at an address whether it is the customer's.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "email_verification")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EmailVerificationId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller the customer came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// What became of it; one that nobody answered in time may still say `PENDING`.
    pub status: VerificationStatus,
    /// The address asked about: the customer's, or the one it wants.
    pub email: Email,
    /// The SHA-256 of the token in the letter, in base64url. The token itself is stored nowhere.
    pub token_hash: String,
    /// When it was asked.
    pub requested_at: DateTimeUtc,
    /// Until when the token is good.
    pub expires_at: DateTimeUtc,
    /// When it was answered.
    pub verified_at: Option<DateTimeUtc>,
    /// How often somebody brought the token, whether or not it was good.
    pub attempt_count: i32,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
