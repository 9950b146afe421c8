//! `Document`

use async_graphql::{Context, ID, Object, SimpleObject};
use custodian_entity::choice::{DocumentStatus, DocumentType, ScanStatus};
use custodian_entity::id::{DocumentId, TypedId};
use custodian_entity::{customer, user};

use crate::authz::{Pii, field};
use crate::config::PublicUrl;
use crate::customers::Customer;
use crate::error::{Error, Result};
use crate::graphql::link::one;
use crate::graphql::personal::FileNameOf;
use crate::graphql::scalar::{Date, DateTime};
use crate::graphql::{Choice, Maybe, id, maybe};
use crate::users::User;

crate::nodes! {
    /// A file of a customer.
    Document of document;
}

/// Where the content of something is to be had.
#[derive(SimpleObject)]
pub struct DocumentDownload {
    /// Where. Send your token with it, unless it holds one.
    pub url: String,
    /// Until when; none where it takes a token.
    pub expires_at: Option<DateTime>,
}

/// A file of a customer.
#[Object]
impl Document {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// What it shows.
    #[graphql(name = "type")]
    async fn kind(&self) -> Choice<DocumentType> {
        Choice(self.0.kind)
    }
    /// What it is called in lists.
    async fn title(&self) -> &str {
        &self.0.title
    }
    /// Where it stands. Its content can be read from PENDING_REVIEW on.
    async fn status(&self) -> Choice<DocumentStatus> {
        Choice(self.0.status)
    }
    /// Its media type, found from its content.
    async fn mime_type(&self) -> &str {
        &self.0.mime_type
    }
    /// How long its content is, in bytes.
    async fn size_bytes(&self) -> i32 {
        self.0.size_bytes
    }
    /// When it came.
    async fn uploaded_at(&self) -> DateTime {
        DateTime(self.0.uploaded_at)
    }
    /// By whom.
    async fn uploaded_by(&self, ctx: &Context<'_>) -> Maybe<User> {
        maybe(one::<user::Entity>(ctx, Some(self.0.uploaded_by))).await
    }
    /// The last day on which what it shows is good.
    async fn expires_on(&self) -> Option<Date> {
        self.0.expires_on.map(Date)
    }
    /// What the file was called where it came from.
    async fn filename(&self) -> Pii<FileNameOf, { field("Document.filename") }> {
        Pii(FileNameOf(self.0.filename.clone(), self.0.kind, self.0.mime_type.clone()))
    }
    /// Where its content is to be had, with the token of the viewer; none as long as there is nothing to be read.
    async fn content(&self, ctx: &Context<'_>) -> Maybe<DocumentDownload> {
        maybe(async {
            let is_readable = self.0.object_name.is_some() && self.0.status != DocumentStatus::Scanning;
            let url = content_url(ctx, self.0.id)?;
            Ok(is_readable.then_some(DocumentDownload { url, expires_at: None }))
        })
        .await
    }
    /// Who found it right, or did not.
    async fn verified_by(&self, ctx: &Context<'_>) -> Maybe<User> {
        maybe(one::<user::Entity>(ctx, self.0.verified_by)).await
    }
    /// When.
    async fn verified_at(&self) -> Option<DateTime> {
        self.0.verified_at.map(DateTime)
    }
    /// Why it was not.
    async fn rejection_reason(&self) -> Option<&str> {
        self.0.rejection_reason.as_deref()
    }
    /// What the scanner says of its content; SKIPPED where there is no scanner.
    async fn scan_status(&self) -> Option<Choice<ScanStatus>> {
        Some(Choice(self.0.scan_status))
    }
    /// The SHA-256 of its content, in hexadecimal digits.
    async fn sha256(&self) -> Option<&str> {
        Some(&self.0.sha256)
    }
    /// Whether the customer is shown it.
    async fn is_visible_to_customer(&self) -> Option<bool> {
        Some(self.0.is_visible_to_customer)
    }
    /// Whose it is.
    async fn customer(&self, ctx: &Context<'_>) -> Maybe<Customer> {
        maybe(one::<customer::Entity>(ctx, Some(self.0.customer_id))).await
    }
}

/// Where the content of a document is to be had.
///
/// # Errors
/// [`Error::Internal`] when the schema lacks its data.
pub fn content_url(ctx: &Context<'_>, document: DocumentId) -> Result<String> {
    let base = ctx.data_opt::<PublicUrl>().ok_or_else(|| Error::bug("the schema has no address"))?;
    Ok(base.join(&format!("/documents/{}/content", document.encode())))
}
