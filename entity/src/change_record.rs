//! What a field of a customer's row held, and what took its place.

use sea_orm::entity::prelude::*;

use crate::choice::AuthorKind;
use crate::id::{ApiClientId, ChangeRecordId, CustomerId, ResellerId, TenantId, UserId};
use crate::personal::PastValue;

/// What a field of a customer's row held, and what took its place. Rows are added and never changed, but for the reseller
/// that follows the customer.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "change_record")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChangeRecordId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller the customer came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer whose row was changed.
    pub customer_id: CustomerId,
    /// The type of that row in the schema.
    pub entity_type: String,
    /// Its id. No reference: the row may be gone.
    pub entity_id: Uuid,
    /// The field in the schema.
    pub field: String,
    /// When.
    pub changed_at: DateTimeUtc,
    /// On whose behalf.
    pub actor_kind: AuthorKind,
    /// By whose account; none where nobody was signed in. No reference: the account may be gone.
    pub changed_by: Option<UserId>,
    /// Through which API client.
    pub api_client_id: Option<ApiClientId>,
    /// Why.
    pub reason: Option<String>,
    /// The version that the row has since; of a row that carries none, how often it was changed.
    pub version: i32,
    /// What the field held; nothing where it was empty, or the row not yet there.
    pub old_value: Option<PastValue>,
    /// What it has held since.
    pub new_value: Option<PastValue>,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
