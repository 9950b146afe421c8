//! A contact person of a customer.

use sea_orm::entity::prelude::*;

use crate::id::{ContactId, CustomerId, ResellerId, TenantId};
use crate::personal::{Confidential, Email, Name, Phone};

/// A contact person of a customer.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "contact")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContactId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller it came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// Names of `ContactKind`, comma-separated.
    pub kinds: String,
    /// Is primary.
    pub is_primary: bool,
    /// May speak for the customer.
    pub is_authorized: bool,
    /// Name.
    pub name: Name,
    /// Job title.
    pub job_title: Option<Confidential>,
    /// Email.
    pub email: Option<Email>,
    /// Phone.
    pub phone: Option<Phone>,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
