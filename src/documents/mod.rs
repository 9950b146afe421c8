//! Files of customers: taken in, looked at, kept sealed, reviewed.
//!
//! A file comes in chunk by chunk. Each goes to what checks its kind, to the scanner, and sealed into a spool; nothing of it
//! is on disk in clear, and no transaction is open meanwhile. Once all are content, the object is put into the store, and
//! then one transaction adds the row and its event: there is no row without an object. An object without a row is what a
//! crash in between leaves; it is swept away.

pub mod inspect;
mod intake;
mod object;
mod query;
mod review_mutation;
mod room;
pub mod turns;
mod upkeep;
mod upload_mutation;

pub use self::intake::Intake;
pub use self::object::{Document, DocumentDownload, content_url};
pub use self::query::{DocumentFilter, DocumentQuery};
pub use self::review_mutation::ReviewMutation;
pub use self::upload_mutation::UploadMutation;
use custodian_entity::document::Model;

use crate::audit::Subject;
use crate::error::{Error, Result};
use crate::store::{ContentKey, ObjectName};

/// What an event about a document is about.
pub(crate) fn subject(row: &Model) -> Subject {
    Subject::row("Document", row.id, row.tenant_id).of_customer(row.customer_id, row.reseller_id)
}

/// Where the content of a document lies, and its key; none where it was destroyed, or its key was.
///
/// # Errors
/// [`Error::Internal`] when one of them is none.
#[expect(clippy::disallowed_methods, reason = "the key opens content; it is part of no answer")]
pub(crate) fn content_key(row: &Model) -> Result<Option<(ObjectName, ContentKey)>> {
    let key = row.content_key.as_ref().and_then(|key| key.expose());
    let (Some(name), Some(key)) = (row.object_name.as_deref(), key) else { return Ok(None) };
    let name = ObjectName::parse(name).ok_or_else(|| Error::bug("a document in no place of the store"))?;
    let key = ContentKey::from_base64(key).ok_or_else(|| Error::bug("the key of a document is none"))?;
    Ok(Some((name, key)))
}
