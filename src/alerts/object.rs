//! `SecurityAlert`

use async_graphql::{Context, ID, Object};
use custodian_entity::choice::{AlertStatus, Severity};
use custodian_entity::personal::IpAddress;
use custodian_entity::{api_client, security_incident, user};

use crate::authz::{Pii, field};
use crate::clients::ApiClient;
use crate::graphql::link::one;
use crate::graphql::scalar::DateTime;
use crate::graphql::{Choice, Maybe, id, maybe};
use crate::incidents::SecurityIncident;
use crate::users::User;

crate::nodes! {
    /// Something in the audit log that somebody has to look at.
    SecurityAlert of security_alert;
}

/// Something in the audit log that somebody has to look at.
#[Object]
impl SecurityAlert {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// The rule that raised it, by name.
    async fn rule(&self) -> &str {
        &self.0.rule
    }
    /// How bad it looks.
    async fn severity(&self) -> Choice<Severity> {
        Choice(self.0.severity)
    }
    /// Whether somebody has taken note of it.
    async fn status(&self) -> Choice<AlertStatus> {
        Choice(self.0.status)
    }
    /// The account it is about.
    async fn principal(&self, ctx: &Context<'_>) -> Maybe<User> {
        maybe(one::<user::Entity>(ctx, self.0.principal_id)).await
    }
    /// The API client it is about.
    async fn api_client(&self, ctx: &Context<'_>) -> Maybe<ApiClient> {
        maybe(one::<api_client::Entity>(ctx, self.0.api_client_id)).await
    }
    /// The network it is about; of an address only the mask is kept.
    async fn ip(&self) -> Option<Pii<IpAddress, { field("SecurityAlert.ip") }>> {
        self.0.ip.clone().map(Pii)
    }
    /// In a sentence: names of rules, numbers and ids, never values.
    async fn summary(&self) -> &str {
        &self.0.summary
    }
    /// When what was counted first reached the threshold.
    async fn first_seen_at(&self) -> DateTime {
        DateTime(self.0.first_seen_at)
    }
    /// When it last did.
    async fn last_seen_at(&self) -> DateTime {
        DateTime(self.0.last_seen_at)
    }
    /// The incident that answers it.
    async fn incident(&self, ctx: &Context<'_>) -> Maybe<SecurityIncident> {
        maybe(one::<security_incident::Entity>(ctx, self.0.incident_id)).await
    }
    /// The most that was counted within the rule's window.
    async fn count(&self) -> i32 {
        self.0.count
    }
}
