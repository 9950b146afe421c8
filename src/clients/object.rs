//! `ApiClient`

use async_graphql::{Context, ID, Object};
use custodian_entity::choice::{ApiClientStatus, RateTier};
use custodian_entity::personal::{IpAddress, IpPrefix};
use custodian_entity::{reseller, user};

use crate::authn::client::words;
use crate::authz::{InOperation, Pii, field};
use crate::graphql::link::one;
use crate::graphql::scalar::{DateTime, TokenScope};
use crate::graphql::{Choice, Maybe, id, maybe};
use crate::resellers::Reseller;
use crate::users::User;

crate::nodes! {
    /// A program that calls in the name of an account.
    ApiClient of api_client;
}

/// A program that calls in the name of an account.
#[Object]
impl ApiClient {
    /// Its id, which is its `client_id` for OAuth 2.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// What its owner calls it.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// Whether it may call.
    async fn status(&self, ctx: &Context<'_>) -> crate::error::Result<Choice<ApiClientStatus>> {
        let is_over = self.0.expires_at <= ctx.operation()?.clock.now();
        Ok(Choice(match self.0.status {
            ApiClientStatus::Active if is_over => ApiClientStatus::Expired,
            status => status,
        }))
    }
    /// In whose name it calls.
    async fn owner(&self, ctx: &Context<'_>) -> Maybe<User> {
        maybe(one::<user::Entity>(ctx, Some(self.0.owner_id))).await
    }
    /// What it is limited to: never more than its owner may.
    async fn scopes(&self) -> Vec<TokenScope> {
        words(&self.0.scopes).into_iter().map(TokenScope).collect()
    }
    /// The networks it may call from; any, if there are none.
    async fn allowed_ips(&self) -> Vec<Pii<IpPrefix, { field("ApiClient.allowedIps") }>> {
        words(&self.0.allowed_ips).into_iter().map(|network| Pii(IpPrefix::new(network))).collect()
    }
    /// How often it may call.
    async fn rate_tier(&self) -> Choice<RateTier> {
        Choice(self.0.rate_tier)
    }
    /// Until when it may call.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }
    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
    /// The reseller to whose rows it is bound.
    async fn reseller(&self, ctx: &Context<'_>) -> Maybe<Reseller> {
        maybe(one::<reseller::Entity>(ctx, self.0.reseller_id)).await
    }
    /// How its secret begins.
    async fn token_prefix(&self) -> &str {
        &self.0.token_prefix
    }
    /// When it was last given an access token.
    async fn last_used_at(&self) -> Option<DateTime> {
        self.0.last_used_at.map(DateTime)
    }
    /// From where it asked for it.
    async fn last_used_ip(&self) -> Option<Pii<IpAddress, { field("ApiClient.lastUsedIp") }>> {
        self.0.last_used_ip.clone().map(Pii)
    }
    /// When it was revoked.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.revoked_at.map(DateTime)
    }
    /// By whom.
    async fn revoked_by(&self, ctx: &Context<'_>) -> Maybe<User> {
        maybe(one::<user::Entity>(ctx, self.0.revoked_by)).await
    }
}
