//! `roleCreate`, `roleUpdate`, `roleDelete`: roles of a tenant's own.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Context, Enum, InputObject, MaybeUndefined, Object};
use custodian_entity::choice::{Scope, UserKind};
use custodian_entity::id::{RoleId, TenantId, TypedId};
use custodian_entity::{role, role_grant, user};
use garde::Validate;
use sea_orm::{ActiveEnum, ColumnTrait, QueryFilter, Set};

use super::Role;
use crate::accept;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::policy::{
    CustomRole, CustomRule, Policy, ROLES, Right, hold, remove_custom, replace_custom,
};
use crate::authz::{InOperation, Operation, Rights, Scoped};
use crate::error::{Error, Result};
use crate::graphql::validate::{self, Given, line};
use crate::graphql::{Gid, Maybe, Outcome, UserError, UserErrorCode, certain};

/// How many roles of its own a provider may have: all are compiled at each change of one.
const MOST_ROLES: u64 = 100;

/// What a rule does with a right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum RoleEffect {
    /// Gives it.
    #[default]
    Allow,
    /// Takes it away, whatever else gives it.
    Deny,
}

/// A rule of a role.
#[derive(Clone, Debug, InputObject, Validate)]
pub struct RolePermissionInput {
    /// A field (`Customer.email`), a group of fields of the policy (`customer.contact`), or, for a reach, a type.
    #[garde(custom(line), length(chars, max = 200))]
    object: String,
    /// Which right.
    #[garde(skip)]
    right: Right,
    /// Whether it is given or taken away.
    #[graphql(default)]
    #[garde(skip)]
    effect: RoleEffect,
}

/// A new role. It can do what its author can, or less.
#[derive(InputObject, Validate)]
pub struct RoleCreateInput {
    /// Small letters, digits, `_` and `-`; unique within the provider.
    #[garde(custom(role_name))]
    name: String,
    /// What it is for.
    #[garde(inner(custom(line), length(chars, max = 500)))]
    description: Option<String>,
    /// The built-in role to start from; none starts from nothing.
    #[garde(inner(custom(line), length(chars, max = 64)))]
    based_on: Option<String>,
    /// What is added and taken away; at most 500.
    #[garde(dive, length(max = 500))]
    permissions: Vec<RolePermissionInput>,
}

/// What is to be changed; what is not given stays.
#[derive(InputObject, Validate)]
pub struct RoleUpdateInput {
    /// Which role.
    #[garde(skip)]
    id: Gid<RoleId>,
    /// What it is for.
    #[garde(custom(validate::optional_line::<500>))]
    description: MaybeUndefined<String>,
    /// The built-in role to start from. Given only together with `permissions`.
    #[garde(inner(custom(line), length(chars, max = 64)))]
    based_on: Option<String>,
    /// All rules, in place of those it has; at most 500.
    #[garde(dive, length(max = 500))]
    permissions: Option<Vec<RolePermissionInput>>,
}

/// Which role to remove: one that nobody holds.
#[derive(InputObject)]
pub struct RoleDeleteInput {
    /// Its id.
    id: Gid<RoleId>,
}

crate::payloads! {
    RoleCreatePayload { role: Role }
    RoleUpdatePayload { role: Role }
    RoleDeletePayload { role: Role }
}

/// A name that can stand in a header, in a log line and in a rule.
fn role_name(name: &str, _: &()) -> garde::Result {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    let is_name = (2..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(is_plain);
    if is_name {
        return Ok(());
    }
    Err(garde::Error::new("takes 2 to 64 small letters, digits, _ and -, and begins with a letter"))
}

/// What can be changed about roles.
#[derive(Default)]
pub struct RoleMutation;

#[Object]
impl RoleMutation {
    /// Adds a role of the provider's own. Nobody gives more than he holds.
    async fn role_create(&self, ctx: &Context<'_>, input: RoleCreateInput) -> Maybe<RoleCreatePayload> {
        certain(async { create(ctx, input).await }).await
    }

    /// Changes a role of the provider's own. Those who hold it feel it at their next request.
    async fn role_update(&self, ctx: &Context<'_>, input: RoleUpdateInput) -> Maybe<RoleUpdatePayload> {
        certain(async { update(ctx, input).await }).await
    }

    /// Removes a role of the provider's own.
    async fn role_delete(&self, ctx: &Context<'_>, input: RoleDeleteInput) -> Maybe<RoleDeletePayload> {
        certain(async { delete(ctx, input).await }).await
    }
}

pub(super) fn policy<'a>(ctx: &Context<'a>) -> Result<&'a Arc<Policy>> {
    ctx.data_opt::<Arc<Policy>>().ok_or_else(|| Error::bug("no policy in the operation"))
}

fn nothing(policy: &Policy) -> Rights {
    Rights::nothing(policy.catalog().clone())
}

