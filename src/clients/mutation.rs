//! `apiClientCreate`, `apiClientRotate`, `apiClientRevoke`

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::TimeDelta;
use custodian_entity::api_client::{ActiveModel, Column, Entity, Model};
use custodian_entity::choice::{ApiClientStatus, RateTier, Scope};
use custodian_entity::id::{ApiClientId, ResellerId, RoleId, TypedId};
use custodian_entity::{reseller, user};
use garde::Validate;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use secrecy::ExposeSecret;

use super::ApiClient;
use crate::accept;
use crate::accounts::Accounts;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authn::client::Secret;
use crate::authn::held_roles;
use crate::authz::policy::Policy;
use crate::authz::{InOperation, Operation, Rows, Scoped};
use crate::config::ApiClients;
use crate::error::{Error, Result};
use crate::graphql::scalar::{Cidr, DateTime, TokenScope};
use crate::graphql::validate::{Given, line};
use crate::graphql::{Choice, Gid, Maybe, Outcome, UserError, UserErrorCode, certain};

/// A program that is to call in the viewer's name, in the role he acts in now.
#[derive(InputObject, Validate)]
pub struct ApiClientCreateInput {
    /// What to call it.
    #[garde(custom(line), length(chars, max = 100))]
    name: String,
    /// What it is limited to: at least one scope, each one of which the viewer holds something.
    #[garde(length(min = 1, max = 50))]
    scopes: Vec<TokenScope>,
    /// Until when it may call: a year ahead at most, unless the operator chose otherwise.
    #[garde(skip)]
    expires_at: DateTime,
    /// The networks it may call from; any when not given.
    #[graphql(default)]
    #[garde(length(max = 50))]
    allowed_ips: Vec<Cidr>,
    /// The reseller to whose rows it is bound. A reseller's is bound to his own, whatever is given.
    #[garde(skip)]
    reseller_id: Option<Gid<ResellerId>>,
    /// How often it may call; STANDARD when not given.
    #[garde(skip)]
    rate_tier: Option<Choice<RateTier>>,
}

/// Which API client gets a new secret.
#[derive(InputObject)]
pub struct ApiClientRotateInput {
    /// Its id.
    id: Gid<ApiClientId>,
}

/// Which API client may call no longer.
#[derive(InputObject)]
pub struct ApiClientRevokeInput {
    /// Its id.
    id: Gid<ApiClientId>,
}

crate::payloads! { ApiClientRevokePayload { api_client: ApiClient } }

/// Payloads that show a secret.
macro_rules! with_secret {
    ($($name:ident)*) => {$(
        /// What the mutation changed, or why it could not.
        #[derive(SimpleObject)]
        pub struct $name {
            /// As it is now; none when refused.
            api_client: Option<ApiClient>,
            /// Its `client_secret` for OAuth 2, shown this once.
            client_secret: Option<String>,
            /// Why it could not be done; empty when it was.
            user_errors: Vec<UserError>,
        }

        impl From<Outcome<(Model, Secret)>> for $name {
            fn from(outcome: Outcome<(Model, Secret)>) -> Self {
                match outcome {
                    Ok((row, secret)) => Self {
                        api_client: Some(row.into()),
                        client_secret: Some(secret.text.expose_secret().to_owned()),
                        user_errors: Vec::new(),
                    },
                    Err(user_errors) => Self { api_client: None, client_secret: None, user_errors },
                }
            }
        }
    )*};
}

with_secret! { ApiClientCreatePayload ApiClientRotatePayload }

/// What can be changed about API clients.
#[derive(Default)]
pub struct ApiClientMutation;

#[Object]
impl ApiClientMutation {
    /// Adds an API client. It does what the viewer may and its scopes let through, in the role he acts in now. Who has a
    /// second factor verifies the session first (`mfaVerify`).
    async fn api_client_create(
        &self,
        ctx: &Context<'_>,
        input: ApiClientCreateInput,
    ) -> Maybe<ApiClientCreatePayload> {
        certain(async { create(ctx, input).await }).await
    }

