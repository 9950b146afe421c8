//! `CallLog`, `IdentityCheck`

use async_graphql::{Context, ID, Object};
use custodian_entity::choice::{CallOutcome, CpniAuthMethod, Direction, Outcome};
use custodian_entity::personal::{FreeText, Phone};
use custodian_entity::{customer, ticket, user};

use crate::authz::{Pii, Withheld, field};
use crate::customers::Customer;
use crate::graphql::link::one;
use crate::graphql::personal::Written;
use crate::graphql::scalar::DateTime;
use crate::graphql::{Choice, Maybe, id, maybe};
use crate::support::Ticket;
use crate::users::User;

crate::nodes! {
    /// A call with a customer.
    CallLog of call_log;
    /// A check of who is calling: what was asked for, and whether it was shown.
    IdentityCheck of identity_check;
}

fn written(text: &FreeText) -> Written {
    Written::new(text.clone(), None)
}

/// A call with a customer.
#[Object]
impl CallLog {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// Who called whom.
    async fn direction(&self) -> Choice<Direction> {
        Choice(self.0.direction)
    }
    /// When it began.
    async fn started_at(&self) -> DateTime {
        DateTime(self.0.started_at)
    }
    /// How long it took.
    async fn duration_seconds(&self) -> i32 {
        self.0.duration_seconds
    }
    /// Who spoke for the provider.
    async fn agent(&self, ctx: &Context<'_>) -> Maybe<User> {
        maybe(one::<user::Entity>(ctx, self.0.agent_id)).await
    }
    /// What came of it.
    async fn outcome(&self) -> Choice<CallOutcome> {
        Choice(self.0.outcome)
    }
    /// The ticket it was about.
    async fn ticket(&self, ctx: &Context<'_>) -> Maybe<Ticket> {
        maybe(one::<ticket::Entity>(ctx, self.0.ticket_id)).await
    }
    /// The number that called or was called.
    async fn counterparty_number(&self) -> Pii<Phone, { field("CallLog.counterpartyNumber") }> {
        Pii(self.0.counterparty_number.clone())
    }
    /// In a few words.
    async fn subject(&self) -> Option<Pii<Written, { field("CallLog.subject") }>> {
        self.0.subject.as_ref().map(|text| Pii(written(text)))
    }
    /// In full.
    async fn summary(&self) -> Option<Pii<Written, { field("CallLog.summary") }>> {
        self.0.summary.as_ref().map(|text| Pii(written(text)))
    }
    /// How the caller showed to be the customer.
    async fn authentication_method(
        &self,
    ) -> Option<Withheld<Choice<CpniAuthMethod>, { field("CallLog.authenticationMethod") }>> {
        self.0.authentication_method.map(|method| Withheld(Choice(method)))
    }
    /// When the caller did.
    async fn authenticated_at(&self) -> Option<Withheld<DateTime, { field("CallLog.authenticatedAt") }>> {
        self.0.authenticated_at.map(|time| Withheld(DateTime(time)))
    }
    /// With whom.
    async fn customer(&self, ctx: &Context<'_>) -> Maybe<Customer> {
        maybe(one::<customer::Entity>(ctx, Some(self.0.customer_id))).await
    }
}

/// A check of who is calling: what was asked for, and whether it was shown.
#[Object]
impl IdentityCheck {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// Who the caller said to be.
    async fn customer(&self, ctx: &Context<'_>) -> Maybe<Customer> {
        maybe(one::<customer::Entity>(ctx, Some(self.0.customer_id))).await
    }
    /// What was asked for.
    async fn method(&self) -> Choice<CpniAuthMethod> {
        Choice(self.0.method)
    }
    /// SUCCESS when it was shown, FAILURE when it was wrong, DENIED when the caller would not say.
    async fn outcome(&self) -> Choice<Outcome> {
        Choice(self.0.outcome)
    }
    /// Who checked.
    async fn performed_by(&self, ctx: &Context<'_>) -> Maybe<User> {
        maybe(one::<user::Entity>(ctx, Some(self.0.performed_by))).await
    }
    /// When.
    async fn performed_at(&self) -> DateTime {
        DateTime(self.0.performed_at)
    }
    /// Until when it counts; one that was not passed never does.
    async fn valid_until(&self) -> DateTime {
        DateTime(self.0.valid_until)
    }
    /// The ticket it was about.
    async fn ticket(&self, ctx: &Context<'_>) -> Maybe<Ticket> {
        maybe(one::<ticket::Entity>(ctx, self.0.ticket_id)).await
    }
}
