//! `userUpdate`, `userDeactivate`

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::{ApiClientStatus, ContainmentKind, Scope, SessionEnd, UserKind, UserStatus};
use custodian_entity::id::{TypedId, UserId};
use custodian_entity::{api_client, containment, role, role_grant, user};
use garde::Validate;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveEnum, ColumnTrait, QueryFilter, Set};

use super::User;
use super::grant_mutation::rights_of;
use super::role_mutation::{hold_roles, policy, reaches_holders, refused, some};
use crate::accept;
use crate::accounts::end_sessions;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::policy::Policy;
use crate::authz::{InOperation, Level, Operation, Rights, Scoped};
use crate::error::{Error, Result};
use crate::graphql::validate::{Given, line};
use crate::graphql::{Gid, Maybe, Outcome, UserError, UserErrorCode, certain};

/// What is to be changed; what is not given stays. The name that somebody signs in by and where his letters go are not
/// changed here: whoever could would choose his password.
#[derive(InputObject, Validate)]
pub struct UserUpdateInput {
    /// Which account.
    #[garde(skip)]
    id: Gid<UserId>,
    /// The name shown to colleagues.
    #[garde(inner(custom(line), length(chars, max = 200)))]
    display_name: Option<String>,
    /// Lets the account do nothing before it has chosen a new password. Only its user takes this back, by choosing one.
    #[garde(skip)]
    must_change_password: Option<bool>,
}

/// Which account is to be ended.
#[derive(InputObject)]
pub struct UserDeactivateInput {
    /// Its id.
    id: Gid<UserId>,
}

crate::payloads! {
    UserUpdatePayload { user: User }
    UserDeactivatePayload { user: User }
}

/// What can be changed about accounts that there are.
#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Changes an account: one's own, or one that holds no more than the viewer does.
    async fn user_update(&self, ctx: &Context<'_>, input: UserUpdateInput) -> Maybe<UserUpdatePayload> {
        certain(async { update(ctx, input).await }).await
    }

    /// Ends an account for good, with its sessions and API clients: their tokens are refused from now on. Nobody ends his
    /// own, one that holds more than he does, or the last that can give roles.
    async fn user_deactivate(
        &self,
        ctx: &Context<'_>,
        input: UserDeactivateInput,
    ) -> Maybe<UserDeactivatePayload> {
        certain(async { deactivate(ctx, input.id.0).await }).await
    }
}

fn subject(account: &user::Model) -> Subject {
    Subject::row("User", account.id, account.tenant_id)
}

/// The roles that an account holds now, with their rights. What is not in force gives nothing.
async fn held<'p>(
    operation: &Arc<Operation>,
    policy: &'p Policy,
    account: &user::Model,
) -> Result<Vec<(role::Model, &'p Arc<Rights>)>> {
    let grants = Scoped::<role_grant::Entity>::of(operation);
    let grants = grants.all(|rows| rows.filter(role_grant::Column::UserId.eq(account.id))).await?;
    let ids: Vec<_> = grants.into_iter().map(|grant| grant.role_id).collect();
    let roles = Scoped::<role::Entity>::of(operation);
    let roles = roles.all(|rows| rows.filter(role::Column::Id.is_in(ids))).await?;
    let in_force = |role: role::Model| rights_of(policy, &role, account).ok().map(|rights| (role, rights));
    Ok(roles.into_iter().filter_map(in_force).collect())
}

/// Whether the viewer decides about an account: it is his own, or holds no more than he does. A customer's holds nothing
/// beyond its own data. Who does not read what an account holds takes it to hold all that its kind may.
pub(crate) async fn within_own(
    operation: &Arc<Operation>,
    policy: &Policy,
    account: &user::Model,
) -> Result<Outcome<()>> {
    let identity = operation.identity()?;
    if account.id == identity.user || account.kind == UserKind::Customer {
        return Ok(Ok(()));
    }
    let most: Vec<&Arc<Rights>> = if reaches_holders(operation)?.is_ok() {
        held(operation, policy, account).await?.into_iter().map(|(_, rights)| rights).collect()
    } else {
        let of_kind = policy.rights(&account.kind.to_value().to_lowercase());
        vec![of_kind.unwrap_or(policy.everything())]
    };
    let beyond = most.into_iter().map(|rights| rights.beyond(&operation.rights, identity.role.reach));
    Ok(match beyond.into_iter().find(|beyond| !beyond.is_empty()) {
        None => Ok(()),
        Some(beyond) => refused("id", format!("this account holds more than you do: {}", some(&beyond))),
    })
}

