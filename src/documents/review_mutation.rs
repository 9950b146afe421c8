//! `documentVerify`, `documentReject`, `documentArchive`

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::DocumentStatus;
use custodian_entity::document::{ActiveModel, Column, Entity, Model};
use custodian_entity::id::DocumentId;
use garde::Validate;
use sea_orm::{ColumnTrait, QueryFilter, Set};

use super::{Document, subject};
use crate::accept;
use crate::audit::{Change, Event, EventType, recorded};
use crate::authz::{InOperation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::validate::{Given, line};
use crate::graphql::{Gid, Maybe, Outcome, UserError, certain};

/// Which document.
#[derive(InputObject)]
pub struct DocumentTransitionInput {
    /// Its id.
    id: Gid<DocumentId>,
}

/// Which document is not right, and why.
#[derive(InputObject, Validate)]
pub struct DocumentRejectInput {
    /// Its id.
    #[garde(skip)]
    id: Gid<DocumentId>,
    /// What is wrong with it. Its customer reads that: name nobody.
    #[garde(custom(line), length(chars, min = 1, max = 500))]
    reason: String,
}

crate::payloads! { DocumentTransitionPayload { document: Document } }

/// What is decided about documents.
#[derive(Default)]
pub struct ReviewMutation;

#[Object]
impl ReviewMutation {
    /// A document that waits for review is right.
    async fn document_verify(
        &self,
        ctx: &Context<'_>,
        input: DocumentTransitionInput,
    ) -> Maybe<DocumentTransitionPayload> {
        certain(async {
            let mut row = ActiveModel { status: Set(DocumentStatus::Verified), ..Default::default() };
            decided(ctx, &mut row)?;
            let from = &[DocumentStatus::PendingReview];
            step(ctx, "documentVerify", EventType::DocumentVerified, input.id.0, from, row).await
        })
        .await
    }

    /// A document that waits for review is not right. Its content stays.
    async fn document_reject(
        &self,
        ctx: &Context<'_>,
        input: DocumentRejectInput,
    ) -> Maybe<DocumentTransitionPayload> {
        certain(async {
            let mut row = ActiveModel { status: Set(DocumentStatus::Rejected), ..Default::default() };
            decided(ctx, &mut row)?;
            let mut given = Given::checked(&input);
            let reason = input.reason.trim().to_owned();
            given.set("rejectionReason", &mut row.rejection_reason, Some(Some(reason)));
            if let Err(refused) = given.finish() {
                return Ok(Err(refused));
            }
            let from = &[DocumentStatus::PendingReview];
            step(ctx, "documentReject", EventType::DocumentRejected, input.id.0, from, row).await
        })
        .await
    }

    /// A document that was decided about is of no use any more. It is kept as long as it has to be.
    async fn document_archive(
        &self,
        ctx: &Context<'_>,
        input: DocumentTransitionInput,
    ) -> Maybe<DocumentTransitionPayload> {
        certain(async {
            let row = ActiveModel { status: Set(DocumentStatus::Expired), ..Default::default() };
            let from = &[DocumentStatus::Verified, DocumentStatus::Rejected];
            step(ctx, "documentArchive", EventType::DocumentArchived, input.id.0, from, row).await
        })
        .await
    }
}

/// Notes who decides, and when.
fn decided(ctx: &Context<'_>, row: &mut ActiveModel) -> Result<()> {
    let operation = ctx.operation()?;
    row.verified_by = Set(Some(operation.identity()?.user));
    row.verified_at = Set(Some(operation.clock.now()));
    Ok(())
}

async fn step(
    ctx: &Context<'_>,
    action: &'static str,
    kind: EventType,
    id: DocumentId,
    from: &[DocumentStatus],
    row: ActiveModel,
) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    let Some(to) = row.status.try_as_ref().copied() else { return Err(Error::bug("a step to nowhere")) };
    recorded(operation, action, async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(id).await?;
        if !from.contains(&before.status) {
            accept!(Err(vec![UserError::transition(before.status, to)]));
        }
        let is_there = Column::Status.eq(before.status);
        let changed = match rows.change(id, row, |update| update.filter(is_there)).await {
            Err(Error::NotFound) => return Err(Error::Conflict),
            changed => changed?,
        };
        let event = Event::done(kind, subject(&changed)).step(before.status, to);
        Ok(Change::Done(changed, event))
    })
    .await
}
