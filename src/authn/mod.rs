//! Who is calling. A token says who he was when he signed in; what he may be now is read from the database on each
//! request, so that a role taken away or an account disabled counts at once.

pub mod client;
mod containment;
pub mod external;
pub mod password;
pub mod strength;
pub mod token;
pub mod totp;
pub mod username;
mod viewer;

use custodian_entity::choice::{ResellerStatus, TenantStatus, UserKind, UserStatus};
use custodian_entity::id::{RoleId, SessionId};
use custodian_entity::{reseller, role, role_grant, session, tenant, user};
use sea_orm::sea_query::{ExprTrait, Query};
use sea_orm::{
    AccessMode, ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder,
};

use self::token::Bearer;
pub use self::viewer::{
    ADMINISTRATORS, ANONYMOUS, ActingRole, Credentials, ENROLLING, Identity, Origin, Viewer, network_of,
};
use crate::clock::Clock;
use crate::database::{self, Settings};
use crate::error::{Error, Result};
use crate::news::News;
use crate::vault::Vault;

/// A role a user holds now.
#[derive(Clone, Debug)]
pub struct HeldRole {
    /// Its id.
    pub id: RoleId,
    /// Which, and how far it was given.
    pub role: ActingRole,
    /// Acted in when none is asked for.
    pub is_primary: bool,
}

/// A token that is valid.
enum Presented<'i> {
    /// Ours.
    Own(Bearer),
    /// Of a configured issuer.
    Foreign(&'i external::Issuer, external::Claims),
}

/// The viewer behind these credentials; anonymous without any. `reaches_all` tells of a role whether it reaches every
/// provider: no issuer of one provider signs in who holds such a one.
///
/// # Errors
/// [`Error::Unauthenticated`] when a token is given and is not valid, its session or client ended or its user not active;
/// [`Error::RoleRefused`] when a role is asked for that the user does not hold; [`Error::Unavailable`] when the keys of an
/// issuer cannot be had.
#[expect(clippy::too_many_arguments, reason = "what an instance is made of that tells who may come in")]
pub async fn authenticate(
    db: &DatabaseConnection,
    tokens: &token::Tokens,
    issuers: &external::Issuers,
    news: &News,
    vault: &Vault,
    clock: &Clock,
    credentials: Credentials<'_>,
    reaches_all: impl Fn(&ActingRole) -> bool,
) -> Result<Viewer> {
    let Some(bearer) = credentials.bearer else {
        return Ok(Viewer::anonymous());
    };
    let presented = match issuers.of(bearer) {
        // It may need keys that are fetched: nothing of the database is held meanwhile.
        Some(issuer) => Presented::Foreign(issuer, issuer.verify(bearer, clock).await?),
        None => Presented::Own(tokens.verify(bearer, clock)?),
    };
    if let Presented::Own(Bearer::User(claims)) = &presented
        && news.has_ended(claims.session)
    {
        return Err(Error::Unauthenticated);
    }
    let Credentials { role, ip, .. } = credentials;
    let transaction = database::begin(db, AccessMode::ReadOnly, &Settings::of_sign_in()).await?;
    let identity = match &presented {
        Presented::Own(Bearer::User(claims)) => identify(&transaction, clock, claims, role).await,
        Presented::Own(Bearer::Client(claims)) => {
            client::identify(&transaction, clock, claims, role, ip).await
        }
        Presented::Foreign(issuer, claims) => {
            external::identify(&transaction, &vault.open_keys(), clock, issuer, claims, role, reaches_all)
                .await
        }
    };
    transaction.rollback().await?;
    Ok(Viewer::signed_in(identity?))
}

#[expect(clippy::disallowed_methods, reason = "runs before there is a viewer whose rows could be scoped")]
async fn identify(
    db: &impl ConnectionTrait,
    clock: &Clock,
    claims: &token::Claims,
    role: Option<&str>,
) -> Result<Identity> {
    // One statement finds the account only by a session of its own that goes on.
    let session = Query::select()
        .column(session::Column::UserId)
        .from(session::Entity)
        .and_where(session::Column::Id.eq(claims.session))
        .and_where(session::Column::EndedAt.is_null())
        .and_where(session::Column::ExpiresAt.gt(clock.now()))
        .to_owned();
    let user = user::Entity::find_by_id(claims.user).filter(user::Column::Id.in_subquery(session));
    let user = user.one(db).await?.ok_or(Error::Unauthenticated)?;
    let tenant = admitted_by(db, &user).await?.filter(|_| user.token_version == claims.version);
    let tenant = tenant.ok_or(Error::Unauthenticated)?;
    let held = held_roles(db, clock, &user).await?;
    let identity = act_as(&user, &held, Some(role.unwrap_or(&claims.role)), Some(claims.session))?;
    Ok(confined(identity, &user, &tenant))
}