    /// Gives an API client of the viewer's own a new secret; the old one and every token end at once. Who has a second
    /// factor verifies the session first (`mfaVerify`).
    async fn api_client_rotate(
        &self,
        ctx: &Context<'_>,
        input: ApiClientRotateInput,
    ) -> Maybe<ApiClientRotatePayload> {
        certain(async { rotate(ctx, input).await }).await
    }

    /// Ends an API client and every token of it, at once and for good.
    async fn api_client_revoke(
        &self,
        ctx: &Context<'_>,
        input: ApiClientRevokeInput,
    ) -> Maybe<ApiClientRevokePayload> {
        certain(async { revoke(ctx, input).await }).await
    }
}

async fn create(ctx: &Context<'_>, input: ApiClientCreateInput) -> Result<Outcome<(Model, Secret)>> {
    let operation = ctx.operation()?;
    let policy = ctx.data_opt::<Arc<Policy>>().ok_or_else(|| Error::bug("no policy in the operation"))?;
    let limits = ctx.data_opt::<ApiClients>().ok_or_else(|| Error::bug("no limits of API clients"))?;
    // No token makes another: whoever shows a secret has signed in here, and with the second factor if he has one.
    operation.identity()?.session()?;
    Accounts::require_step_up(ctx).await?;
    recorded(operation, "apiClientCreate", async || {
        let identity = operation.identity()?;
        let bound_to = match (identity.reseller, input.reseller_id) {
            (Some(own), _) => Some(own),
            (None, Some(id)) => {
                let chosen = Scoped::<reseller::Entity>::of(operation).get(id.0).await?;
                if chosen.tenant_id != identity.tenant {
                    return Err(Error::NotFound);
                }
                Some(chosen.id)
            }
            (None, None) => None,
        };
        let now = operation.clock.now();
        let mut given = Given::checked(&input);
        if input.expires_at.0 <= now {
            given.refuse(UserError::on("expiresAt", UserErrorCode::Invalid, "lies in the past"));
        }
        if input.expires_at.0 > now + TimeDelta::days(limits.max_lifetime_days.into()) {
            let message = format!("lies more than {} days ahead", limits.max_lifetime_days);
            given.refuse(UserError::on("expiresAt", UserErrorCode::Invalid, message));
        }
        let scopes: BTreeSet<&str> = input.scopes.iter().map(|TokenScope(name)| name.as_str()).collect();
        for name in &scopes {
            let holds = policy.token_scope(name).map(|scope| policy.holds_of(&operation.rights, scope));
            let problem = match holds {
                None => "there is no such scope",
                Some(false) => "nobody gives more than he holds: you hold nothing of one of these scopes",
                Some(true) => continue,
            };
            given.refuse(UserError::on("scopes", UserErrorCode::Invalid, problem));
        }
        accept!(given.finish());
        let secret = Secret::random()?;
        let row = ActiveModel {
            id: Set(ApiClientId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(identity.tenant),
            reseller_id: Set(bound_to),
            owner_id: Set(identity.user),
            role_id: Set(acted_in(operation).await?),
            name: Set(input.name.clone()),
            status: Set(ApiClientStatus::Active),
            scopes: Set(scopes.into_iter().collect::<Vec<_>>().join(" ")),
            allowed_ips: Set(networks(&input.allowed_ips)),
            rate_tier: Set(input.rate_tier.map_or(RateTier::Standard, |tier| tier.0)),
            secret_hash: Set(secret.hash.clone()),
            token_prefix: Set(secret.prefix.clone()),
            token_version: Set(0),
            created_at: Set(now),
            expires_at: Set(input.expires_at.0),
            last_used_at: Set(None),
            last_used_ip: Set(None),
            revoked_at: Set(None),
            revoked_by: Set(None),
        };
        let added = Scoped::<Entity>::of(operation).insert(row).await?;
        let event = event(EventType::ApiClientCreated, &added);
        Ok(Change::Done((added, secret), event))
    })
    .await
}

#[expect(clippy::disallowed_methods, reason = "networks of a machine, on their way into the database")]
fn networks(given: &[Cidr]) -> String {
    let networks: BTreeSet<&String> = given.iter().filter_map(|Cidr(network)| network.expose()).collect();
    networks.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// The role that the viewer acts in.
#[expect(
    clippy::disallowed_methods,
    reason = "one's own account is read here, not through one's rows (DOMAIN, rule 8)"
)]
async fn acted_in(operation: &Arc<Operation>) -> Result<RoleId> {
    let identity = operation.identity()?;
    let transaction = operation.transaction().await?;
    let account = user::Entity::find_by_id(identity.user).one(&*transaction).await?;
    let account = account.ok_or(Error::Unauthenticated)?;
    let held = held_roles(&*transaction, &operation.clock, &account).await?;
    let acted_in = held.into_iter().find(|held| held.role == identity.role);
    acted_in.map(|held| held.id).ok_or_else(|| Error::Forbidden("you do not hold this role".to_owned()))
}

