//! `User`, `Role`, `RoleGrant`, `Permission`

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use custodian_entity::choice::{Scope, UserKind, UserStatus};
use custodian_entity::personal::{Email, IpAddress, Username};
use custodian_entity::{customer, reseller, role, role_grant, user};

use crate::authz::policy::Policy;
use crate::authz::{Level, Pii, Verb, field};
use crate::customers::Customer;
use crate::error::Error;
use crate::graphql::link::{children, nodes, one};
use crate::graphql::scalar::DateTime;
use crate::graphql::{Choice, Maybe, certain, id, maybe};
use crate::resellers::Reseller;
use crate::session::AccessLevel;

crate::nodes! {
    /// An account that can sign in.
    User of user;
    /// A named set of rights.
    Role of role;
    /// A role given to a user.
    RoleGrant of role_grant;
}

/// An account that can sign in.
#[Object]
impl User {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// Whom it belongs to.
    async fn kind(&self) -> Choice<UserKind> {
        Choice(self.0.kind)
    }
    /// Whether it may sign in.
    async fn status(&self) -> Choice<UserStatus> {
        Choice(self.0.status)
    }
    /// The name shown to colleagues.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }
    /// The name it signs in with.
    async fn username(&self) -> Pii<Username, { field("User.username") }> {
        Pii(self.0.username.clone())
    }
    /// Where it gets mail.
    async fn email(&self) -> Pii<Email, { field("User.email") }> {
        Pii(self.0.email.clone())
    }
    /// The roles it holds.
    async fn roles(&self, ctx: &Context<'_>) -> Maybe<Vec<RoleGrant>> {
        certain(nodes::<RoleGrant>(ctx, "user_id", self.0.id)).await
    }
    /// The reseller it works for.
    async fn reseller(&self, ctx: &Context<'_>) -> Maybe<Reseller> {
        maybe(one::<reseller::Entity>(ctx, self.0.reseller_id)).await
    }
    /// The customer it belongs to.
    async fn customer(&self, ctx: &Context<'_>) -> Maybe<Customer> {
        maybe(one::<customer::Entity>(ctx, self.0.customer_id)).await
    }
    /// When it was created.
    async fn created_at(&self) -> Option<DateTime> {
        Some(DateTime(self.0.created_at))
    }
    /// Whether signing in takes a second factor.
    async fn mfa_enabled(&self) -> Option<bool> {
        Some(self.0.mfa_enabled)
    }
    /// When the password was changed last.
    async fn password_changed_at(&self) -> Option<DateTime> {
        self.0.password_changed_at.map(DateTime)
    }
    /// Whether the password must be changed at the next sign-in.
    async fn must_change_password(&self) -> Option<bool> {
        Some(self.0.must_change_password)
    }
    /// Until when signing in is refused.
    async fn locked_until(&self) -> Option<DateTime> {
        self.0.locked_until.map(DateTime)
    }
    /// Failed sign-ins since the last one that succeeded.
    async fn failed_login_count(&self) -> Option<i32> {
        Some(self.0.failed_login_count)
    }
    /// When it signed in last.
    async fn last_login_at(&self) -> Option<DateTime> {
        self.0.last_login_at.map(DateTime)
    }
    /// From where it signed in last.
    async fn last_login_ip(&self) -> Option<Pii<IpAddress, { field("User.lastLoginIp") }>> {
        self.0.last_login_ip.clone().map(Pii)
    }
}

/// A right of a role on a field.
#[derive(SimpleObject)]
pub struct Permission {
    /// `Type.field`
    field: String,
    /// How it is read.
    read: AccessLevel,
    /// Whether it can be given when creating.
    create: bool,
    /// Whether it can be changed.
    update: bool,
}

/// A named set of rights.
#[Object]
impl Role {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// The name the policy uses.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// What it is for.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }
    /// Whether it is part of the product.
    async fn is_system(&self) -> bool {
        self.0.is_system
    }
    /// What it may do, field by field; what is not listed is denied.
    async fn permissions(&self, ctx: &Context<'_>) -> Maybe<Vec<Permission>> {
        maybe(async {
            let policy =
                ctx.data_opt::<Arc<Policy>>().ok_or_else(|| Error::bug("no policy in the operation"))?;
            let rights = match self.0.is_system {
                true => policy.rights(&self.0.name),
                false => policy.custom(self.0.id),
            };
            let Some(rights) = rights else {
                return Ok::<Option<Vec<Permission>>, Error>(None);
            };
            let catalog = policy.catalog();
            let permissions = catalog.field_ids().filter(|field| rights.level(*field) != Level::Denied);
            Ok(Some(
                permissions
                    .map(|field| Permission {
                        field: catalog.field_name(field).to_owned(),
                        read: rights.level(field).into(),
                        create: rights.allows(Verb::Create, field),
                        update: rights.allows(Verb::Update, field),
                    })
                    .collect(),
            ))
        })
        .await
    }
    /// How many users hold it, of those the viewer reaches.
    async fn grant_count(&self, ctx: &Context<'_>) -> Maybe<i32> {
        certain(async {
            let grants = children::<role_grant::Entity>(ctx, "role_id", self.0.id).await?;
            Ok::<i32, Error>(i32::try_from(grants.len()).unwrap_or(i32::MAX))
        })
        .await
    }
}

/// A role given to a user.
#[Object]
impl RoleGrant {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// Who holds it.
    async fn user(&self, ctx: &Context<'_>) -> Maybe<User> {
        maybe(one::<user::Entity>(ctx, Some(self.0.user_id))).await
    }
    /// Which role.
    async fn role(&self, ctx: &Context<'_>) -> Maybe<Role> {
        maybe(one::<role::Entity>(ctx, Some(self.0.role_id))).await
    }
    /// How far it reaches at most.
    async fn scope(&self) -> Choice<Scope> {
        Choice(self.0.scope)
    }
    /// Who gave it.
    async fn granted_by(&self, ctx: &Context<'_>) -> Maybe<User> {
        maybe(one::<user::Entity>(ctx, self.0.granted_by)).await
    }
    /// When it was given.
    async fn granted_at(&self) -> DateTime {
        DateTime(self.0.granted_at)
    }
    /// Until when it holds.
    async fn expires_at(&self) -> Option<DateTime> {
        self.0.expires_at.map(DateTime)
    }
    /// Why it was given.
    async fn justification(&self) -> Option<&str> {
        self.0.justification.as_deref()
    }
}