/// Who is behind a session that goes on, in this role, with what he may be now.
///
/// # Errors
/// [`Error::Unauthenticated`] when the session ended or its user is not active; [`Error::RoleRefused`] when he does not hold
/// the role.
#[expect(clippy::disallowed_methods, reason = "runs before there is a viewer whose rows could be scoped")]
pub async fn resume(
    db: &impl ConnectionTrait,
    clock: &Clock,
    session: SessionId,
    role: &str,
) -> Result<Identity> {
    let session = session::Entity::find_by_id(session).one(db).await?.ok_or(Error::Unauthenticated)?;
    let (user, version, role) = (session.user_id, session.token_version, role.to_owned());
    identify(db, clock, &token::Claims { user, role, session: session.id, version }, None).await
}

/// Who acts in a role for which his provider asks for a second factor, and has none, may do nothing but set one up; whose
/// password somebody else chose, nothing but choose his own: who made the account does not go on with it unnoticed. An API
/// client goes on: its secret is a credential of its own, shown only to who gave the factor that he had then.
pub fn confined(identity: Identity, user: &user::Model, tenant: &tenant::Model) -> Identity {
    let is_required = tenant.mfa_required_roles.split(',').any(|role| role == identity.role.name);
    match user.must_change_password || is_required && !user.mfa_enabled {
        true => Identity { role: ActingRole::built_in(ENROLLING), ..identity },
        false => identity,
    }
}

/// The provider of an account, if account, provider and, for its people, reseller may use the service now, and none
/// of them is suspended or frozen.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "runs before there is a viewer whose rows could be scoped")]
pub async fn admitted_by(db: &impl ConnectionTrait, user: &user::Model) -> Result<Option<tenant::Model>> {
    if user.status != UserStatus::Active || containment::is_suspended(db, user.id).await? {
        return Ok(None);
    }
    let tenant = tenant::Entity::find_by_id(user.tenant_id).one(db).await?;
    let tenant = tenant.filter(|tenant| tenant.status == TenantStatus::Active);
    match user.reseller_id.filter(|_| user.kind == UserKind::Reseller) {
        Some(reseller) if containment::is_frozen(db, reseller).await? => Ok(None),
        Some(reseller) => {
            let reseller = reseller::Entity::find_by_id(reseller).one(db).await?;
            Ok(tenant.filter(|_| reseller.is_some_and(|reseller| reseller.status == ResellerStatus::Active)))
        }
        None => Ok(tenant),
    }
}

/// The roles a user holds and that have not expired, by name.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "runs before there is a viewer whose rows could be scoped")]
pub async fn held_roles(
    db: &impl ConnectionTrait,
    clock: &Clock,
    user: &user::Model,
) -> Result<Vec<HeldRole>> {
    let now = clock.now();
    let grants = role_grant::Entity::find()
        .filter(role_grant::Column::UserId.eq(user.id))
        .filter(role_grant::Column::ExpiresAt.is_null().or(role_grant::Column::ExpiresAt.gt(now)))
        .all(db)
        .await?;
    let ids: Vec<_> = grants.iter().map(|grant| grant.role_id).collect();
    // A role of another tenant counts for nothing, whoever granted it.
    let in_force = role::Column::IsSystem.eq(true).or(role::Column::TenantId.eq(user.tenant_id));
    let roles = role::Entity::find().filter(role::Column::Id.is_in(ids)).filter(in_force);
    let roles = roles.order_by_asc(role::Column::Name).all(db).await?;
    let held = roles.into_iter().filter_map(|role| {
        let grant = grants.iter().find(|grant| grant.role_id == role.id)?;
        Some(HeldRole {
            id: role.id,
            // The policy knows built-in roles by name, and a tenant's own by id: none passes for another.
            role: ActingRole {
                custom: (!role.is_system).then_some(role.id),
                name: role.name,
                reach: grant.scope,
                until: grant.expires_at,
            },
            is_primary: grant.is_primary,
        })
    });
    Ok(held.collect())
}

/// The user acting in one role: the one asked for, or his primary one. Nothing is united across roles.
///
/// # Errors
/// [`Error::RoleRefused`] when he does not hold it.
pub fn act_as(
    user: &user::Model,
    held: &[HeldRole],
    wanted: Option<&str>,
    session: Option<SessionId>,
) -> Result<Identity> {
    let role = match wanted {
        Some(wanted) => held.iter().find(|held| held.role.name == wanted),
        None => held.iter().find(|held| held.is_primary).or(held.first()),
    };
    let held = role.ok_or(Error::RoleRefused {
        user: user.id,
        tenant: user.tenant_id,
        client: None,
        reason: "you do not hold this role",
    })?;
    Ok(Identity {
        user: user.id,
        tenant: user.tenant_id,
        reseller: user.reseller_id,
        customer: user.customer_id,
        kind: user.kind,
        role: held.role.clone(),
        session,
        client: None,
        rate_tier: None,
        scopes: None,
    })
}
