//! `documents`, `document`

use async_graphql::{Context, Enum, InputObject, Object};
use custodian_entity::choice::{DocumentStatus, DocumentType};
use custodian_entity::document::{Column, Entity};
use custodian_entity::id::DocumentId;

use super::Document;
use crate::authz::{InOperation, Scoped};
use crate::customers::CustomerFilter;
use crate::graphql::filter::{ChoiceFilter, DateFilter, DateTimeFilter, LinkFilter, wanted};
use crate::graphql::{Connection, Gid, Maybe, OrderDirection, certain, connection};
use crate::paging;

crate::filters! {
    /// Which documents; every condition given must hold.
    DocumentFilter of document {
        customer: LinkFilter<CustomerFilter> => Column::CustomerId,
        #[graphql(name = "type")]
        kind: ChoiceFilter<DocumentType> => Column::Kind,
        status: ChoiceFilter<DocumentStatus> => Column::Status,
        uploaded_at: DateTimeFilter => Column::UploadedAt,
        expires_on: DateFilter => Column::ExpiresOn,
    }
}

/// What documents can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum DocumentOrderField {
    /// `uploadedAt`
    UploadedAt,
}

/// An order of documents; without one, the order of creation.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct DocumentOrder {
    field: DocumentOrderField,
    #[graphql(default)]
    direction: OrderDirection,
}

impl DocumentOrder {
    fn column(self) -> (Column, OrderDirection) {
        let column = match self.field {
            DocumentOrderField::UploadedAt => Column::UploadedAt,
        };
        (column, self.direction)
    }
}

/// What can be asked about documents.
#[derive(Default)]
pub struct DocumentQuery;

#[Object]
#[expect(
    clippy::too_many_arguments,
    reason = "the four paging arguments of Relay stand beside filter and order"
)]
impl DocumentQuery {
    /// The documents the viewer reaches.
    async fn documents(
        &self,
        ctx: &Context<'_>,
        filter: Option<DocumentFilter>,
        order_by: Option<DocumentOrder>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Document>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let filter = wanted(ctx.operation()?, filter).await?;
            connection::list(ctx, &page, seal, filter, order_by.map(DocumentOrder::column)).await
        })
        .await
    }

    /// One document.
    async fn document(&self, ctx: &Context<'_>, id: Gid<DocumentId>) -> Maybe<Document> {
        certain(async { Scoped::<Entity>::of(ctx.operation()?).get(id.0).await }).await
    }
}
