//! `ticketAssign`, and whom a ticket can be given to.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::TicketCategory;
use custodian_entity::id::{TenantId, TicketId, UserId};
use custodian_entity::ticket::{ActiveModel, Entity, Model};
use custodian_entity::{ticket_message, user};
use sea_orm::{EntityTrait, Iterable, Set};

use super::Ticket;
use super::mutation::{check_assignee, subject};
use crate::accept;
use crate::audit::{Change, Event, EventType, recorded};
use crate::authn::{HeldRole, held_roles};
use crate::authz::policy::Policy;
use crate::authz::rows::works_on;
use crate::authz::{InOperation, Operation, Scoped};
use crate::database::Settings;
use crate::error::{Error, Result};
use crate::graphql::{Gid, Maybe, Outcome, UserError, UserErrorCode, certain};

/// Who is to work on a ticket.
#[derive(InputObject)]
pub struct TicketAssignInput {
    /// Which ticket.
    id: Gid<TicketId>,
    /// Somebody of the provider's staff who works on tickets of its category; nobody when not given.
    assignee_id: Option<Gid<UserId>>,
}

crate::payloads! { TicketAssignPayload { ticket: Ticket } }

/// Who works on what.
#[derive(Default)]
pub struct AssignMutation;

#[Object]
impl AssignMutation {
    /// Gives a ticket to somebody, or takes it from whoever has it.
    async fn ticket_assign(&self, ctx: &Context<'_>, input: TicketAssignInput) -> Maybe<TicketAssignPayload> {
        certain(async { assign(ctx, input).await }).await
    }
}

/// Somebody whom a ticket is to be given to, with the categories of tickets that he works on.
pub(super) struct Assignee {
    id: UserId,
    categories: Vec<TicketCategory>,
}

impl Assignee {
    /// Finds out what he works on, in any role that he holds now. What others hold is not the viewer's to read, so it is
    /// read past his rows: before the change, whose transaction is his own.
    pub(super) async fn of(ctx: &Context<'_>, id: Option<UserId>) -> Result<Option<Self>> {
        let Some(id) = id else { return Ok(None) };
        let operation = ctx.operation()?;
        let policy = ctx.data_opt::<Arc<Policy>>().ok_or_else(|| Error::bug("no policy in the operation"))?;
        operation.end().await?;
        let reading = operation.told(Settings::of_sign_in());
        let held = held_by(&reading, id).await;
        reading.end().await?;
        let held = held?;
        let is_worked_on = |category: &TicketCategory| {
            held.iter().any(|held| {
                policy.in_force(&held.role).is_some_and(|rights| works_on(rights, &held.role, *category))
            })
        };
        Ok(Some(Self { id, categories: TicketCategory::iter().filter(is_worked_on).collect() }))
    }

    /// Whether he works on tickets of this category.
    pub(super) fn works_on(&self, category: TicketCategory) -> bool {
        self.categories.contains(&category)
    }

    /// Whether a ticket of this provider and category can be his.
    ///
    /// # Errors
    /// [`Error::NotFound`] when he is not of its staff, or the viewer does not reach him.
    pub(super) async fn suits(
        &self,
        operation: &Arc<Operation>,
        tenant: TenantId,
        category: TicketCategory,
    ) -> Result<Outcome<()>> {
        check_assignee(operation, self.id, tenant).await?;
        Ok(match self.works_on(category) {
            true => Ok(()),
            false => {
                let message = "does not work on tickets of this category";
                Err(vec![UserError::on("assigneeId", UserErrorCode::Invalid, message)])
            }
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "of what it reads the viewer learns a category alone")]
async fn held_by(reading: &Arc<Operation>, id: UserId) -> Result<Vec<HeldRole>> {
    let transaction = reading.transaction().await?;
    match user::Entity::find_by_id(id).one(&*transaction).await? {
        Some(account) => held_roles(&*transaction, &reading.clock, &account).await,
        None => Ok(Vec::new()),
    }
}

/// Puts what messages repeat of their ticket into them.
pub(super) async fn follow(rows: &Scoped<Entity>, id: TicketId, row: &ActiveModel) -> Result<()> {
    let copies = ticket_message::ActiveModel {
        ticket_category: row.category.clone(),
        ticket_assignee_id: row.assignee_id.clone(),
        shared_with_reseller: row.shared_with_reseller.clone(),
        ..Default::default()
    };
    let is_repeated = copies.ticket_category.is_set()
        || copies.ticket_assignee_id.is_set()
        || copies.shared_with_reseller.is_set();
    if is_repeated {
        let of = ticket_message::Column::TicketId;
        rows.change_followers::<ticket_message::Entity>(id, of, |all| all.set(copies)).await?;
    }
    Ok(())
}

async fn assign(ctx: &Context<'_>, input: TicketAssignInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    let assignee = Assignee::of(ctx, input.assignee_id.map(|id| id.0)).await?;
    recorded(operation, "ticketAssign", async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        if let Some(assignee) = &assignee {
            accept!(assignee.suits(operation, before.tenant_id, before.category).await?);
        }
        let row = ActiveModel { assignee_id: Set(assignee.as_ref().map(|one| one.id)), ..Default::default() };
        follow(&rows, before.id, &row).await?;
        let changed = rows.change(before.id, row, |update| update).await?;
        let event = Event::done(EventType::TicketAssigned, subject(&changed)).fields(vec!["assignee"]);
        Ok(Change::Done(changed, event))
    })
    .await
}
