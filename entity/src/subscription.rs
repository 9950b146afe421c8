//! A service a customer has subscribed to.

use sea_orm::entity::prelude::*;

use crate::choice::{ProvisioningState, SubscriptionStatus};
use crate::id::{AddressId, CustomerId, ResellerId, ServicePlanId, SubscriptionId, TenantId};
use crate::personal::Username;

/// A service a customer has subscribed to.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "subscription")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SubscriptionId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller it came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// Plan id.
    pub plan_id: ServicePlanId,
    /// Service address id.
    pub service_address_id: Option<AddressId>,
    /// Status.
    pub status: SubscriptionStatus,
    /// Status reason.
    pub status_reason: Option<String>,
    /// Start date.
    pub start_date: Date,
    /// Suspended at.
    pub suspended_at: Option<DateTimeUtc>,
    /// End date.
    pub end_date: Option<Date>,
    /// Minor units.
    pub price_amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Next billing date.
    pub next_billing_date: Option<Date>,
    /// Provisioning state.
    pub provisioning_state: ProvisioningState,
    /// Radius username.
    pub radius_username: Option<Username>,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