fn rules(permissions: Vec<RolePermissionInput>) -> Vec<CustomRule> {
    let rule = |one: RolePermissionInput| CustomRule {
        object: one.object.trim().to_owned(),
        right: one.right.name().to_owned(),
        allows: one.effect == RoleEffect::Allow,
    };
    permissions.into_iter().map(rule).collect()
}

pub(super) fn refused<T>(field: &str, message: impl Into<String>) -> Outcome<T> {
    Err(vec![UserError::on(field, UserErrorCode::Invalid, message)])
}

/// At most so many names, so that an error stays readable.
pub(super) fn some(names: &[String]) -> String {
    const MOST: usize = 10;
    let shown = names.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > MOST { format!("{shown} and {} more", names.len() - MOST) } else { shown }
}

/// Holds the roles as they are until the change of them is done: two at once would each judge what the other makes of it.
///
/// # Errors
/// [`Error::Conflict`] when the policy of this request is not that of the roles any more.
pub(super) async fn hold_roles(operation: &Arc<Operation>, policy: &Policy) -> Result<()> {
    if Some(hold(operation).await?) == policy.custom_version() {
        return Ok(());
    }
    operation.note_policy_change();
    Err(Error::Conflict)
}

/// The policy of this request, with the roles held as they are.
///
/// # Errors
/// As [`hold_roles`].
pub(crate) async fn holding_roles<'a>(ctx: &Context<'a>) -> Result<&'a Arc<Policy>> {
    let policy = policy(ctx)?;
    hold_roles(ctx.operation()?, policy).await?;
    Ok(policy)
}

/// Whether the viewer reaches all grants and accounts of his provider: who holds a role decides what may become of it.
pub(crate) fn reaches_holders(operation: &Operation) -> Result<Outcome<()>> {
    let reach = operation.identity()?.role.reach;
    let is_wide = |kind| operation.rights.scope(kind).map(|scope| scope.min(reach)) >= Some(Scope::Tenant);
    Ok(match ["RoleGrant", "User"].into_iter().all(is_wide) {
        true => Ok(()),
        false => refused("id", "this needs reach on all accounts and grants of the provider"),
    })
}

/// Whether the viewer holds all that a role holds as it is.
fn holds(operation: &Operation, policy: &Policy, role: RoleId) -> Result<Outcome<()>> {
    let reach = operation.identity()?.role.reach;
    let beyond =
        policy.custom(role).map(|rights| rights.beyond(&operation.rights, reach)).unwrap_or_default();
    Ok(match beyond.is_empty() {
        true => Ok(()),
        false => refused("id", format!("nobody changes what holds more than he does: {}", some(&beyond))),
    })
}

/// What the role would come to, if its author holds as much himself.
async fn within_own(
    operation: &Operation,
    policy: &Policy,
    role: &CustomRole,
) -> Result<Outcome<Arc<Rights>>> {
    let rights = match policy.draft(role).await.map_err(Error::internal)? {
        Ok(rights) => rights,
        Err(problem) => return Ok(refused("permissions", problem)),
    };
    let beyond = rights.beyond(&operation.rights, operation.identity()?.role.reach);
    if beyond.is_empty() {
        return Ok(Ok(rights));
    }
    Ok(refused("permissions", format!("nobody gives more than he holds: {}", some(&beyond))))
}

/// Whether accounts of this kind may hold a role: those of resellers and customers nothing beyond the built-in role
/// made for them (DOMAIN, rule 7).
pub(super) fn suits(policy: &Policy, kind: UserKind, rights: &Rights) -> Outcome<()> {
    let beyond = policy.beyond_kind(kind, rights);
    if beyond.is_empty() {
        return Ok(());
    }
    let most = kind.to_value().to_lowercase();
    refused(
        "userId",
        format!("an account of this kind holds nothing beyond the role {most}: {}", some(&beyond)),
    )
}

async fn create(ctx: &Context<'_>, input: RoleCreateInput) -> Result<Outcome<role::Model>> {
    let operation = ctx.operation()?;
    let policy = policy(ctx)?;
    recorded(operation, "roleCreate", async || {
        hold_roles(operation, policy).await?;
        accept!(Given::checked(&input).finish());
        if ROLES.contains(&input.name.as_str()) {
            accept!(Err(vec![UserError::on("name", UserErrorCode::Taken, "is the name of a built-in role")]));
        }
        let tenant = operation.identity()?.tenant;
        let own = Scoped::<role::Entity>::of(operation);
        if own.count(|rows| rows.filter(role::Column::TenantId.eq(tenant))).await? >= MOST_ROLES {
            accept!(refused("name", format!("a provider has at most {MOST_ROLES} roles of its own")));
        }
        let id = RoleId::from_uuid(operation.clock.new_uuid());
        let new = CustomRole {
            id,
            tenant,
            name: input.name.clone(),
            based_on: input.based_on.clone(),
            rules: rules(input.permissions.clone()),
        };
        let rights = accept!(within_own(operation, policy, &new).await?);
        let row = role::ActiveModel {
            id: Set(id),
            tenant_id: Set(Some(tenant)),
            name: Set(new.name.clone()),
            description: Set(input.description.clone()),
            is_system: Set(false),
            created_at: Set(operation.clock.now()),
        };
        let added = Scoped::<role::Entity>::of(operation).insert(row).await;
        let added = accept!(validate::taken(added, &[("name", "name")])?);
        replace_custom(operation, &new).await?;
        let event = Event::done(EventType::RoleCreated, Subject::row("Role", id, tenant));
        Ok(Change::Done(added, event.decisions(rights.beyond(&nothing(policy), Scope::All), Vec::new())))
    })
    .await
}

