//! What a client asks at the door (RFC 6749, 4.4; RFC 7009; RFC 7662): a token, that one ends, what one is good for.
//!
//! A client that is not known and a secret that is wrong look alike and take as long.

use std::collections::BTreeSet;
use std::sync::Arc;

use custodian_entity::api_client::{self, Model};
use custodian_entity::choice::{Outcome, Scope};
use custodian_entity::id::{ApiClientId, TypedId};
use custodian_entity::personal::IpAddress;
use custodian_entity::revoked_token;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, Set};
use secrecy::{ExposeSecret, SecretString};

use crate::accounts::{Accounts, Guess};
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authn::client::{acting, find, is_revoked, is_secret_of, may_call, words};
use crate::authn::token::{Bearer, ClientClaims, ClientGrant, Tokens};
use crate::authn::{ANONYMOUS, Identity};
use crate::authz::Operation;
use crate::authz::policy::Policy;
use crate::database::{Settings, scopes};
use crate::error::{Error, Result};

/// Id and secret, as they were given.
pub struct Credentials {
    /// `client_id`
    pub id: String,
    /// `client_secret`
    pub secret: SecretString,
}

/// Why a client does not get what it asked for.
#[derive(Debug)]
pub enum Refusal {
    /// Not known, wrong secret, or not to call now or from there.
    InvalidClient,
    /// A scope that the client does not have, or that there is not.
    InvalidScope,
    /// Not its fault.
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// An access token with what it is good for.
pub struct Granted {
    /// The token.
    pub token: String,
    /// Its life, in seconds.
    pub expires_in: i64,
    /// Its scopes, separated by spaces.
    pub scope: String,
}

/// A token for the scopes that are asked for, or for all that the client has.
///
/// # Errors
/// [`Refusal`]
pub async fn token(
    operation: &Arc<Operation>,
    accounts: &Accounts,
    tokens: &Tokens,
    policy: &Policy,
    credentials: &Credentials,
    wanted: Option<&str>,
) -> Result<Granted, Refusal> {
    const ACTION: &str = "oauth/token";
    let (client, identity) = authenticated(operation, accounts, credentials, ACTION).await?;
    let mut own = words(&client.scopes);
    own.retain(|scope| policy.token_scope(scope).is_some());
    let wanted = wanted.map_or_else(|| own.clone(), words);
    if wanted.is_empty() || !wanted.is_subset(&own) {
        return Err(Refusal::InvalidScope);
    }
    let scope = wanted.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    let grant = ClientGrant {
        client: client.id,
        tenant: client.tenant_id,
        role: &identity.role.name,
        version: client.token_version,
        scopes: &wanted,
        until: client.expires_at.timestamp(),
    };
    let (token, expires_in) = tokens.issue_to_client(&grant, &operation.clock)?;
    let event = event(EventType::ApiTokenIssued, Some(&client), Outcome::Success)
        .in_role(&identity.role.name)
        .scopes(scope.clone(), operation.clock.now() + chrono::TimeDelta::seconds(expires_in));
    let noting = &noting(operation, Some(&client));
    noted(noting, ACTION, event, async || note_use(noting, &client).await).await?;
    Ok(Granted { token, expires_in, scope })
}

/// Ends a token of the client's own. Any other text is none of its tokens, which is what it wanted (RFC 7009, 2.2).
///
/// # Errors
/// [`Refusal`]
pub async fn revoke(
    operation: &Arc<Operation>,
    accounts: &Accounts,
    tokens: &Tokens,
    credentials: &Credentials,
    token: &str,
) -> Result<(), Refusal> {
    const ACTION: &str = "oauth/revoke";
    let (client, _) = authenticated(operation, accounts, credentials, ACTION).await?;
    let Some(claims) = own_token(operation, tokens, &client, token).await? else { return Ok(()) };
    let event = event(EventType::ApiTokenRevoked, Some(&client), Outcome::Success);
    let noting = &noting(operation, Some(&client));
    noted(noting, ACTION, event, async || take_back(noting, &client, &claims).await).await?;
    Ok(())
}

/// What a token of the client's own is good for; nothing is told of any other (RFC 7662, 2.2 and 4).
///
/// # Errors
/// [`Refusal`]
pub async fn introspect(
    operation: &Arc<Operation>,
    accounts: &Accounts,
    tokens: &Tokens,
    credentials: &Credentials,
    token: &str,
) -> Result<Option<ClientClaims>, Refusal> {
    let (client, _) = authenticated(operation, accounts, credentials, "oauth/introspect").await?;
    Ok(own_token(operation, tokens, &client, token).await?)
}

/// The client, if it is who it says and may call now and from there, with whom it acts as. Wrong secrets are counted by
/// address, so that nobody floods the log. The right one is never kept waiting: 256 random bits are not guessed, and others
/// behind the same address, or whoever knows the id, would shut the portal out.
async fn authenticated(
    operation: &Arc<Operation>,
    accounts: &Accounts,
    credentials: &Credentials,
    action: &'static str,
) -> Result<(Model, Identity), Refusal> {
    // An id that is none is looked for all the same.
    let id = ApiClientId::decode(&credentials.id).unwrap_or(ApiClientId::from_uuid(uuid::Uuid::nil()));
    let reading = operation.told(Settings::of_sign_in());
    let transaction = reading.transaction().await?;
    let known = find(&*transaction, id).await?;
    let is_right = is_secret_of(known.as_ref(), credentials.secret.expose_secret());
    let admitted = match known.as_ref().filter(|_| is_right) {
        Some(client) if may_call(client, &operation.clock, operation.origin.ip) => {
            match acting(&*transaction, &operation.clock, client, &BTreeSet::new()).await {
                Err(Error::Unauthenticated) => None,
                found => Some(found?),
            }
        }
        _ => None,
    };
    drop(transaction);
    reading.end().await?;
    if let (Some(client), Some(identity)) = (&known, admitted) {
        return Ok((client.clone(), identity));
    }
    let guesses: Vec<_> = operation.origin.ip.map(Guess::Secret).into_iter().collect();
    accounts.attempt(&noting(operation, None), &guesses).await?;
    let event = event(EventType::ApiTokenRefused, known.as_ref(), Outcome::Failure);
    noted(&noting(operation, known.as_ref()), action, event, async || Ok(())).await?;
    Err(Refusal::InvalidClient)
}

/// What the token says, if it is one of this client's that still counts.
async fn own_token(
    operation: &Operation,
    tokens: &Tokens,
    client: &Model,
    token: &str,
) -> Result<Option<ClientClaims>> {
    let Ok(Bearer::Client(claims)) = tokens.verify(token, &operation.clock) else { return Ok(None) };
    if claims.client != client.id || claims.version != client.token_version {
        return Ok(None);
    }
    let reading = operation.told(Settings::of_sign_in());
    let transaction = reading.transaction().await?;
    let is_over = is_revoked(&*transaction, claims.id).await?;
    drop(transaction);
    reading.end().await?;
    Ok((!is_over).then_some(claims))
}

/// What row-level security is told while something is noted about a client: nobody is signed in yet, and this is its
/// owner.
fn noting(operation: &Operation, client: Option<&Model>) -> Arc<Operation> {
    operation.told(Settings {
        user: client.map(|client| client.owner_id),
        tenant: client.map(|client| client.tenant_id),
        role: ANONYMOUS.to_owned(),
        scopes: scopes([("ApiClient", Scope::Own)]),
        ..Settings::default()
    })
}

fn event(kind: EventType, client: Option<&Model>, outcome: Outcome) -> Event {
    let subject = client.map_or_else(Subject::default, |client| {
        let resource = ("ApiClient", client.id.encode());
        Subject::owned(resource, Some(client.tenant_id), client.reseller_id, None)
    });
    Event::done(kind, subject).of_client(client, outcome)
}

/// Makes a change and records it.
async fn noted(
    noting: &Arc<Operation>,
    action: &'static str,
    event: Event,
    change: impl AsyncFnOnce() -> Result<()>,
) -> Result<()> {
    let done = recorded(noting, action, async || {
        change().await?;
        Ok(Change::<(), std::convert::Infallible>::Done((), event))
    });
    let Ok(()) = done.await?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "there is no viewer whose rows could be scoped")]
