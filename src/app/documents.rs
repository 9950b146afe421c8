//! The content of documents: asked for outside of GraphQL, decided about by the same policy.

use std::sync::Arc;

use custodian_entity::id::{DocumentId, TypedId};
use secrecy::SecretString;

use super::App;
use crate::authn::{Origin, Viewer};
use crate::authz::Operation;
use crate::downloads::{self, Reader};
use crate::error::{Error, Result};

impl App {
    /// Who is signed in and asks for the content of a document.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`]; [`Error::RoleRefused`] in one that is not in force; [`Error::NotFound`] for what is no id.
    pub async fn reader(&self, viewer: Viewer, origin: Origin, document: &str) -> Result<Reader> {
        if viewer.identity().is_none() {
            return Err(Error::Unauthenticated);
        }
        let operation = self.operation_of(viewer, origin).await?;
        Ok(Reader { operation, document: parsed(document)?, link: None })
    }

    /// Who brings a link to the content of a document.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a link that is none, or over, or to another document, whatever became of who made it.
    pub async fn reader_by_link(
        &self,
        origin: Origin,
        document: &str,
        token: &SecretString,
    ) -> Result<Reader> {
        let document = parsed(document)?;
        let link = downloads::find(&self.doorstep(origin.clone())?, token).await?;
        if link.document != document {
            return Err(Error::NotFound);
        }
        let operation = self.operation_of(Viewer::signed_in(link.identity.clone()), origin).await?;
        Ok(Reader { operation, document, link: Some(link) })
    }

    async fn operation_of(&self, viewer: Viewer, origin: Origin) -> Result<Arc<Operation>> {
        let (_, rights) = self.acting(&viewer, &origin).await?;
        Ok(self.operation(viewer, origin, rights))
    }
}

/// What is not an id is not found.
fn parsed(document: &str) -> Result<DocumentId> {
    DocumentId::decode(document).map_err(|_| Error::NotFound)
}
