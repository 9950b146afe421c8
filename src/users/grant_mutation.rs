//! `roleGrant`, `roleRevoke`: who holds which role.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::Scope;
use custodian_entity::id::{RoleGrantId, RoleId, TypedId, UserId};
use custodian_entity::{role, role_grant, user};
use garde::Validate;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, QueryFilter, Set};

use super::RoleGrant;
use super::role_mutation::{hold_roles, policy, refused, some, suits};
use crate::accept;
use crate::accounts::Accounts;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::policy::Policy;
use crate::authz::{InOperation, Operation, Rights, Scoped};
use crate::error::{Error, Result};
use crate::graphql::scalar::DateTime;
use crate::graphql::validate::{self, Given, line};
use crate::graphql::{Choice, Gid, Maybe, Outcome, UserError, UserErrorCode, certain};

/// A role for a user.
#[derive(InputObject, Validate)]
pub struct RoleGrantInput {
    /// Who gets it.
    #[garde(skip)]
    user_id: Gid<UserId>,
    /// Which role.
    #[garde(skip)]
    role_id: Gid<RoleId>,
    /// How far it reaches at most.
    #[garde(skip)]
    scope: Choice<Scope>,
    /// Whether it is the one acted in when none is asked for.
    #[graphql(default)]
    #[garde(skip)]
    is_primary: bool,
    /// Until when it holds; forever when not given.
    #[garde(skip)]
    expires_at: Option<DateTime>,
    /// Why it is given.
    #[garde(custom(line), length(chars, max = 500))]
    justification: String,
}

/// Which grant to take back.
#[derive(InputObject)]
pub struct RoleRevokeInput {
    /// Its id.
    id: Gid<RoleGrantId>,
}

crate::payloads! {
    RoleGrantPayload { grant: RoleGrant }
    RoleRevokePayload { grant: RoleGrant }
}

/// What can be changed about who holds which role.
#[derive(Default)]
pub struct GrantMutation;

#[Object]
impl GrantMutation {
    /// Gives a user a role. Nobody gives more than he holds, and nobody gives himself. Who has a second factor verifies
    /// his session first (`mfaVerify`).
    async fn role_grant(&self, ctx: &Context<'_>, input: RoleGrantInput) -> Maybe<RoleGrantPayload> {
        certain(async { grant(ctx, input).await }).await
    }

    /// Takes a role from a user, who feels it at the next request.
    async fn role_revoke(&self, ctx: &Context<'_>, input: RoleRevokeInput) -> Maybe<RoleRevokePayload> {
        certain(async { revoke(ctx, input).await }).await
    }
}

/// The rights of a role that a user of a tenant can be given.
pub(super) fn rights_of<'p>(
    policy: &'p Policy,
    role: &role::Model,
    user: &user::Model,
) -> Result<&'p Arc<Rights>> {
    let rights = match role.tenant_id {
        None => policy.rights(&role.name),
        Some(tenant) if tenant == user.tenant_id => policy.custom(role.id),
        Some(_) => None,
    };
    rights.ok_or(Error::NotFound)
}