/// A role of a tenant's own, within reach.
async fn own_role(operation: &Arc<Operation>, id: RoleId) -> Result<Outcome<(role::Model, TenantId)>> {
    let found = Scoped::<role::Entity>::of(operation).get(id).await?;
    Ok(match found.tenant_id {
        Some(tenant) => Ok((found, tenant)),
        None => refused("id", "a built-in role cannot be changed"),
    })
}

async fn update(ctx: &Context<'_>, input: RoleUpdateInput) -> Result<Outcome<role::Model>> {
    let operation = ctx.operation()?;
    let policy = policy(ctx)?;
    recorded(operation, "roleUpdate", async || {
        hold_roles(operation, policy).await?;
        let (before, tenant) = accept!(own_role(operation, input.id.0).await?);
        accept!(reaches_holders(operation)?);
        accept!(holds(operation, policy, before.id)?);
        let mut given = Given::checked(&input);
        if input.based_on.is_some() && input.permissions.is_none() {
            given.refuse(UserError::on("permissions", UserErrorCode::Required, "says what is added to it"));
        }
        let mut row = role::ActiveModel::default();
        given.set_or_clear("description", &mut row.description, input.description.clone());
        accept!(given.finish());
        let (mut gained, mut lost) = (Vec::new(), Vec::new());
        if let Some(permissions) = input.permissions.clone() {
            let new = CustomRole {
                id: before.id,
                tenant,
                name: before.name.clone(),
                based_on: input.based_on.clone(),
                rules: rules(permissions),
            };
            let rights = accept!(within_own(operation, policy, &new).await?);
            for kind in kinds_of_holders(operation, before.id).await? {
                accept!(suits(policy, kind, &rights));
            }
            let old = policy.custom(before.id).cloned().unwrap_or_else(|| Arc::new(nothing(policy)));
            (gained, lost) = (rights.beyond(&old, Scope::All), old.beyond(&rights, Scope::All));
            replace_custom(operation, &new).await?;
        }
        let rows = Scoped::<role::Entity>::of(operation);
        let changed = match row.description.is_set() {
            true => rows.change(before.id, row, |update| update).await?,
            false => before,
        };
        let event = Event::done(EventType::RoleUpdated, Subject::row("Role", changed.id, tenant));
        Ok(Change::Done(changed, event.decisions(gained, lost)))
    })
    .await
}

/// The kinds of accounts that hold a role.
async fn kinds_of_holders(operation: &Arc<Operation>, role: RoleId) -> Result<Vec<UserKind>> {
    let grants = Scoped::<role_grant::Entity>::of(operation);
    let grants = grants.all(|rows| rows.filter(role_grant::Column::RoleId.eq(role))).await?;
    let users: Vec<_> = grants.iter().map(|grant| grant.user_id).collect();
    let reached = Scoped::<user::Entity>::of(operation);
    let users = reached.all(|rows| rows.filter(user::Column::Id.is_in(users))).await?;
    let kinds: BTreeSet<UserKind> = users.iter().map(|user| user.kind).collect();
    Ok(kinds.into_iter().collect())
}

async fn delete(ctx: &Context<'_>, input: RoleDeleteInput) -> Result<Outcome<role::Model>> {
    let operation = ctx.operation()?;
    let policy = policy(ctx)?;
    recorded(operation, "roleDelete", async || {
        hold_roles(operation, policy).await?;
        let (before, tenant) = accept!(own_role(operation, input.id.0).await?);
        accept!(reaches_holders(operation)?);
        accept!(holds(operation, policy, before.id)?);
        let grants = Scoped::<role_grant::Entity>::of(operation);
        let held = grants.count(|rows| rows.filter(role_grant::Column::RoleId.eq(before.id))).await?;
        if held > 0 {
            accept!(refused("id", format!("{held} accounts hold it: revoke it first")));
        }
        remove_custom(operation, before.id).await?;
        Scoped::<role::Entity>::of(operation).delete(before.id).await?;
        let lost = policy.custom(before.id).map(|old| old.beyond(&nothing(policy), Scope::All));
        let event = Event::done(EventType::RoleDeleted, Subject::row("Role", before.id, tenant));
        Ok(Change::Done(before, event.decisions(Vec::new(), lost.unwrap_or_default())))
    })
    .await
}
