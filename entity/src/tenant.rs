//! An internet provider: the widest boundary between rows.

use sea_orm::entity::prelude::*;

use crate::choice::TenantStatus;
use crate::id::TenantId;

/// An internet provider: the widest boundary between rows.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tenant")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TenantId,
    /// Short name. Not unique: that it is taken would tell of another provider.
    pub slug: String,
    /// The domain of its user names: `name@domain`.
    pub domain: String,
    /// Display name.
    pub display_name: String,
    /// Legal name.
    pub legal_name: Option<String>,
    /// ISO 3166-1 alpha-2; the region in which telephone numbers are read.
    pub country_code: String,
    /// IANA time zone.
    pub timezone: String,
    /// ISO 4217.
    pub currency: String,
    /// A public address, not personal data.
    pub support_email: Option<String>,
    /// The data-protection officer, GDPR Art. 37(7).
    pub dpo_contact: Option<String>,
    /// Security contact.
    pub security_contact: Option<String>,
    /// Status.
    pub status: TenantStatus,
    /// Data region.
    pub data_region: Option<String>,
    /// Names of the roles nobody acts in without a second factor, comma-separated.
    pub mfa_required_roles: String,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
