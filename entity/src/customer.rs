//! A customer of a provider, direct or through a reseller.

use sea_orm::entity::prelude::*;

use crate::choice::{CustomerStatus, CustomerType, GovernmentIdType, KycStatus};
use crate::id::{CustomerId, ResellerId, TenantId, UserId};
use crate::personal::{
    BirthDate, ConfidentialAmount, ConfidentialNumber, Email, GovernmentId, Name, Phone, TaxId,
};

/// A customer of a provider, direct or through a reseller.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CustomerId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller it came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// Unique within the tenant.
    pub customer_number: String,
    /// Kind.
    pub kind: CustomerType,
    /// Status.
    pub status: CustomerStatus,
    /// Raised by each change; a writer names the one it read.
    pub version: i32,
    /// BCP 47.
    pub language: Option<String>,
    /// External reference.
    pub external_reference: Option<String>,
    /// Account manager id.
    pub account_manager_id: Option<UserId>,
    /// Display name.
    pub display_name: Name,
    /// First name.
    pub first_name: Option<Name>,
    /// Last name.
    pub last_name: Option<Name>,
    /// Company name.
    pub company_name: Option<String>,
    /// Email.
    pub email: Option<Email>,
    /// The tag of the e-mail address.
    pub email_index: Option<String>,
    /// Billing email.
    pub billing_email: Option<Email>,
    /// Phone.
    pub phone: Option<Phone>,
    /// The tag of the telephone number.
    pub phone_index: Option<String>,
    /// Date of birth.
    pub date_of_birth: Option<BirthDate>,
    /// Government id type.
    pub government_id_type: Option<GovernmentIdType>,
    /// Government id country.
    pub government_id_country: Option<String>,
    /// Government id number.
    pub government_id_number: Option<GovernmentId>,
    /// The tag of that number.
    pub government_id_index: Option<String>,
    /// Tax id.
    pub tax_id: Option<TaxId>,
    /// Email verified at.
    pub email_verified_at: Option<DateTimeUtc>,
    /// Kyc status.
    pub kyc_status: KycStatus,
    /// What is owed, in minor units of the tenant's currency.
    pub balance: i64,
    /// Credit limit.
    pub credit_limit: Option<ConfidentialAmount>,
    /// Risk score.
    pub risk_score: Option<ConfidentialNumber>,
    /// Retention expires at.
    pub retention_expires_at: Option<Date>,
    /// Anonymized at.
    pub anonymized_at: Option<DateTimeUtc>,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// Updated at.
    pub updated_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