async fn note_use(noting: &Arc<Operation>, client: &Model) -> Result<()> {
    let transaction = noting.transaction().await?;
    let row = api_client::ActiveModel {
        last_used_at: Set(Some(noting.clock.now())),
        last_used_ip: Set(noting.origin.ip.map(|ip| IpAddress::new(ip.to_string()))),
        ..Default::default()
    };
    let this = api_client::Column::Id.eq(client.id);
    api_client::Entity::update_many().set(row).filter(this).exec(&*transaction).await?;
    Ok(())
}

/// Puts a token on the list until it would have ended by itself, and takes off what has.
#[expect(clippy::disallowed_methods, reason = "there is no viewer whose rows could be scoped")]
async fn take_back(noting: &Arc<Operation>, client: &Model, claims: &ClientClaims) -> Result<()> {
    use revoked_token::{ActiveModel, Column, Entity};
    let transaction = noting.transaction().await?;
    let ended = Condition::all()
        .add(Column::OwnerId.eq(client.owner_id))
        .add(Column::ExpiresAt.lte(noting.clock.now()));
    Entity::delete_many().filter(ended).exec(&*transaction).await?;
    let row = ActiveModel {
        jti: Set(claims.id),
        tenant_id: Set(client.tenant_id),
        api_client_id: Set(client.id),
        owner_id: Set(client.owner_id),
        expires_at: Set(chrono::DateTime::from_timestamp(claims.expires_at, 0).unwrap_or_default()),
    };
    // Of two that ask at once, one is second.
    Entity::insert(row).on_conflict_do_nothing().exec_without_returning(&*transaction).await?;
    Ok(())
}
