//! What can be listened to.

use custodian_entity::id::{CustomerId, TenantId, TicketId, TypedId};
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
    /// Alerts of a provider; of all of them, for who reaches all.
    Alerts(Option<TenantId>),
}

impl Topic {
    /// What a change is about, as far as anybody can listen to it.
    pub fn of(changed: &Changed) -> Vec<Self> {
        match event(changed) {
            Some(EventType::TicketReplied) => one(changed.id.as_deref(), Self::Messages),
            Some(EventType::SecurityAlertRaised) => {
                let own = one(changed.tenant.as_deref(), |tenant| Self::Alerts(Some(tenant)));
                own.into_iter().chain([Self::Alerts(None)]).collect()
            }
            Some(event) if event.changes_customer() => one(changed.customer.as_deref(), Self::Customer),
            _ => Vec::new(),
        }
    }
}

fn one<T: TypedId>(id: Option<&str>, topic: impl FnOnce(T) -> Topic) -> Vec<Topic> {
    id.and_then(|id| T::decode(id).ok()).map(topic).into_iter().collect()
}

/// What happened; none where another version of the service says what this one does not know.
fn event(changed: &Changed) -> Option<EventType> {
    EventType::try_from_value(&changed.event).ok()
}

/// Whether a change can end what somebody may do.
pub fn ends_rights(changed: &Changed) -> bool {
    event(changed).is_none_or(EventType::changes_standing)
}
