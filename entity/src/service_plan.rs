//! A tariff of a provider.

use sea_orm::entity::prelude::*;

use crate::choice::{BillingPeriod, PlanStatus, ServiceKind};
use crate::id::{ServicePlanId, TenantId};

/// A tariff of a provider.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "service_plan")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ServicePlanId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// Unique within the tenant.
    pub code: String,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: ServiceKind,
    /// Download kbps.
    pub download_kbps: Option<i32>,
    /// Upload kbps.
    pub upload_kbps: Option<i32>,
    /// Data cap bytes.
    pub data_cap_bytes: Option<i64>,
    /// Minor units.
    pub price_amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Billing period.
    pub billing_period: BillingPeriod,
    /// Status.
    pub status: PlanStatus,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
