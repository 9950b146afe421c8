//! API clients: programs that call in the name of an account (RFC 6749, 1.1 and 4.4). What a client may is read from the
//! database on each request, as with accounts.
//!
//! A secret is 256 random bits. Nobody guesses those, hashed slowly or not, so SHA-256 is all the hash that is needed;
//! the slow hash of passwords would only make requests for tokens a way to keep the server busy.

use std::collections::BTreeSet;
use std::net::IpAddr;

use aws_lc_rs::{constant_time, digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use custodian_entity::choice::{ApiClientStatus, ResellerStatus, Scope};
use custodian_entity::id::ApiClientId;
use custodian_entity::{api_client, reseller, revoked_token, user};
use ipnet::IpNet;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, EntityTrait};
use secrecy::SecretString;

use super::containment::{is_frozen, is_locked};
use super::token::ClientClaims;
use super::viewer::{ActingRole, Identity};
use super::{admitted_by, held_roles};
use crate::clock::Clock;
use crate::error::{Error, Result};

/// How every secret begins: scanners for secrets in code know it by that.
const MARK: &str = "cst_";
const SECRET_BYTES: usize = 32;
/// How much of a secret is kept to tell it by: 24 of its 256 bits.
const PREFIX: usize = MARK.len() + 4;

/// As long as a hash, and the hash of nothing: it holds a character that none does.
const NOBODYS: &str = "nobody's-nobody's-nobody's-nobody's-nobody'";

/// A new secret, and what is kept of it.
pub struct Secret {
    /// The secret itself: shown once, kept nowhere.
    pub text: SecretString,
    /// Its hash.
    pub hash: String,
    /// How it begins.
    pub prefix: String,
}

impl Secret {
    /// 256 random bits.
    ///
    /// # Errors
    /// [`Error::Internal`] when the provider has no randomness.
    pub fn random() -> Result<Self> {
        let mut bytes = [0_u8; SECRET_BYTES];
        rand::fill(&mut bytes).map_err(|_| Error::bug("no random bytes"))?;
        let text = format!("{MARK}{}", URL_SAFE_NO_PAD.encode(bytes));
        let prefix = text.chars().take(PREFIX).collect();
        Ok(Self { hash: hash(&text), prefix, text: text.into() })
    }
}

fn hash(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, secret.as_bytes()))
}

/// Whether the secret is the client's. Without a client the same is done, and the answer is no.
pub fn is_secret_of(client: Option<&api_client::Model>, secret: &str) -> bool {
    let expected = client.map_or(NOBODYS, |client| &client.secret_hash);
    constant_time::verify_slices_are_equal(hash(secret).as_bytes(), expected.as_bytes()).is_ok()
}

/// The client with this id.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "runs before there is a viewer whose rows could be scoped")]
pub async fn find(db: &impl ConnectionTrait, id: ApiClientId) -> Result<Option<api_client::Model>> {
    Ok(api_client::Entity::find_by_id(id).one(db).await?)
}

/// Names as a token and a column write them: separated by spaces.
pub fn words(text: &str) -> BTreeSet<String> {
    text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whether the client may call now, and from there: ACTIVE, before its end, and from one of its networks if it has any.
/// A list that cannot be read lets nothing through.
pub fn may_call(client: &api_client::Model, clock: &Clock, from: Option<IpAddr>) -> bool {
    let mut networks = client.allowed_ips.split(' ').filter(|network| !network.is_empty()).peekable();
    let is_inside = |network: &str| {
        from.zip(network.parse::<IpNet>().ok()).is_some_and(|(from, network)| network.contains(&from))
    };
    client.status == ApiClientStatus::Active
        && clock.now() < client.expires_at
        && (networks.peek().is_none() || networks.any(is_inside))
}

/// Whom the client acts as, within these scopes of its own: its owner, if he may use the service and still holds the
/// role, and the client is not locked.
///
/// # Errors
/// [`Error::Unauthenticated`]
#[expect(clippy::disallowed_methods, reason = "runs before there is a viewer whose rows could be scoped")]
pub async fn acting(
    db: &impl ConnectionTrait,
    clock: &Clock,
    client: &api_client::Model,
    scopes: &BTreeSet<String>,
) -> Result<Identity> {
    let owner = user::Entity::find_by_id(client.owner_id).one(db).await?.ok_or(Error::Unauthenticated)?;
    let is_admitted = admitted_by(db, &owner).await?.is_some() && !is_locked(db, client.id).await?;
    if !is_admitted || !is_bound_as_made(db, client, &owner).await? {
        return Err(Error::Unauthenticated);
    }
    let held = held_roles(db, clock, &owner).await?;
    let held = held.into_iter().find(|held| held.id == client.role_id).ok_or(Error::Unauthenticated)?;
    let own = words(&client.scopes);
    let scopes = scopes.intersection(&own).cloned().collect();
    // Bound to a reseller, it reaches no farther than that reseller's rows, whatever its owner does
    // (`Identity::bound_to`).
    let role = match client.reseller_id {
        Some(_) => ActingRole { reach: held.role.reach.min(Scope::Reseller), ..held.role },
        None => held.role,
    };
    Ok(Identity {
        user: owner.id,
        tenant: owner.tenant_id,
        reseller: client.reseller_id,
        customer: owner.customer_id,
        kind: owner.kind,
        role,
        session: None,
        client: Some(client.id),
        rate_tier: Some(client.rate_tier),
        scopes: Some(scopes),
    })
}

/// Whether the reseller that the client is bound to may use the service, and is still its owner's, if he has one: it
/// follows him to no other.
#[expect(clippy::disallowed_methods, reason = "runs before there is a viewer whose rows could be scoped")]
async fn is_bound_as_made(
    db: &impl ConnectionTrait,
    client: &api_client::Model,
    owner: &user::Model,
) -> Result<bool> {
    if owner.reseller_id.is_some() && owner.reseller_id != client.reseller_id {
        return Ok(false);
    }
    let Some(id) = client.reseller_id else { return Ok(true) };
    if is_frozen(db, id).await? {
        return Ok(false);
    }
    let bound_to = reseller::Entity::find_by_id(id).one(db).await?;
    Ok(bound_to.is_some_and(|reseller| {
        reseller.status == ResellerStatus::Active && reseller.tenant_id == owner.tenant_id
    }))
}

/// Whom a valid token of a client stands for, if it still does.
///
/// # Errors
/// [`Error::Unauthenticated`] when it was revoked, or its client may not call, or not from there;
/// [`Error::RoleRefused`] when another role than the client's is asked for.
pub async fn identify(
    db: &impl ConnectionTrait,
    clock: &Clock,
    claims: &ClientClaims,
    role: Option<&str>,
    from: Option<IpAddr>,
) -> Result<Identity> {
    let client = find(db, claims.client).await?.ok_or(Error::Unauthenticated)?;
    let is_valid = client.token_version == claims.version && may_call(&client, clock, from);
    if !is_valid || is_revoked(db, claims.id).await? {
        return Err(Error::Unauthenticated);
    }
    let identity = acting(db, clock, &client, &claims.scopes).await?;
    match role {
        Some(role) if role != identity.role.name => {
            let (user, tenant, client) = (identity.user, identity.tenant, identity.client);
            Err(Error::RoleRefused { user, tenant, client, reason: "an API client acts in one role" })
        }
        _ => Ok(identity),
    }
}

/// Whether a token was taken back.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "runs before there is a viewer whose rows could be scoped")]
pub async fn is_revoked(db: &impl ConnectionTrait, jti: Uuid) -> Result<bool> {
    Ok(revoked_token::Entity::find_by_id(jti).one(db).await?.is_some())
}
