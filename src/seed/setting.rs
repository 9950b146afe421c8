//! What the customers of a provider refer to: it exists before any of them does.

use custodian_entity::choice::PlanStatus;
use custodian_entity::id::{ResellerId, TenantId, UserId};
use custodian_entity::{reseller, service_plan, tenant, user};
use sea_orm::{ColumnTrait, DatabaseConnection, QueryFilter, QueryOrder};

use super::rows::select;
use super::{SeedError, demo};
use crate::vault::OpenKeys;

/// A provider as its customers see it.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) tenant: TenantId,
    /// The domain of its user names.
    pub(super) domain: String,
    pub(super) currency: String,
    /// Those that customers come through, in turn; may be empty.
    pub(super) resellers: Vec<ResellerId>,
    /// Those that can be subscribed to; never empty.
    pub(super) plans: Vec<service_plan::Model>,
    pub(super) support: UserId,
    pub(super) billing: UserId,
    pub(super) network: UserId,
    /// The first of its streams; each customer's is this one plus its number.
    pub(super) streams: u64,
}

impl Setting {
    /// Reads the demo provider `acme`.
    pub(super) async fn load(db: &DatabaseConnection, keys: &OpenKeys) -> Result<Self, SeedError> {
        let tenant = select::<tenant::Entity>()
            .filter(tenant::Column::Slug.eq(demo::ACME))
            .one(db)
            .await?
            .ok_or(SeedError::Incomplete("the provider acme"))?;
        let resellers = select::<reseller::Entity>()
            .filter(reseller::Column::TenantId.eq(tenant.id))
            .filter(reseller::Column::Code.is_in(demo::RESELLERS))
            .order_by_asc(reseller::Column::Code)
            .all(db)
            .await?;
        let plans = select::<service_plan::Entity>()
            .filter(service_plan::Column::TenantId.eq(tenant.id))
            .filter(service_plan::Column::Status.eq(PlanStatus::Active))
            .filter(service_plan::Column::Currency.eq(&tenant.currency))
            .order_by_asc(service_plan::Column::Code)
            .all(db)
            .await?;
        if plans.is_empty() {
            return Err(SeedError::Incomplete("an active service plan of acme"));
        }
        Ok(Self {
            support: staff(db, keys, &tenant, "support").await?,
            billing: staff(db, keys, &tenant, "billing").await?,
            network: staff(db, keys, &tenant, "network").await?,
            tenant: tenant.id,
            domain: tenant.domain,
            currency: tenant.currency,
            resellers: resellers.into_iter().map(|reseller| reseller.id).collect(),
            plans,
            streams: demo::ACME_STREAMS,
        })
    }

    /// Whom customer number `n` came through: each reseller in turn, then nobody.
    pub(super) fn reseller_of(&self, n: u64) -> Option<ResellerId> {
        let turn = n.saturating_sub(1) % (self.resellers.len() as u64 + 1);
        self.resellers.get(turn as usize).copied()
    }
}

async fn staff(
    db: &DatabaseConnection,
    keys: &OpenKeys,
    tenant: &tenant::Model,
    name: &'static str,
) -> Result<UserId, SeedError> {
    let tag = keys.user_name(&format!("{name}@{}", tenant.domain)).await;
    let tag = tag.map_err(|error| SeedError::Sealing(error.into()))?;
    let account = select::<user::Entity>().filter(user::Column::UsernameIndex.eq(tag)).one(db).await?;
    account.map(|account| account.id).ok_or(SeedError::Incomplete("a staff account of acme"))
}