/// Whether a client is the viewer's own, in the role he acts in: in another he may hold less than it does.
async fn is_own(operation: &Arc<Operation>, client: &Model) -> Result<bool> {
    let is_owner = client.owner_id == operation.identity()?.user;
    Ok(is_owner && client.role_id == acted_in(operation).await?)
}

/// A step from ACTIVE; there is none from anywhere else.
fn still_active(row: &Model, operation: &Operation, to: ApiClientStatus) -> Outcome<()> {
    match row.status {
        ApiClientStatus::Active if row.expires_at > operation.clock.now() => Ok(()),
        ApiClientStatus::Active => Err(vec![UserError::transition(ApiClientStatus::Expired, to)]),
        status => Err(vec![UserError::transition(status, to)]),
    }
}

async fn rotate(ctx: &Context<'_>, input: ApiClientRotateInput) -> Result<Outcome<(Model, Secret)>> {
    let operation = ctx.operation()?;
    operation.identity()?.session()?;
    Accounts::require_step_up(ctx).await?;
    recorded(operation, "apiClientRotate", async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        if !is_own(operation, &before).await? {
            // Whoever knew it would call in his name, or in a role that he does not act in.
            let message = "a new secret is for its owner alone, in the role it acts in: revoke it instead";
            accept!(Err(vec![UserError::on("id", UserErrorCode::Invalid, message)]));
        }
        accept!(still_active(&before, operation, ApiClientStatus::Active));
        let secret = Secret::random()?;
        let row = ActiveModel {
            secret_hash: Set(secret.hash.clone()),
            token_prefix: Set(secret.prefix.clone()),
            token_version: Set(before.token_version.wrapping_add(1)),
            ..Default::default()
        };
        let unchanged = Column::TokenVersion.eq(before.token_version);
        let changed = rows.change(before.id, row, |update| update.filter(unchanged)).await;
        let changed = changed.map_err(as_conflict)?;
        let event = event(EventType::ApiClientRotated, &changed);
        Ok(Change::Done((changed, secret), event))
    })
    .await
}

/// Whoever comes second finds that the row is no more what he read.
fn as_conflict(error: Error) -> Error {
    match error {
        Error::NotFound => Error::Conflict,
        other => other,
    }
}

async fn revoke(ctx: &Context<'_>, input: ApiClientRevokeInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "apiClientRevoke", async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        if operation.reach(Entity::TYPE) <= Some(Scope::Own) && !is_own(operation, &before).await? {
            let message = "it acts in another of your roles: revoke it in that";
            accept!(Err(vec![UserError::on("id", UserErrorCode::Invalid, message)]));
        }
        accept!(still_active(&before, operation, ApiClientStatus::Revoked));
        let row = ActiveModel {
            status: Set(ApiClientStatus::Revoked),
            revoked_at: Set(Some(operation.clock.now())),
            revoked_by: Set(Some(operation.identity()?.user)),
            ..Default::default()
        };
        let active = Column::Status.eq(ApiClientStatus::Active);
        let changed = rows.change(before.id, row, |update| update.filter(active)).await;
        let changed = changed.map_err(as_conflict)?;
        let event = event(EventType::ApiClientRevoked, &changed);
        Ok(Change::Done(changed, event))
    })
    .await
}

fn event(kind: EventType, row: &Model) -> Event {
    let subject = Subject::owned(("ApiClient", row.id.encode()), Some(row.tenant_id), row.reseller_id, None);
    Event::done(kind, subject).scopes(row.scopes.clone(), row.expires_at)
}
