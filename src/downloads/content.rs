//! The content of a document, about to be sent.

use std::convert::Infallible;
use std::ops::Range;
use std::sync::Arc;

use axum::body::Bytes;
use custodian_entity::choice::DocumentStatus;
use custodian_entity::document::{Column, Entity, Model};
use custodian_entity::id::{DocumentId, UserId};
use futures_util::{Stream, TryStreamExt};
use sea_orm::ActiveEnum;

use super::link::{self, Link};
use crate::audit::{Change, Event, EventType, Subject, recorded, refused};
use crate::authz::{Level, Operation, Scoped, Verb, mask};
use crate::documents::{content_key, subject};
use crate::error::{Error, Result};
use crate::store::{ContentKey, ObjectName, Store};

/// The field that the right to read content is that of.
pub(super) const FIELD: &str = "Document.content";

/// The content of a document, about to be sent to who may have it.
pub struct Content {
    /// What the file is called, as far as he is shown it.
    pub name: String,
    /// Its media type.
    pub mime_type: String,
    /// How long it is, in bytes.
    pub size: u64,
    object: ObjectName,
    key: ContentKey,
}

impl Content {
    /// Reads a part of it, opening it on the way. It ends with an error where what is stored is not what was.
    pub fn read(
        &self,
        store: &Store,
        range: Range<u64>,
    ) -> impl Stream<Item = Result<Bytes>> + Send + 'static + use<> {
        store.read(&self.object, &self.key, self.size, range).map_err(Error::from)
    }
}

/// Who asks for the content of a document, and how.
pub struct Reader {
    pub(crate) operation: Arc<Operation>,
    pub(crate) document: DocumentId,
    pub(crate) link: Option<Link>,
}

impl Reader {
    /// Who he is.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`].
    pub fn user(&self) -> Result<UserId> {
        Ok(self.operation.identity()?.user)
    }

    /// The content, if he may have it now. Where something `is_sent` of a content of this size, that he has it is on record,
    /// and a link is used up.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when his role may not, or not without a link; [`Error::NotFound`] for a document that is not
    /// there, or not for him, or of which there is nothing to read.
    pub async fn open(&self, is_sent: impl FnOnce(u64) -> bool) -> Result<Content> {
        open(&self.operation, self.document, self.link.as_ref(), is_sent).await
    }
}

/// How the viewer may have content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Right {
    /// He sees it in clear.
    Clear,
    /// He may unmask it, for a purpose.
    Reveal,
}

/// How the viewer of this operation may have content.
///
/// # Errors
/// [`Error::Forbidden`] when he may not.
pub(super) fn right(operation: &Operation) -> Result<Right> {
    let rights = &operation.rights;
    let field = rights.catalog().field(FIELD).ok_or_else(|| Error::bug("no field for content"))?;
    if rights.level(field) == Level::Clear {
        return Ok(Right::Clear);
    }
    match rights.allows(Verb::Reveal, field) {
        true => Ok(Right::Reveal),
        false => Err(Error::Forbidden("the content of documents is not for this role".to_owned())),
    }
}

/// That the viewer's role may have content, by this link or without one.
fn may(operation: &Operation, link: Option<&Link>) -> Result<()> {
    if right(operation)? == Right::Reveal && link.is_none_or(|link| link.purpose.is_none()) {
        let message = "make a link that says what for (documentDownloadLink)";
        return Err(Error::Forbidden(message.to_owned()));
    }
    Ok(())
}

/// As [`Reader::open`].
async fn open(
    operation: &Arc<Operation>,
    id: DocumentId,
    link: Option<&Link>,
    is_sent: impl FnOnce(u64) -> bool,
) -> Result<Content> {
    if let Err(refusal) = may(operation, link) {
        // Of its own action: what he was given in the same minute is no reason to be silent about it.
        let event = Event::denied(EventType::DocumentDownloaded, Subject::default());
        match refused(operation, "documentDownloadRefused", refusal, event).await? {}
    }
    let Ok(content) = recorded(operation, "documentDownload", async || {
        if let Some(link) = link {
            link::consume(operation, &link.hash).await?;
        }
        let rows = Scoped::<Entity>::of(operation).opening([Column::ContentKey, Column::Filename]);
        let row = rows.get(id).await?;
        if row.status == DocumentStatus::Scanning {
            return Err(Error::NotFound);
        }
        let (object, key) = content_key(&row)?.ok_or(Error::NotFound)?;
        let size = u64::try_from(row.size_bytes).map_err(Error::internal)?;
        let name = shown_name(operation, &row);
        let event = Event::done(EventType::DocumentDownloaded, subject(&row));
        let event = match link.and_then(|link| link.purpose) {
            Some(purpose) => event.reveal(vec![FIELD.to_owned()], purpose.to_value(), None, None),
            None => event.sent(vec![FIELD.to_owned()]),
        };
        let content = Content { name, mime_type: row.mime_type, size, object, key };
        Ok(if is_sent(size) { Change::<_, Infallible>::Done(content, event) } else { Change::Same(content) })
    })
    .await?;
    Ok(content)
}

/// What the file is called, as the viewer is shown it.
#[expect(clippy::disallowed_methods, reason = "a header shows it as the field of the same name does")]
fn shown_name(operation: &Operation, row: &Model) -> String {
    let is_clear = operation.rights.level_by_name("Document.filename") == Level::Clear;
    let name = row.filename.expose().filter(|_| is_clear).cloned();
    name.unwrap_or_else(|| mask::file_name(&row.kind.to_value(), &row.mime_type))
}
