//! A file of a customer: what is known of it. Its content lies sealed in the store.

use sea_orm::entity::prelude::*;

use crate::choice::{DocumentStatus, DocumentType, ScanStatus};
use crate::id::{CustomerId, DocumentId, ResellerId, TenantId, UserId};
use crate::personal::{DocumentKey, FileName};

/// A file of a customer.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "document")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DocumentId,
    /// Whose data it is.
    pub tenant_id: TenantId,
    /// The reseller it came through, if any.
    pub reseller_id: Option<ResellerId>,
    /// The customer it belongs to.
    pub customer_id: CustomerId,
    /// What it shows. The column is not called `type`: that is a word of Rust.
    pub kind: DocumentType,
    /// What it is called in lists.
    pub title: String,
    /// Where it stands.
    pub status: DocumentStatus,
    /// What the scanner says of its content.
    pub scan_status: ScanStatus,
    /// Its media type, found from its content: `application/pdf`, `image/jpeg`, `image/png`.
    pub mime_type: String,
    /// How long the content is.
    pub size_bytes: i32,
    /// The SHA-256 of the content, in hexadecimal digits.
    pub sha256: String,
    /// What the file was called where it came from.
    pub filename: FileName,
    /// Under which its content lies in the store; none once that was destroyed.
    pub object_name: Option<String>,
    /// The key of its content; none once that was destroyed.
    pub content_key: Option<DocumentKey>,
    /// Whether the customer is shown it.
    pub is_visible_to_customer: bool,
    /// The last day on which what it shows is good.
    pub expires_on: Option<Date>,
    /// When it came.
    pub uploaded_at: DateTimeUtc,
    /// By whom.
    pub uploaded_by: UserId,
    /// Who found it right, or did not.
    pub verified_by: Option<UserId>,
    /// When.
    pub verified_at: Option<DateTimeUtc>,
    /// Why it was not.
    pub rejection_reason: Option<String>,
}

/// None: rows are followed through request-scoped loaders, under the viewer's row scope.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