async fn grant(ctx: &Context<'_>, input: RoleGrantInput) -> Result<Outcome<role_grant::Model>> {
    let operation = ctx.operation()?;
    let policy = policy(ctx)?;
    recorded(operation, "roleGrant", async || {
        Accounts::require_step_up(ctx).await?;
        hold_roles(operation, policy).await?;
        let identity = operation.identity()?;
        let holder = Scoped::<user::Entity>::of(operation).get(input.user_id.0).await?;
        let role = Scoped::<role::Entity>::of(operation).get(input.role_id.0).await?;
        let rights = rights_of(policy, &role, &holder)?;
        let mut given = Given::checked(&input);
        if holder.id == identity.user {
            given.refuse(UserError::on("userId", UserErrorCode::Invalid, "nobody gives himself a role"));
        }
        if input.expires_at.is_some_and(|until| until.0 <= operation.clock.now()) {
            given.refuse(UserError::on("expiresAt", UserErrorCode::Invalid, "lies in the past"));
        }
        accept!(given.finish());
        if input.scope.0 > identity.role.reach {
            accept!(refused("scope", "nobody gives more than he holds"));
        }
        let until = input.expires_at.map(|until| until.0);
        if identity.role.until.is_some_and(|own| until.is_none_or(|until| until > own)) {
            accept!(refused("expiresAt", "nobody gives a role for longer than he holds his own"));
        }
        let beyond = rights.beyond(&operation.rights, identity.role.reach);
        if !beyond.is_empty() {
            accept!(refused("roleId", format!("nobody gives more than he holds: {}", some(&beyond))));
        }
        accept!(suits(policy, holder.kind, rights));
        if input.is_primary {
            no_longer_primary(operation, holder.id).await?;
        }
        let row = role_grant::ActiveModel {
            id: Set(RoleGrantId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(holder.tenant_id),
            user_id: Set(holder.id),
            role_id: Set(role.id),
            is_primary: Set(input.is_primary),
            scope: Set(input.scope.0),
            granted_by: Set(Some(identity.user)),
            granted_at: Set(operation.clock.now()),
            expires_at: Set(until),
            justification: Set(Some(input.justification.clone())),
        };
        end_expired(operation, holder.id, role.id).await?;
        let added = Scoped::<role_grant::Entity>::of(operation).insert(row).await;
        let added = accept!(validate::taken(added, &[("role_id", "roleId")])?);
        let event = Event::done(EventType::RoleGranted, subject(&added)).grant(&role.name, &added);
        Ok(Change::Done(added, event))
    })
    .await
}

/// Removes the grant of a role that has expired, if there is one: it stands in the way of a new one.
async fn end_expired(operation: &Arc<Operation>, user: UserId, role: RoleId) -> Result<()> {
    let grants = Scoped::<role_grant::Entity>::of(operation);
    let expired = role_grant::Column::ExpiresAt.lte(operation.clock.now());
    let of = role_grant::Column::UserId.eq(user).and(role_grant::Column::RoleId.eq(role));
    if let Some(grant) = grants.one(|rows| rows.filter(of).filter(expired)).await? {
        grants.delete(grant.id).await?;
    }
    Ok(())
}

async fn no_longer_primary(operation: &Arc<Operation>, user: UserId) -> Result<()> {
    let row = role_grant::ActiveModel { is_primary: Set(false), ..Default::default() };
    let grants = Scoped::<role_grant::Entity>::of(operation);
    grants.change_all(|update| update.set(row).filter(role_grant::Column::UserId.eq(user))).await?;
    Ok(())
}

async fn revoke(ctx: &Context<'_>, input: RoleRevokeInput) -> Result<Outcome<role_grant::Model>> {
    let operation = ctx.operation()?;
    let policy = policy(ctx)?;
    recorded(operation, "roleRevoke", async || {
        hold_roles(operation, policy).await?;
        let identity = operation.identity()?;
        let grants = Scoped::<role_grant::Entity>::of(operation);
        let before = grants.get(input.id.0).await?;
        let holder = Scoped::<user::Entity>::of(operation).get(before.user_id).await?;
        let role = Scoped::<role::Entity>::of(operation).get(before.role_id).await?;
        if holder.id == identity.user && role.name == identity.role.name {
            accept!(refused("id", "nobody takes away the role he acts in"));
        }
        // Who could not give it cannot take it: an administrator stays out of reach of those below.
        // A role that is not in force gives nothing.
        let is_beyond = rights_of(policy, &role, &holder)
            .is_ok_and(|rights| !rights.beyond(&operation.rights, identity.role.reach).is_empty());
        if is_beyond {
            accept!(refused("id", "nobody takes more than he holds"));
        }
        grants.delete(before.id).await?;
        let event = Event::done(EventType::RoleRevoked, subject(&before)).grant(&role.name, &before);
        Ok(Change::Done(before, event))
    })
    .await
}

fn subject(row: &role_grant::Model) -> Subject {
    Subject::row("RoleGrant", row.id, row.tenant_id)
}
