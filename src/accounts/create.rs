//! The first accounts of a provider, made by who runs the server: nobody can sign in yet who could.

use std::sync::Arc;

use custodian_entity::choice::{Scope, TenantStatus, UserKind, UserStatus};
use custodian_entity::id::{RoleGrantId, TenantId, TypedId, UserId};
use custodian_entity::personal::{Email, Username};
use custodian_entity::{role, role_grant, tenant, user};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};

use super::NewPassword;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authn::ANONYMOUS;
use crate::authz::Operation;
use crate::error::{Error, Result};
use crate::graphql::validate;

/// An account to be made.
pub struct NewUser {
    /// `name@domain`, in its one spelling.
    pub username: String,
    /// The name shown to colleagues.
    pub display_name: String,
    /// A built-in role of staff: those of others hang on a reseller or a customer.
    pub role: String,
    /// How far it reaches at most.
    pub scope: Scope,
    /// Hashed.
    pub password: NewPassword,
    /// The provider to make as well, where the domain is nobody's yet.
    pub tenant: Option<NewTenant>,
}

/// A provider to be made.
pub struct NewTenant {
    /// The name shown to people.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// ISO 4217.
    pub currency: String,
}

/// Makes an account, and its provider if that was asked for. Answers why not, where it cannot be.
///
/// # Errors
/// When the database is away, or does not let this connection write the tables.
pub async fn create_user(operation: &Arc<Operation>, new: NewUser) -> Result<Result<UserId, String>> {
    recorded(operation, "user create", async || {
        let transaction = operation.transaction().await?;
        let tenant = match provider(operation, &*transaction, &new).await? {
            Ok(tenant) => tenant,
            Err(reason) => return Ok(Change::Refused(reason)),
        };
        match add(operation, &*transaction, new, tenant).await? {
            Ok(user) => {
                let event = Event::done(EventType::UserCreated, Subject::row("User", user, tenant));
                Ok(Change::Done(user, event.in_role(ANONYMOUS)))
            }
            Err(reason) => Ok(Change::Refused(reason)),
        }
    })
    .await
}

/// The provider whose domain the user name ends in.
#[expect(
    clippy::disallowed_methods,
    reason = "there is no viewer: the command is run by who runs the server"
)]
async fn provider(
    operation: &Operation,
    db: &impl ConnectionTrait,
    new: &NewUser,
) -> Result<Result<TenantId, String>> {
    if validate::email("username", &new.username).is_err() {
        return Ok(Err("the user name must be name@domain".to_owned()));
    }
    let domain = new.username.rsplit_once('@').map_or("", |(_, domain)| domain);
    let found = tenant::Entity::find().filter(tenant::Column::Domain.eq(domain)).one(db).await?;
    let made = match (found, &new.tenant) {
        (Some(found), None) => return Ok(Ok(found.id)),
        (Some(_), Some(_)) => {
            return Ok(Err(format!("there is a provider with the domain {domain} already")));
        }
        (None, None) => {
            return Ok(Err(format!(
                "no provider has the domain {domain}: make it with --create-tenant NAME"
            )));
        }
        (None, Some(made)) => made,
    };
    let id = TenantId::from_uuid(operation.clock.new_uuid());
    let row = tenant::ActiveModel {
        id: Set(id),
        slug: Set(domain.split('.').next().unwrap_or(domain).to_owned()),
        domain: Set(domain.to_owned()),
        display_name: Set(made.name.clone()),
        country_code: Set(made.country.clone()),
        timezone: Set("UTC".to_owned()),
        currency: Set(made.currency.clone()),
        status: Set(TenantStatus::Active),
        mfa_required_roles: Set(String::new()),
        created_at: Set(operation.clock.now()),
        ..Default::default()
    };
    tenant::Entity::insert(row).exec_without_returning(db).await?;
    Ok(Ok(id))
}

#[expect(
    clippy::disallowed_methods,
    reason = "there is no viewer: the command is run by who runs the server"
)]
async fn add(
    operation: &Operation,
    db: &impl ConnectionTrait,
    new: NewUser,
    tenant: TenantId,
) -> Result<Result<UserId, String>> {
    let named = super::named(operation, &new.username).await?;
    if user::Entity::find().filter(named).one(db).await?.is_some() {
        return Ok(Err(format!("there is an account {} already", new.username)));
    }
    let named = role::Column::Name.eq(new.role.as_str());
    let role = role::Entity::find().filter(named).filter(role::Column::IsSystem.eq(true)).one(db).await?;
    let role = role.ok_or_else(|| Error::bug("a built-in role is missing"))?;
    let (now, user) = (operation.clock.now(), UserId::from_uuid(operation.clock.new_uuid()));
    let row = user::ActiveModel {
        id: Set(user),
        tenant_id: Set(tenant),
        kind: Set(UserKind::Staff),
        status: Set(UserStatus::Active),
        display_name: Set(new.display_name),
        email: Set(Email::new(new.username.as_str())),
        username: Set(Username::new(new.username)),
        password_hash: Set(Some(new.password.into_hash())),
        token_version: Set(0),
        mfa_enabled: Set(false),
        must_change_password: Set(false),
        password_changed_at: Set(Some(now)),
        failed_login_count: Set(0),
        created_at: Set(now),
        ..Default::default()
    };
    let row = operation.sealed::<user::Entity>(row).await?;
    user::Entity::insert(row).exec_without_returning(db).await?;
    let row = role_grant::ActiveModel {
        id: Set(RoleGrantId::from_uuid(operation.clock.new_uuid())),
        tenant_id: Set(tenant),
        user_id: Set(user),
        role_id: Set(role.id),
        is_primary: Set(true),
        scope: Set(new.scope),
        granted_by: Set(None),
        granted_at: Set(now),
        expires_at: Set(None),
        justification: Set(Some("custodian user create".to_owned())),
    };
    role_grant::Entity::insert(row).exec_without_returning(db).await?;
    Ok(Ok(user))
}
