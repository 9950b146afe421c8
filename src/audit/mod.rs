//! The audit log: what was changed or looked up, by whom, recorded in the transaction of it.
//!
//! Details name fields, never their values. A mutation can only end through [`recorded`], so none can forget its event;
//! one whose event cannot be written changes nothing. Entries are chained by hash, for each provider (`chain`). What is read
//! leaves entries as well, where it is RESTRICTED and shown in clear, or denied ([`disclosures`], [`Journal`]).

mod chain;
mod customers;
mod disclosure;
mod event;
mod event_type;
mod export;
mod heads;
mod journal;
mod listing;
mod quota;
mod sets;
mod shipping;
mod signed;
mod told;
mod verify;

use std::sync::Arc;

use custodian_entity::audit_event;
use custodian_entity::choice::{Outcome, UserKind};
use custodian_entity::id::{AuditEventId, TypedId};
use custodian_entity::personal::IpAddress;
use sea_orm::Set;

pub use self::disclosure::{Entry, action, denial, disclosures, limited, refused_role};
pub use self::event::{Event, Subject};
pub use self::event_type::EventType;
pub use self::export::document;
pub use self::heads::{Head, HeadError, Heads};
pub use self::journal::Journal;
use self::listing::Known;
pub use self::listing::list;
pub use self::quota::{Limit, Quotas, count_refused, counted, refused, within};
pub(crate) use self::sets::shown_by;
pub use self::shipping::{LAG_ENTRIES, LAG_SECONDS, Log, REJECTED, SHIPPED};
pub use self::signed::{Signed, SignedError, signed};
pub use self::verify::{Fault, Span, Verification, What, count, page, verify};
use crate::authz::{Operation, mask};
use crate::error::{Error, Result};

/// How a change ends: done, with the event that records it, or refused for reasons the client is told.
pub enum Change<T, R> {
    /// The change was made.
    Done(T, Event),
    /// It had been made before: there is nothing to change, and nothing to record.
    Same(T),
    /// Nothing was changed.
    Refused(R),
    /// Nothing was changed, and that it was asked for is on record.
    Denied(Error, Event),
}

/// Runs a change in a transaction of its own and commits it together with its event. What is refused or fails leaves
/// nothing behind.
///
/// # Errors
/// Those of the change, and of writing the event.
pub async fn recorded<T, R>(
    operation: &Arc<Operation>,
    action: &'static str,
    change: impl AsyncFnOnce() -> Result<Change<T, R>>,
) -> Result<Result<T, R>> {
    operation.begin_write().await?;
    let (end, event) = match change().await {
        Ok(Change::Done(done, event)) => (Ok(Ok(done)), Some(event)),
        Ok(Change::Same(done)) => (Ok(Ok(done)), None),
        Ok(Change::Refused(reasons)) => (Ok(Err(reasons)), None),
        Ok(Change::Denied(error, event)) => (Err(error), Some(event)),
        Err(error) => (Err(error), None),
    };
    let Some(event) = event else {
        operation.end().await?;
        return end;
    };
    if let Err(error) = write(operation, action, event).await {
        operation.end().await?;
        return Err(error);
    }
    operation.commit().await?;
    end
}

/// Runs what the service does by itself in a transaction of its own and commits it together with whatever events come of
/// it, which may be none. All of them are of one provider.
///
/// # Errors
/// Those of the work, and of writing the events; nothing is left behind then.
pub async fn noted<T>(
    operation: &Arc<Operation>,
    action: &'static str,
    work: impl AsyncFnOnce() -> Result<(T, Vec<Event>)>,
) -> Result<T> {
    operation.begin_write().await?;
    let written = async {
        let (done, events) = work().await?;
        events.iter().for_each(|event| told::note(operation, event));
        let rows: Vec<_> =
            events.into_iter().map(|event| entry(operation, action, event)).collect::<Result<_>>()?;
        chain::append(&*operation.transaction().await?, rows, &mut chain::Ends::default()).await?;
        Ok(done)
    };
    match written.await {
        Ok(done) => operation.commit().await.map(|()| done),
        Err(error) => {
            operation.end().await?;
            Err(error)
        }
    }
}

/// Writes an event into the running transaction. What it unmasked or sent of a customer counts as disclosed.
async fn write(operation: &Arc<Operation>, action: &'static str, event: Event) -> Result<()> {
    let discloses = event.kind.discloses() && event.outcome == Outcome::Success;
    let customers = event.subject.customer.filter(|_| discloses).map(TypedId::uuid).into_iter().collect();
    told::note(operation, &event);
    let entry = Entry { event: entry(operation, action, event)?, customers };
    let transaction = operation.transaction().await?;
    listing::append(&transaction, &[&entry], &mut Known::default()).await
}

/// How much is kept of what a client calls itself.
const USER_AGENT: usize = 200;

/// With what the viewer does it. Of customers that is not kept: nothing of them is in the log that would have to be erased.
fn user_agent(operation: &Operation) -> Option<String> {
    let identity = operation.viewer.identity().filter(|who| who.kind != UserKind::Customer);
    let text = identity.and(operation.origin.user_agent.as_deref())?;
    Some(text.chars().filter(|c| !c.is_control()).take(USER_AGENT).collect())
}

/// The entry of an event, which is yet to be added to its chain.
fn entry(operation: &Operation, action: &str, event: Event) -> Result<audit_event::ActiveModel> {
    let identity = operation.viewer.identity();
    let ip = operation.origin.ip.map(|ip| IpAddress::new(mask::ip(&ip.to_string())));
    let fields_read = event.details.fields_read().filter(|_| event.outcome == Outcome::Success);
    let purpose = event.details.purpose();
    Ok(audit_event::ActiveModel {
        id: Set(AuditEventId::from_uuid(operation.clock.new_uuid())),
        tenant_id: Set(event.subject.tenant.or(identity.map(|who| who.tenant))),
        reseller_id: Set(event.subject.reseller),
        customer_id: Set(event.subject.customer),
        occurred_at: Set(operation.clock.now()),
        event_type: Set(event.kind.name().to_owned()),
        actor_id: Set(event.actor.or(identity.map(|who| who.user))),
        actor_role: Set(event.role.or(identity.map(|who| who.role.name.clone()))),
        api_client_id: Set(event.client.or(identity.and_then(|who| who.client))),
        ip: Set(ip),
        resource_type: Set(event.subject.resource.as_ref().map(|(kind, _)| (*kind).to_owned())),
        resource_id: Set(event.subject.resource.map(|(_, id)| id)),
        action: Set(action.to_owned()),
        outcome: Set(event.outcome),
        request_id: Set(operation.origin.request_id.clone()),
        details: Set(serde_json::to_value(&event.details).map_err(Error::internal)?),
        user_agent: Set(user_agent(operation)),
        fields_read: Set(fields_read.map(|fields| fields.iter().map(String::as_str).collect())),
        purpose: Set(purpose.map(str::to_owned)),
        ..Default::default()
    })
}

impl Event {
    /// An event of a change that was made.
    pub fn done(kind: EventType, subject: Subject) -> Self {
        Self {
            kind,
            subject,
            actor: None,
            client: None,
            role: None,
            outcome: Outcome::Success,
            details: event::Details::None {},
        }
    }

    /// An event of something that was asked for and not allowed.
    pub fn denied(kind: EventType, subject: Subject) -> Self {
        Self { outcome: Outcome::Denied, ..Self::done(kind, subject) }
    }
}
