//! A partner who sells for a provider and sees its own customers only.

use sea_orm::entity::prelude::*;

use crate::choice::{ResellerDataRole, ResellerStatus};
use crate::id::{ResellerId, TenantId};
use crate::personal::{Confidential, Email, Name, Phone, TaxId};

/// A partner who sells for a provider and sees its own customers only.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "reseller")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ResellerId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// Unique within the tenant.
    pub code: String,
    /// Name.
    pub name: String,
    /// Status.
    pub status: ResellerStatus,
    /// Data role.
    pub data_role: ResellerDataRole,
    /// Legal name.
    pub legal_name: Option<Confidential>,
    /// Contact name.
    pub contact_name: Option<Name>,
    /// Contact email.
    pub contact_email: Option<Email>,
    /// Contact phone.
    pub contact_phone: Option<Phone>,
    /// Tax id.
    pub tax_id: Option<TaxId>,
    /// In units of 1/10,000.
    pub commission_rate: Option<i64>,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
