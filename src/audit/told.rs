//! Of what is recorded, who listens is told once it is permanent: ids, and what happened. A mutation says nothing of this.

use custodian_entity::choice::Outcome;
use custodian_entity::id::TypedId;

use super::{Event, EventType};
use crate::authz::Operation;
use crate::news::Changed;

impl EventType {
    /// Whether a customer's own data, its addresses or its contacts are not what they were: the types that each role which
    /// reaches customers reaches as far.
    pub fn changes_customer(self) -> bool {
        use EventType::{
            AddressCreated, AddressDeleted, AddressUpdated, ContactCreated, ContactDeleted, ContactUpdated,
            CustomerCreated, CustomerMoved, CustomerTransitioned, CustomerUpdated, EmailChanged,
            EmailVerified, InvoiceIssued, InvoiceVoided, PaymentCreated, PaymentRefunded,
        };
        // Invoices and payments change its balance.
        matches!(
            self,
            AddressCreated
                | AddressDeleted
                | AddressUpdated
                | ContactCreated
                | ContactDeleted
                | ContactUpdated
                | CustomerCreated
                | CustomerMoved
                | CustomerTransitioned
                | CustomerUpdated
                | EmailChanged
                | EmailVerified
                | InvoiceIssued
                | InvoiceVoided
                | PaymentCreated
                | PaymentRefunded
        )
    }

    /// Whether somebody of the provider may do something no longer, or not as he could. What ends sessions is told by
    /// itself.
    pub fn changes_standing(self) -> bool {
        use EventType::{
            ApiClientRevoked, ApiClientRotated, ApiTokenRevoked, ContainmentApplied, IdentityLinked,
            ResellerTransitioned, ResellerUpdated, RoleDeleted, RoleGranted, RoleRevoked, RoleUpdated,
            SecondFactorDisabled, SecondFactorEnabled, TenantUpdated, UserDeactivated, UserUpdated,
        };
        matches!(
            self,
            ApiClientRevoked
                | ApiClientRotated
                | ApiTokenRevoked
                | ContainmentApplied
                | IdentityLinked
                | ResellerTransitioned
                | ResellerUpdated
                | RoleDeleted
                | RoleGranted
                | RoleRevoked
                | RoleUpdated
                | SecondFactorDisabled
                | SecondFactorEnabled
                | TenantUpdated
                | UserDeactivated
                | UserUpdated
        )
    }

    /// Whether anybody listens for it.
    fn is_told(self) -> bool {
        self.changes_customer()
            || self.changes_standing()
            || matches!(self, Self::TicketReplied | Self::SecurityAlertRaised)
    }
}

/// Notes an event of the running transaction, if somebody listens for such.
pub(super) fn note(operation: &Operation, event: &Event) {
    if event.outcome != Outcome::Success || !event.kind.is_told() {
        return;
    }
    let tenant = event.subject.tenant.or(operation.viewer.identity().map(|who| who.tenant));
    let (kind, id) = event.subject.resource.clone().unzip();
    operation.note_change(Changed {
        event: event.kind.name().to_owned(),
        tenant: tenant.map(TypedId::encode),
        customer: event.subject.customer.map(TypedId::encode),
        kind: kind.map(str::to_owned),
        id,
        added: event.subject.added.clone(),
        ends_rights: event.kind.changes_standing(),
    });
}
