//! What a customer pays with. Card numbers are not stored: a processor holds them, under the token.

use sea_orm::entity::prelude::*;

use crate::choice::{CardBrand, PaymentMethodKind, PaymentMethodStatus};
use crate::id::{CustomerId, PaymentMethodId, ResellerId, TenantId};
use crate::personal::{Iban, Name, ProcessorToken};

/// What a customer pays with. Card numbers are not stored: a processor holds them, under the token.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_method")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PaymentMethodId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller it came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// Kind.
    pub kind: PaymentMethodKind,
    /// At most one of a customer's is.
    pub is_default: bool,
    /// Attached or detached; that it has expired follows from its date.
    pub status: PaymentMethodStatus,
    /// Under which the processor charges it; none once it is detached.
    pub processor_token: Option<ProcessorToken>,
    /// Of a card.
    pub brand: Option<CardBrand>,
    /// The last four digits of a card, or of an account without an IBAN.
    pub last4: Option<String>,
    /// Of a card: the month through which it is good.
    pub exp_month: Option<i32>,
    /// Of a card.
    pub exp_year: Option<i32>,
    /// Of an account.
    pub bank_name: Option<String>,
    /// None once it is detached.
    pub holder_name: Option<Name>,
    /// None once it is detached.
    pub iban: Option<Iban>,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