async fn update(ctx: &Context<'_>, input: UserUpdateInput) -> Result<Outcome<user::Model>> {
    let operation = ctx.operation()?;
    let policy = policy(ctx)?;
    recorded(operation, "userUpdate", async || {
        let users = Scoped::<user::Entity>::of(operation);
        let before = users.get(input.id.0).await?;
        accept!(within_own(operation, policy, &before).await?);
        let mut row = user::ActiveModel::default();
        let mut given = Given::checked(&input);
        if input.must_change_password == Some(false) {
            // Who chose the password of somebody else would go on with it unnoticed.
            let message = "its user alone takes this back, by choosing a password";
            given.refuse(UserError::on("mustChangePassword", UserErrorCode::Invalid, message));
        }
        given.set("displayName", &mut row.display_name, input.display_name.clone());
        given.set("mustChangePassword", &mut row.must_change_password, input.must_change_password);
        let names = accept!(given.finish());
        let changed = match names.is_empty() {
            true => before,
            false => users.change(before.id, row, |update| update).await?,
        };
        let event = Event::done(EventType::UserUpdated, subject(&changed)).fields(names);
        Ok(Change::Done(changed, event))
    })
    .await
}

async fn deactivate(ctx: &Context<'_>, id: UserId) -> Result<Outcome<user::Model>> {
    let operation = ctx.operation()?;
    let policy = policy(ctx)?;
    recorded(operation, "userDeactivate", async || {
        // Of two who end each other at once, one stays.
        hold_roles(operation, policy).await?;
        let users = Scoped::<user::Entity>::of(operation);
        let before = users.get(id).await?;
        if id == operation.identity()?.user {
            accept!(refused("id", "nobody ends his own account"));
        }
        if before.status == UserStatus::Disabled {
            accept!(Err(vec![UserError::transition(before.status, UserStatus::Disabled)]));
        }
        accept!(reaches_holders(operation)?);
        accept!(within_own(operation, policy, &before).await?);
        if is_last(operation, policy, &before).await? {
            accept!(refused("id", "nobody else of its role is left who could give roles"));
        }
        let row = user::ActiveModel {
            status: Set(UserStatus::Disabled),
            // Whoever signs in at this moment gets nothing by it.
            token_version: Set(before.token_version.wrapping_add(1)),
            ..Default::default()
        };
        let unchanged = user::Column::Status.eq(before.status);
        let changed = users.change(id, row, |update| update.filter(unchanged)).await;
        let changed = changed.map_err(|error| match error {
            Error::NotFound => Error::Conflict,
            other => other,
        })?;
        end_sessions(operation, id, SessionEnd::Disabled).await?;
        end_clients(operation, id).await?;
        Ok(Change::Done(changed, Event::done(EventType::UserDeactivated, subject(&before))))
    })
    .await
}

/// Whether an account is the last active one in a built-in role that gives roles: in that of a provider the last of the
/// provider, in one that reaches every provider the last of all.
pub(crate) async fn is_last(
    operation: &Arc<Operation>,
    policy: &Policy,
    account: &user::Model,
) -> Result<bool> {
    for (role, rights) in held(operation, policy, account).await? {
        if !role.is_system || rights.level_by_name("Mutation.roleGrant") != Level::Clear {
            continue;
        }
        // Who is to go, or reaches too little to give anything, is nobody to rely on.
        let in_force = role_grant::Column::ExpiresAt.is_null();
        let far = [Scope::Tenant, Scope::All];
        let in_force = in_force.and(role_grant::Column::Scope.is_in(far));
        let others = role_grant::Column::RoleId.eq(role.id).and(role_grant::Column::UserId.ne(account.id));
        let grants = Scoped::<role_grant::Entity>::of(operation);
        let grants = grants.all(|rows| rows.filter(others).filter(in_force)).await?;
        let reaches_all = rights.scope("User") == Some(Scope::All);
        let holders: Vec<UserId> = grants
            .into_iter()
            .filter(|grant| reaches_all || grant.tenant_id == account.tenant_id)
            .map(|grant| grant.user_id)
            .collect();
        // Who is suspended gives none.
        let suspended = containment::Column::Kind.eq(ContainmentKind::SuspendUser);
        let suspended = suspended.and(containment::Column::LiftedAt.is_null());
        let suspended =
            Scoped::<containment::Entity>::of(operation).all(|rows| rows.filter(suspended)).await?;
        let suspended: Vec<UserId> =
            suspended.into_iter().map(|row| UserId::from_uuid(row.target_id)).collect();
        let holders = holders.into_iter().filter(|holder| !suspended.contains(holder));
        let active = user::Column::Status.eq(UserStatus::Active).and(user::Column::Id.is_in(holders));
        if Scoped::<user::Entity>::of(operation).count(|rows| rows.filter(active)).await? == 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Revokes the API clients of an account. Those out of reach are refused all the same: their owner may not sign in.
async fn end_clients(operation: &Arc<Operation>, owner: UserId) -> Result<()> {
    let row = api_client::ActiveModel {
        status: Set(ApiClientStatus::Revoked),
        revoked_at: Set(Some(operation.clock.now())),
        revoked_by: Set(Some(operation.identity()?.user)),
        ..Default::default()
    };
    let active = api_client::Column::Status.eq(ApiClientStatus::Active);
    let those = api_client::Column::OwnerId.eq(owner).and(active);
    let clients = Scoped::<api_client::Entity>::of(operation);
    clients.change_all(|update| update.set(row).filter(those)).await?;
    Ok(())
}
