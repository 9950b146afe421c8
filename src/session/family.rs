//! A session and its tokens: begun at sign-in, prolonged by one refresh token after the other. How it ends is said
//! in [`crate::accounts`].
//!
//! All this passes by row scope: there is no viewer yet, or it is about his own.

#![expect(
    clippy::disallowed_methods,
    reason = "there is no viewer whose rows could be scoped, or they are his own"
)]

use std::sync::Arc;

use chrono::TimeDelta;
use custodian_entity::id::SessionId;
use custodian_entity::personal::IpAddress;
use custodian_entity::{refresh_token, session};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Set};
use secrecy::SecretString;

use crate::authn::Identity;
use crate::authz::{Operation, mask};
use crate::config;
use crate::crypto::{opaque_token, token_hash};
use crate::error::{Error, Result};

/// How much of a client's own description is kept, in characters.
const USER_AGENT_KEPT: usize = 120;

/// Begins a session of whoever just signed in, and gives its first refresh token.
pub(super) async fn begin(
    operation: &Arc<Operation>,
    limits: config::Session,
    identity: &Identity,
    token_version: i32,
) -> Result<SecretString> {
    let (now, origin) = (operation.clock.now(), &operation.origin);
    let ip = origin.ip.map(|ip| ip.to_string()).unwrap_or_default();
    let user_agent = origin.user_agent.as_deref().unwrap_or_default();
    let begun = session::Model {
        id: identity.session()?,
        tenant_id: identity.tenant,
        user_id: identity.user,
        role: identity.role.name.clone(),
        token_version,
        ip: IpAddress::new(mask::ip(&ip)),
        user_agent: user_agent.chars().take(USER_AGENT_KEPT).collect(),
        created_at: now,
        last_used_at: now,
        expires_at: now + TimeDelta::days(limits.max_days.into()),
        ended_at: None,
        ended_for: None,
    };
    let transaction = operation.transaction().await?;
    let row: session::ActiveModel = begun.clone().into();
    session::Entity::insert(row).exec_without_returning(&*transaction).await?;
    give_token(operation, limits, &begun).await
}

async fn give_token(
    operation: &Arc<Operation>,
    limits: config::Session,
    session: &session::Model,
) -> Result<SecretString> {
    let (token, now) = (opaque_token().map_err(Error::internal)?, operation.clock.now());
    let row = refresh_token::ActiveModel {
        hash: Set(token_hash(&token)),
        session_id: Set(session.id),
        user_id: Set(session.user_id),
        issued_at: Set(now),
        expires_at: Set(session.expires_at.min(now + TimeDelta::days(limits.idle_days.into()))),
        used_at: Set(None),
    };
    let transaction = operation.transaction().await?;
    refresh_token::Entity::insert(row).exec_without_returning(&*transaction).await?;
    Ok(token)
}

/// The token as it is stored, if it was ours.
pub(super) async fn token(operation: &Operation, hash: &str) -> Result<Option<refresh_token::Model>> {
    let transaction = operation.transaction().await?;
    Ok(refresh_token::Entity::find_by_id(hash.to_owned()).one(&*transaction).await?)
}

/// A session, which nobody else prolongs or ends before this transaction has ended. SQLite has one writer at a time
/// anyway.
pub(super) async fn locked(operation: &Operation, id: SessionId) -> Result<Option<session::Model>> {
    let transaction = operation.transaction().await?;
    Ok(session::Entity::find_by_id(id).lock_exclusive().one(&*transaction).await?)
}

/// Takes a token of a locked session for the next. Those that could not be used any more go.
pub(super) async fn prolong(
    operation: &Arc<Operation>,
    limits: config::Session,
    session: &session::Model,
    used: &refresh_token::Model,
) -> Result<SecretString> {
    let (transaction, now) = (operation.transaction().await?, operation.clock.now());
    let row = refresh_token::ActiveModel { used_at: Set(Some(now)), ..Default::default() };
    let this = refresh_token::Column::Hash.eq(used.hash.as_str());
    refresh_token::Entity::update_many().set(row).filter(this).exec(&*transaction).await?;
    refresh_token::Entity::delete_many()
        .filter(refresh_token::Column::SessionId.eq(session.id))
        .filter(refresh_token::Column::ExpiresAt.lte(now))
        .exec(&*transaction)
        .await?;
    let row = session::ActiveModel { last_used_at: Set(now), ..Default::default() };
    let this = session::Column::Id.eq(session.id);
    session::Entity::update_many().set(row).filter(this).exec(&*transaction).await?;
    give_token(operation, limits, session).await
}
