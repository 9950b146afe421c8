//! `customerChanged`, `ticketMessageAdded`, `securityAlertRaised`

use std::sync::{Arc, OnceLock};

use async_graphql::{Context, Subscription};
use custodian_entity::choice::Scope;
use custodian_entity::id::{CustomerId, SecurityAlertId, TicketId, TicketMessageId, TypedId};
use custodian_entity::{customer, security_alert, ticket, ticket_message};
use futures_util::stream::{self, Stream};
use sea_orm::{ColumnTrait, QueryFilter};

use super::{Occasion, Topic};
use crate::alerts::SecurityAlert;
use crate::authz::{InOperation, Operation, Rows, Scoped};
use crate::customers::Customer;
use crate::error::{Error, Result};
use crate::graphql::Gid;
use crate::news::Changed;
use crate::support::TicketMessage;

/// The root of subscriptions.
#[derive(Default)]
pub struct LiveRoot;

/// What can be listened to, over WebSocket.
#[Subscription(name = "Live")]
impl LiveRoot {
    /// A customer as it is now, whenever its own data, its addresses, its contacts or its balance were changed.
    async fn customer_changed(
        &self,
        ctx: &Context<'_>,
        id: Gid<CustomerId>,
    ) -> Result<impl Stream<Item = Option<Customer>>> {
        let operation = ctx.operation()?;
        let rows = Scoped::<customer::Entity>::of(operation);
        let changed = match occasion(ctx)? {
            Occasion::Beginning(topic) => {
                rows.unnoted().get(id.0).await?;
                begin(topic, Topic::Customer(id.0))?;
                None
            }
            Occasion::Change(changed) => told(operation, changed, rows.get(id.0)).await?,
        };
        Ok(stream::iter(changed.map(|row| Some(Customer(row)))))
    }

    /// A message that was added to a ticket.
    async fn ticket_message_added(
        &self,
        ctx: &Context<'_>,
        ticket_id: Gid<TicketId>,
    ) -> Result<impl Stream<Item = Option<TicketMessage>>> {
        let operation = ctx.operation()?;
        let added = match occasion(ctx)? {
            Occasion::Beginning(topic) => {
                Scoped::<ticket::Entity>::of(operation).unnoted().get(ticket_id.0).await?;
                begin(topic, Topic::Messages(ticket_id.0))?;
                None
            }
            Occasion::Change(changed) => {
                let message = named::<TicketMessageId>(changed.added.as_deref())?;
                let of_ticket = ticket_message::Column::TicketId.eq(ticket_id.0);
                let rows = Scoped::<ticket_message::Entity>::of(operation);
                let row = async {
                    let this = ticket_message::Column::Id.eq(message);
                    rows.one(|rows| rows.filter(this).filter(of_ticket)).await?.ok_or(Error::NotFound)
                };
                told(operation, changed, row).await?
            }
        };
        Ok(stream::iter(added.map(|row| Some(TicketMessage(row)))))
    }

    /// An alert that a rule over the audit log raised, or that looks worse than it did.
    async fn security_alert_raised(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Option<SecurityAlert>>> {
        let operation = ctx.operation()?;
        let raised = match occasion(ctx)? {
            Occasion::Beginning(topic) => {
                let reach = operation.reach(security_alert::Entity::TYPE).ok_or(Error::NotFound)?;
                let own = operation.identity()?.tenant;
                begin(topic, Topic::Alerts((reach != Scope::All).then_some(own)))?;
                None
            }
            Occasion::Change(changed) => {
                let alert = named::<SecurityAlertId>(changed.id.as_deref())?;
                let rows = Scoped::<security_alert::Entity>::of(operation);
                told(operation, changed, rows.get(alert)).await?
            }
        };
        Ok(stream::iter(raised.map(|row| Some(SecurityAlert(row)))))
    }
}

fn occasion<'a>(ctx: &Context<'a>) -> Result<&'a Occasion> {
    ctx.data_opt::<Occasion>().ok_or_else(|| Error::bug("a subscription without an occasion"))
}

fn begin(topic: &OnceLock<Topic>, about: Topic) -> Result<()> {
    topic.set(about).map_err(|_| Error::bug("a subscription to two things"))
}

/// The row of a change; none where the viewer does not reach it, or has no rows of the type that was changed at all.
async fn told<T>(
    operation: &Arc<Operation>,
    changed: &Changed,
    row: impl Future<Output = Result<T>>,
) -> Result<Option<T>> {
    if changed.kind.as_deref().is_some_and(|kind| operation.reach(kind).is_none()) {
        return Ok(None);
    }
    match row.await {
        Ok(row) => Ok(Some(row)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn named<T: TypedId>(id: Option<&str>) -> Result<T> {
    id.and_then(|id| T::decode(id).ok())
        .ok_or_else(|| Error::bug("a change without the id of what it is about"))
}
