//! `customerNoteCreate`, `customerNoteUpdate`, `customerNoteDelete`

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::NoteCategory;
use custodian_entity::customer;
use custodian_entity::customer_note::{ActiveModel, Entity, Model};
use custodian_entity::id::{CustomerId, CustomerNoteId, TypedId};
use custodian_entity::personal::FreeText;
use garde::Validate;
use sea_orm::Set;

use super::CustomerNote;
use crate::accept;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::{InOperation, Scoped};
use crate::error::Result;
use crate::graphql::validate::{Given, lines};
use crate::graphql::{Choice, Gid, Maybe, Outcome, UserError, UserErrorCode, certain};

/// A new note about a customer.
#[derive(InputObject, Validate)]
pub struct CustomerNoteCreateInput {
    /// About whom.
    #[garde(skip)]
    customer_id: Gid<CustomerId>,
    /// What it is about.
    #[garde(skip)]
    category: Choice<NoteCategory>,
    /// What is noted.
    #[garde(custom(lines), length(chars, max = 10_000))]
    body: String,
    /// Whether it stands before the others.
    #[garde(skip)]
    is_pinned: Option<bool>,
}

/// What is to be changed; what is not given stays.
#[derive(InputObject, Validate)]
pub struct CustomerNoteUpdateInput {
    /// Which note.
    #[garde(skip)]
    id: Gid<CustomerNoteId>,
    /// What it is about.
    #[garde(skip)]
    category: Option<Choice<NoteCategory>>,
    /// What is noted: its author alone writes it anew.
    #[garde(inner(custom(lines), length(chars, max = 10_000)))]
    body: Option<String>,
    /// Whether it stands before the others.
    #[garde(skip)]
    is_pinned: Option<bool>,
}

/// Which note.
#[derive(InputObject)]
pub struct CustomerNoteDeleteInput {
    /// Its id.
    id: Gid<CustomerNoteId>,
}

crate::payloads! {
    CustomerNoteCreatePayload { customer_note: CustomerNote }
    CustomerNoteUpdatePayload { customer_note: CustomerNote }
    CustomerNoteDeletePayload { customer_note: CustomerNote }
}

/// What can be changed about notes.
#[derive(Default)]
pub struct NoteMutation;

#[Object]
impl NoteMutation {
    /// Notes something about a customer. No customer and no reseller ever reads it here.
    async fn customer_note_create(
        &self,
        ctx: &Context<'_>,
        input: CustomerNoteCreateInput,
    ) -> Maybe<CustomerNoteCreatePayload> {
        certain(async { create(ctx, input).await }).await
    }

    /// Changes a note, pins it, or unpins it.
    async fn customer_note_update(
        &self,
        ctx: &Context<'_>,
        input: CustomerNoteUpdateInput,
    ) -> Maybe<CustomerNoteUpdatePayload> {
        certain(async { update(ctx, input).await }).await
    }

    /// Removes a note.
    async fn customer_note_delete(
        &self,
        ctx: &Context<'_>,
        input: CustomerNoteDeleteInput,
    ) -> Maybe<CustomerNoteDeletePayload> {
        certain(async { delete(ctx, input.id.0).await }).await
    }
}

fn subject(row: &Model) -> Subject {
    Subject::row("CustomerNote", row.id, row.tenant_id).of_customer(row.customer_id, row.reseller_id)
}

async fn create(ctx: &Context<'_>, input: CustomerNoteCreateInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "customerNoteCreate", async || {
        let customer = Scoped::<customer::Entity>::of(operation).get(input.customer_id.0).await?;
        let mut row = ActiveModel {
            id: Set(CustomerNoteId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(customer.tenant_id),
            reseller_id: Set(customer.reseller_id),
            customer_id: Set(customer.id),
            author_id: Set(operation.identity()?.user),
            is_pinned: Set(false),
            created_at: Set(operation.clock.now()),
            ..Default::default()
        };
        let mut given = Given::checked(&input);
        given.set("category", &mut row.category, Some(input.category.0));
        given.set("body", &mut row.body, Some(FreeText::new(input.body.clone())));
        given.set("isPinned", &mut row.is_pinned, input.is_pinned);
        let names = accept!(given.finish());
        let added = Scoped::<Entity>::of(operation).insert(row).await?;
        let event = Event::done(EventType::CustomerNoteCreated, subject(&added)).fields(names);
        Ok(Change::Done(added, event))
    })
    .await
}

async fn update(ctx: &Context<'_>, input: CustomerNoteUpdateInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "customerNoteUpdate", async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        let mut row = ActiveModel::default();
        let mut given = Given::checked(&input);
        if input.body.is_some() && before.author_id != operation.identity()?.user {
            // It stands under his name.
            let message = "its author alone changes what he wrote: write another, or delete it";
            given.refuse(UserError::on("body", UserErrorCode::Invalid, message));
        }
        given.set("category", &mut row.category, input.category.map(|category| category.0));
        given.set("body", &mut row.body, input.body.clone().map(FreeText::new));
        given.set("isPinned", &mut row.is_pinned, input.is_pinned);
        let names = accept!(given.finish());
        let changed = match names.is_empty() {
            true => before,
            false => rows.change(before.id, row, |update| update).await?,
        };
        let event = Event::done(EventType::CustomerNoteUpdated, subject(&changed)).fields(names);
        Ok(Change::Done(changed, event))
    })
    .await
}

async fn delete(ctx: &Context<'_>, id: CustomerNoteId) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "customerNoteDelete", async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(id).await?;
        rows.delete(before.id).await?;
        let event = Event::done(EventType::CustomerNoteDeleted, subject(&before));
        Ok(Change::Done(before, event))
    })
    .await
}
