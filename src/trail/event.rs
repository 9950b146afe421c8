//! `AuditEvent`

use async_graphql::{Context, ID, Json, Object};
use custodian_entity::api_client;
use custodian_entity::choice::Outcome;
use custodian_entity::personal::IpAddress;
use sea_orm::ActiveEnum;
use serde_json::Value;

use crate::audit::EventType;
use crate::authz::{Pii, Withheld, field};
use crate::clients::ApiClient;
use crate::graphql::link::one;
use crate::graphql::scalar::{BigInt, DateTime};
use crate::graphql::{Choice, Maybe, id, maybe};
use crate::history::Actor;

crate::nodes! {
    /// An entry of the audit log.
    AuditEvent of audit_event;
}

/// The names in an array of them.
pub(super) fn names(array: &Value) -> Vec<String> {
    array.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// An entry of the audit log.
#[Object]
impl AuditEvent {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// When.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.0.occurred_at)
    }
    /// What happened; UNKNOWN where another version of the service wrote it.
    async fn event_type(&self) -> Choice<EventType> {
        Choice(EventType::try_from_value(&self.0.event_type).unwrap_or(EventType::Unknown))
    }
    /// The operation, such as `customerUpdate`; of what is about reading, all operations of the document.
    async fn action(&self) -> &str {
        &self.0.action
    }
    /// How it ended.
    async fn outcome(&self) -> Choice<Outcome> {
        Choice(self.0.outcome)
    }
    /// The type of the row it is about, if it is about one.
    async fn resource_type(&self) -> Option<&str> {
        self.0.resource_type.as_deref()
    }
    /// The id of that row. It may be gone.
    async fn resource_id(&self) -> Option<ID> {
        self.0.resource_id.clone().map(ID)
    }
    /// Who did it; none where nobody was signed in.
    async fn actor(&self, ctx: &Context<'_>) -> Maybe<Actor> {
        maybe(Actor::of_account(ctx, self.0.actor_id, self.0.api_client_id)).await
    }
    /// The API client it was done through.
    async fn api_client(&self, ctx: &Context<'_>) -> Maybe<ApiClient> {
        maybe(one::<api_client::Entity>(ctx, self.0.api_client_id)).await
    }
    /// From where; of the address only the mask is kept.
    async fn ip(&self) -> Option<Pii<IpAddress, { field("AuditEvent.ip") }>> {
        self.0.ip.clone().map(Pii)
    }
    /// What the client said of itself, shortened. Of customers that is not kept.
    async fn user_agent(&self) -> Option<Withheld<&str, { field("AuditEvent.userAgent") }>> {
        self.0.user_agent.as_deref().map(Withheld)
    }
    /// The id of the request, which its answer and the service's own log carry.
    async fn correlation_id(&self) -> Option<Withheld<&str, { field("AuditEvent.correlationId") }>> {
        Some(Withheld(&*self.0.request_id))
    }
    /// Names and steps, no personal data.
    async fn details(&self) -> Option<Withheld<Json<&Value>, { field("AuditEvent.details") }>> {
        Some(Withheld(Json(&self.0.details)))
    }
    /// The fields that were shown, such as `Customer.email`, where it is about reading.
    async fn fields_read(&self) -> Option<Withheld<Vec<String>, { field("AuditEvent.fieldsRead") }>> {
        self.0.fields_read.as_ref().map(|fields| Withheld(names(fields)))
    }
    /// What for, where that had to be said.
    async fn purpose(&self) -> Option<Withheld<&str, { field("AuditEvent.purpose") }>> {
        self.0.purpose.as_deref().map(Withheld)
    }
    /// Its number in the chain of its provider, from 1; 0 where it is from before there were chains.
    async fn sequence(&self) -> Option<Withheld<BigInt, { field("AuditEvent.sequence") }>> {
        Some(Withheld(BigInt(self.0.sequence)))
    }
    /// The hash of the entry before it: SHA-256 in hexadecimal digits, empty for the first.
    async fn prev_hash(&self) -> Option<Withheld<&str, { field("AuditEvent.prevHash") }>> {
        Some(Withheld(&*self.0.prev_hash))
    }
    /// The hash of all of this and of the entry before it.
    async fn hash(&self) -> Option<Withheld<&str, { field("AuditEvent.hash") }>> {
        Some(Withheld(&*self.0.hash))
    }
}
