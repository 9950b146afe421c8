//! What can be listened to.

use custodian_entity::id::{CustomerId, TicketId, TypedId};
use sea_orm::ActiveEnum;

use crate::audit::EventType;
use crate::news::Changed;

/// What a subscription is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// A customer's own data, addresses, contacts and balance.
    Customer(CustomerId),
    /// The messages on a ticket.
    Messages(TicketId),
    /// Alerts.
    Alerts,
}

impl Topic {
    /// What a change is about, if anybody can listen to it.
    pub fn of(changed: &Changed) -> Option<Self> {
        match event(changed)? {
            EventType::TicketReplied => TicketId::decode(changed.id.as_deref()?).ok().map(Self::Messages),
            EventType::SecurityAlertRaised => Some(Self::Alerts),
            event if event.changes_customer() => {
                CustomerId::decode(changed.customer.as_deref()?).ok().map(Self::Customer)
            }
            _ => None,
        }
    }
}

/// What happened; none where another version of the service says what this one does not know.
fn event(changed: &Changed) -> Option<EventType> {
    EventType::try_from_value(&changed.event).ok()
}

/// Whether a change can end what somebody may do.
pub fn ends_rights(changed: &Changed) -> bool {
    event(changed).is_none_or(EventType::changes_standing)
}
