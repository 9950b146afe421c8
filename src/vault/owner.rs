//! Whose a data key is.

use custodian_entity::id::{CustomerId, ResellerId, TenantId, TypedId, UserId};
use sea_orm::prelude::{StringLen, Uuid};
use sea_orm::{DeriveActiveEnum, EnumIter};

/// How long a customer's data are kept: what ends at the same time has one key, and is erased with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(32))", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Retention {
    /// As long as there is a customer.
    General,
    /// What tax law has kept: invoices and payments.
    Fiscal,
    /// What shows that the customer was identified.
    Kyc,
    /// What requests and calls leave.
    RequestLog,
}

/// What a data key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// The indexes of the tenant.
    Tenant,
    /// What the tenant keeps of its own, such as what it writes of incidents.
    Records,
    /// A reseller.
    Reseller(ResellerId),
    /// An account.
    User(UserId),
    /// A customer, for what is kept so long.
    Customer(CustomerId, Retention),
}

/// The kind of an [`Owner`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(32))", rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum OwnerKind {
    Tenant,
    Reseller,
    User,
    Customer,
}

impl OwnerKind {
    /// Before an id they make the unique key of the table usable.
    pub(super) const ALL: [Self; 4] = [Self::Tenant, Self::Reseller, Self::User, Self::Customer];
}

impl Owner {
    /// As it is stored.
    pub(super) fn parts(self, tenant: TenantId) -> (OwnerKind, Uuid, Retention) {
        match self {
            Self::Tenant => (OwnerKind::Tenant, tenant.uuid(), Retention::General),
            // Kept as long as the log is, and apart from the indexes.
            Self::Records => (OwnerKind::Tenant, tenant.uuid(), Retention::RequestLog),
            Self::Reseller(id) => (OwnerKind::Reseller, id.uuid(), Retention::General),
            Self::User(id) => (OwnerKind::User, id.uuid(), Retention::General),
            Self::Customer(id, retention) => (OwnerKind::Customer, id.uuid(), retention),
        }
    }
}
