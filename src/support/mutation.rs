//! `ticketCreate`, `ticketUpdate`, `ticketReply`

use std::sync::Arc;

use async_graphql::{Context, InputObject, MaybeUndefined, Object};
use custodian_entity::choice::{
    AuthorKind, Channel, Priority, Severity, TicketCategory, TicketStatus, UserKind, UserStatus,
};
use custodian_entity::id::{CustomerId, SubscriptionId, TicketId, TicketMessageId, TypedId, UserId};
use custodian_entity::personal::FreeText;
use custodian_entity::ticket::{ActiveModel, Entity, Model};
use custodian_entity::{customer, subscription, ticket_message, user};
use garde::Validate;
use sea_orm::Set;

use super::assign_mutation::{Assignee, follow};
use super::{Ticket, TicketMessage};
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::{InOperation, Operation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::scalar::DateTime;
use crate::graphql::validate::{Given, line, lines};
use crate::graphql::{Choice, Gid, Maybe, Outcome, UserError, UserErrorCode, certain};
use crate::{accept, numbers};

/// A new ticket.
#[derive(InputObject, Validate)]
pub struct TicketCreateInput {
    /// Whose. A customer's own tickets are always its own.
    #[garde(skip)]
    customer_id: Option<Gid<CustomerId>>,
    /// Who is to work on it.
    #[garde(skip)]
    category: Choice<TicketCategory>,
    /// The service it is about, of the same customer.
    #[garde(skip)]
    subscription_id: Option<Gid<SubscriptionId>>,
    /// How much is affected.
    #[garde(skip)]
    severity: Option<Choice<Severity>>,
    /// How soon it is worked on.
    #[garde(skip)]
    priority: Option<Choice<Priority>>,
    /// Until when it should be resolved.
    #[garde(skip)]
    due_at: Option<DateTime>,
    /// In a few words.
    #[garde(custom(line), length(chars, max = 200))]
    subject: String,
    /// In full.
    #[garde(custom(lines), length(chars, max = 10_000))]
    description: String,
    /// Who works on it.
    #[garde(skip)]
    assignee_id: Option<Gid<UserId>>,
    /// Whether the reseller may read it; when not given, it may if the customer came through one.
    #[garde(skip)]
    shared_with_reseller: Option<bool>,
}

/// What is to be changed; what is not given stays, null removes.
#[derive(InputObject, Validate)]
pub struct TicketUpdateInput {
    /// Which ticket.
    #[garde(skip)]
    id: Gid<TicketId>,
    /// Who is to work on it.
    #[garde(skip)]
    category: Option<Choice<TicketCategory>>,
    /// The service it is about.
    #[garde(skip)]
    subscription_id: MaybeUndefined<Gid<SubscriptionId>>,
    /// How much is affected.
    #[garde(skip)]
    severity: Option<Choice<Severity>>,
    /// How soon it is worked on.
    #[garde(skip)]
    priority: Option<Choice<Priority>>,
    /// Until when it should be resolved.
    #[garde(skip)]
    due_at: MaybeUndefined<DateTime>,
    /// In a few words.
    #[garde(inner(custom(line), length(chars, max = 200)))]
    subject: Option<String>,
    /// In full.
    #[garde(inner(custom(lines), length(chars, max = 10_000)))]
    description: Option<String>,
    /// Who works on it.
    #[garde(skip)]
    assignee_id: MaybeUndefined<Gid<UserId>>,
    /// Whether the reseller may read it.
    #[garde(skip)]
    shared_with_reseller: Option<bool>,
}

/// A message on a ticket: for all who read it, or among staff.
#[derive(InputObject, Validate)]
pub struct TicketReplyInput {
    /// Which ticket.
    #[garde(skip)]
    ticket_id: Gid<TicketId>,
    /// For all who read the ticket.
    #[garde(inner(custom(lines), length(chars, max = 10_000)))]
    body: Option<String>,
    /// Among staff. A message with nothing else is no message for customers and resellers.
    #[garde(inner(custom(lines), length(chars, max = 10_000)))]
    internal_body: Option<String>,
}

crate::payloads! {
    TicketCreatePayload { ticket: Ticket }
    TicketUpdatePayload { ticket: Ticket }
    TicketReplyPayload { message: TicketMessage }
}

/// What can be changed about tickets.
#[derive(Default)]
pub struct TicketMutation;

#[Object]
impl TicketMutation {
    /// Opens a ticket.
    async fn ticket_create(&self, ctx: &Context<'_>, input: TicketCreateInput) -> Maybe<TicketCreatePayload> {
        certain(async { create(ctx, input).await }).await
    }

    /// Changes a ticket.
    async fn ticket_update(&self, ctx: &Context<'_>, input: TicketUpdateInput) -> Maybe<TicketUpdatePayload> {
        certain(async { update(ctx, input).await }).await
    }

    /// Writes on a ticket.
    async fn ticket_reply(&self, ctx: &Context<'_>, input: TicketReplyInput) -> Maybe<TicketReplyPayload> {
        certain(async { reply(ctx, input).await }).await
    }
}

pub(super) fn subject(row: &Model) -> Subject {
    Subject::row("Ticket", row.id, row.tenant_id).of_customer(row.customer_id, row.reseller_id)
}

async fn check_subscription(
    operation: &Arc<Operation>,
    id: SubscriptionId,
    customer: CustomerId,
) -> Result<()> {
    let found = Scoped::<subscription::Entity>::of(operation).get(id).await?;
    if found.customer_id == customer { Ok(()) } else { Err(Error::NotFound) }
}

/// That this account works for the provider.
///
/// # Errors
/// [`Error::NotFound`] when it does not, or the viewer does not reach it.
pub(crate) async fn check_assignee(
    operation: &Arc<Operation>,
    id: UserId,
    tenant: custodian_entity::id::TenantId,
) -> Result<()> {
    let found = Scoped::<user::Entity>::of(operation).get(id).await?;
    let can_work =
        found.tenant_id == tenant && found.kind == UserKind::Staff && found.status == UserStatus::Active;
    if can_work { Ok(()) } else { Err(Error::NotFound) }
}

/// The ticket with this id, of this customer.
///
/// # Errors
/// [`Error::NotFound`] when it is another's, or the viewer does not reach it.
pub(crate) async fn ticket_of(
    operation: &Arc<Operation>,
    id: TicketId,
    customer: CustomerId,
) -> Result<Model> {
    let found = Scoped::<Entity>::of(operation).get(id).await?;
    if found.customer_id == customer { Ok(found) } else { Err(Error::NotFound) }
}

async fn create(ctx: &Context<'_>, input: TicketCreateInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    let assignee = Assignee::of(ctx, input.assignee_id.map(|id| id.0)).await?;
    recorded(operation, "ticketCreate", async || {
        let identity = operation.identity()?;
        let customer = match (input.customer_id.map(|id| id.0), identity.customer) {
            (Some(id), _) | (None, Some(id)) => Scoped::<customer::Entity>::of(operation).get(id).await?,
            (None, None) => {
                accept!(Err(vec![UserError::on(
                    "customerId",
                    UserErrorCode::Required,
                    "whose ticket is it?"
                )]))
            }
        };
        if let Some(id) = input.subscription_id {
            check_subscription(operation, id.0, customer.id).await?;
        }
        if let Some(assignee) = &assignee {
            accept!(assignee.suits(operation, customer.tenant_id, input.category.0).await?);
        }
        let mut given = Given::checked(&input);
        given.note("category", true);
        given.note("subscription", input.subscription_id.is_some());
        given.note("severity", input.severity.is_some());
        given.note("priority", input.priority.is_some());
        given.note("dueAt", input.due_at.is_some());
        given.note("subject", true);
        given.note("description", true);
        given.note("assignee", input.assignee_id.is_some());
        given.note("sharedWithReseller", input.shared_with_reseller.is_some());
        let names = accept!(given.finish());
        let number = numbers::next(operation, customer.tenant_id, "TICKET").await?;
        let is_staff = identity.kind == UserKind::Staff;
        let row = ActiveModel {
            id: Set(TicketId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(customer.tenant_id),
            reseller_id: Set(customer.reseller_id),
            customer_id: Set(customer.id),
            number: Set(format!("T-{number:06}")),
            category: Set(input.category.0),
            severity: Set(input.severity.map_or(Severity::Medium, |severity| severity.0)),
            priority: Set(input.priority.map_or(Priority::Normal, |priority| priority.0)),
            status: Set(TicketStatus::New),
            channel: Set(if is_staff { Channel::Phone } else { Channel::Portal }),
            subject: Set(FreeText::new(input.subject.clone())),
            description: Set(FreeText::new(input.description.clone())),
            subscription_id: Set(input.subscription_id.map(|id| id.0)),
            assignee_id: Set(input.assignee_id.map(|id| id.0)),
            shared_with_reseller: Set(input.shared_with_reseller.unwrap_or(customer.reseller_id.is_some())),
            due_at: Set(input.due_at.map(|time| time.0)),
            created_at: Set(operation.clock.now()),
            resolved_at: Set(None),
            closed_at: Set(None),
        };
        let added = Scoped::<Entity>::of(operation).insert(row).await?;
        let event = Event::done(EventType::TicketCreated, subject(&added));
        Ok(Change::Done(added, event.fields(names)))
    })
    .await
}

async fn update(ctx: &Context<'_>, input: TicketUpdateInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    // Of another category, it is taken from who does not work on that.
    let assigned = match input.category.is_some() && input.assignee_id.is_undefined() {
        true => Scoped::<Entity>::of(operation).get(input.id.0).await?.assignee_id,
        false => input.assignee_id.value().map(|id| id.0),
    };
    let assignee = Assignee::of(ctx, assigned).await?;
    recorded(operation, "ticketUpdate", async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        if input.assignee_id.is_undefined() && input.category.is_some() && before.assignee_id != assigned {
            return Err(Error::Conflict);
        }
        if let MaybeUndefined::Value(id) = input.subscription_id {
            check_subscription(operation, id.0, before.customer_id).await?;
        }
        let mut row = ActiveModel::default();
        if let Some(assignee) = &assignee {
            let category = input.category.map_or(before.category, |category| category.0);
            if !input.assignee_id.is_undefined() {
                accept!(assignee.suits(operation, before.tenant_id, category).await?);
            } else if !assignee.works_on(category) {
                row.assignee_id = Set(None);
            }
        }
        let mut given = Given::checked(&input);
        given.set("category", &mut row.category, input.category.map(|category| category.0));
        given.set_or_clear(
            "subscription",
            &mut row.subscription_id,
            input.subscription_id.map_value(|id| id.0),
        );
        given.set("severity", &mut row.severity, input.severity.map(|severity| severity.0));
        given.set("priority", &mut row.priority, input.priority.map(|priority| priority.0));
        given.set_or_clear("dueAt", &mut row.due_at, input.due_at.map_value(|time| time.0));
        given.set("subject", &mut row.subject, input.subject.clone().map(FreeText::new));
        given.set("description", &mut row.description, input.description.clone().map(FreeText::new));
        given.set_or_clear("assignee", &mut row.assignee_id, input.assignee_id.map_value(|id| id.0));
        given.set("sharedWithReseller", &mut row.shared_with_reseller, input.shared_with_reseller);
        let names = accept!(given.finish());
        if names.is_empty() {
            return Ok(Change::Done(before.clone(), Event::done(EventType::TicketUpdated, subject(&before))));
        }
        // Its messages first: once the ticket has moved on, they may be out of reach.
        follow(&rows, before.id, &row).await?;
        let changed = rows.change(before.id, row, |update| update).await?;
        let event = Event::done(EventType::TicketUpdated, subject(&changed)).fields(names);
        Ok(Change::Done(changed, event))
    })
    .await
}

async fn reply(ctx: &Context<'_>, input: TicketReplyInput) -> Result<Outcome<ticket_message::Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "ticketReply", async || {
        let identity = operation.identity()?;
        let ticket = Scoped::<Entity>::of(operation).get(input.ticket_id.0).await?;
        let mut given = Given::checked(&input);
        if input.body.is_none() && input.internal_body.is_none() {
            given.refuse(UserError::on("body", UserErrorCode::Required, "a message has a text"));
        }
        if ticket.status == TicketStatus::Closed {
            given.refuse(UserError::on("ticketId", UserErrorCode::Invalid, "this ticket is closed"));
        }
        given.note("body", input.body.is_some());
        given.note("internalBody", input.internal_body.is_some());
        let names = accept!(given.finish());
        let row = ticket_message::ActiveModel {
            id: Set(TicketMessageId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(ticket.tenant_id),
            reseller_id: Set(ticket.reseller_id),
            customer_id: Set(ticket.customer_id),
            ticket_id: Set(ticket.id),
            ticket_category: Set(ticket.category),
            ticket_assignee_id: Set(ticket.assignee_id),
            shared_with_reseller: Set(ticket.shared_with_reseller),
            is_internal: Set(input.body.is_none()),
            author_kind: Set(match identity.kind {
                UserKind::Staff => AuthorKind::Staff,
                UserKind::Reseller => AuthorKind::Reseller,
                UserKind::Customer => AuthorKind::Customer,
            }),
            author_id: Set(Some(identity.user)),
            body: Set(FreeText::new(input.body.clone().unwrap_or_default())),
            internal_body: Set(input.internal_body.clone().map(FreeText::new)),
            sent_at: Set(operation.clock.now()),
        };
        let added = Scoped::<ticket_message::Entity>::of(operation).insert(row).await?;
        // What staff writes among itself is nothing that the customer's own log tells.
        let subject = match input.body {
            Some(_) => subject(&ticket),
            None => Subject::row("Ticket", ticket.id, ticket.tenant_id),
        };
        let event = Event::done(EventType::TicketReplied, subject.adding(added.id));
        Ok(Change::Done(added, event.fields(names)))
    })
    .await
}
