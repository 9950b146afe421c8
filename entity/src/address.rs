//! A postal address of a customer.

use sea_orm::entity::prelude::*;

use crate::choice::AddressType;
use crate::id::{AddressId, CustomerId, ResellerId, TenantId};
use crate::personal::{AddressLine, Confidential, Coordinate, PostalCode};

/// A postal address of a customer.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "address")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AddressId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller it came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// Kind.
    pub kind: AddressType,
    /// Line1.
    pub line1: AddressLine,
    /// Line2.
    pub line2: Option<AddressLine>,
    /// Postal code.
    pub postal_code: Option<PostalCode>,
    /// City.
    pub city: Option<String>,
    /// Subdivision.
    pub subdivision: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country_code: String,
    /// Latitude.
    pub latitude: Option<Coordinate>,
    /// Longitude.
    pub longitude: Option<Coordinate>,
    /// Access instructions.
    pub access_instructions: Option<Confidential>,
    /// Is primary.
    pub is_primary: bool,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
